//! The rows of each work, from a fixed seed, so that every run and every peer has the same.

use serde_json::{Map, Value, json};
use whittle_benches::Random;
use whittle_peer::{Rows, Work};

/// The first `count` rows of a work.
pub(crate) fn rows(work: Work, count: usize) -> Rows {
    let mut random = Random(7);
    let mut column = |value: &mut dyn FnMut(&mut Random, usize) -> Value| -> Value {
        (0..count).map(|row| value(&mut random, row)).collect()
    };
    let (parameters, columns) = match work {
        Work::Noop => (
            json!({}),
            json!({"x": column(&mut |random, _| number(random))}),
        ),
        Work::Score => (
            json!({}),
            json!({
                "price": column(&mut |random, _| number(random)),
                "rating": column(&mut |random, _| number(random)),
                "popularity": column(&mut |random, _| number(random)),
            }),
        ),
        Work::ScoreNulls => (
            json!({}),
            json!({
                "price": column(&mut |random, row| number_or_null(random, row)),
                "rating": column(&mut |random, row| number_or_null(random, row + 1)),
                "popularity": column(&mut |random, row| number_or_null(random, row + 2)),
            }),
        ),
        Work::Distance => (
            json!({"target": "iPhone 15", "max_distance": 1}),
            json!({"title": column(&mut |random, _| json!(format!("iPhone {}", random.below(20))))}),
        ),
        Work::Regex => (
            json!({"pattern": r"(\d+) ?GB"}),
            json!({"title": column(&mut |random, _| json!(title(random)))}),
        ),
        Work::Json => (
            json!({"path": "$.seller.country", "equals": "PT"}),
            json!({"data": column(&mut |random, _| json!(order(random).to_string()))}),
        ),
        Work::BusinessDays => {
            let start: Vec<u64> = (0..count).map(|_| 18_000 + random.below(2_000)).collect();
            let end: Vec<u64> = start.iter().map(|start| start + random.below(60)).collect();
            (json!({}), json!({"start": start, "end": end}))
        }
    };
    Rows {
        work,
        parameters: object(parameters),
        columns: object(columns),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}

fn number(random: &mut Random) -> Value {
    json!(random.below(1000) as f64 / 10.0)
}

/// One row in eight has no value.
fn number_or_null(random: &mut Random, row: usize) -> Value {
    let value = number(random);
    if row.is_multiple_of(8) {
        Value::Null
    } else {
        value
    }
}

/// A product's title of 20 to 40 bytes. Three in four name a capacity.
fn title(random: &mut Random) -> String {
    let brand = ["Acme", "Borealis", "Cobalt", "Everest"][random.below(4) as usize];
    let thing = ["phone", "laptop", "camera", "tablet"][random.below(4) as usize];
    let capacity = ["64 GB", "128GB", "512 GB", "refurbished"][random.below(4) as usize];
    format!("{brand} {thing} {} {capacity}", random.below(10_000))
}

/// An order of about 150 bytes.
fn order(random: &mut Random) -> Value {
    let country = ["PT", "ES", "FR", "IT", "DE"][random.below(5) as usize];
    json!({
        "id": random.below(1_000_000),
        "lines": [{"sku": format!("A-{}", random.below(1000)), "quantity": random.below(9)}],
        "seller": {"name": "Acme", "rating": random.below(50) as f64 / 10.0, "country": country},
        "paid": random.below(2) == 1,
    })
}
