//! Ends in the middle of a call, in each of the ways in which WebAssembly can.

use std::cell::Cell;
use std::hint::black_box;

use whittle_guest::{Parameters, udf};

/// Panics.
#[derive(Parameters)]
pub(crate) struct Panic {}

#[udf]
impl Panic {
    fn matches(&self) -> bool {
        panic!("it\u{1b}[31m is\nall over");
    }
}

/// Aborts, without a word.
#[derive(Parameters)]
pub(crate) struct Abort {}

#[udf]
impl Abort {
    fn matches(&self) -> bool {
        abort()
    }
}

/// Not inlined: the compiler would merge it with the ends of other functions, and its line be lost.
#[inline(never)]
fn abort() -> ! {
    std::process::abort()
}

/// Divides by zero.
#[derive(Parameters)]
pub(crate) struct DivideByZero {
    /// What 1 is divided by.
    #[parameter(default = 0)]
    by: i64,
}

#[udf]
impl DivideByZero {
    fn value(&self) -> i64 {
        1 / black_box(self.by)
    }
}

/// Calls itself until the stack is full.
#[derive(Parameters)]
pub(crate) struct Recurse {}

#[udf]
impl Recurse {
    fn value(&self) -> i64 {
        fn deeper(depth: i64) -> i64 {
            if black_box(depth) == i64::MAX {
                return depth;
            }
            1 + deeper(black_box(depth + 1))
        }
        deeper(0)
    }
}

/// Is well behaved until a certain call.
#[derive(Parameters)]
pub(crate) struct TrapAtCall {
    /// Which, from 0.
    #[parameter(default = 0)]
    call: u64,
    #[parameter(skip)]
    calls: Cell<u64>,
}

#[udf]
impl TrapAtCall {
    fn matches(&self) -> bool {
        let call = self.calls.replace(self.calls.get() + 1);
        if call == self.call {
            std::process::abort();
        }
        true
    }
}
