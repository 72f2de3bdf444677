//! Columns: from the arrays of a data node's batch to the six kinds of the contract.
//!
//! The fields of a function are found in a batch once per schema ([`path`]), and cast once per
//! batch with Arrow's kernels. So a getter handles six array types only. A column that already
//! has its kind's Arrow type is passed on unchanged, slices included. A value that cannot be read
//! as the kind is missing; that is not an error.

mod documents;
mod json;
mod path;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};

pub use documents::Document;
pub(crate) use documents::batch_of;
pub(crate) use path::{ColumnPath, column_path};

use crate::value::Kind;

/// The columns of a batch that hold the documents' ids and scores.
pub(crate) const ID: &str = "_id";
pub(crate) const SCORE: &str = "_score";

/// A field that a function reads, and its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldUse {
    /// The dotted path.
    pub path: String,
    /// The kind that the function asked for.
    pub kind: Kind,
}

/// A column as a guest reads it.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    /// No document has a value.
    Missing(Kind),
    Boolean(BooleanArray),
    Int64(Int64Array),
    Float64(Float64Array),
    Text(StringArray),
    Timestamp(TimestampMicrosecondArray),
    Json(StringArray),
}

impl Column {
    /// Reads an array as a kind. `field` distinguishes JSON from plain text.
    pub(crate) fn new(array: &ArrayRef, field: &Field, kind: Kind) -> Result<Self, ArrowError> {
        if kind == Kind::Json {
            let texts = json::column(array, field)?;
            return Ok(Self::Json(of_rows(texts, array)?));
        }
        // Only conversions of the contract are cast: Arrow's kernels are not equally reliable for
        // all types.
        let readable = scalar(array.data_type()).and_then(|found| target(found, kind));
        let Some(target) = readable.filter(|_| !Kind::is_json_field(field)) else {
            return Ok(Self::Missing(kind));
        };
        let array = of_rows(cast(&scalars(array)?, &target)?, array)?;
        Ok(match kind {
            Kind::Boolean => Self::Boolean(array.as_boolean().clone()),
            Kind::Int64 => Self::Int64(array.as_primitive::<Int64Type>().clone()),
            Kind::Float64 => Self::Float64(array.as_primitive::<Float64Type>().clone()),
            Kind::Text | Kind::Json => Self::Text(array.as_string::<i32>().clone()),
            Kind::Timestamp => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
        })
    }

    /// The same as [`Column::new`] for an array that has its kind's type already, which is then
    /// shared; `None` for all others. Callers try it first: calls of one document spend their time
    /// here, and a test inside [`Column::new`] costs them a tenth more.
    pub(crate) fn unchanged(array: &ArrayRef, field: &Field, kind: Kind) -> Option<Self> {
        if Kind::is_json_field(field) {
            return None;
        }
        Some(match kind {
            Kind::Boolean => Self::Boolean(array.as_boolean_opt()?.clone()),
            Kind::Int64 => Self::Int64(array.as_primitive_opt()?.clone()),
            Kind::Float64 => Self::Float64(array.as_primitive_opt()?.clone()),
            Kind::Text => Self::Text(array.as_string_opt()?.clone()),
            Kind::Timestamp => Self::Timestamp(array.as_primitive_opt()?.clone()),
            Kind::Json => return None,
        })
    }

    /// Reads an array as the ids of the documents, which a data node may keep as integers. They
    /// become texts if the function may read them; otherwise few are ever shown, in errors.
    pub(crate) fn of_ids(array: &ArrayRef, are_read: bool) -> Result<Self, ArrowError> {
        let found = scalar(array.data_type());
        let is_integer = found.is_some_and(|it| it.is_integer() && *it != DataType::UInt64);
        if is_integer && !are_read {
            let numbers = of_rows(cast(&scalars(array)?, &DataType::Int64)?, array)?;
            return Ok(Self::Int64(numbers.as_primitive::<Int64Type>().clone()));
        }
        if found.is_none_or(DataType::is_nested) {
            return Err(ArrowError::CastError(format!(
                "a document's id cannot be of type {}",
                array.data_type()
            )));
        }
        let texts = of_rows(cast(&scalars(array)?, &DataType::Utf8)?, array)?;
        Ok(Self::Text(texts.as_string::<i32>().clone()))
    }

    /// Whether the row has a value.
    pub(crate) fn has(&self, row: usize) -> bool {
        match self {
            Self::Missing(_) => false,
            Self::Boolean(array) => array.is_valid(row),
            Self::Int64(array) => array.is_valid(row),
            Self::Float64(array) => array.is_valid(row),
            Self::Text(array) | Self::Json(array) => array.is_valid(row),
            Self::Timestamp(array) => array.is_valid(row),
        }
    }

