//! Distinct values once: a dictionary-encoded column and a plain one give the same results, counts,
//! errors and lines of the log, and the first is evaluated once for each value.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, Float64Array, Int64Array,
    LargeStringArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whittle_host::{
    Budget, DocumentError, Engine, EngineOptions, Evaluated, OnError, QueryContext, Udf,
};
use whittle_tests::{arguments, guest, told};

/// The probe and a component that reads neither ids nor scores, in an engine that evaluates all
/// rows one by one, and in one that evaluates all in batches.
static UDFS: LazyLock<[[Udf; 2]; 2]> = LazyLock::new(|| {
    [usize::MAX, 0].map(|few_rows| {
        let engine = Engine::new(EngineOptions {
            few_rows,
            pool_instances: 16,
            ..EngineOptions::default()
        });
        let engine = engine.expect("an engine starts");
        ["probe", "string-distance"]
            .map(|name| Udf::new(&engine, &guest(name)).expect("it is registered"))
    })
});

/// The values of a column, of which rows have one or none.
#[derive(Debug, Clone)]
enum Values {
    Texts(Vec<Option<String>>),
    LargeTexts(Vec<Option<String>>),
    Views(Vec<Option<String>>),
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Booleans(Vec<Option<bool>>),
    Instants(Vec<Option<i64>>),
}

impl Values {
    fn len(&self) -> usize {
        self.array(None).len()
    }

    /// The values of keys, or all.
    fn array(&self, keys: Option<&[Option<u8>]>) -> ArrayRef {
        fn pick<T: Clone>(values: &[Option<T>], keys: Option<&[Option<u8>]>) -> Vec<Option<T>> {
            let Some(keys) = keys else {
                return values.to_vec();
            };
            let value = |key: &Option<u8>| values[usize::from((*key)?)].clone();
            keys.iter().map(value).collect()
        }
        match self {
            Self::Texts(texts) => Arc::new(StringArray::from(pick(texts, keys))),
            Self::LargeTexts(texts) => Arc::new(LargeStringArray::from(pick(texts, keys))),
            Self::Views(texts) => Arc::new(StringViewArray::from_iter(pick(texts, keys))),
            Self::Integers(values) => Arc::new(Int64Array::from(pick(values, keys))),
            Self::Floats(values) => Arc::new(Float64Array::from(pick(values, keys))),
            Self::Booleans(values) => Arc::new(BooleanArray::from(pick(values, keys))),
            Self::Instants(values) => {
                Arc::new(TimestampMicrosecondArray::from(pick(values, keys)).with_timezone("UTC"))
            }
        }
    }

    /// How many values the keys have, a missing one included.
    fn distinct(&self, batches: &[Vec<Option<u8>>]) -> u64 {
        let keys: Vec<Option<u8>> = batches.concat();
        let array = self.array(Some(&keys));
        let shown = |row: usize| {
            array
                .is_valid(row)
                .then(|| format!("{:?}", array.slice(row, 1)))
        };
        (0..keys.len()).map(shown).collect::<HashSet<_>>().len() as u64
    }
}

fn encoded(values: &ArrayRef, keys: &[Option<u8>], width: usize) -> ArrayRef {
    fn of<K: ArrowDictionaryKeyType>(values: &ArrayRef, keys: &[Option<u8>]) -> ArrayRef
    where
        <K as ArrowPrimitiveType>::Native: TryFrom<u8>,
    {
        let key = |key: &Option<u8>| key.and_then(|key| K::Native::try_from(key).ok());
        let keys: PrimitiveArray<K> = keys.iter().map(key).collect();
        Arc::new(DictionaryArray::try_new(keys, Arc::clone(values)).expect("keys of values"))
    }
    let of: [fn(&ArrayRef, &[Option<u8>]) -> ArrayRef; 8] = [
        of::<Int8Type>,
        of::<Int16Type>,
        of::<Int32Type>,
        of::<Int64Type>,
        of::<UInt8Type>,
        of::<UInt16Type>,
        of::<UInt32Type>,
        of::<UInt64Type>,
    ];
    of[width](values, keys)
}

