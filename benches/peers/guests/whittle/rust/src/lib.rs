//! The functions of `make peers` for which this repository has no UDF in Rust.

use whittle_guest::{Batch, Field, Parameters, export, udf};

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

/// How many weekdays there are from a day to another.
#[derive(Parameters)]
struct BusinessDays {
    /// The field that holds the start.
    start_field: Field<i64>,
    /// The field that holds the end.
    end_field: Field<i64>,
}

#[udf]
impl BusinessDays {
    fn value(&self) -> i64 {
        peer_works::business_days(self.start_field.or(0), self.end_field.or(0))
    }
}

/// How many weekdays there are from a day to another: a batch at a time.
#[derive(Parameters)]
struct BusinessDaysColumns {
    /// The field that holds the start.
    start_field: Field<i64>,
    /// The field that holds the end.
    end_field: Field<i64>,
}

#[udf]
impl BusinessDaysColumns {
    fn batch(&self, batch: &Batch<'_>) -> Vec<i64> {
        let starts = batch.values(&self.start_field).filled(0);
        let ends = batch.values(&self.end_field).filled(0);
        let days = starts.iter().zip(&*ends);
        days.map(|(start, end)| peer_works::business_days(*start, *end))
            .collect()
    }
}

export!(Noop, NoopColumns, BusinessDays, BusinessDaysColumns);
