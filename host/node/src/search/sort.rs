//! Sort keys of a request, found in an index: which column or formula has a key's values, and
//! what the request's own values (`missing`, `search_after`) are there.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::error::SortError;
use super::formula::Computable;
use crate::dates;
use crate::expression::ColumnType;
use crate::mapping::{FieldType, Mapping};
use crate::request::object::cut;
use crate::request::{Missing, SortBy, SortKey, SortMode};
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
        let mode = mode(key, &by)?;
        let missing = match &key.missing {
            Missing::First => MissingValue::First,
            Missing::Last => MissingValue::Last,
            Missing::Value(json) => MissingValue::Value(by.value(json, "`missing` of a sort key")?),
        };
        let after = after.map(|after| match (&after[number], &missing) {
            (Json::Null, MissingValue::Value(value)) => Ok(value.clone()),
            (Json::Null, _) => Ok(Value::Null),
            (json, _) => by.value(json, "`search_after`"),
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
        return Err(SortError::Unmapped { field });
    };
    if field.field_type == FieldType::Text {
        let keyword = Some(format!("{path}.keyword"));
        return Err(SortError::Text {
            field: path.clone(),
            keyword: keyword.filter(|path| mapping.field(path).is_some()),
        });
    }
    if !field.has_doc_values() {
        let field = path.clone();
        return Err(SortError::NoDocValues { field });
    }
    Ok(By::Column {
        name: field.column.to_owned(),
        field_type: field.field_type,
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
    fn value(&self, json: &Json, place: &'static str) -> Result<Value, SortError> {
        let (value, expected) = match self.value_type() {
            Some(ColumnType::Boolean) => (boolean(json).map(Value::Long), "boolean"),
            Some(ColumnType::Long) => (long(json).map(Value::Long), "long"),
            Some(ColumnType::Double) => (double(json).map(Value::Double), "double"),
            Some(ColumnType::Date) => (millis(json).map(Value::Long), "date"),
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

fn millis(json: &Json) -> Option<i64> {
    match json {
        Json::String(text) => dates::parse(text)
            .map(dates::to_millis)
            .or_else(|| text.parse().ok()),
        json => long(json),
    }
}

fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        _ => None,
    }
}
