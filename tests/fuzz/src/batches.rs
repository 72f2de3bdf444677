//! Arrow batches of any types, with slices, offsets and nulls at every level.

use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, ByteArrayType, Date32Type, Date64Type,
    Decimal128Type, Decimal256Type, DurationMillisecondType, Float32Type, Float64Type,
    GenericBinaryType, GenericStringType, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32SecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    FixedSizeListArray, GenericByteArray, GenericListArray, Int32Array, MapArray, NullArray,
    OffsetSizeTrait, PrimitiveArray, RecordBatch, RecordBatchOptions, RunArray, StringArray,
    StringViewArray, StructArray,
};
use arrow_buffer::{
    ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256,
};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use whittle_host::Kind;

/// Names of columns and of what is in structs, and what they are read by.
pub const FIELDS: [&str; 9] = ["x", "y", "x.y", "x.x", "x.y.x", "_id", "_score", "", "x."];

/// Rows in a batch, at most.
const ROWS: usize = 40;
/// Types inside of types, at most.
const DEPTH: usize = 3;

/// A batch of a few columns.
///
/// # Errors
///
/// Never, but for what the input's end would be.
///
/// # Panics
///
/// Never: Arrow takes columns of one length.
pub fn batch(input: &mut Unstructured<'_>) -> Result<RecordBatch> {
    let rows = input.int_in_range(0..=ROWS)?;
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for _ in 0..input.int_in_range(1..=3)? {
        let array = array(input, rows, DEPTH)?;
        fields.push(field(input, &array)?);
        columns.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Schema::new(fields).into(), columns, &options);
    let batch = batch.expect("columns of one length");
    let start = input.int_in_range(0..=rows)?;
    let length = input.int_in_range(0..=rows - start)?;
    Ok(batch.slice(start, length))
}

fn field(input: &mut Unstructured<'_>, array: &ArrayRef) -> Result<Field> {
    let name = *input.choose(&FIELDS)?;
    let field = Field::new(name, array.data_type().clone(), true);
    // Some say that they are JSON, whatever they are.
    Ok(if input.ratio(1, 8)? {
        field.with_metadata(Kind::Json.field(name).metadata().clone())
    } else {
        field
    })
}

/// An array of any type, cut from a longer one.
fn array(input: &mut Unstructured<'_>, rows: usize, depth: usize) -> Result<ArrayRef> {
    let before = input.int_in_range(0..=9)?;
    let length = before + rows + input.int_in_range(0..=2)?;
    let array = whole(input, length, depth)?;
    assert_eq!(array.len(), length, "{}", array.data_type());
    Ok(array.slice(before, rows))
}

