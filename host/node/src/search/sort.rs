//! Sort keys of a request, found in an index: which column or formula has a key's values, and
//! what the request's own values (`missing`, `search_after`) are there.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::error::SortError;
use super::formula::Computable;
use crate::dates::{self, DateFormat};
use crate::expression::ColumnType;
use crate::mapping::{FieldType, MappedField, Mapping};
use crate::request::object::cut;
use crate::request::{Missing, SortBy, SortKey, SortMode};
use crate::udf::similar;
use crate::value::Value;

/// A sort key in an index.
#[derive(Debug, Clone)]
pub(super) struct IndexKey {
    pub(super) by: By,
    pub(super) descending: bool,
    pub(super) missing: MissingValue,
    /// Which of several values counts.
    pub(super) mode: SortMode,
    /// The value of the last hit of the previous page.
    pub(super) after: Option<Value>,
}

/// What has a key's values.
#[derive(Debug, Clone)]
pub(super) enum By {
    Score,
    Written,
    Id,
    Column {
        name: String,
        field_type: FieldType,
        /// Whether the values are floats of 32 bits or less.
        narrow: bool,
    },
    Formula(Computable),
    /// Nothing: the index does not have the field.
    Nothing,
}

/// Where hits without a value come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MissingValue {
    First,
    Last,
    /// Where hits with this value come.
    Value(Value),
}

/// Finds the keys of a request. `formulas` are those keys that compute, and `after` the values of
/// the last hit of the previous page.
///
/// # Errors
///
/// A field that the index does not have or cannot sort by, and a value of another type.
pub(super) fn in_index(
    keys: &[SortKey],
    formulas: &[Option<Computable>],
    after: Option<&[Json]>,
    mapping: &Mapping,
) -> Result<Vec<IndexKey>, SortError> {
    let keys = keys.iter().zip(formulas).enumerate();
    keys.map(|(number, (key, formula))| {
        let by = by(key, formula.as_ref(), mapping)?;
        let field = match &key.by {
            SortBy::Field(path) => mapping.field(path),
            _ => None,
        };
        let mode = mode(key, &by)?;
        let missing = match &key.missing {
            Missing::First => MissingValue::First,
            Missing::Last => MissingValue::Last,
            Missing::Value(json) => {
                MissingValue::Value(by.value(json, field, "`missing` of a sort key")?)
            }
        };
        let after = after.map(|after| match (&after[number], &missing) {
            (Json::Null, MissingValue::Value(value)) => Ok(value.clone()),
            (Json::Null, _) => Ok(Value::Null),
            (json, _) => by.value(json, field, "`search_after`"),
        });
        Ok(IndexKey {
            by,
            descending: key.descending,
            missing,
            mode,
            after: after.transpose()?,
        })
    })
    .collect()
}

fn by(key: &SortKey, formula: Option<&Computable>, mapping: &Mapping) -> Result<By, SortError> {
    let path = match (&key.by, formula) {
        (SortBy::Score, _) => return Ok(By::Score),
        (SortBy::Written, _) => return Ok(By::Written),
        (SortBy::Id, _) => return Ok(By::Id),
        (SortBy::Formula(_), None) => return Ok(By::Nothing),
        (SortBy::Formula(_), Some(formula)) => return Ok(By::Formula(formula.clone())),
        (SortBy::Field(path), _) => path,
    };
    let Some(field) = mapping.field(path) else {
        if key.unmapped {
            return Ok(By::Nothing);
        }
        let field = whittle_host::one_line(path);
        let similar = similar(path, mapping);
        return Err(SortError::Unmapped { field, similar });
    };
    if field.field_type == FieldType::Text {
        let below = format!("{path}.");
        let mut sub_fields = mapping.sub_field_paths();
        let keyword = sub_fields.find(|sub_field| {
            let field = mapping.field(sub_field);
            let is_keyword = field.is_some_and(|field| field.field_type == FieldType::Keyword);
            is_keyword && sub_field.starts_with(&below)
        });
        return Err(SortError::Text {
            field: path.clone(),
            keyword: keyword.map(str::to_owned),
        });
    }
    if !field.has_doc_values() {
        let field = path.clone();
        return Err(SortError::NoDocValues { field });
    }
    Ok(By::Column {
        name: field.column.to_owned(),
        field_type: field.field_type,
        narrow: matches!(field.type_name(), "float" | "half_float"),
    })
}

