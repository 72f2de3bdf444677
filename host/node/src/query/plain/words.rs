//! Clauses that look for the words of a text: `match`, `multi_match`, and phrases.
//!
//! On a text field the field's own analyzer makes the words; on another field the text is one
//! value. A text without any word is found nowhere.

use tantivy::Term;
use tantivy::query::{PhrasePrefixQuery, PhraseQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TokenStream;

use super::automaton::{Pattern, TermsQuery};
use super::compound::{best_of, some_of};
use super::texts::of_texts;
use super::values::text;
use super::{EngineQuery, Plain, QueryError, boosted, none};
use crate::mapping::{FieldType, MappedField};
use crate::query::{Operator, Query};

impl Plain<'_> {
    /// `match`, `match_phrase` or `match_phrase_prefix`.
    pub(super) fn words(&self, query: &Query, path: &str) -> Result<EngineQuery, QueryError> {
        match query {
            Query::Match {
                field: name,
                text: value,
                operator,
                minimum_should_match,
                fuzziness,
                ..
            } => {
                let Some(field) = self.mapping.field(name) else {
                    return Ok(none());
                };
                if fuzziness.is_some() {
                    of_texts(field, "fuzziness", name, path)?;
                }
                let one = |word: Term, text: &str| match fuzziness.map(|it| it.edits(text)) {
                    None | Some(0) => Ok(exact(word)),
                    Some(edits) => self.fuzzy(field.field, text, edits, 0, true, path),
                };
                match field.field_type {
                    FieldType::Text => {}
                    FieldType::Keyword => {
                        let text = text(value);
                        return match fuzziness {
                            None => self.term(name, value, path),
                            Some(_) => one(Term::from_field_text(field.field, &text), &text),
                        };
                    }
                    _ => return self.term(name, value, path),
                }
                let words = self.analyze(field, &text(value), path)?;
                let words = words
                    .iter()
                    .map(|(_, word)| one(Term::from_field_text(field.field, word), word));
                let mut words = words.collect::<Result<Vec<_>, _>>()?;
                if words.len() == 1 {
                    // As in Elasticsearch, one word is enough where there is but one.
                    return Ok(words.remove(0));
                }
                let minimum = match (operator, minimum_should_match) {
                    (Operator::And, _) => words.len(),
                    (Operator::Or, None) => 1,
                    (Operator::Or, Some(minimum)) => minimum.of(words.len()),
                };
                Ok(some_of(words, minimum))
            }
            Query::MatchPhrase {
                field: name,
                text: value,
                slop,
                ..
            } => self.phrase(name, value, path, |mut words| {
                if words.len() == 1 {
                    return exact(words.remove(0).1);
                }
                Box::new(PhraseQuery::new_with_offset_and_slop(words, *slop))
            }),
            Query::MatchPhrasePrefix {
                field: name,
                text: value,
                max_expansions,
                ..
            } => {
                if let Some(field) = self.mapping.field(name) {
                    of_texts(field, query.name(), name, path)?;
                    if field.field_type == FieldType::Keyword {
                        let pattern = Pattern::prefix(&text(value));
                        return Ok(Box::new(TermsQuery::new(field.field, pattern)));
                    }
                }
                self.phrase(name, value, path, |words| {
                    if let [(_, word)] = words.as_slice() {
                        // The engine would look at whole texts.
                        let prefix = word.value().as_str().unwrap_or_default().to_owned();
                        let pattern = Pattern::prefix(&prefix);
                        return Box::new(TermsQuery::new(word.field(), pattern));
                    }
                    let mut phrase = PhrasePrefixQuery::new_with_offset(words);
                    phrase.set_max_expansions(*max_expansions);
                    Box::new(phrase)
                })
            }
            _ => Ok(none()),
        }
    }

    pub(super) fn multi_match(&self, query: &Query, path: &str) -> Result<EngineQuery, QueryError> {
        let Query::MultiMatch {
            fields,
            text,
            operator,
            minimum_should_match,
            fuzziness,
            tie_breaker,
            ..
        } = query
        else {
            return Ok(none());
        };
        let mut queries = Vec::new();
        for (name, boost) in self.matching(fields) {
            let words = Query::Match {
                field: name.clone(),
                text: text.clone(),
                operator: *operator,
                minimum_should_match: minimum_should_match.clone(),
                fuzziness: *fuzziness,
                boost: 1.0,
            };
            let words = self.words(&words, &format!("{path}.{name}"))?;
            queries.push(boosted(words, boost));
        }
        Ok(best_of(queries, *tie_breaker))
    }

    /// The fields that names and patterns stand for. A pattern stands for texts and keywords.
    fn matching(&self, fields: &[(String, f32)]) -> Vec<(String, f32)> {
        let mut found = Vec::new();
        for (name, boost) in fields {
            if !name.contains('*') {
                found.push((name.clone(), *boost));
                continue;
            }
            let pattern = Pattern::wildcard(name);
            let of_texts = |field_type| matches!(field_type, FieldType::Text | FieldType::Keyword);
            let types = self.mapping.types();
            let fitting = types.filter(|(path, is)| of_texts(*is) && pattern.fits(path));
            found.extend(fitting.map(|(path, _)| (path.to_owned(), *boost)));
        }
        found
    }

    /// Words in their order: what `query` makes of them and their places, or the whole value where
    /// the field has no words.
    fn phrase(
        &self,
        name: &str,
        value: &serde_json::Value,
        path: &str,
        query: impl FnOnce(Vec<(usize, Term)>) -> EngineQuery,
    ) -> Result<EngineQuery, QueryError> {
        let Some(field) = self.mapping.field(name) else {
            return Ok(none());
        };
        if field.field_type != FieldType::Text {
            return self.term(name, value, path);
        }
        let words = self.analyze(field, &text(value), path)?;
        if words.is_empty() {
            return Ok(none());
        }
        let term =
            |(place, word): (usize, String)| (place, Term::from_field_text(field.field, &word));
        Ok(query(words.into_iter().map(term).collect()))
    }

    /// The words of a text and their places in it.
    fn analyze(
        &self,
        field: MappedField<'_>,
        text: &str,
        path: &str,
    ) -> Result<Vec<(usize, String)>, QueryError> {
        let mut analyzer = field.analyzer.tokenizer();
        let mut stream = analyzer.token_stream(text);
        let mut words = Vec::new();
        while stream.advance() {
            self.count_words(1, path)?;
            let token = stream.token();
            words.push((token.position, token.text.clone()));
        }
        Ok(words)
    }
}

fn exact(word: Term) -> EngineQuery {
    Box::new(TermQuery::new(word, IndexRecordOption::WithFreqs))
}
