//! `expression_score`: documents of a clause, with an expression's value as their score.

use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::{DocId, Score, SegmentReader};

use super::expression::expression_error;
use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, Query, QueryError};
use crate::computed::{Computation, Computed, Matcher, Outcome};
use crate::expression::{ExpressionValues, Numbers};
use crate::request::path::Path;

/// The score of a document that an expression has no number for.
const NO_SCORE: Score = 0.0;

/// `{"expression_score": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpressionScore {
    /// The expression, in SQL.
    pub expression: String,
    /// Which documents; by default all.
    pub query: Box<Query>,
    /// Of the score.
    pub boost: f32,
}

impl Clause for ExpressionScore {
    const NAME: &'static str = "expression_score";

    fn parse(parser: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["expression", "query", "boost"])?;
        Ok(Self {
            expression: object.text("expression")?,
            query: parser.inner_or_all(object, "query")?,
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let of = planner.plan(&self.query, path.key("query"))?;
        let scores = Scores::new(planner, &self.expression, path.key("expression"))?;
        let plan = of.map_matcher(|of| Matcher::Computed(Box::new(of), Arc::new(scores)));
        Ok(plan.boosted(self.boost))
    }
}

/// An expression's values as scores.
#[derive(Debug)]
pub(crate) struct Scores(ExpressionValues);

impl Scores {
    /// # Errors
    ///
    /// The expression at a path of the request is invalid, or gives no numbers.
    pub(crate) fn new(
        planner: &mut Planner<'_>,
        text: &str,
        path: Path<'_>,
    ) -> Result<Self, QueryError> {
        let expression = planner.expression(text, path)?;
        expression
            .numbers()
            .map(Self)
            .map_err(expression_error(path))
    }
}

impl Computed for Scores {
    fn for_segment(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Box<dyn Computation>> {
        Ok(Box::new(SegmentScores {
            numbers: self.0.numbers(reader, expected)?,
            loaded: Vec::new(),
        }))
    }

    fn cost(&self) -> u64 {
        self.0.cost()
    }
}

struct SegmentScores {
    numbers: Numbers,
    loaded: Vec<Option<f64>>,
}

impl Computation for SegmentScores {
    fn compute(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Outcome>> {
        self.loaded.clear();
        let loaded = self.numbers.load(documents, scores, &mut self.loaded);
        // Once the search is over, nobody looks at them.
        self.loaded.resize(documents.len(), None);
        loaded.ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "scores have 32 bits")]
        let score = |number: &Option<f64>| number.map_or(NO_SCORE, |number| number as Score);
        let scores = self.loaded.iter();
        Some(scores.map(|number| Outcome::Yes(score(number))).collect())
    }
}
