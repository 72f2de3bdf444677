//! Batches of any type that a data node may have, for property tests and for fuzzing.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, StringDictionaryBuilder, StringViewBuilder};
use arrow_array::types::Int16Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int8Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray, UInt64Array,
};
use arrow_schema::Field;
use proptest::prelude::*;

/// Functions of the probe that read a field, one for each kind of result, and one that reads all.
pub const FIELD_READERS: [&str; 8] = [
    "all_kinds",
    "read_boolean",
    "read_int64",
    "read_float64",
    "read_timestamp",
    "read_text",
    "read_json",
    "read_words",
];

prop_compose! {
    /// Texts of one to four bytes a character, some at the lengths where words and buffers end.
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

/// A batch of one column, sliced anyhow, by itself or in a struct; and the path to it.
///
/// # Panics
///
/// Never: Arrow takes it.
pub fn any_batch() -> impl Strategy<Value = (&'static str, RecordBatch)> {
    let share = || 0.0..1.0_f64;
    (array(), share(), share(), any::<bool>()).prop_map(|(array, start, end, nested)| {
        let at = |share: f64| (share * (array.len() + 1) as f64) as usize;
        let (start, end) = (at(start.min(end)), at(start.max(end)));
        let array = array.slice(start, end - start);
        let (path, array): (_, ArrayRef) = if nested {
            let field = Arc::new(Field::new("inner", array.data_type().clone(), true));
            ("x.inner", Arc::new(StructArray::from(vec![(field, array)])))
        } else {
            ("x", array)
        };
        let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]);
        (path, batch.expect("one column"))
    })
}
