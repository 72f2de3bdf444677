//! Clauses that look at the characters of words and keywords: `prefix`, `wildcard`, `regexp`,
//! `fuzzy`. On a text field they look at its words, on a keyword at the whole of it.

use tantivy::Term;
use tantivy::query::{FuzzyTermQuery, RegexQuery};
use tantivy::schema::Field;

use super::automaton::{AfterPrefix, Pattern, TermsQuery};
use super::{EngineQuery, Plain, QueryError, none, regexp};
use crate::mapping::{FieldType, MappedField};
use crate::query::Query;

/// The longest pattern, in characters, as regular expressions have it in Elasticsearch.
const PATTERN_CHARACTERS: usize = 1_000;

impl Plain<'_> {
    pub(super) fn texts(
        &self,
        query: &Query,
        name: &str,
        path: &str,
    ) -> Result<EngineQuery, QueryError> {
        let Some(field) = self.mapping.field(name) else {
            return Ok(none());
        };
        of_texts(field, query.name(), name, path)?;
        Ok(match query {
            Query::Prefix { value, .. } => {
                Box::new(TermsQuery::new(field.field, Pattern::prefix(value)))
            }
            Query::Wildcard { value, .. } => {
                not_longer(value, path)?;
                Box::new(TermsQuery::new(field.field, Pattern::wildcard(value)))
            }
            Query::Regexp { value, .. } => {
                not_longer(value, path)?;
                self.count_regexp(path)?;
                self.regexp(field.field, value, name, path)?
            }
            Query::Fuzzy {
                value,
                fuzziness,
                prefix_length,
                transpositions,
                ..
            } => {
                let edits = fuzziness.edits(value);
                let prefix = usize::try_from(*prefix_length).unwrap_or(usize::MAX);
                let prefix = value.char_indices().nth(prefix);
                let prefix = prefix.map_or(value.len(), |(at, _)| at);
                self.fuzzy(field.field, value, edits, prefix, *transpositions, path)?
            }
            _ => none(),
        })
    }

    fn regexp(
        &self,
        field: Field,
        pattern: &str,
        name: &str,
        path: &str,
    ) -> Result<EngineQuery, QueryError> {
        let translated = regexp::translate(pattern).map_err(|wrong| QueryError::Pattern {
            path: path.to_owned(),
            field: name.to_owned(),
            position: wrong.position,
            reason: wrong.reason,
        })?;
        match RegexQuery::from_pattern(&translated, field) {
            Ok(query) => Ok(Box::new(query)),
            Err(source) => Err(QueryError::Automaton {
                path: path.to_owned(),
                field: name.to_owned(),
                source,
            }),
        }
    }

    /// Terms so many edits away, whose first `prefix` bytes are as they are.
    pub(super) fn fuzzy(
        &self,
        field: Field,
        text: &str,
        edits: u8,
        prefix: usize,
        transpositions: bool,
        path: &str,
    ) -> Result<EngineQuery, QueryError> {
        self.count_fuzzy(text.chars().count(), path)?;
        let (prefix, rest) = text.split_at(prefix);
        let rest = Term::from_field_text(field, rest);
        // What can be wrong is a number of edits above 2, and a term that is no text.
        let Ok(rest) = FuzzyTermQuery::new(rest, edits, transpositions).automaton() else {
            return Ok(none());
        };
        let prefix = prefix.as_bytes().to_vec();
        let automaton = AfterPrefix { prefix, rest };
        Ok(Box::new(TermsQuery::new(field, automaton)))
    }
}

/// That a field has texts, which a clause looks at.
pub(super) fn of_texts(
    field: MappedField<'_>,
    clause: &'static str,
    name: &str,
    path: &str,
) -> Result<(), QueryError> {
    match field.field_type {
        FieldType::Keyword | FieldType::Text => Ok(()),
        other => Err(QueryError::FieldType {
            path: path.to_owned(),
            clause,
            field: name.to_owned(),
            field_type: other.name(),
            instead: match clause {
                "fuzziness" => "leave it out",
                _ => "use `term` or `range`",
            },
        }),
    }
}

fn not_longer(pattern: &str, path: &str) -> Result<(), QueryError> {
    if pattern.chars().count() <= PATTERN_CHARACTERS {
        return Ok(());
    }
    Err(QueryError::TooMany {
        path: path.to_owned(),
        what: "characters in its pattern",
        limit: PATTERN_CHARACTERS,
    })
}
