//! The composed accessor gives what the reference gives, value for value and error for error, and
//! reads no byte that is not a buffer's.
//!
//! Run under AddressSanitizer too: `make asan`.

mod guarded;

use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::DataType;
use proptest::prelude::*;
use whittle_host::{Document, Udf, Value};
use whittle_tests::{ACCESSORS, FIELD_READERS, any_batch, bind, engine, told, udf};

/// The probe under each accessor.
static PROBES: LazyLock<[Udf; 2]> =
    LazyLock::new(|| ACCESSORS.map(|accessor| udf(&engine(accessor), "probe")));

/// What a function of the probe gives for a batch, which must be the same under both accessors.
fn evaluate(
    function: &str,
    params: &serde_json::Value,
    batch: &RecordBatch,
) -> Result<ArrayRef, String> {
    let [composed, reference] = [0, 1].map(|index| {
        let mut bound = bind(&PROBES[index], function, params).map_err(|error| told(&error))?;
        bound.evaluate(batch).map_err(|error| told(&error))
    });
    match (&composed, &reference) {
        (Ok(composed), Ok(reference)) => assert_eq!(composed, reference, "{function}"),
        _ => assert_eq!(
            composed.as_ref().err(),
            reference.as_ref().err(),
            "{function}"
        ),
    }
    composed
}

fn column(name: &str, array: impl Array + 'static) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([(name, Arc::new(array) as ArrayRef, true)])
        .expect("one column")
}

fn x() -> serde_json::Value {
    serde_json::json!({"field": "x"})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_accessors_agree_on_random_batches((path, batch) in any_batch()) {
        for function in FIELD_READERS {
            let values = evaluate(function, &serde_json::json!({"field": path}), &batch);
            prop_assert_eq!(values.map(|values| values.len()), Ok(batch.num_rows()));
        }
    }
}

#[test]
fn getters_give_the_columns_values() {
    let floats = Float64Array::from(vec![Some(-0.0), None, Some(f64::MAX), Some(f64::NAN)]);
    let values = evaluate("read_float64", &x(), &column("x", floats.clone())).expect("values");
    assert_eq!(values.as_primitive::<Float64Type>(), &floats);
    let integers = Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]);
    let values = evaluate("read_int64", &x(), &column("x", integers.clone())).expect("values");
    assert_eq!(values.as_primitive::<Int64Type>(), &integers);
    let booleans = BooleanArray::from(vec![Some(true), None, Some(false)]);
    let values = evaluate("read_boolean", &x(), &column("x", booleans.clone())).expect("values");
    assert_eq!(values.as_boolean(), &booleans);
    let texts = StringArray::from(vec![Some("a"), None, Some(""), Some("中"), Some("\0")]);
    for function in ["read_text", "read_words"] {
        let values = evaluate(function, &x(), &column("x", texts.clone())).expect("values");
        assert_eq!(values.as_string::<i32>(), &texts);
    }
    let values = evaluate("read_json", &x(), &column("x", texts)).expect("values");
    let json = StringArray::from(vec![
        Some("\"a\""),
        None,
        Some("\"\""),
        Some("\"中\""),
        Some("\"\\u0000\""),
    ]);
    assert_eq!(values.as_string::<i32>(), &json);
    let dates = StringArray::from(vec![Some("1970-01-02"), Some("soon"), None]);
    let values = evaluate("read_timestamp", &x(), &column("x", dates)).expect("values");
    assert_eq!(
        *values.data_type(),
        DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, Some("+00:00".into()))
    );
    let values = values.as_primitive::<TimestampMicrosecondType>();
    assert_eq!(
        values.iter().collect::<Vec<_>>(),
        [Some(86_400_000_000), None, None]
    );
}

#[test]
fn a_missing_column_is_none_in_every_row() {
    let batch = column("y", Int64Array::from_iter_values(0..70_000));
    for function in FIELD_READERS
        .into_iter()
        .filter(|function| *function != "all_kinds")
    {
        let values = evaluate(function, &x(), &batch).expect("values");
        assert_eq!((values.len(), values.null_count()), (70_000, 70_000));
    }
    let values = evaluate("boolean_or", &x(), &batch).expect("values");
    assert_eq!(values.as_boolean().true_count(), 70_000);
}

#[test]
fn a_batch_longer_than_a_piece_is_cut_and_joined() {
    let count = 200_001;
    let values = (0..count).map(|value| (value % 7 != 3).then_some(value));
    let integers = values.clone().collect::<Int64Array>();
    let read = evaluate("read_int64", &x(), &column("x", integers.clone())).expect("values");
    assert_eq!(read.as_primitive::<Int64Type>(), &integers);
    let texts = values.map(|value| value.map(|value| format!("text {value}")));
    let texts = texts.collect::<StringArray>();
    let batch = column("x", texts.clone()).slice(5, 150_000);
    let read = evaluate("read_text", &x(), &batch).expect("values");
    assert_eq!(read.as_string::<i32>(), &texts.slice(5, 150_000));
}