fn mode(key: &SortKey, by: &By) -> Result<SortMode, SortError> {
    let name = match key.mode {
        None if key.descending => return Ok(SortMode::Max),
        None => return Ok(SortMode::Min),
        Some(mode @ (SortMode::Min | SortMode::Max)) => return Ok(mode),
        Some(SortMode::Sum) => "sum",
        Some(SortMode::Avg) => "avg",
        Some(SortMode::Median) => "median",
    };
    match (&key.by, by.value_type(), key.mode) {
        (SortBy::Field(path), Some(ColumnType::Text), _) => Err(SortError::Mode {
            field: path.clone(),
            mode: name,
        }),
        (_, _, mode) => Ok(mode.unwrap_or(SortMode::Min)),
    }
}

impl By {
    /// The type of the values; `None` if there are none, or they are JSON.
    pub(super) fn value_type(&self) -> Option<ColumnType> {
        match self {
            Self::Score => Some(ColumnType::Double),
            Self::Written => Some(ColumnType::Long),
            Self::Id => Some(ColumnType::Text),
            Self::Column { field_type, .. } => Some(match field_type {
                FieldType::Boolean => ColumnType::Boolean,
                FieldType::Long => ColumnType::Long,
                FieldType::Double => ColumnType::Double,
                FieldType::Date => ColumnType::Date,
                FieldType::Keyword | FieldType::Text => ColumnType::Text,
            }),
            Self::Formula(formula) => formula.value_type(),
            Self::Nothing => None,
        }
    }

    /// A sort value of the request's: booleans are 0 and 1, and dates milliseconds since 1970.
    fn value(
        &self,
        json: &Json,
        field: Option<MappedField<'_>>,
        place: &'static str,
    ) -> Result<Value, SortError> {
        let rounded = |number| field.map_or(number, |field| field.rounded(number));
        let format = field.and_then(|field| field.date_format());
        let (value, expected) = match self.value_type() {
            Some(ColumnType::Boolean) => (boolean(json).map(Value::Long), "boolean"),
            Some(ColumnType::Long) => (long(json).map(Value::Long), "long"),
            Some(ColumnType::Double) => (double(json).map(rounded).map(Value::Double), "double"),
            Some(ColumnType::Date) => (millis(json, format).map(Value::Long), "date"),
            Some(ColumnType::Text) => (text(json).map(Value::Text), "keyword"),
            // Any: no document has one to compare it with.
            None => (Some(Value::Long(0)), "value"),
        };
        value.ok_or_else(|| SortError::Value {
            place,
            value: cut(&json.to_string()),
            expected,
        })
    }
}

impl IndexKey {
    /// The order of the values of two hits.
    pub(super) fn compare(&self, left: &Value, right: &Value) -> Ordering {
        let first = self.missing == MissingValue::First;
        ordered(left, right, self.descending, first)
    }
}

/// The order of two sort values, of which null is the one of a hit without a value.
pub(super) fn ordered(
    left: &Value,
    right: &Value,
    descending: bool,
    missing_first: bool,
) -> Ordering {
    match (*left == Value::Null, *right == Value::Null) {
        (false, false) if descending => left.compare(right).reverse(),
        (false, false) => left.compare(right),
        (left, right) if missing_first => right.cmp(&left),
        (left, right) => left.cmp(&right),
    }
}

fn boolean(json: &Json) -> Option<i64> {
    match json {
        Json::Bool(flag) => Some(i64::from(*flag)),
        Json::Number(number) => number.as_i64(),
        Json::String(text) => text.parse::<bool>().ok().map(i64::from),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a fraction is cut off, as in OpenSearch"
)]
fn long(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64)),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn double(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// A date, from milliseconds since 1970 or from text in the format of the field.
fn millis(json: &Json, format: Option<&DateFormat>) -> Option<i64> {
    let Json::String(text) = json else {
        return long(json);
    };
    let micros = match format {
        Some(format) => format.parse(text),
        None => dates::parse(text),
    };
    let millis = micros.map(dates::to_millis);
    millis.or_else(|| text.parse().ok())
}

fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        _ => None,
    }
}
