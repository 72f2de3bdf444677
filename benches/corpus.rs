//! The rows of the benchmarks, from a fixed seed, so that every run and every path uses the same.

mod machine;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

pub use machine::machine;

/// Three float64 columns without nulls: price, rating and popularity.
///
/// # Panics
///
/// Never: the columns have one length.
pub fn numbers(rows: usize) -> RecordBatch {
    let mut random = Random(7);
    let mut column = || -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(
            (0..rows).map(|_| random.below(1000) as f64 / 10.0),
        ))
    };
    RecordBatch::try_from_iter([
        ("price", column()),
        ("rating", column()),
        ("popularity", column()),
    ])
    .expect("columns of one length")
}

/// The same columns, in which one row in eight has no value, each column in others.
///
/// # Panics
///
/// Where a column is not of float64s.
pub fn with_nulls(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().enumerate();
    let columns = columns.map(|(index, column)| -> ArrayRef {
        let values = column.as_primitive::<Float64Type>().iter().enumerate();
        let values = values.map(|(row, value)| value.filter(|_| (row + index) % 8 != 0));
        Arc::new(values.collect::<Float64Array>())
    });
    let names = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect::<Vec<_>>();
    RecordBatch::try_from_iter_with_nullable(
        names
            .into_iter()
            .zip(columns)
            .map(|(name, column)| (name, column, true)),
    )
    .expect("columns of one length")
}

/// One text column, title: `iPhone 7`, `iPhone 15` and the like, of 8 and 9 bytes.
///
/// # Panics
///
/// Never: there is one column.
pub fn titles(rows: usize) -> RecordBatch {
    let mut random = Random(11);
    let titles = (0..rows).map(|_| format!("iPhone {}", random.below(20)));
    let titles: ArrayRef = Arc::new(StringArray::from_iter_values(titles));
    RecordBatch::try_from_iter([("title", titles)]).expect("one column")
}

/// Products as JSON. About nine in ten have a unique title of 20 to 40 bytes: a brand, a thing, a
/// number and a colour.
pub fn products(count: usize) -> impl Iterator<Item = String> {
    const BRANDS: [&str; 8] = [
        "Acme", "Borealis", "Cobalt", "Dynamo", "Everest", "Fjord", "Granite", "Helios",
    ];
    const THINGS: [&str; 8] = [
        "phone", "laptop", "camera", "speaker", "monitor", "keyboard", "tablet", "charger",
    ];
    const COLOURS: [&str; 8] = [
        "black", "white", "silver", "red", "blue", "green", "orange", "violet",
    ];
    let mut random = Random(13);
    (0..count).map(move |_| {
        let mut word = |words: [&'static str; 8]| words[random.below(8) as usize];
        let (brand, thing, colour) = (word(BRANDS), word(THINGS), word(COLOURS));
        let (model, price) = (random.below(10_000), random.below(100_000) as f64 / 100.0);
        let (discount, rating) = (random.below(50) as f64 / 100.0, random.below(50) as f64 / 10.0);
        let (popularity, shop) = (random.below(1000), random.below(1000));
        let (popularity, kind) = (popularity as f64 / 10.0, popularity % 12);
        format!(
            r#"{{"title": "{brand} {thing} {model} {colour}", "price": {price:?}, "discount": {discount:?},
            "rating": {rating:?}, "popularity": {popularity:?}, "shop": "shop-{shop}",
            "kind": "kind-{kind}"}}"#
        )
    })
}

/// A linear congruential generator (Knuth, MMIX), from a seed.
pub struct Random(pub u64);

impl Random {
    /// The next number, less than a bound, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
