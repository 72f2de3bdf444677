//! Takes memory: at once, in small steps, and for good.

use std::cell::RefCell;
use std::hint::black_box;

use whittle_guest::{Parameters, udf};

/// Takes 1 GB at once.
#[derive(Parameters)]
pub(crate) struct Gigabyte {}

#[udf]
impl Gigabyte {
    fn value(&self) -> i64 {
        black_box(vec![1_u8; 1_000_000_000]).len() as i64
    }
}

/// Takes 4 KiB after 4 KiB, and keeps it.
#[derive(Parameters)]
pub(crate) struct SmallSteps {}

#[udf]
impl SmallSteps {
    fn value(&self) -> i64 {
        let mut kept = Vec::new();
        loop {
            kept.push(black_box(vec![1_u8; 4096]));
        }
    }
}

/// Keeps so many bytes for each document.
#[derive(Parameters)]
pub(crate) struct Leak {
    /// How many.
    #[parameter(default = 4096)]
    bytes: usize,
    #[parameter(skip)]
    kept: RefCell<Vec<Vec<u8>>>,
}

#[udf]
impl Leak {
    fn value(&self) -> i64 {
        let mut kept = self.kept.borrow_mut();
        kept.push(vec![1; self.bytes]);
        kept.len() as i64
    }
}