#[derive(Debug, Clone)]
struct Case {
    values: Values,
    batches: Vec<Vec<Option<u8>>>,
    function: (usize, &'static str, Json),
    on_error: OnError,
    /// The type of the keys.
    width: usize,
    /// Whether all batches have one dictionary.
    one_dictionary: bool,
    ids: bool,
}

fn values() -> impl Strategy<Value = Values> {
    fn many<T: std::fmt::Debug + Clone>(
        value: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Vec<Option<T>>> {
        proptest::collection::vec(proptest::option::weighted(0.9, value), 1..20)
    }
    let texts = || many("(bad |)[a-c]{0,3}|2020-01-0[1-3]");
    prop_oneof![
        4 => texts().prop_map(Values::Texts),
        1 => texts().prop_map(Values::LargeTexts),
        1 => texts().prop_map(Values::Views),
        1 => many(-3..3_i64).prop_map(Values::Integers),
        1 => many(prop_oneof![Just(f64::NAN), Just(-0.0), Just(0.0), Just(1.5)])
            .prop_map(Values::Floats),
        1 => many(any::<bool>()).prop_map(Values::Booleans),
        1 => many(-3..3_i64).prop_map(Values::Instants),
    ]
}

fn functions() -> impl Strategy<Value = (usize, &'static str, Json)> {
    let of_field = |function| (0, function, json!({"field": "x"}));
    prop_oneof![
        2 => Just((1, "string_distance", json!({"field": "x", "target": "ab", "max_distance": 1}))),
        // It reads the id of a document for which it fails.
        3 => Just((0, "fail_on", json!({"field": "x", "needle": "bad"}))),
        1 => Just((0, "trap_on", json!({"field": "x", "needle": "bad"}))),
        2 => proptest::sample::select(vec![
            "all_kinds", "read_boolean", "read_int64", "read_float64", "read_timestamp",
            "read_text", "read_json", "read_words",
        ]).prop_map(of_field),
        1 => Just((0, "read_id", json!({}))),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let on_error = proptest::sample::select(vec![OnError::Fail, OnError::Skip, OnError::Null]);
    let keys = proptest::collection::vec(proptest::option::weighted(0.9, any::<u8>()), 0..60);
    let batches = proptest::collection::vec(keys, 1..4);
    let rest = (
        functions(),
        on_error,
        0..8_usize,
        any::<bool>(),
        any::<bool>(),
    );
    (values(), batches, rest).prop_map(|(values, mut batches, rest)| {
        let (function, on_error, width, one_dictionary, ids) = rest;
        for key in batches.iter_mut().flatten().flatten() {
            *key %= u8::try_from(values.len()).expect("few");
        }
        Case {
            values,
            batches,
            function,
            on_error,
            width,
            one_dictionary,
            ids,
        }
    })
}

/// All that a query shows.
#[derive(Debug, PartialEq)]
struct Shown {
    batches: Vec<(ArrayRef, Option<Vec<bool>>, Vec<DocumentError>)>,
    end: Option<String>,
    documents: u64,
    errors: u64,
    error_samples: Vec<DocumentError>,
    log: Vec<String>,
    /// Of a query that came to its end: a batch that is stopped has given no results.
    result_bytes: Option<usize>,
}

/// Runs a query over columns; also the number of evaluations.
fn run(case: &Case, engine: usize, column: impl Fn(&[Option<u8>]) -> ArrayRef) -> (Shown, u64) {
    let (component, function, params) = &case.function;
    let query = QueryContext::new(Budget::default());
    let bound = UDFS[engine][*component].bind(function, &arguments(params), &query);
    let mut bound = bound.expect("bound");
    bound.set_on_error(case.on_error);
    let (mut batches, mut end, mut start) = (Vec::new(), None, 0);
    for keys in &case.batches {
        let ids = (start..start + keys.len()).map(|number| format!("d{number}"));
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        start += keys.len();
        let columns = [("_id", ids), ("x", column(keys))];
        let columns = columns.into_iter().skip(usize::from(!case.ids));
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, array)| (name, array, true)),
        );
        match bound.evaluate_rows(&batch.expect("columns")) {
            Ok(Evaluated {
                values,
                failed,
                error_samples,
            }) => {
                batches.push((
                    values,
                    failed.map(|failed| failed.iter().collect()),
                    error_samples,
                ));
            }
            Err(error) => {
                end = Some(told(&error));
                break;
            }
        }
    }
    let statistics = bound.statistics();
    let log = query.take_log().into_iter();
    let shown = Shown {
        batches,
        documents: statistics.documents,
        errors: statistics.errors,
        error_samples: statistics.error_samples,
        log: log.map(|line| line.message).collect(),
        result_bytes: end.is_none().then(|| query.usage().result_bytes),
        end,
    };
    (shown, statistics.evaluations)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn dictionaries_and_plain_columns_give_the_same(case in cases()) {
        for engine in [0, 1] {
            let plain = |keys: &[Option<u8>]| case.values.array(Some(keys));
            let dictionary = case.values.array(None);
            let (expected, evaluations) = run(&case, engine, plain);
            prop_assert_eq!(evaluations, expected.documents);
            let (found, evaluations) = run(&case, engine, |keys| {
                let own = case.values.array(None);
                let values = if case.one_dictionary { &dictionary } else { &own };
                encoded(values, keys, case.width)
            });
            prop_assert_eq!(&found, &expected);
            let asks = ["fail_on", "read_id"].contains(&case.function.1);
            if found.end.is_none() && !asks {
                prop_assert_eq!(evaluations, case.values.distinct(&case.batches));
            }
        }
    }
}

