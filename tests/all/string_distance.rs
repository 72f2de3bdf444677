//! The guest `string-distance` agrees with an independent library, on random Unicode.

use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use proptest::prelude::*;
use serde_json::json;
use whittle_host::Udf;
use whittle_tests::{PATHS, bind, engine_on, udf};

static GUESTS: LazyLock<[Udf; 2]> =
    LazyLock::new(|| PATHS.map(|few_rows| udf(&engine_on(few_rows), "string-distance")));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_agrees_with_strsim(
        target in prop_oneof![".{0,70}", "[ab中]{0,12}"],
        texts in proptest::collection::vec(
            proptest::option::weighted(0.9, prop_oneof![".{0,70}", "[ab中]{0,12}"]),
            0..40,
        ),
        max_distance in 0..12_usize,
    ) {
        let expected: BooleanArray = texts
            .iter()
            .map(|text| {
                let distance = text.as_ref().map(|text| strsim::levenshtein(text, &target));
                Some(distance.is_some_and(|distance| distance <= max_distance))
            })
            .collect();
        let column: ArrayRef = Arc::new(StringArray::from(texts));
        let batch = RecordBatch::try_from_iter_with_nullable([("title", column, true)])
            .expect("one column");
        let params = json!({"field": "title", "target": target, "max_distance": max_distance});
        for guest in &*GUESTS {
            let mut bound = bind(guest, "string_distance", &params).expect("bound");
            let found = bound.evaluate(&batch).expect("evaluated");
            prop_assert_eq!(found.as_boolean(), &expected);
        }
    }
}
