//! `fuzzy`: terms that are few edits away.

use serde_json::Value as Json;
use tantivy::query::FuzzyTermQuery;

use super::automaton::AfterPrefix;
use super::field_terms::Target;
use super::native::{NativeQuery, none};
use super::parameters::{
    boolean, boost, constant_rewrite, count, fuzziness, fuzzy_expansions, scalar_text,
};
use super::parse::{Parser, RequestError, of_field};
use super::{Clause, Fuzziness, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"fuzzy": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fuzzy {
    /// The field's path.
    pub field: String,
    /// The term.
    pub value: String,
    /// How many edits.
    pub fuzziness: Fuzziness,
    /// How many characters at the beginning stay as they are.
    pub prefix_length: u32,
    /// Whether two neighbours that change places are one edit.
    pub transpositions: bool,
    /// The score.
    pub boost: f32,
}

impl Clause for Fuzzy {
    const NAME: &'static str = "fuzzy";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &[
            "value",
            "fuzziness",
            "prefix_length",
            "max_expansions",
            "transpositions",
            "rewrite",
            "boost",
        ];
        of_field(json, path, Some("value"), KNOWN, |field, object| {
            fuzzy_expansions(object)?;
            constant_rewrite(object, "rewrite")?;
            Ok(Self {
                field,
                value: scalar_text(object, "value")?,
                fuzziness: fuzziness(object)?.unwrap_or(Fuzziness::AUTO),
                prefix_length: count(object, "prefix_length", 0)?,
                transpositions: boolean(object, "transpositions", true)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(&self.field, path.key(&self.field))? {
            None => none(),
            Some(target) => {
                target.check_text(Self::NAME, "use `term` or `range`")?;
                let edits = self.fuzziness.edits(&self.value);
                let (prefix, transpositions) = (self.prefix_length, self.transpositions);
                fuzzy(planner, target, &self.value, edits, prefix, transpositions)?
            }
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Terms a number of edits away, whose first `prefix_length` characters are those of the word.
pub(super) fn fuzzy(
    planner: &mut Planner<'_>,
    target: Target<'_>,
    word: &str,
    edits: u8,
    prefix_length: u32,
    transpositions: bool,
) -> Result<NativeQuery, QueryError> {
    planner.count_fuzzy(word, target.path)?;
    let prefix_length = usize::try_from(prefix_length).unwrap_or(usize::MAX);
    let prefix = word.char_indices().nth(prefix_length);
    let (prefix, rest) = word.split_at(prefix.map_or(word.len(), |(at, _)| at));
    let rest = FuzzyTermQuery::new(target.text_term(rest), edits, transpositions).automaton();
    // What can be wrong is a number of edits above 2, and a term that is no string.
    let Ok(rest) = rest else {
        return Ok(none());
    };
    let prefix = prefix.as_bytes().to_vec();
    let automaton = AfterPrefix { prefix, rest };
    Ok(Box::new(target.accepted(automaton)))
}
