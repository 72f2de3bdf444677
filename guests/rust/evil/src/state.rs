//! Remembers what it saw, to tell the next query.

use std::sync::atomic::{AtomicI64, Ordering};

use whittle_guest::{Field, Parameters, udf};

static SEEN: AtomicI64 = AtomicI64::new(-1);

/// The number of the document before, in this query or another; -1 where there was none.
#[derive(Parameters)]
pub(crate) struct Remember {
    /// The field that holds the number.
    #[parameter(default = "x")]
    field: Field<i64>,
}

#[udf]
impl Remember {
    fn value(&self) -> i64 {
        SEEN.swap(self.field.or(0), Ordering::Relaxed)
    }
}
