//! The ways in which a function ends a query: the tests pin what an author reads.

use std::hint::black_box;
use std::process;

use whittle_guest::{Field, Parameters, export, udf};

/// Fails in the way that the field names.
#[derive(Parameters)]
struct Fails {
    /// The field that names the failure.
    field: Field<str>,
}

#[udf]
impl Fails {
    fn matches(&self) -> bool {
        let Some(what) = self.field.get() else {
            return true;
        };
        let result = match &*what {
            "divide" => 1 / black_box(0),
            "bounds" => [1, 2, 3][black_box(7)],
            "recurse" => depth(black_box(1_000_000_000)),
            "loop" => endless(),
            "abort" => process::abort(),
            "exit" => process::exit(3),
            _ => 0,
        };
        result == 0
    }
}

#[inline(never)]
fn depth(left: i64) -> i64 {
    if left == 0 {
        return 0;
    }
    black_box(depth(left - 1)) + 1
}

fn endless() -> i64 {
    let mut turns = black_box(1);
    while turns > 0 {
        turns = black_box(turns);
    }
    turns
}

export!(Fails);