#[test]
fn a_million_rows_with_twelve_values_are_evaluated_twelve_times() {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..12).map(|number| format!("value {number}")),
    ));
    let keys = (0..1_000_000_u32).map(|row| row % 12);
    let keys = PrimitiveArray::<UInt32Type>::from_iter_values(keys);
    let column: ArrayRef = Arc::new(DictionaryArray::try_new(keys, values).expect("keys"));
    let batch = RecordBatch::try_from_iter([("x", column)]).expect("one column");
    let query = QueryContext::new(Budget::default());
    let params = json!({"field": "x", "target": "value 3", "max_distance": 0});
    let bound = UDFS[1][1].bind("string_distance", &arguments(&params), &query);
    let mut bound = bound.expect("bound");
    let found = bound.evaluate(&batch).expect("evaluated");
    let found = found
        .as_any()
        .downcast_ref::<BooleanArray>()
        .expect("booleans");
    let statistics = bound.statistics();
    assert_eq!(
        (
            found.true_count(),
            statistics.documents,
            statistics.evaluations
        ),
        (83_334, 1_000_000, 12)
    );
}

/// A function with more distinct values than are kept is evaluated for documents.
#[test]
fn a_column_of_very_many_values_is_evaluated_by_documents() {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..400_000).map(|number| format!("{number}")),
    ));
    let keys = PrimitiveArray::<Int32Type>::from_iter_values(0..400_000);
    let column: ArrayRef = Arc::new(DictionaryArray::try_new(keys, texts).expect("keys"));
    let batch = RecordBatch::try_from_iter([("x", column)]).expect("one column");
    let query = QueryContext::new(Budget::default());
    let params = json!({"field": "x", "target": "399999", "max_distance": 0});
    let bound = UDFS[1][1].bind("string_distance", &arguments(&params), &query);
    let mut bound = bound.expect("bound");
    let found = bound.evaluate(&batch).expect("evaluated");
    let found = found
        .as_any()
        .downcast_ref::<BooleanArray>()
        .expect("booleans");
    assert_eq!((found.true_count(), found.value(399_999)), (1, true));
    assert_eq!(bound.statistics().evaluations, 400_000);
}