    /// The kind as which the column is read.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Missing(kind) => *kind,
            Self::Boolean(_) => Kind::Boolean,
            Self::Int64(_) => Kind::Int64,
            Self::Float64(_) => Kind::Float64,
            Self::Text(_) => Kind::Text,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Json(_) => Kind::Json,
        }
    }

    /// The id in a row of a column of ids; `None` if the row has none.
    pub(crate) fn id(&self, row: usize) -> Option<String> {
        match self {
            Self::Int64(array) => array.is_valid(row).then(|| array.value(row).to_string()),
            ids => ids.text(row).map(str::to_owned),
        }
    }

    /// The text in a row of a text or json column; `None` if the row has none.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Text(array) | Self::Json(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Missing(_)
            | Self::Boolean(_)
            | Self::Int64(_)
            | Self::Float64(_)
            | Self::Timestamp(_) => None,
        }
    }
}

/// The Arrow type to cast to, so that a value of `found` reads as `kind`; `None` if the contract
/// does not convert it.
fn target(found: &DataType, kind: Kind) -> Option<DataType> {
    use DataType as T;
    let readable = match kind {
        Kind::Boolean => matches!(found, T::Boolean),
        Kind::Int64 => found.is_integer(),
        Kind::Float64 => found.is_numeric(),
        Kind::Text => matches!(found, T::Utf8 | T::LargeUtf8 | T::Utf8View),
        Kind::Timestamp => matches!(
            found,
            T::Timestamp(..) | T::Date32 | T::Date64 | T::Utf8 | T::LargeUtf8 | T::Utf8View
        ),
        Kind::Json => false,
    };
    readable.then(|| kind.data_type())
}

/// The type of a row's first value; `None` if rows never have one.
fn scalar(found: &DataType) -> Option<&DataType> {
    match found {
        DataType::Dictionary(_, values) => scalar(values),
        DataType::RunEndEncoded(_, values) => scalar(values.data_type()),
        DataType::FixedSizeList(_, 0) => None,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            scalar(item.data_type())
        }
        other => Some(other),
    }
}

/// Checks that an array made from another one has as many rows: compiled code relies on it.
fn of_rows<T: Array>(made: T, of: &ArrayRef) -> Result<T, ArrowError> {
    if made.len() == of.len() {
        return Ok(made);
    }
    Err(ArrowError::ComputeError(format!(
        "{} rows of type {} became {}",
        of.len(),
        of.data_type(),
        made.len()
    )))
}

/// The first value of each row, if a row may have several; and plain values, if the column is
/// encoded as a dictionary or in runs.
fn scalars(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Dictionary(_, values) => scalars(&cast(array, values)?),
        DataType::RunEndEncoded(_, values) => scalars(&cast(array, values.data_type())?),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            scalars(&cast(array, &DataType::List(item.clone()))?)
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let values = scalars(list.values())?;
            let first = |row: usize| {
                let (start, end) = (list.value_offsets()[row], list.value_offsets()[row + 1]);
                (start..end).find(|at| usize::try_from(*at).is_ok_and(|at| values.is_valid(at)))
            };
            let indices: arrow_array::Int32Array = (0..list.len())
                .map(|row| if list.is_valid(row) { first(row) } else { None })
                .collect();
            arrow_select::take::take(&values, &indices, None)
        }
        _ => Ok(Arc::clone(array)),
    }
}

