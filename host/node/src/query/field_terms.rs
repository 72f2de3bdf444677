//! A field that a clause looks at, and values of a query as terms of that field.
//!
//! A value is read as its field's type: one that the type cannot have is an error, and one that
//! it can have, but that no document has, such as 5.5 for an integer, is found nowhere.

use serde_json::Value as Json;
use tantivy::Term;
use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;

use super::automaton::Listed;
use super::date_math::{self, DateOptions, End};
use super::native::{NativeQuery, constant, none};
use super::numbers::Number;
use super::parameters::shown;
use super::parse::cut;
use super::range::between;
use super::terms_query::TermsQuery;
use super::{DateMathError, QueryError};
use crate::allowance::Allowance;
use crate::dates::DateFormat;
use crate::mapping::{FieldType, ID, MappedField};
use crate::request::path::Path;

/// A field, and where a clause names it.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    /// The field's path in the documents.
    pub(super) name: &'t str,
    pub(super) field: MappedField<'t>,
    /// Where in the request.
    pub(super) path: Path<'t>,
    /// The time of the search, in microseconds since 1970.
    pub(super) now: i64,
    /// What the search may still take.
    pub(super) allowance: &'t Allowance,
}

/// How a value is looked up.
pub(super) enum Lookup {
    Indexed(Term),
    /// From the first to the second, in the column.
    InColumn(Term, Term),
    Nowhere,
}

impl<'t> Target<'t> {
    /// Documents with a term that an automaton accepts.
    pub(super) fn accepted<A>(&self, automaton: A) -> TermsQuery<A> {
        TermsQuery::new(self.field.field, automaton, self.allowance)
    }

    /// Documents with one of several terms, in memory that the search takes.
    pub(super) fn listed(&self, terms: Vec<Vec<u8>>) -> Result<NativeQuery, QueryError> {
        self.take_terms(terms.iter().map(Vec::len))?;
        Ok(Box::new(self.accepted(Listed::new(terms))))
    }

    /// Takes the memory of terms of some lengths.
    pub(super) fn take_terms(
        &self,
        lengths: impl Iterator<Item = usize>,
    ) -> Result<(), QueryError> {
        let bytes = lengths.map(|length| length + size_of::<Vec<u8>>());
        Ok(self.allowance.take(bytes.sum::<usize>() as u64)?)
    }

    /// Documents with a value.
    pub(super) fn term(&self, value: &Json) -> Result<NativeQuery, QueryError> {
        Ok(match self.lookup(value)? {
            Lookup::Nowhere => none(),
            Lookup::InColumn(first, last) => between(first, last, self.allowance),
            Lookup::Indexed(term) => self.indexed(term),
        })
    }

    /// Documents with a word of a text, or with a keyword.
    pub(super) fn exact(&self, word: &str) -> NativeQuery {
        self.indexed(self.text_term(word))
    }

