//! The planner: what a clause needs to plan itself for one search.

use super::error::{QueryError, too_many};
use super::expression::expression_error;
use super::expression_functions::SearchFunctions;
use super::field_terms::Target;
use super::{FunctionCall, Plan, Query};
use crate::allowance::Allowance;
use crate::computed::Watch;
use crate::expression::{Expression, Scope};
use crate::mapping::{ID, Mapping, is_metadata};
use crate::request::path::Path;
use crate::udf::{Surroundings, UdfCall, UdfError};

/// How many words a request may look for in all.
const MOST_WORDS: usize = 4_096;

/// How many regular expressions a request may have: each may take a while to become an automaton.
const MOST_REGEXPS: usize = 32;

/// How many characters a request may look for fuzzily in all.
const MOST_FUZZY_CHARACTERS: usize = 2_048;

/// What such a character takes in an automaton, in bytes.
const FUZZY_CHARACTER_BYTES: u64 = 32 << 10;

/// What an automaton of a regular expression may take, in bytes.
const REGEXP_BYTES: u64 = 4 << 20;

/// Plans the clauses of one search.
pub(crate) struct Planner<'a> {
    surroundings: &'a Surroundings,
    allowance: &'a Allowance,
    /// In microseconds since 1970.
    now: i64,
    words: usize,
    regexps: usize,
    fuzzy_characters: usize,
    /// The UDFs so far, in the order of the request.
    calls: Vec<UdfCall>,
    /// What watches each clause, by its path; `None` if the search has no profile.
    watches: Option<Vec<(String, Watch)>>,
}

impl<'a> Planner<'a> {
    /// For a search at a time, in microseconds since 1970.
    pub(crate) fn new(
        surroundings: &'a Surroundings,
        allowance: &'a Allowance,
        now: i64,
        profile: bool,
    ) -> Self {
        Self {
            surroundings,
            allowance,
            now,
            words: 0,
            regexps: 0,
            fuzzy_characters: 0,
            calls: Vec::new(),
            watches: profile.then(Vec::new),
        }
    }

    /// Plans a clause whose parent is at `path`.
    ///
    /// # Errors
    ///
    /// Values that their fields cannot have, clauses that do not go with a field's type, invalid
    /// patterns and expressions, UDFs that are unknown or refuse their parameters.
    pub(crate) fn plan(&mut self, query: &Query, path: Path<'_>) -> Result<Plan, QueryError> {
        self.allowance.check()?;
        let path = path.key(query.name());
        let plan = query.plan(self, path)?.timely(self.allowance);
        let Some(watches) = &mut self.watches else {
            return Ok(plan);
        };
        let watch = Watch::default();
        watches.push((path.to_string(), watch.clone()));
        Ok(plan.watched(watch))
    }

    /// Plans the clauses of a list.
    pub(super) fn plan_all(
        &mut self,
        queries: &[Query],
        path: Path<'_>,
    ) -> Result<Vec<Plan>, QueryError> {
        let queries = queries.iter().enumerate();
        queries
            .map(|(number, query)| self.plan(query, path.item(number)))
            .collect()
    }

    /// What the search may still take.
    pub(super) fn allowance(&self) -> &'a Allowance {
        self.allowance
    }

    pub(super) fn mapping(&self) -> &'a Mapping {
        &self.surroundings.mapping
    }

    /// The field that a clause at `path` looks at; `None` if the index has no such field.
    pub(super) fn target<'t>(
        &self,
        name: &'t str,
        path: Path<'t>,
    ) -> Result<Option<Target<'t>>, QueryError>
    where
        'a: 't,
    {
        let mapping = self.mapping();
        let field = match mapping.field(name) {
            None if name == ID => mapping.id_field(),
            None if is_metadata(name) => {
                return Err(QueryError::MetaField {
                    path: path.to_string(),
                    field: name.to_owned(),
                });
            }
            field => field,
        };
        if field.is_some_and(|field| !field.is_indexed()) {
            return Err(QueryError::NotIndexed {
                path: path.to_string(),
                field: name.to_owned(),
            });
        }
        Ok(field.map(|field| Target {
            name,
            field,
            path,
            now: self.now,
            allowance: self.allowance,
        }))
    }

    /// Binds a UDF to its parameters.
    pub(crate) fn call(&mut self, call: &FunctionCall) -> Result<UdfCall, QueryError> {
        let surroundings = self.surroundings.clone();
        let call = UdfCall::new(&call.function, &call.params, call.on_error, surroundings);
        let call = call.map_err(UdfError::Function)?;
        self.calls.push(call.clone());
        Ok(call)
    }

    /// Reads the expression at a path of the request.
    pub(crate) fn expression(
        &mut self,
        text: &str,
        path: Path<'_>,
    ) -> Result<Expression, QueryError> {
        let functions = SearchFunctions::new(self.surroundings);
        let scope = Scope {
            columns: self.mapping(),
            functions: Some(&functions),
            now: self.now,
        };
        let expression = Expression::parse(text, scope);
        if let Some(failure) = functions.into_failure() {
            return Err(UdfError::Function(failure).into());
        }
        let expression = expression.map_err(expression_error(path))?;
        self.calls.extend_from_slice(expression.udfs());
        Ok(expression.within(&self.surroundings.dictionaries, self.allowance))
    }

    /// The UDFs in the order of the request, and what watches the clauses, by their paths.
    pub(crate) fn finish(self) -> (Vec<UdfCall>, Vec<(String, Watch)>) {
        (self.calls, self.watches.unwrap_or_default())
    }

    /// Counts a word that is looked for.
    pub(super) fn count_word(&mut self, path: Path<'_>) -> Result<(), QueryError> {
        self.words += 1;
        self.allowance.check()?;
        too_many(self.words, MOST_WORDS, "words", path)
    }

    pub(super) fn count_regexp(&mut self, path: Path<'_>) -> Result<(), QueryError> {
        self.regexps += 1;
        too_many(self.regexps, MOST_REGEXPS, "regular expressions", path)?;
        Ok(self.allowance.take(REGEXP_BYTES)?)
    }

    /// Counts the characters of a word that is looked for fuzzily.
    pub(super) fn count_fuzzy(&mut self, word: &str, path: Path<'_>) -> Result<(), QueryError> {
        let characters = word.chars().count();
        self.fuzzy_characters = self.fuzzy_characters.saturating_add(characters);
        let what = "characters in fuzzy words";
        too_many(self.fuzzy_characters, MOST_FUZZY_CHARACTERS, what, path)?;
        let bytes = characters as u64 * FUZZY_CHARACTER_BYTES;
        Ok(self.allowance.take(bytes)?)
    }
}