/// Casts with Arrow's kernel; a value that does not fit becomes null.
fn cast(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    // A zone affects how an instant is shown, not which instant it is, and a timestamp without a
    // zone is in UTC by contract. So units are converted within the zone, and then the name of the
    // zone, for which Arrow would need a database, is replaced.
    if let DataType::Timestamp(TimeUnit::Microsecond, Some(_)) = target {
        let instants = match array.data_type() {
            DataType::Timestamp(_, zone) => {
                let in_zone = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
                let array = cast_safely(array, &in_zone)?;
                Some(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
            // Arrow's kernel multiplies without an overflow check.
            DataType::Date32 => Some(array.as_primitive::<Date32Type>().unary_opt(|days| {
                let micros_a_day = 86_400_000_000;
                i64::from(days).checked_mul(micros_a_day)
            })),
            DataType::Date64 => {
                let millis = array.as_primitive::<Date64Type>();
                Some(millis.unary_opt(|millis| millis.checked_mul(1_000)))
            }
            _ => None,
        };
        if let Some(array) = instants {
            return Ok(Arc::new(array.with_data_type(target.clone())));
        }
    }
    cast_safely(array, target)
}

fn cast_safely(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(
        array,
        target,
        &CastOptions {
            safe: true,
            ..CastOptions::default()
        },
    )
}

/// Reads one string as a timestamp, in the same way as a column: microseconds since
/// 1970-01-01T00:00:00 UTC.
pub(crate) fn timestamp_from_text(text: &str) -> Option<i64> {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let array = cast(&texts, &Kind::Timestamp.data_type()).ok()?;
    let array = array.as_primitive::<TimestampMicrosecondType>();
    array.is_valid(0).then(|| array.value(0))
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{Int64Builder, ListBuilder};
    use arrow_array::types::Int8Type;
    use arrow_array::{
        Date32Array, Date64Array, Decimal128Array, DictionaryArray, FixedSizeListArray,
        Float32Array, Int32Array, LargeStringArray, ListArray, RunArray, StringViewArray,
        StructArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    };
    use arrow_buffer::{NullBuffer, OffsetBuffer};

    use super::*;

    fn read(array: impl Array + 'static, kind: Kind) -> Column {
        let field = Field::new("x", array.data_type().clone(), true);
        Column::new(&(Arc::new(array) as ArrayRef), &field, kind).expect("arrow reads it")
    }

    fn int64(array: impl Array + 'static) -> Vec<Option<i64>> {
        let Column::Int64(array) = read(array, Kind::Int64) else {
            panic!("not int64")
        };
        array.iter().collect()
    }

    fn float64(array: impl Array + 'static) -> Vec<Option<f64>> {
        let Column::Float64(array) = read(array, Kind::Float64) else {
            panic!("not float64")
        };
        array.iter().collect()
    }

    fn timestamp(array: impl Array + 'static) -> Vec<Option<i64>> {
        let Column::Timestamp(array) = read(array, Kind::Timestamp) else {
            panic!("not timestamp")
        };
        array.iter().collect()
    }

    fn text(array: impl Array + 'static) -> Vec<Option<String>> {
        let Column::Text(array) = read(array, Kind::Text) else {
            panic!("not text")
        };
        array.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn an_array_of_its_kinds_type_is_shared() {
        let arrays: [(ArrayRef, Kind); 5] = [
            (Arc::new(BooleanArray::from(vec![true])), Kind::Boolean),
            (Arc::new(Int64Array::from(vec![7])), Kind::Int64),
            (Arc::new(Float64Array::from(vec![0.5])), Kind::Float64),
            (Arc::new(StringArray::from(vec!["x"])), Kind::Text),
            (
                Arc::new(TimestampMicrosecondArray::from(vec![3]).with_timezone("Europe/Berlin")),
                Kind::Timestamp,
            ),
        ];
        for (array, own) in &arrays {
            let field = Field::new("x", array.data_type().clone(), true);
            for kind in [
                Kind::Boolean,
                Kind::Int64,
                Kind::Float64,
                Kind::Text,
                Kind::Timestamp,
                Kind::Json,
            ] {
                let column = Column::unchanged(array, &field, kind);
                assert_eq!(
                    column.map(|column| column.kind()),
                    (kind == *own).then_some(kind)
                );
            }
        }
        let json = Kind::Json.field("x");
        assert!(Column::unchanged(&arrays[3].0, &json, Kind::Text).is_none());
    }

    #[test]
    fn dates_beyond_all_timestamps_are_missing() {
        let far = Date64Array::from(vec![1, i64::MAX, i64::MIN]);
        assert_eq!(timestamp(far), [Some(1_000), None, None]);
        let far = Date32Array::from(vec![1, i32::MAX, i32::MIN]);
        assert_eq!(timestamp(far), [Some(86_400_000_000), None, None]);
    }

    /// Compiled code reads as many rows as the batch has. Fuzzing found this case.
    #[test]
    fn lists_of_no_values_are_missing_in_every_row() {
        let item = Arc::new(Field::new("item", DataType::Int32, true));
        let lists = FixedSizeListArray::new(
            Arc::clone(&item),
            0,
            Arc::new(Int32Array::from(Vec::<i32>::new())),
            Some(NullBuffer::new_valid(2)),
        );
        let runs = RunArray::try_new(&Int32Array::from(vec![1, 4]), &lists).expect("runs");
        for array in [Arc::new(lists) as ArrayRef, Arc::new(runs.slice(1, 2))] {
            let field = Field::new("x", array.data_type().clone(), true);
            for kind in [Kind::Int64, Kind::Float64, Kind::Text, Kind::Timestamp] {
                let column = Column::new(&array, &field, kind).expect("it reads");
                assert!(matches!(column, Column::Missing(_)), "{column:?}");
            }
        }
    }

    #[test]
    fn ids_are_the_same_whether_they_are_read_or_only_shown() {
        let arrays: [ArrayRef; 3] = [
            Arc::new(arrow_array::UInt32Array::from(vec![Some(7), None])),
            Arc::new(arrow_array::UInt64Array::from(vec![Some(u64::MAX), None])),
            Arc::new(StringArray::from(vec![Some("a"), None])),
        ];
        for (array, expected) in arrays.iter().zip(["7", "18446744073709551615", "a"]) {
            for are_read in [true, false] {
                let ids = Column::of_ids(array, are_read).expect("they are ids");
                assert_eq!(
                    [0, 1].map(|row| ids.id(row)),
                    [Some(expected.to_owned()), None]
                );
            }
        }
    }

    #[test]
    fn structs_in_lists_are_missing_and_cannot_be_ids() {
        let inner = StructArray::from(vec![(
            Arc::new(Field::new("a", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef,
        )]);
        let item = Arc::new(Field::new("item", inner.data_type().clone(), true));
        let offsets = OffsetBuffer::new(vec![0, 1, 2].into());
        let lists: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(inner), None));
        let column = Column::new(
            &lists,
            &Field::new("x", lists.data_type().clone(), true),
            Kind::Int64,
        );
        assert!(matches!(column, Ok(Column::Missing(Kind::Int64))));
        let error = Column::of_ids(&lists, true)
            .expect_err("structs cannot be ids")
            .to_string();
        assert!(
            error.contains("a document's id cannot be of type List("),
            "{error}"
        );
    }

    #[test]
    fn integers_of_every_width_read_as_int64_and_widen_to_float64() {
        assert_eq!(
            int64(arrow_array::Int8Array::from(vec![Some(-3), None])),
            [Some(-3), None]
        );
        assert_eq!(int64(UInt64Array::from(vec![7, u64::MAX])), [Some(7), None]);
        assert_eq!(
            float64(arrow_array::UInt16Array::from(vec![7])),
            [Some(7.0)]
        );
        assert_eq!(float64(Float32Array::from(vec![0.5])), [Some(0.5)]);
        let decimal = Decimal128Array::from(vec![1250]).with_precision_and_scale(6, 2);
        assert_eq!(float64(decimal.expect("fits")), [Some(12.5)]);
    }

    #[test]
    fn a_value_of_another_kind_is_missing() {
        assert!(matches!(
            read(Float64Array::from(vec![1.0]), Kind::Int64),
            Column::Missing(_)
        ));
        assert!(matches!(
            read(Int64Array::from(vec![1]), Kind::Text),
            Column::Missing(_)
        ));
        assert!(matches!(
            read(Int64Array::from(vec![1]), Kind::Timestamp),
            Column::Missing(_)
        ));
        assert!(matches!(
            read(StringArray::from(vec!["1"]), Kind::Boolean),
            Column::Missing(_)
        ));
    }

    #[test]
    fn texts_of_every_encoding_read_as_text() {
        let expected = [Some("ä".to_owned()), None];
        assert_eq!(
            text(LargeStringArray::from(vec![Some("ä"), None])),
            expected
        );
        assert_eq!(text(StringViewArray::from(vec![Some("ä"), None])), expected);
        let dictionary: DictionaryArray<Int8Type> = vec![Some("ä"), None].into_iter().collect();
        assert_eq!(text(dictionary), expected);
    }

    #[test]
    fn dates_timestamps_and_iso_texts_read_as_microseconds() {
        assert_eq!(
            timestamp(TimestampSecondArray::from(vec![-1])),
            [Some(-1_000_000)]
        );
        let nanoseconds =
            TimestampNanosecondArray::from(vec![1_500]).with_timezone("Europe/Berlin");
        assert_eq!(timestamp(nanoseconds), [Some(1)]);
        assert_eq!(
            timestamp(Date32Array::from(vec![1])),
            [Some(86_400_000_000)]
        );
        assert_eq!(timestamp(Date64Array::from(vec![1])), [Some(1_000)]);
        let texts = [
            "1970-01-02",
            "1970-01-01T00:00:01Z",
            "1970-01-01 00:00:00.5",
            "1970-01-01T02:00:00+02:00",
            "Jun 12 1998",
        ];
        let expected = [
            Some(86_400_000_000),
            Some(1_000_000),
            Some(500_000),
            Some(0),
            None,
        ];
        assert_eq!(timestamp(StringArray::from(texts.to_vec())), expected);
    }

    #[test]
    fn the_first_value_of_several_is_the_first_that_is_not_null() {
        let mut builder = ListBuilder::new(Int64Builder::new());
        builder.append_value([None, Some(2), Some(3)]);
        builder.append_value([]);
        builder.append_null();
        builder.append_value([Some(4)]);
        let list = builder.finish();
        assert_eq!(int64(list.clone()), [Some(2), None, None, Some(4)]);
        assert_eq!(int64(list.slice(2, 2)), [None, Some(4)]);
    }
}