#[test]
fn no_rows_are_no_values() {
    let batch = column("x", Int64Array::from(Vec::<i64>::new()));
    for function in FIELD_READERS {
        assert_eq!(evaluate(function, &x(), &batch).expect("values").len(), 0);
    }
}

#[test]
fn ids_and_scores_come_from_their_columns_or_are_made_up() {
    let none = serde_json::json!({});
    let ids = column("_id", StringArray::from(vec!["a", "", "c"]));
    let read = evaluate("read_id", &none, &ids).expect("values");
    assert_eq!(
        read.as_string::<i32>(),
        &StringArray::from(vec!["a", "", "c"])
    );
    let numbers = column("_id", Int64Array::from(vec![Some(7), None]));
    let read = evaluate("read_id", &none, &numbers).expect("values");
    assert_eq!(read.as_string::<i32>(), &StringArray::from(vec!["7", "1"]));
    let long = "x".repeat(5000);
    let read = evaluate(
        "read_id",
        &none,
        &column("_id", StringArray::from(vec![long.as_str()])),
    );
    assert_eq!(read.expect("values").as_string::<i32>().value(0), long);
    let scores = column("_score", Float32Array::from(vec![Some(0.5), None]));
    let read = evaluate("read_score", &none, &scores).expect("values");
    assert_eq!(
        read.as_primitive::<Float64Type>(),
        &Float64Array::from(vec![0.5, 1.0])
    );

    for probe in &*PROBES {
        let mut bound = bind(probe, "read_id", &none).expect("bound");
        let batch = column("x", Int64Array::from(vec![1, 2]));
        bound.evaluate(&batch).expect("values");
        let read = bound.evaluate(&batch).expect("values");
        assert_eq!(read.as_string::<i32>(), &StringArray::from(vec!["2", "3"]));
    }
}

#[test]
fn json_documents_are_read_as_columns_are() {
    let source = serde_json::json!({
        "a": {"b": [null, 7, 8]}, "a.c": "1970-01-01T00:00:01Z", "t": "text", "f": 0.5, "yes": true,
    });
    let read = |function: &str, field: &str| {
        let [composed, reference] = [0, 1].map(|index| {
            let params = serde_json::json!({"field": field});
            let mut bound = bind(&PROBES[index], function, &params).expect("bound");
            let document = Document {
                id: "1",
                source: &source,
                score: Some(2.0),
            };
            bound.evaluate_document(document).expect("a value")
        });
        assert_eq!(composed, reference);
        composed
    };
    assert_eq!(read("read_int64", "a.b"), Value::Int64(7));
    assert_eq!(read("read_float64", "a.b"), Value::Float64(7.0));
    assert_eq!(
        read("read_json", "a.b"),
        Value::Json("[null,7,8]".to_owned())
    );
    assert_eq!(read("read_timestamp", "a.c"), Value::Timestamp(1_000_000));
    assert_eq!(
        read("read_text", "a.c"),
        Value::Text("1970-01-01T00:00:01Z".to_owned())
    );
    assert_eq!(read("read_text", "t"), Value::Text("text".to_owned()));
    assert_eq!(read("read_int64", "f"), Value::Null);
    assert_eq!(read("read_boolean", "yes"), Value::Boolean(true));
    assert_eq!(
        read("read_json", "a"),
        Value::Json("{\"b\":[null,7,8]}".to_owned())
    );
    assert_eq!(read("read_json", "none"), Value::Null);
}

#[test]
fn what_the_contract_forbids_ends_the_query() {
    let batch = column("x", Int64Array::from(vec![1]));
    let error = |function: &str, params: serde_json::Value| {
        evaluate(function, &params, &batch).expect_err("it is forbidden")
    };
    insta::assert_snapshot!(error("resolve_late", x()), @"function `resolve_late` was stopped at document `0`: the guest broke the contract: it called `resolve` outside `bind`");
    for handle in [0, 1, 2, 3, 1000, 0x0400_0000, 0x03ff_ffff, u32::MAX] {
        assert_eq!(
            error("forged_handle", serde_json::json!({"handle": handle})),
            format!(
                "function `forged_handle` was stopped at document `0`: the guest broke the \
                 contract: it read the field handle {handle}, which `resolve` did not give"
            )
        );
    }
    insta::assert_snapshot!(error("wrong_getter", x()), @"function `wrong_getter` was stopped at document `0`: the guest broke the contract: it read the field `x` as int64, but resolved it as text");
    insta::assert_snapshot!(error("words_of_number", x()), @"function `words_of_number` was stopped at document `0`: the guest broke the contract: it read the field `x` in words, but resolved it as int64");
    for call in [
        "get-int64",
        "int64-or",
        "has",
        "id",
        "score",
        "length",
        "word",
    ] {
        assert_eq!(
            error(
                "read_in_bind",
                serde_json::json!({"field": "x", "call": call})
            ),
            "function `read_in_bind` could not be bound: the guest broke the contract: it read a \
             document outside `evaluate`"
        );
    }
}
