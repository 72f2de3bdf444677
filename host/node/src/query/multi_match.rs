//! `multi_match`: words of a text in several fields.

use serde_json::Value as Json;

use super::automaton::Pattern;
use super::error::too_many;
use super::match_::{Last, Words, lenient};
use super::match_phrase::phrase;
use super::match_phrase_prefix::{no_slop, phrase_prefix};
use super::native::{best_of, boosted};
use super::parameters::{EXPANSIONS, boost, count, fuzzy_expansions, knows, optional, share};
use super::parse::{Object, Parser, RequestError, at_most, wrong};
use super::{Clause, Plan, Planner, QueryError};
use crate::mapping::{FieldType, Mapping};
use crate::request::path::Path;

/// How many fields the clause may name.
const MOST_FIELDS: usize = 256;

/// How many fields its names and patterns may stand for.
const MOST_EXPANSIONS: usize = 1_024;

/// `{"multi_match": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiMatch {
    /// Paths, or patterns of them with `*`, and what each multiplies the score by.
    pub fields: Vec<(String, f32)>,
    /// What is looked for in each field for itself.
    pub words: Words,
    /// How the words are looked for, and how the fields' scores become one.
    pub kind: MultiMatchKind,
    /// What fields other than the best add of their score, from 0 to 1.
    pub tie_breaker: f32,
    /// Of the score.
    pub boost: f32,
}

/// How a [`MultiMatch`] looks for words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultiMatchKind {
    /// As `match`; the best field's score counts.
    BestFields,
    /// As `match`; all fields' scores count.
    MostFields,
    /// As `match_bool_prefix`; all fields' scores count.
    BoolPrefix,
    /// As `match_phrase`; the best field's score counts.
    Phrase {
        /// How many positions words may be off.
        slop: u32,
    },
    /// As `match_phrase_prefix`; the best field's score counts.
    PhrasePrefix {
        /// How many words the last one may stand for.
        max_expansions: u32,
    },
}

impl Clause for MultiMatch {
    const NAME: &'static str = "multi_match";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(
            object,
            &[
                "query",
                "fields",
                "type",
                "operator",
                "minimum_should_match",
                "fuzziness",
                "prefix_length",
                "max_expansions",
                "fuzzy_transpositions",
                "fuzzy_rewrite",
                "slop",
                "analyzer",
                "lenient",
                "zero_terms_query",
                "auto_generate_synonyms_phrase_query",
                "tie_breaker",
                "boost",
            ],
        )?;
        let kind = kind(object)?;
        let words = Words::read(object)?;
        let tie_breaker = match kind {
            MultiMatchKind::MostFields | MultiMatchKind::BoolPrefix => 1.0,
            MultiMatchKind::BestFields
            | MultiMatchKind::Phrase { .. }
            | MultiMatchKind::PhrasePrefix { .. } => 0.0,
        };
        Ok(Self {
            fields: boosted_fields(object)?,
            words,
            kind,
            tie_breaker: share(object, "tie_breaker")?.unwrap_or(tie_breaker),
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let mut queries = Vec::new();
        let fields = matching(planner.mapping(), &self.fields);
        let what = "fields in its expansion";
        too_many(fields.len(), MOST_EXPANSIONS, what, path)?;
        for (name, boost) in fields {
            let words = &self.words;
            let query = match self.kind {
                MultiMatchKind::BestFields | MultiMatchKind::MostFields => {
                    words.plan(planner, &name, path, Last::Whole)?
                }
                MultiMatchKind::BoolPrefix => words.plan(planner, &name, path, Last::Prefix)?,
                MultiMatchKind::Phrase { slop } => {
                    let Some(target) = planner.target(&name, path.key(&name))? else {
                        continue;
                    };
                    lenient(words.lenient, phrase(planner, target, &words.text, slop))?
                }
                MultiMatchKind::PhrasePrefix { max_expansions } => {
                    let Some(target) = planner.target(&name, path.key(&name))? else {
                        continue;
                    };
                    let query = phrase_prefix(planner, target, &words.text, max_expansions);
                    lenient(words.lenient, query)?
                }
            };
            queries.push(boosted(query, boost));
        }
        let query = best_of(queries, self.tie_breaker);
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Reads `type` and what only some types have.
fn kind(object: Object<'_>) -> Result<MultiMatchKind, RequestError> {
    let expected =
        "\"best_fields\", \"most_fields\", \"bool_prefix\", \"phrase\" or \"phrase_prefix\"";
    let name = optional(object, "type", expected, |json| {
        let name = json.as_str()?;
        let known = [
            "best_fields",
            "most_fields",
            "bool_prefix",
            "phrase",
            "phrase_prefix",
        ];
        known.into_iter().find(|known| *known == name)
    })?;
    let name = name.unwrap_or("best_fields");
    if let Some(json) = object
        .get("fuzziness")
        .filter(|_| name.starts_with("phrase"))
    {
        let expected = "left out, since phrases have no fuzzy words";
        return Err(wrong(&object.path("fuzziness"), expected, json));
    }
    if name == "phrase" {
        let slop = count(object, "slop", 0)?;
        return Ok(MultiMatchKind::Phrase { slop });
    }
    no_slop(object)?;
    if name == "phrase_prefix" {
        let max_expansions = count(object, "max_expansions", EXPANSIONS)?;
        return Ok(MultiMatchKind::PhrasePrefix { max_expansions });
    }
    fuzzy_expansions(object)?;
    Ok(match name {
        "most_fields" => MultiMatchKind::MostFields,
        "bool_prefix" => MultiMatchKind::BoolPrefix,
        _ => MultiMatchKind::BestFields,
    })
}

/// Fields such as `title^2`; by default all.
fn boosted_fields(object: Object<'_>) -> Result<Vec<(String, f32)>, RequestError> {
    let Some(json) = object.get("fields") else {
        return Ok(vec![("*".to_owned(), 1.0)]);
    };
    let path = object.at("fields");
    let list = match json {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    at_most(list.len(), MOST_FIELDS, "fields", path)?;
    let read = |json: &Json| -> Option<(String, f32)> {
        let text = json.as_str()?;
        let Some((field, boost)) = text.rsplit_once('^') else {
            return Some((text.to_owned(), 1.0));
        };
        let boost = boost.parse().ok()?;
        (0.0..=f32::MAX)
            .contains(&boost)
            .then(|| (field.to_owned(), boost))
    };
    let expected = "a field, or one with a boost from 0 such as \"title^2\"";
    list.iter()
        .map(|json| read(json).ok_or_else(|| wrong(&path.to_string(), expected, json)))
        .collect()
}

/// The fields that names and patterns stand for. A pattern stands for texts and keywords.
fn matching(mapping: &Mapping, fields: &[(String, f32)]) -> Vec<(String, f32)> {
    let mut found = Vec::new();
    for (name, boost) in fields {
        if !name.contains('*') {
            found.push((name.clone(), *boost));
            continue;
        }
        let pattern = Pattern::names(name);
        let of_texts = |field_type| matches!(field_type, FieldType::Text | FieldType::Keyword);
        let types = mapping.types();
        let fitting = types.filter(|(path, is)| of_texts(*is) && pattern.fits(path));
        found.extend(fitting.map(|(path, _)| (path.to_owned(), *boost)));
    }
    found
}