    fn indexed(&self, term: Term) -> NativeQuery {
        match self.field.field_type {
            FieldType::Text => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
            FieldType::Keyword if self.name != ID => {
                Box::new(TermQuery::new(term, IndexRecordOption::Basic))
            }
            // How rare a number or an id is says nothing of how well it fits.
            _ => constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic))),
        }
    }

    pub(super) fn text_term(&self, text: &str) -> Term {
        Term::from_field_text(self.field.field, text)
    }

    /// Words at their positions, as tantivy's phrases take them.
    pub(super) fn terms_at(&self, words: &[(usize, String)]) -> Vec<(usize, Term)> {
        let words = words.iter();
        words
            .map(|(position, word)| (*position, self.text_term(word)))
            .collect()
    }

    /// How documents with a value are found.
    pub(super) fn lookup(&self, value: &Json) -> Result<Lookup, QueryError> {
        let field = self.field.field;
        let number = || Number::read(value).ok_or_else(|| self.refused(value));
        Ok(match self.field.field_type {
            FieldType::Boolean => {
                let value = boolean(value).ok_or_else(|| self.refused(value))?;
                Lookup::Indexed(Term::from_field_bool(field, value))
            }
            FieldType::Long => match number()? {
                Number::Integer(value) => Lookup::Indexed(Term::from_field_i64(field, value)),
                Number::Float(_) => Lookup::Nowhere,
            },
            FieldType::Double => {
                let value = self.field.rounded(number()?.double());
                let term = |value| Term::from_field_f64(field, value);
                if value == 0.0 {
                    // tantivy has two zeros.
                    Lookup::InColumn(term(-0.0), term(0.0))
                } else {
                    Lookup::Indexed(term(value))
                }
            }
            FieldType::Date => {
                let options = self.date_options(None, 0);
                let first = self.date(value, End::First, options)?;
                let last = self.date(value, End::Last, options)?;
                let term = |micros| Term::from_field_i64(field, micros);
                if first == last {
                    Lookup::Indexed(term(first))
                } else {
                    Lookup::InColumn(term(first), term(last))
                }
            }
            FieldType::Keyword | FieldType::Text => Lookup::Indexed(self.text_term(&shown(value))),
        })
    }

    /// How dates are read in a format, by default the field's own.
    pub(super) fn date_options<'o>(
        &self,
        format: Option<&'o DateFormat>,
        zone_seconds: i64,
    ) -> DateOptions<'o>
    where
        't: 'o,
    {
        let default = DateOptions::default();
        DateOptions {
            format: format
                .or(self.field.date_format())
                .unwrap_or(default.format),
            zone_seconds,
        }
    }

    /// The first or the last instant that a date means, in microseconds since 1970.
    pub(super) fn date(
        &self,
        value: &Json,
        end: End,
        options: DateOptions<'_>,
    ) -> Result<i64, QueryError> {
        if !value.is_string() && !value.is_number() {
            return Err(self.refused(value));
        }
        let found = shown(value);
        let instant = date_math::instant(&found, self.now, end, options);
        instant.map_err(|source| self.invalid_date(&found, source))
    }

    fn invalid_date(&self, found: &str, source: DateMathError) -> QueryError {
        QueryError::Date {
            path: self.path.to_string(),
            field: self.name.to_owned(),
            found: cut(found),
            source: Box::new(source),
        }
    }

    /// The error on a value that the field's type cannot have.
    pub(super) fn refused(&self, value: &Json) -> QueryError {
        QueryError::Value {
            path: self.path.to_string(),
            field: self.name.to_owned(),
            field_type: self.field.type_name(),
            found: cut(&value.to_string()),
            expected: match self.field.field_type {
                FieldType::Boolean => "true or false",
                FieldType::Long => "an integer",
                FieldType::Double => "a number",
                FieldType::Date => "a date such as \"2020-01-31\", or milliseconds since 1970",
                FieldType::Keyword | FieldType::Text => "a string",
            },
        }
    }

    /// Refuses a clause or an option that looks at the characters of strings, on other fields.
    pub(super) fn check_text(
        &self,
        clause: &'static str,
        instead: &'static str,
    ) -> Result<(), QueryError> {
        match self.field.field_type {
            FieldType::Keyword | FieldType::Text => Ok(()),
            FieldType::Boolean | FieldType::Long | FieldType::Double | FieldType::Date => {
                Err(self.needs_text(clause, instead))
            }
        }
    }

    pub(super) fn needs_text(&self, clause: &'static str, instead: &'static str) -> QueryError {
        self.needs("`text` or `keyword`", clause, instead)
    }

    /// The error on a clause or an option that works on other types of fields.
    pub(super) fn needs(
        &self,
        expected: &'static str,
        clause: &'static str,
        instead: &'static str,
    ) -> QueryError {
        QueryError::FieldType {
            path: self.path.to_string(),
            clause,
            expected,
            field: self.name.to_owned(),
            field_type: self.field.type_name(),
            instead,
        }
    }
}

pub(super) fn boolean(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(value) => Some(*value),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}
