//! A no-op, for `make peers`.

use whittle_guest::{Batch, Parameters, export, udf};

/// Matches every document, and reads nothing.
#[derive(Parameters)]
struct Noop {}

#[udf]
impl Noop {
    fn matches(&self) -> bool {
        true
    }
}

/// Matches every document, and reads nothing: a batch at a time.
#[derive(Parameters)]
struct NoopColumns {}

#[udf]
impl NoopColumns {
    fn batch(&self, batch: &Batch<'_>) -> Vec<bool> {
        vec![true; batch.row_count()]
    }
}

export!(Noop, NoopColumns);
