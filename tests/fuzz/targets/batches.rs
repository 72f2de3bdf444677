//! Batches of any types, read by a function that reads one field through every getter.
//!
//! The values are the same, bit for bit, or the batch is refused in the same words, whether a component with a kit
//! gets whole batches or one document at a time, and from a component without a kit, which reads
//! through the host's functions. That component traps if two of its getters disagree; there is
//! a value for each row.

#![no_main]

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use arrow_array::{Array, ArrayRef, RecordBatch};
use libfuzzer_sys::{Corpus, fuzz_target};
use whittle_fuzz::{FIELDS, batch, reader, told};
use whittle_host::{EvaluateError, Udf};
use whittle_tests::{PATHS, bind, engine_on};

/// The probe, in batches and by document.
static PROBES: LazyLock<[Udf; 2]> =
    LazyLock::new(|| PATHS.map(|few_rows| whittle_tests::udf(&engine_on(few_rows), "probe")));

static READER: LazyLock<Udf> = LazyLock::new(|| whittle_fuzz::udf(&reader()));

/// Functions of the probe, each beside the reader's that gives the same.
const FUNCTIONS: [(&str, &str); 8] = [
    ("read_boolean", "read_0"),
    ("read_int64", "read_1"),
    ("read_float64", "read_2"),
    ("read_text", "read_3"),
    ("read_timestamp", "read_4"),
    ("read_json", "read_5"),
    ("read_id", "read_6"),
    ("read_score", "read_7"),
];

fuzz_target!(|data: &[u8]| -> Corpus {
    match run(&mut Unstructured::new(data)) {
        Ok(()) => Corpus::Keep,
        Err(_) => Corpus::Reject,
    }
});

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let (of_probe, of_reader) = FUNCTIONS[input.int_in_range(0..=7)?];
    let path = *input.choose(&FIELDS)?;
    // A binding outlives the schema of its first batch.
    let count = input.int_in_range(1..=2)?;
    let batches = (0..count)
        .map(|_| batch(input))
        .collect::<Result<Vec<_>>>()?;
    let [in_batches, by_document] =
        [0, 1].map(|index| evaluate(&PROBES[index], of_probe, path, &batches));
    assert_eq!(in_batches, by_document, "`{path}` in {batches:?}");
    let without_kit = evaluate(&READER, of_reader, path, &batches);
    let renamed = |result: std::result::Result<ArrayRef, String>| {
        result.map_err(|error| error.replace(of_reader, of_probe))
    };
    let without_kit: Vec<_> = without_kit.into_iter().map(renamed).collect();
    assert_eq!(by_document, without_kit, "`{path}` in {batches:?}");
    Ok(())
}

fn evaluate(
    udf: &Udf,
    function: &str,
    path: &str,
    batches: &[RecordBatch],
) -> Vec<std::result::Result<ArrayRef, String>> {
    let parameters = udf
        .manifest()
        .function(function)
        .map(|function| &function.parameters);
    let params = match parameters {
        // Ids and scores are not fields.
        Some(none) if none.is_empty() => serde_json::json!({}),
        _ => serde_json::json!({"field": path}),
    };
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
