//! Distinct values once: a dictionary-encoded column and a plain one give the same results, counts,
//! errors and lines of the log, and the first is evaluated once for each value.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
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
use whittle_host::{Budget, DocumentError, Evaluated, OnError, QueryContext, Udf};
use whittle_tests::{BATCHES, ByHand, DOCUMENTS, arguments, engine_on, guest, told};

/// The probe and a component that reads neither ids nor scores, in an engine that evaluates all
/// rows one by one, and in one that evaluates all in batches.
static UDFS: LazyLock<[[Udf; 2]; 2]> = LazyLock::new(|| {
    [DOCUMENTS, BATCHES].map(|few_rows| {
        let engine = engine_on(few_rows);
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
    type Encode = fn(&ArrayRef, &[Option<u8>]) -> ArrayRef;
    let of: [Encode; 8] = [
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
    let (found, documents, evaluations) = equal(column, "value 3");
    assert_eq!(
        (found.true_count(), documents, evaluations),
        (83_334, 1_000_000, 12)
    );
}

/// Which rows of a column are equal to a text, and how many documents and evaluations that took.
fn equal(column: ArrayRef, target: &str) -> (BooleanArray, u64, u64) {
    let batch = RecordBatch::try_from_iter([("x", column)]).expect("one column");
    let query = QueryContext::new(Budget::default());
    let params = json!({"field": "x", "target": target, "max_distance": 0});
    let bound = UDFS[1][1].bind("string_distance", &arguments(&params), &query);
    let mut bound = bound.expect("bound");
    let found = bound.evaluate(&batch).expect("evaluated");
    let statistics = bound.statistics();
    (
        found.as_boolean().clone(),
        statistics.documents,
        statistics.evaluations,
    )
}

/// A function with more distinct values than are kept is evaluated document by document.
#[test]
fn a_column_of_very_many_values_is_evaluated_by_documents() {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..400_000).map(|number| format!("{number}")),
    ));
    let keys = PrimitiveArray::<Int32Type>::from_iter_values(0..400_000);
    let column: ArrayRef = Arc::new(DictionaryArray::try_new(keys, texts).expect("keys"));
    let (found, _, evaluations) = equal(column, "399999");
    assert_eq!((found.true_count(), found.value(399_999)), (1, true));
    assert_eq!(evaluations, 400_000);
}

/// A guest that takes batches and reads the field `x` as an int64: logs if it is 1, asks for the id
/// if it is 2, and fails if it is 3. It gives the field's value.
fn asks_for_more() -> Vec<u8> {
    let imports = r#"
        (import "whittle:batch/results@0.2.0" "watch" (func $watch (param i32 i32)))
        (import "whittle:batch/results@0.2.0" "fail" (func $fail (param i32 i32 i32 i32)))
        (import "whittle:batch/results@0.2.0" "put"
          (func $put (param i32 i32 i32 i32 i32 i32 i32 i32)))
        (import "whittle:udf/document@0.1.0" "resolve"
          (func $resolve (param i32 i32 i32) (result i32)))
        (import "whittle:udf/document@0.1.0" "int64-or"
          (func $int64-or (param i32 i64) (result i64)))
        (import "whittle:udf/document@0.1.0" "id" (func $id (param i32)))
        (import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
    // The row is at 4000, the field at 4008, a float64 for each row from 8192 on, an id at 4096.
    let module = r#"
        (memory (export "memory") 4)
        (data (i32.const 4016) "x")
        (data (i32.const 4024) "three")
        (global $free (mut i32) (i32.const 131072))
        (func $asked (param $value i64)
          (if (i64.eq (local.get $value) (i64.const 1))
            (then (call $log (i32.const 2) (i32.const 4016) (i32.const 1))))
          (if (i64.eq (local.get $value) (i64.const 2)) (then (call $id (i32.const 4096)))))
        (func (export "whittle:batch/functions@0.2.0#evaluate")
          (param $rows i32) (param i32 i32 i32 i32 i32) (local $row i32) (local $value i64)
          (global.set $free (i32.const 131072))
          (loop $next
            (i32.store (i32.const 4000) (local.get $row))
            (local.set $value (call $int64-or (i32.load (i32.const 4008)) (i64.const 0)))
            (call $asked (local.get $value))
            (if (i64.eq (local.get $value) (i64.const 3))
              (then (call $fail (local.get $row) (i32.const 1) (i32.const 4024) (i32.const 5))))
            (f64.store (i32.add (i32.const 8192) (i32.mul (local.get $row) (i32.const 8)))
              (f64.convert_i64_s (local.get $value)))
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $row) (local.get $rows))))
          (call $put (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 8192) (i32.mul (local.get $rows) (i32.const 8))
            (i32.const 0) (i32.const 0) (i32.const 0)))"#;
    ByHand {
        imports,
        module,
        bind: r#"(call $watch (i32.const 4000) (i32.const 1))
            (i32.store (i32.const 4008) (call $resolve (i32.const 4016) (i32.const 1) (i32.const 1)))
            (i32.const 256)"#,
        evaluate: r#"(local $value i64)
            (local.set $value (call $int64-or (i32.load (i32.const 4008)) (i64.const 0)))
            (call $asked (local.get $value))
            (f64.store (i32.const 528) (f64.convert_i64_s (local.get $value)))
            (i32.const 512)"#,
        realloc: r#"(local i32)
            (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
            (global.set $free (i32.add (local.get 4) (local.get 3)))
            (local.get 4)"#,
        ..ByHand::default()
    }
    .component()
}

/// In a batch, too, the results and the log are those of single documents.
#[test]
fn rows_of_a_batch_that_ask_for_more_are_told_apart() {
    let udf = Udf::new(&engine_on(BATCHES), &asks_for_more()).expect("it is registered");
    assert!(udf.takes_batches());
    let rows = [5, 1, 4, 1, 2, 3, 5, 2, 3, 4, 1, 6];
    let run = |column: ArrayRef, on_error| {
        let query = QueryContext::new(Budget::default());
        let mut bound = udf
            .bind("f", &arguments(&json!({})), &query)
            .expect("bound");
        bound.set_on_error(on_error);
        let batch = RecordBatch::try_from_iter([("x", column)]).expect("one column");
        let evaluated = bound.evaluate_rows(&batch);
        let evaluated = evaluated.map(|evaluated| (evaluated.values, evaluated.error_samples));
        let lines = query.take_log().len();
        let statistics = bound.statistics();
        let shown = (
            evaluated.map_err(|error| told(&error)),
            lines,
            statistics.errors,
        );
        (shown, statistics.evaluations)
    };
    for on_error in [OnError::Null, OnError::Fail] {
        let plain = Int64Array::from(rows.to_vec());
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..7));
        let keys = PrimitiveArray::<Int8Type>::from_iter_values(rows.map(|value| value as i8));
        let encoded = DictionaryArray::try_new(keys, values).expect("keys");
        let (expected, _) = run(Arc::new(plain), on_error);
        let (found, evaluations) = run(Arc::new(encoded), on_error);
        // Before the query ends with a document, a batch may have logged for others after it.
        if on_error == OnError::Fail {
            assert_eq!((found.0, found.2), (expected.0, expected.2));
        } else {
            assert_eq!(found, expected);
            // Three times for 1, twice for 2, once for each of the others.
            assert_eq!(evaluations, 9);
        }
    }
}
