//! Clauses that look for values as they are: `term`, `terms`, `ids`, `exists`.
//!
//! A value is read as its field's type: what cannot be of the type is an error, and what can, but
//! is no value of it, such as 5.5 for an integer, is found nowhere. Dates are looked up in their
//! column, since the engine indexes them to the second only.

use std::ops::Bound;

use serde_json::Value as Json;
use tantivy::Term;
use tantivy::query::{ConstScoreQuery, ExistsQuery, FastFieldRangeQuery, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;

use super::automaton::{Pattern, TermsQuery};
use super::compound::some_of;
use super::error::expected;
use super::{EngineQuery, Plain, QueryError, none};
use crate::dates;
use crate::mapping::{FieldType, ID, MappedField};
use crate::query::date_math::{self, End};
use crate::request::object::cut;

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    /// With a fraction, or too large; never infinite.
    Float(f64),
}

/// How a value is looked up.
enum Lookup {
    Indexed(Term),
    /// From the first to the second, in the column.
    InColumn(Term, Term),
    Nowhere,
}

impl Plain<'_> {
    pub(super) fn term(
        &self,
        name: &str,
        value: &Json,
        path: &str,
    ) -> Result<EngineQuery, QueryError> {
        let Some(field) = self.mapping.field(name) else {
            return Ok(none());
        };
        Ok(match self.lookup(field, name, value, path)? {
            Lookup::Nowhere => none(),
            Lookup::InColumn(first, last) => in_column(first, last),
            Lookup::Indexed(term) => match field.field_type {
                FieldType::Text => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
                FieldType::Keyword => Box::new(TermQuery::new(term, IndexRecordOption::Basic)),
                // How rare a number is says nothing of how well it fits.
                _ => constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic))),
            },
        })
    }

    pub(super) fn terms(
        &self,
        name: &str,
        values: &[Json],
        path: &str,
    ) -> Result<EngineQuery, QueryError> {
        let Some(field) = self.mapping.field(name) else {
            return Ok(none());
        };
        let (mut terms, mut others) = (Vec::new(), Vec::new());
        for (number, value) in values.iter().enumerate() {
            match self.lookup(field, name, value, &format!("{path}[{number}]"))? {
                Lookup::Indexed(term) => terms.push(term),
                Lookup::InColumn(first, last) => others.push(in_column(first, last)),
                Lookup::Nowhere => {}
            }
        }
        if !terms.is_empty() {
            others.push(Box::new(TermSetQuery::new(terms)));
        }
        Ok(constant(some_of(others, 1)))
    }

    pub(super) fn ids(&self, ids: &[String]) -> EngineQuery {
        let Ok(field) = self.mapping.schema().get_field(ID) else {
            return none();
        };
        if ids.is_empty() {
            return none();
        }
        let terms = ids.iter().map(|id| Term::from_field_text(field, id));
        constant(Box::new(TermSetQuery::new(terms)))
    }

    pub(super) fn exists(&self, name: &str) -> EngineQuery {
        if let Some(field) = self.mapping.field(name) {
            return self.has_value(field);
        }
        let below = format!("{name}.");
        let paths = self.mapping.paths().filter(|path| path.starts_with(&below));
        let fields = paths.filter_map(|path| self.mapping.field(path));
        let exist = fields.map(|field| self.has_value(field)).collect();
        constant(some_of(exist, 1))
    }

    fn has_value(&self, field: MappedField<'_>) -> EngineQuery {
        if self.mapping.schema().get_field_name(field.field) == field.column {
            let exists = ExistsQuery::new(field.column.to_owned(), false);
            return constant(Box::new(exists));
        }
        // A text's `.keyword` shares the column of the text, which has longer texts too.
        Box::new(TermsQuery::new(field.field, Pattern::anything()))
    }

    fn lookup(
        &self,
        field: MappedField<'_>,
        name: &str,
        value: &Json,
        path: &str,
    ) -> Result<Lookup, QueryError> {
        let wrong = || refused(path, name, field.field_type, value);
        Ok(match field.field_type {
            FieldType::Boolean => {
                let value = boolean(value).ok_or_else(wrong)?;
                Lookup::Indexed(Term::from_field_bool(field.field, value))
            }
            FieldType::Long => match number(value).ok_or_else(wrong)? {
                Number::Integer(value) => Lookup::Indexed(Term::from_field_i64(field.field, value)),
                Number::Float(value) => whole(value).map_or(Lookup::Nowhere, |value| {
                    Lookup::Indexed(Term::from_field_i64(field.field, value))
                }),
            },
            FieldType::Double => {
                let value = double(number(value).ok_or_else(wrong)?);
                let term = |value| Term::from_field_f64(field.field, value);
                if value == 0.0 {
                    // The engine has two zeros.
                    Lookup::InColumn(term(-0.0), term(0.0))
                } else {
                    Lookup::Indexed(term(value))
                }
            }
            FieldType::Date => {
                let micros = self.date(name, value, End::First, path)?;
                Lookup::Indexed(Term::from_field_i64(field.field, micros))
            }
            FieldType::Keyword | FieldType::Text => {
                Lookup::Indexed(Term::from_field_text(field.field, &text(value)))
            }
        })
    }

    /// A date, or its span's last instant, in microseconds since 1970.
    pub(super) fn date(
        &self,
        name: &str,
        value: &Json,
        end: End,
        path: &str,
    ) -> Result<i64, QueryError> {
        if let Json::String(text) = value {
            return date_math::instant(text, self.now, end).map_err(|source| QueryError::Date {
                path: path.to_owned(),
                field: name.to_owned(),
                found: cut(text),
                source,
            });
        }
        let micros = value.as_i64().and_then(dates::from_millis);
        micros.ok_or_else(|| refused(path, name, FieldType::Date, value))
    }
}

/// A query that gives each document the score 1.
pub(super) fn constant(query: EngineQuery) -> EngineQuery {
    Box::new(ConstScoreQuery::new(query, 1.0))
}

fn in_column(first: Term, last: Term) -> EngineQuery {
    let range = FastFieldRangeQuery::new(Bound::Included(first), Bound::Included(last));
    constant(Box::new(range))
}

pub(super) fn refused(path: &str, name: &str, field_type: FieldType, value: &Json) -> QueryError {
    QueryError::Value {
        path: path.to_owned(),
        field: name.to_owned(),
        field_type: field_type.name(),
        found: cut(&value.to_string()),
        expected: expected(field_type),
    }
}

pub(super) fn boolean(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(value) => Some(*value),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn number(value: &Json) -> Option<Number> {
    let (integer, float) = match value {
        Json::Number(number) => (number.as_i64(), number.as_f64()),
        Json::String(text) => (text.parse().ok(), text.parse().ok()),
        _ => return None,
    };
    let float = float.filter(|float: &f64| float.is_finite());
    integer
        .map(Number::Integer)
        .or_else(|| float.map(Number::Float))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the field's values have lost their digits in the same way"
)]
pub(super) fn double(number: Number) -> f64 {
    match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    }
}

/// A float that is an integer.
pub(super) fn whole(value: f64) -> Option<i64> {
    // Both bounds are floats; the upper one is the first that is too large.
    let bound = 9_223_372_036_854_775_808.0;
    let whole = value.fract() == 0.0 && value >= -bound && value < bound;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is an integer within i64"
    )]
    whole.then_some(value as i64)
}

/// A value as the text that it would be indexed as.
pub(super) fn text(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
