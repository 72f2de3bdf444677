//! Documents as a function reads them: what a data node does.
//!
//! An index has one type for each field, and a function reads values of that type. A field's type is
//! the one that an index would take from the documents that are given together: integers make a field
//! of integers, texts that are all dates a field of dates. `docs/VECTORS.md` in Whittle's repository
//! has the rules; the tests of its probe compare what is read here with what the host reads.

use super::document::{Document, Found};
use super::instant::{self, Form};
use super::source::Source;
use crate::bindings::whittle::udf::types::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldType {
    Boolean,
    Long,
    Double,
    Date(Form),
    Text,
}

/// The types of the fields of documents that are read together.
#[derive(Debug, Clone, Default)]
pub(super) struct Types(Vec<(String, FieldType)>);

impl Types {
    /// # Panics
    ///
    /// A document has a key that no index takes.
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut types = Self::default();
        for document in documents {
            each_scalar(document, &mut |path, value| types.see(path, value));
        }
        types
    }

    fn see(&mut self, path: &str, value: &Source) {
        let shown = match value {
            Source::Null | Source::List(_) | Source::Object(_) => return,
            Source::Boolean(_) => FieldType::Boolean,
            Source::Instant(_) => FieldType::Date(Form::Optional),
            Source::Number(digits) if digits.parse::<i64>().is_ok() => FieldType::Long,
            Source::Number(_) => FieldType::Double,
            Source::Text(text) => type_of_text(text),
        };
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == path) {
            *known = widest(*known, shown);
            return;
        }
        // No field is in another.
        let is_in = |inner: &str, outer: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let mut known = self.0.iter().map(|(known, _)| known.as_str());
        if !known.any(|known| is_in(known, path) || is_in(path, known)) {
            self.0.push((path.to_owned(), shown));
        }
    }

    fn get(&self, path: &str) -> Option<FieldType> {
        let found = self.0.iter().find(|(known, _)| known == path);
        found.map(|(_, field_type)| *field_type)
    }

    /// What a field of a document holds, read as a kind.
    pub(super) fn read(&self, document: &Document, path: &str, kind: Kind) -> Option<Found> {
        if kind == Kind::Json {
            return document.json(path).map(Found::Text);
        }
        let outer = path.strip_suffix(".keyword");
        let keyword = outer.filter(|outer| self.get(outer) == Some(FieldType::Text));
        let (at, field_type) = match (self.get(path), keyword) {
            (Some(field_type), _) => (path, field_type),
            (None, Some(outer)) => (outer, FieldType::Text),
            (None, None) => return None,
        };
        let is_keyword = at != path;
        let mut first = None;
        each_scalar(document, &mut |found, value| {
            if found == at && first.is_none() {
                first = converted(field_type, value).filter(|value| match value {
                    Found::Text(text) => !is_keyword || is_short(text),
                    _ => true,
                });
            }
        });
        as_kind(first?, field_type, kind)
    }
}

/// Whether the sub-field that a field of texts has takes in a text.
fn is_short(text: &str) -> bool {
    const LONGEST_UTF16: usize = 256;
    text.encode_utf16().count() <= LONGEST_UTF16
}

fn type_of_text(text: &str) -> FieldType {
    let is = |form: Form| instant::micros(form, text).is_some();
    if text.parse::<f64>().is_ok() {
        FieldType::Text
    } else if is(Form::Optional) {
        FieldType::Date(Form::Optional)
    } else if is(Form::Slashes) {
        FieldType::Date(Form::Slashes)
    } else {
        FieldType::Text
    }
}

fn widest(known: FieldType, shown: FieldType) -> FieldType {
    use FieldType::{Date, Double, Long, Text};
    match (known, shown) {
        (Long, Double) => Double,
        (Date(known), Date(shown)) if known == shown => Date(known),
        (Date(_), Date(_) | Text) => Text,
        _ => known,
    }
}

/// A value as the type of its field, if it is one.
fn converted(field_type: FieldType, value: &Source) -> Option<Found> {
    let written = match value {
        Source::Number(text) | Source::Text(text) => Some(text.as_str()),
        _ => None,
    };
    match (field_type, value) {
        (FieldType::Boolean, Source::Boolean(value)) => Some(Found::Boolean(*value)),
        (FieldType::Boolean, Source::Text(text)) => match text.as_str() {
            "true" => Some(Found::Boolean(true)),
            "false" | "" => Some(Found::Boolean(false)),
            _ => None,
        },
        (FieldType::Boolean, _) => None,
        (FieldType::Long, _) => integer(written?).map(Found::Int64),
        (FieldType::Double, _) => {
            let number: f64 = written?.parse().ok()?;
            number.is_finite().then_some(Found::Float64(number))
        }
        (FieldType::Date(_), Source::Instant(micros)) => Some(Found::Int64(*micros)),
        (FieldType::Date(form), _) => {
            let written = written?;
            let instant = instant::micros(form, written).or_else(|| instant::millis(written));
            instant.map(Found::Int64)
        }
        (FieldType::Text, Source::Boolean(value)) => Some(Found::Text(value.to_string())),
        (FieldType::Text, Source::Instant(micros)) => Some(Found::Text(instant::text(*micros))),
        (FieldType::Text, _) => written.map(|text| Found::Text(text.to_owned())),
    }
}

fn as_kind(value: Found, field_type: FieldType, kind: Kind) -> Option<Found> {
    match (value, field_type, kind) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "int64 widens to float64 by contract"
        )]
        (Found::Int64(value), FieldType::Long, Kind::Float64) => Some(Found::Float64(value as f64)),
        (Found::Text(text), _, Kind::Timestamp) => instant::parsed(&text).map(Found::Int64),
        (value @ Found::Boolean(_), _, Kind::Boolean)
        | (value @ Found::Int64(_), FieldType::Long, Kind::Int64)
        | (value @ Found::Int64(_), FieldType::Date(_), Kind::Timestamp)
        | (value @ Found::Float64(_), _, Kind::Float64)
        | (value @ Found::Text(_), _, Kind::Text) => Some(value),
        _ => None,
    }
}

/// The integer of a decimal number, whose fraction is left out.
fn integer(number: &str) -> Option<i64> {
    if let Ok(integer) = number.parse() {
        return Some(integer);
    }
    let (sign, unsigned) = match number.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        None => (unsigned, 0_i64),
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|byte| byte == b'0') {
        return Some(0);
    }
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let point = usize::try_from(point).unwrap_or(0);
    if point < digits.len() {
        digits.truncate(point);
    } else {
        // No integer of 64 bits has as many zeros at its end.
        let zeros = Some(point - digits.len()).filter(|zeros| *zeros < 20)?;
        digits.push_str(&"0".repeat(zeros));
    }
    if digits.is_empty() {
        return Some(0);
    }
    format!("{sign}{digits}").parse().ok()
}

/// Calls for each value that is not a list or an object, with its path.
fn each_scalar(document: &Document, visit: &mut dyn FnMut(&str, &Source)) {
    for (key, value) in document.sources() {
        walk(key, value, visit);
    }
}

fn walk(path: &str, value: &Source, visit: &mut dyn FnMut(&str, &Source)) {
    assert!(
        !path.split('.').any(|name| name.trim().is_empty()),
        "a document cannot have the field `{path}`: a part of its path is empty"
    );
    match value {
        Source::List(elements) => elements.iter().for_each(|value| walk(path, value, visit)),
        Source::Object(members) => {
            for (key, value) in members {
                walk(&format!("{path}.{key}"), value, visit);
            }
        }
        value => visit(path, value),
    }
}