fn whole(input: &mut Unstructured<'_>, length: usize, depth: usize) -> Result<ArrayRef> {
    let kinds: u8 = if depth == 0 { 29 } else { 38 };
    Ok(match input.int_in_range(0..=kinds)? {
        0 => Arc::new(BooleanArray::new(
            bits(input, length)?,
            nulls(input, length)?,
        )),
        1 => primitive::<Int8Type>(input, length, any)?,
        2 => primitive::<Int16Type>(input, length, any)?,
        3 => primitive::<Int32Type>(input, length, any)?,
        4 => primitive::<Int64Type>(input, length, any)?,
        5 => primitive::<UInt8Type>(input, length, any)?,
        6 => primitive::<UInt16Type>(input, length, any)?,
        7 => primitive::<UInt32Type>(input, length, any)?,
        8 => primitive::<UInt64Type>(input, length, any)?,
        9 => primitive::<Float32Type>(input, length, any)?,
        10 => primitive::<Float64Type>(input, length, any)?,
        11 => primitive::<Date32Type>(input, length, any)?,
        12 => primitive::<Date64Type>(input, length, any)?,
        13 => zoned::<TimestampSecondType>(input, length)?,
        14 => zoned::<TimestampMillisecondType>(input, length)?,
        15 => zoned::<TimestampMicrosecondType>(input, length)?,
        16 => zoned::<TimestampNanosecondType>(input, length)?,
        17 => primitive::<Time32SecondType>(input, length, any)?,
        18 => primitive::<Time64NanosecondType>(input, length, any)?,
        19 => primitive::<DurationMillisecondType>(input, length, any)?,
        20 => decimal::<Decimal128Type>(input, length, any)?,
        21 => decimal::<Decimal256Type>(input, length, |input| {
            Ok(i256::from_parts(input.arbitrary()?, input.arbitrary()?))
        })?,
        22 => texts::<i32>(input, length)?,
        23 => texts::<i64>(input, length)?,
        24 => {
            let values = some(input, length, text)?;
            Arc::new(StringViewArray::from_iter(values))
        }
        25 => bytes::<GenericBinaryType<i32>>(input, length)?,
        26 => bytes::<GenericBinaryType<i64>>(input, length)?,
        27 => {
            let values = some(input, length, |input| Ok(text(input)?.into_bytes()))?;
            Arc::new(BinaryViewArray::from_iter(values))
        }
        28 => Arc::new(NullArray::new(length)),
        29 => {
            let values = (0..3 * length)
                .map(|_| input.arbitrary())
                .collect::<Result<Vec<u8>>>()?;
            let nulls = nulls(input, length)?;
            Arc::new(
                FixedSizeBinaryArray::try_new(3, values.into(), nulls).expect("three bytes each"),
            )
        }
        30 => dictionary::<Int8Type>(input, length, depth)?,
        31 => dictionary::<UInt32Type>(input, length, depth)?,
        32 => list::<i32>(input, length, depth)?,
        33 => list::<i64>(input, length, depth)?,
        34 => {
            let size = input.int_in_range(0..=3)?;
            let values = array(input, length * size, depth - 1)?;
            let nulls = nulls(input, length)?;
            let size = i32::try_from(size).expect("a small size");
            let list =
                FixedSizeListArray::try_new_with_length(item(&values), size, values, nulls, length);
            Arc::new(list.expect("lists of one size"))
        }
        35 | 36 => {
            let mut fields: Vec<Field> = Vec::new();
            let mut columns = Vec::new();
            for _ in 0..input.int_in_range(1..=3)? {
                let array = array(input, length, depth - 1)?;
                fields.push(field(input, &array)?);
                columns.push(array);
            }
            let nulls = nulls(input, length)?;
            Arc::new(StructArray::new(fields.into(), columns, nulls))
        }
        37 => {
            let mut ends = Vec::new();
            let mut end = 0;
            while end < length {
                end = length.min(end + input.int_in_range(1..=5)?);
                ends.push(i32::try_from(end).expect("a small end"));
            }
            if ends.is_empty() {
                return Ok(Arc::new(NullArray::new(0)));
            }
            let values = array(input, ends.len(), depth - 1)?;
            // Arrow refuses values whose own bits begin further on than their nulls.
            let ends = Int32Array::from(ends);
            match RunArray::<Int32Type>::try_new(&ends, &values) {
                Ok(runs) => Arc::new(runs),
                Err(_) => Arc::new(NullArray::new(length)),
            }
        }
        _ => {
            let (offsets, count) = offsets::<i32>(input, length)?;
            let keys = StringArray::from_iter_values((0..count).map(|key| key.to_string()));
            let keys: ArrayRef = Arc::new(keys);
            let values = array(input, count, depth - 1)?;
            let fields = Fields::from(vec![
                Field::new("keys", DataType::Utf8, false),
                Field::new("values", values.data_type().clone(), true),
            ]);
            let entries = StructArray::new(fields.clone(), vec![keys, values], None);
            let entry = Arc::new(Field::new("entries", DataType::Struct(fields), false));
            Arc::new(MapArray::new(
                entry,
                offsets,
                entries,
                nulls(input, length)?,
                false,
            ))
        }
    })
}

fn item(values: &ArrayRef) -> FieldRef {
    Arc::new(Field::new_list_field(values.data_type().clone(), true))
}

fn any<T: for<'a> Arbitrary<'a>>(input: &mut Unstructured<'_>) -> Result<T> {
    input.arbitrary()
}

/// Bits that begin anywhere in a byte.
fn bits(input: &mut Unstructured<'_>, length: usize) -> Result<BooleanBuffer> {
    let start = input.int_in_range(0..=17)?;
    let bytes = (0..(start + length).div_ceil(8)).map(|_| input.arbitrary());
    let bytes = bytes.collect::<Result<Vec<u8>>>()?;
    Ok(BooleanBuffer::new(Buffer::from(bytes), start, length))
}

fn nulls(input: &mut Unstructured<'_>, length: usize) -> Result<Option<NullBuffer>> {
    let is_there = input.ratio(1, 2)?;
    is_there
        .then(|| bits(input, length).map(NullBuffer::new))
        .transpose()
}

