//! Expressions in a search: as clauses that filter, and as scores.

use send_wrapper::SendWrapper;
use tantivy::query::BoostQuery;
use tantivy::{DocId, Score, SegmentReader};

use super::SearchError;
use crate::computed::{Computation, Computed, Outcome};
use crate::expression::{
    ColumnType, Columns, Expression, ExpressionError, ExpressionValues, Numbers,
};
use crate::mapping::{FieldType, Mapping};
use crate::query::plain::EngineQuery;

/// The score of a document that an expression has no number for.
const NO_SCORE: Score = 0.0;

impl Columns for Mapping {
    fn column(&self, path: &str) -> Option<(String, ColumnType)> {
        let field = self.field(path)?;
        let column_type = match field.field_type {
            FieldType::Boolean => ColumnType::Boolean,
            FieldType::Long => ColumnType::Long,
            FieldType::Double => ColumnType::Double,
            FieldType::Date => ColumnType::Date,
            FieldType::Keyword | FieldType::Text => ColumnType::Text,
        };
        Some((field.column.to_owned(), column_type))
    }

    fn paths(&self) -> Vec<String> {
        self.paths().map(str::to_owned).collect()
    }
}

/// Reads the expression at a path of the request.
///
/// # Errors
///
/// It is none, or none over these fields.
pub(super) fn expression_at(
    mapping: &Mapping,
    text: &str,
    path: &str,
) -> Result<Expression, SearchError> {
    Expression::parse(text, mapping).map_err(at(path))
}

/// The query of the documents for which the expression at a path of the request is true.
///
/// # Errors
///
/// As [`expression_at`], and where it is no boolean.
#[expect(clippy::float_cmp, reason = "only the default, 1, changes nothing")]
pub(super) fn filter(
    mapping: &Mapping,
    text: &str,
    boost: Score,
    path: &str,
) -> Result<EngineQuery, SearchError> {
    let path = format!("{path}.expression");
    let expression = expression_at(mapping, text, &path)?;
    let query = expression.predicate().map_err(at(&path))?;
    if boost == 1.0 {
        return Ok(query);
    }
    Ok(Box::new(BoostQuery::new(query, boost)))
}

/// An expression's values as scores.
#[derive(Debug)]
pub(super) struct ExpressionScore(ExpressionValues);

impl ExpressionScore {
    /// # Errors
    ///
    /// The expression at a path of the request gives no numbers.
    pub(super) fn new(expression: &Expression, path: &str) -> Result<Self, SearchError> {
        expression.numbers().map(Self).map_err(at(path))
    }
}

impl Computed for ExpressionScore {
    fn for_segment(
        &self,
        reader: &SegmentReader,
        _expected: u32,
    ) -> tantivy::Result<Box<dyn Computation>> {
        Ok(Box::new(SegmentScores {
            numbers: SendWrapper::new(self.0.numbers(reader)?),
            loaded: Vec::new(),
        }))
    }
}

struct SegmentScores {
    /// The engine wants scorers that could go to another thread, and has none go there; its
    /// sources of values cannot.
    numbers: SendWrapper<Numbers>,
    loaded: Vec<Option<f64>>,
}

impl Computation for SegmentScores {
    fn compute(&mut self, documents: &[DocId], _scores: &[Score]) -> Option<Vec<Outcome>> {
        self.loaded.clear();
        self.numbers.load(documents, &mut self.loaded);
        #[expect(clippy::cast_possible_truncation, reason = "scores have 32 bits")]
        let score = |number: &Option<f64>| number.map_or(NO_SCORE, |number| number as Score);
        Some(
            self.loaded
                .iter()
                .map(|number| Outcome::Yes(score(number)))
                .collect(),
        )
    }
}

/// Names the place of what is wrong with an expression.
pub(super) fn at(path: &str) -> impl FnOnce(ExpressionError) -> SearchError {
    move |source| SearchError::Expression {
        path: path.to_owned(),
        source,
    }
}
