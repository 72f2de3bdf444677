//! Batches and single documents give the same values and the same errors.

use std::sync::{Arc, LazyLock};

use arrow_array::builder::{Int64Builder, ListBuilder, StringDictionaryBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int16Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int8Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field};
use proptest::prelude::*;
use whittle_host::{Document, ExactJson, Udf, Value};
use whittle_tests::{PATHS, bind, engine_on, told, udf};

/// The probe on each path.
static PROBES: LazyLock<[Udf; 2]> =
    LazyLock::new(|| PATHS.map(|few_rows| udf(&engine_on(few_rows), "probe")));

/// Functions that read the field `x`, one for each kind of result, and one that reads all.
const READERS: [&str; 9] = [
    "all_kinds",
    "read_boolean",
    "read_int64",
    "read_float64",
    "read_timestamp",
    "read_text",
    "read_json",
    "read_words",
    "whole_columns",
];

/// The result of a function of the probe for a batch, which must be the same on both paths.
fn evaluate(
    function: &str,
    params: &serde_json::Value,
    batch: &RecordBatch,
) -> Result<ArrayRef, String> {
    let [batches, documents] = [0, 1].map(|index| {
        let mut bound = bind(&PROBES[index], function, params).map_err(|error| told(&error))?;
        bound.evaluate(batch).map_err(|error| told(&error))
    });
    match (&batches, &documents) {
        (Ok(batches), Ok(documents)) => assert_eq!(batches, documents, "{function}"),
        _ => assert_eq!(
            batches.as_ref().err(),
            documents.as_ref().err(),
            "{function}"
        ),
    }
    batches
}

fn column(name: &str, array: impl Array + 'static) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([(name, Arc::new(array) as ArrayRef, true)])
        .expect("one column")
}

fn x() -> serde_json::Value {
    serde_json::json!({"field": "x"})
}

prop_compose! {
    /// Texts of one to four bytes per character, some with lengths at the boundaries of words and
    /// buffers.
    fn texts()(texts in proptest::collection::vec(
        proptest::option::weighted(0.8, prop_oneof![
            "[a-z]{0,20}",
            "[aä中😀\u{0}]{0,12}",
            (0..140_usize).prop_map(|length| "0123456789".repeat(14)[..length].to_owned()),
            (1000..1100_usize).prop_map(|length| "é".repeat(length)),
        ]),
        0..70,
    )) -> Vec<Option<String>> {
        texts
    }
}

fn numbers<T: Arbitrary + 'static>() -> impl Strategy<Value = Vec<Option<T>>> {
    proptest::collection::vec(proptest::option::weighted(0.8, any::<T>()), 0..200)
}

