//! Converts any column to JSON texts, for fields that a function reads as json.
//!
//! The text is what `arrow-json` writes for the value. A column of the extension type
//! `arrow.json` already holds JSON.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef};

use super::cast;
use crate::value::{Kind, UTC};

pub(super) fn column(array: &ArrayRef, field: &Field) -> Result<StringArray, ArrowError> {
    if Kind::is_json_field(field) {
        return Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone());
    }
    let array = cast(array, &in_utc(array.data_type()))?;
    let field = Arc::new(field.clone().with_data_type(array.data_type().clone()));
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(&field, &array, &options)?;
    let mut texts = StringBuilder::new();
    let mut text = Vec::new();
    for row in 0..array.len() {
        if encoder.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(row, &mut text);
        let text = std::str::from_utf8(&text).map_err(|error| {
            ArrowError::JsonError(format!("arrow-json wrote invalid UTF-8: {error}"))
        })?;
        texts.append_value(text);
    }
    Ok(texts.finish())
}

/// The type with each timestamp's zone written as an offset, because `arrow-json` shows a timestamp
/// in its zone and has no time zone database. Dictionaries are decoded, because `arrow-json`
/// considers only the nulls of the keys, but a value may be null too.
fn in_utc(data_type: &DataType) -> DataType {
    let inner = |field: &FieldRef| {
        let data_type = in_utc(field.data_type());
        Arc::new(Field::clone(field).with_data_type(data_type))
    };
    match data_type {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some(UTC.into())),
        DataType::List(item) => DataType::List(inner(item)),
        DataType::LargeList(item) => DataType::LargeList(inner(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(inner(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::Dictionary(_, values) => in_utc(values),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{Int64Builder, ListBuilder};
    use arrow_array::{
        DictionaryArray, Float64Array, Int8Array, NullArray, StructArray, TimestampSecondArray,
    };

    use super::*;

    fn texts(array: ArrayRef) -> Vec<Option<String>> {
        let field = Field::new("x", array.data_type().clone(), true);
        let texts = column(&array, &field).expect("json");
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn a_null_in_a_dictionary_is_a_missing_value() {
        let keys = Int8Array::from(vec![Some(0), Some(1), None]);
        let values = StringArray::from(vec![None, Some("a")]);
        let array = DictionaryArray::new(keys.clone(), Arc::new(values));
        let expected = [None, Some("\"a\"".to_owned()), None];
        assert_eq!(texts(Arc::new(array)), expected);
        let array = DictionaryArray::new(keys, Arc::new(NullArray::new(2)));
        assert_eq!(texts(Arc::new(array)), [None, None, None]);
    }

    #[test]
    fn any_type_reads_as_json() {
        let some = |text: &str| Some(text.to_owned());
        let zoned = TimestampSecondArray::from(vec![1]).with_timezone("Europe/Berlin");
        let item = Arc::new(Field::new("at", zoned.data_type().clone(), true));
        let zoned = StructArray::from(vec![(item, Arc::new(zoned) as ArrayRef)]);
        assert_eq!(
            texts(Arc::new(zoned)),
            [some("{\"at\":\"1970-01-01T00:00:01Z\"}")]
        );
        let strings = StringArray::from(vec![Some("a \"b\""), None]);
        assert_eq!(texts(Arc::new(strings)), [some("\"a \\\"b\\\"\""), None]);
        assert_eq!(
            texts(Arc::new(Float64Array::from(vec![0.5]))),
            [some("0.5")]
        );
        let mut lists = ListBuilder::new(Int64Builder::new());
        lists.append_value([Some(1), None]);
        let lists: ArrayRef = Arc::new(lists.finish());
        assert_eq!(texts(Arc::clone(&lists)), [some("[1,null]")]);
        let item = Arc::new(Field::new("list", lists.data_type().clone(), true));
        assert_eq!(
            texts(Arc::new(StructArray::from(vec![(item, lists)]))),
            [some("{\"list\":[1,null]}")]
        );
    }
}