fn some<T>(
    input: &mut Unstructured<'_>,
    length: usize,
    mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<Option<T>>> {
    let one = |_| {
        Ok(if input.ratio(1, 8)? {
            None
        } else {
            Some(one(input)?)
        })
    };
    (0..length).map(one).collect()
}

fn values<T: ArrowPrimitiveType>(
    input: &mut Unstructured<'_>,
    length: usize,
    one: impl Fn(&mut Unstructured<'_>) -> Result<T::Native>,
) -> Result<PrimitiveArray<T>> {
    let values = (0..length)
        .map(|_| one(input))
        .collect::<Result<Vec<_>>>()?;
    // Under a null there is a value too.
    Ok(PrimitiveArray::new(
        ScalarBuffer::from(values),
        nulls(input, length)?,
    ))
}

fn primitive<T: ArrowPrimitiveType>(
    input: &mut Unstructured<'_>,
    length: usize,
    one: impl Fn(&mut Unstructured<'_>) -> Result<T::Native>,
) -> Result<ArrayRef> {
    Ok(Arc::new(values::<T>(input, length, one)?))
}

fn zoned<T: arrow_array::types::ArrowTimestampType>(
    input: &mut Unstructured<'_>,
    length: usize,
) -> Result<ArrayRef> {
    let zones = [
        None,
        Some("UTC"),
        Some("+05:30"),
        Some("Europe/Berlin"),
        Some("nowhere"),
    ];
    let zone = *input.choose(&zones)?;
    // Most near 1970, which all units can tell.
    let one = |input: &mut Unstructured<'_>| -> Result<i64> {
        Ok(if input.ratio(3, 4)? {
            i32::arbitrary(input)?.into()
        } else {
            i64::arbitrary(input)?
        })
    };
    let array = values::<T>(input, length, one)?;
    Ok(Arc::new(array.with_timezone_opt(zone)))
}

fn decimal<T: arrow_array::types::DecimalType>(
    input: &mut Unstructured<'_>,
    length: usize,
    one: impl Fn(&mut Unstructured<'_>) -> Result<T::Native>,
) -> Result<ArrayRef> {
    let precision = input.int_in_range(1..=T::MAX_PRECISION)?;
    let most = i8::try_from(precision).unwrap_or(i8::MAX).min(T::MAX_SCALE);
    let scale = input.int_in_range(-most..=most)?;
    let array = values::<T>(input, length, one)?;
    let array = array.with_precision_and_scale(precision, scale);
    Ok(Arc::new(array.expect("a scale within the precision")))
}

/// A text, which may be one that another kind is read from.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    Ok(match input.int_in_range(0..=9_u8)? {
        0 => {
            let (year, month): (i16, u8) = (input.arbitrary()?, input.arbitrary()?);
            let (day, rest) = (input.arbitrary::<u8>()?, input.arbitrary::<u32>()?);
            let zones = ["", "Z", "+01:00", " UTC", " Europe/Berlin"];
            let zone = zones[rest as usize % zones.len()];
            format!(
                "{year:04}-{:02}-{:02}T{:02}:{:02}:00.{rest}{zone}",
                month % 14,
                day % 33,
                rest % 25,
                rest % 61
            )
        }
        1 => format!("{{\"a\":{}}}", input.arbitrary::<i32>()?),
        // At the lengths where words and buffers end.
        2 => "0123456é".repeat(input.int_in_range(0..=150)?),
        _ => {
            let length = input.int_in_range(0..=20)?.min(input.len());
            String::from_utf8_lossy(input.bytes(length)?).into_owned()
        }
    })
}

/// Offsets into lists, which do not begin at zero, and how many values they reach over.
fn offsets<O: OffsetSizeTrait>(
    input: &mut Unstructured<'_>,
    length: usize,
) -> Result<(OffsetBuffer<O>, usize)> {
    let mut end = input.int_in_range(0..=3)?;
    let mut offsets = vec![O::usize_as(end)];
    for _ in 0..length {
        end += input.int_in_range(0..=3)?;
        offsets.push(O::usize_as(end));
    }
    let more = input.int_in_range(0..=3)?;
    Ok((OffsetBuffer::new(offsets.into()), end + more))
}

fn texts<O: OffsetSizeTrait>(input: &mut Unstructured<'_>, length: usize) -> Result<ArrayRef> {
    let values = some(input, length, text)?;
    Ok(Arc::new(
        GenericByteArray::<GenericStringType<O>>::from_iter(values),
    ))
}

fn bytes<T: ByteArrayType<Native = [u8]>>(
    input: &mut Unstructured<'_>,
    length: usize,
) -> Result<ArrayRef> {
    let values = some(input, length, |input| Ok(text(input)?.into_bytes()))?;
    let mut builder = arrow_array::builder::GenericByteBuilder::<T>::new();
    values
        .iter()
        .for_each(|value| builder.append_option(value.as_deref()));
    Ok(Arc::new(builder.finish()))
}

fn dictionary<K: ArrowDictionaryKeyType>(
    input: &mut Unstructured<'_>,
    length: usize,
    depth: usize,
) -> Result<ArrayRef> {
    let count = input.int_in_range(1..=9)?;
    let values = array(input, count, depth - 1)?;
    let keys = (0..length).map(|_| Ok(K::Native::usize_as(input.int_in_range(0..=count - 1)?)));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    let keys = PrimitiveArray::<K>::new(ScalarBuffer::from(keys), nulls(input, length)?);
    Ok(Arc::new(DictionaryArray::new(keys, values)))
}

fn list<O: OffsetSizeTrait>(
    input: &mut Unstructured<'_>,
    length: usize,
    depth: usize,
) -> Result<ArrayRef> {
    let (offsets, count) = offsets::<O>(input, length)?;
    let values = array(input, count, depth - 1)?;
    let nulls = nulls(input, length)?;
    Ok(Arc::new(GenericListArray::<O>::new(
        item(&values),
        offsets,
        values,
        nulls,
    )))
}
