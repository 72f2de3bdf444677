//! Batches of any types, read by a function that reads one field through every getter.
//!
//! Both accessors give the same values, bit for bit, or refuse the batch with the same words; no
//! getter disagrees with another, or the guest traps; there is a value for each row.

#![no_main]

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use arrow_array::{Array, ArrayRef, RecordBatch};
use libfuzzer_sys::{Corpus, fuzz_target};
use whittle_fuzz::{PATHS, batch, reader, told, udf};
use whittle_host::{EvaluateError, Udf};
use whittle_tests::{ACCESSORS, bind};

static READERS: LazyLock<[Udf; 2]> = LazyLock::new(|| {
    let reader = reader();
    ACCESSORS.map(|accessor| udf(accessor, &reader))
});

fuzz_target!(|data: &[u8]| -> Corpus {
    match run(&mut Unstructured::new(data)) {
        Ok(()) => Corpus::Keep,
        Err(_) => Corpus::Reject,
    }
});

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let function = format!("read_{}", input.int_in_range(0..=7)?);
    let path = *input.choose(&PATHS)?;
    // A binding outlives the schema of its first batch.
    let count = input.int_in_range(1..=2)?;
    let batches = (0..count)
        .map(|_| batch(input))
        .collect::<Result<Vec<_>>>()?;
    let [composed, reference] =
        [0, 1].map(|index| evaluate(&READERS[index], &function, path, &batches));
    assert_eq!(composed, reference, "`{path}` in {batches:?}");
    Ok(())
}

fn evaluate(
    udf: &Udf,
    function: &str,
    path: &str,
    batches: &[RecordBatch],
) -> Vec<std::result::Result<ArrayRef, String>> {
    let params = serde_json::json!({"field": path});
    let mut bound = bind(udf, function, &params).unwrap_or_else(|error| panic!("{}", told(&error)));
    let mut results = Vec::new();
    for batch in batches {
        match bound.evaluate(batch) {
            Ok(values) => {
                assert_eq!(values.len(), batch.num_rows());
                results.push(Ok(values));
            }
            Err(error) => {
                let text = told(&error);
                results.push(Err(text.clone()));
                if matches!(error, EvaluateError::Column { .. }) {
                    continue;
                }
                // A column may say that it is JSON and not be: then what a guest makes of it is
                // refused, and the function is ended.
                assert!(text.contains("that is not JSON"), "{text}");
                break;
            }
        }
    }
    results
}