/// A column of any type that a data node may have.
fn array() -> impl Strategy<Value = ArrayRef> {
    fn array(array: impl Array + 'static) -> ArrayRef {
        Arc::new(array)
    }
    prop_oneof![
        numbers::<bool>().prop_map(|values| array(BooleanArray::from(values))),
        numbers::<i64>().prop_map(|values| array(Int64Array::from(values))),
        numbers::<i8>().prop_map(|values| array(Int8Array::from(values))),
        numbers::<u64>().prop_map(|values| array(UInt64Array::from(values))),
        numbers::<f64>().prop_map(|values| array(Float64Array::from(values))),
        numbers::<f32>().prop_map(|values| array(Float32Array::from(values))),
        numbers::<i32>().prop_map(|values| array(Date32Array::from(values))),
        numbers::<i32>().prop_map(|values| {
            let values = values.into_iter().map(|value| value.map(i64::from));
            array(
                values
                    .collect::<TimestampMillisecondArray>()
                    .with_timezone("UTC"),
            )
        }),
        numbers::<i32>().prop_map(|values| {
            let values = values.into_iter().map(|value| value.map(i128::from));
            let decimal = values
                .collect::<Decimal128Array>()
                .with_precision_and_scale(12, 3);
            array(decimal.expect("it fits"))
        }),
        texts().prop_map(|texts| array(StringArray::from(texts))),
        texts().prop_map(|texts| array(LargeStringArray::from(texts))),
        texts().prop_map(|texts| {
            let mut view = StringViewBuilder::new();
            texts
                .iter()
                .for_each(|text| view.append_option(text.as_ref()));
            array(view.finish())
        }),
        texts().prop_map(|texts| {
            let mut dictionary = StringDictionaryBuilder::<Int16Type>::new();
            texts
                .iter()
                .for_each(|text| dictionary.append_option(text.as_ref()));
            array(dictionary.finish())
        }),
        numbers::<i32>().prop_map(|days| {
            let texts = days.into_iter().map(|day| {
                day.map(|day| {
                    format!(
                        "{:04}-{:02}-{:02}T00:00:01Z",
                        day.rem_euclid(9999),
                        day.rem_euclid(13),
                        day.rem_euclid(28)
                    )
                })
            });
            array(texts.collect::<StringArray>())
        }),
        proptest::collection::vec(proptest::option::weighted(0.8, numbers::<i64>()), 0..20)
            .prop_map(|lists| {
                let mut builder = ListBuilder::new(Int64Builder::new());
                for list in lists {
                    match list {
                        Some(list) => builder.append_value(list),
                        None => builder.append_null(),
                    }
                }
                array(builder.finish())
            }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_paths_agree_on_random_batches(
        array in array(),
        (start, end) in (0.0..1.0_f64, 0.0..1.0_f64),
        nested in any::<bool>(),
    ) {
        let at = |share: f64| (share * (array.len() + 1) as f64) as usize;
        let (start, end) = (at(start.min(end)), at(start.max(end)));
        let array = array.slice(start, end - start);
        let (path, batch) = if nested {
            let field = Arc::new(Field::new("inner", array.data_type().clone(), true));
            ("x.inner", column("x", StructArray::from(vec![(field, array)])))
        } else {
            ("x", column("x", array))
        };
        for function in READERS {
            let values = evaluate(function, &serde_json::json!({"field": path}), &batch);
            prop_assert_eq!(values.map(|values| values.len()), Ok(batch.num_rows()));
        }
    }
}

#[test]
fn getters_return_the_values_of_columns() {
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
fn a_missing_column_has_no_value_in_any_row() {
    let batch = column("y", Int64Array::from_iter_values(0..70_000));
    for function in READERS
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
fn splits_a_long_batch_into_pieces_and_joins_the_results() {
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
fn a_text_of_megabytes_among_short_ones_is_read_where_it_is() {
    let long = "x".repeat(3 << 20) + "bad";
    let text = |row| match row {
        1500 => Some(long.clone()),
        _ if row % 3 == 0 => None,
        _ => Some("y".repeat(row % 900)),
    };
    let texts: StringArray = (0..9000).map(text).collect();
    let batch = column("x", texts);
    let find = |needle: &str| {
        let params = serde_json::json!({"field": "x", "needle": needle});
        evaluate("trap_on", &params, &batch)
    };
    let all = find("none has this").expect("values");
    assert_eq!(all.as_boolean().true_count(), 9000);
    let error = find("bad").expect_err("it panics");
    assert!(error.contains("was stopped at document `1500`"), "{error}");
}

#[test]
fn a_batch_without_rows_gives_an_empty_array() {
    let batch = column("x", Int64Array::from(Vec::<i64>::new()));
    for function in READERS {
        assert_eq!(evaluate(function, &x(), &batch).expect("values").len(), 0);
    }
}

#[test]
fn ids_and_scores_come_from_their_columns_or_have_defaults() {
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
fn reads_json_documents_like_columns() {
    let source = ExactJson::from(&serde_json::json!({
        "a": {"b": [null, 7, 8]}, "a.c": "1970-01-01T00:00:01Z", "t": "text", "f": 0.5, "yes": true,
    }));
    let read = |function: &str, field: &str| {
        let [batches, documents] = [0, 1].map(|index| {
            let params = serde_json::json!({"field": field});
            let mut bound = bind(&PROBES[index], function, &params).expect("bound");
            let document = Document {
                id: "1",
                source: &source,
                score: Some(2.0),
            };
            bound.evaluate_document(document).expect("a value")
        });
        assert_eq!(batches, documents);
        batches
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
fn breaking_the_contract_ends_the_query() {
    let batch = column("x", Int64Array::from(vec![1]));
    let error = |function: &str, params: serde_json::Value| {
        evaluate(function, &params, &batch).expect_err("it is forbidden")
    };
    insta::assert_snapshot!(error("resolve_late", x()), @"function `resolve_late` was stopped at document `0`: the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document");
    for handle in [0, 1, 2, 3, 1000, 0x0400_0000, 0x03ff_ffff, u32::MAX] {
        assert_eq!(
            error("forged_handle", serde_json::json!({"handle": handle})),
            format!(
                "function `forged_handle` was stopped at document `0`: the guest broke the \
                 contract: it read the field handle {handle}, which no lookup returned: look up \
                 the field in `prepare`"
            )
        );
    }
    insta::assert_snapshot!(error("wrong_getter", x()), @"function `wrong_getter` was stopped at document `0`: the guest broke the contract: it read the field `x` as int64, but resolved it as text");
    insta::assert_snapshot!(error("words_of_number", x()), @"function `words_of_number` was stopped at document `0`: the guest broke the contract: it read the field `x` in words, but resolved it as int64, at probe/src/misuse.rs:72 in `whittle_probe::misuse::WordsOfNumber::value`");
    for call in [
        "get-int64",
        "int64-or",
        "has",
        "id",
        "score",
        "length",
        "word",
    ] {
        let error = error(
            "read_in_bind",
            serde_json::json!({"field": "x", "call": call}),
        );
        // Each call has a line of its own.
        let expected = "function `read_in_bind` could not be bound: the guest broke the contract: \
                        it read a document outside of `evaluate`, where there is none: `prepare` \
                        sees only the parameters, at probe/src/misuse.rs:";
        assert!(error.starts_with(expected), "{error}");
    }
}
