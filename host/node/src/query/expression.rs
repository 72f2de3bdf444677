//! `expression`: documents for which an expression is true.

use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;

use super::native::NativeQuery;
use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError, wrong};
use super::range::between;
use super::{Clause, Plan, Planner, QueryError};
use crate::computed::Matcher;
use crate::expression::{ColumnType, Columns, Expression as Compiled, ExpressionError, Necessary};
use crate::mapping::{FieldType, Mapping};
use crate::request::path::Path;

/// `{"expression": "..."}`, or with a boost `{"expression": {"text": "...", "boost": 2}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// The expression, in SQL.
    pub text: String,
    /// The score.
    pub boost: f32,
}

impl Clause for Expression {
    const NAME: &'static str = "expression";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        match json {
            Json::String(text) => Ok(Self {
                text: text.clone(),
                boost: 1.0,
            }),
            Json::Object(_) => {
                let object = Object::read(json, path)?;
                knows(object, &["text", "boost"])?;
                Ok(Self {
                    text: object.text("text")?,
                    boost: boost(object)?,
                })
            }
            other => Err(wrong(&path.to_string(), "a string", other)),
        }
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let expression = planner.expression(&self.text, path)?;
        let filter = expression.filter().map_err(expression_error(path))?;
        let candidates = Plan::Native(candidates(&expression, planner));
        let plan = candidates.map_matcher(|of| Matcher::Computed(Box::new(of), Arc::new(filter)));
        Ok(plan.boosted(self.boost))
    }
}

/// The documents for which an expression may be true. An index answers the comparisons that name
/// values; the others too, if there is more to compute than they are.
fn candidates(expression: &Compiled, planner: &Planner<'_>) -> NativeQuery {
    let (conditions, has_more) = expression.necessary();
    let helps = |condition: &Necessary| has_more || condition.is_selective();
    let conditions = conditions.into_iter().filter(helps);
    let mut queries: Vec<NativeQuery> = conditions
        .filter_map(|condition| with(condition, planner))
        .collect();
    match queries.len() {
        0 => Box::new(AllQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(BooleanQuery::intersection(queries)),
    }
}

/// The documents that a condition holds for, if an index knows them.
fn with(condition: Necessary, planner: &Planner<'_>) -> Option<NativeQuery> {
    let (Necessary::Longs(column, ..)
    | Necessary::Doubles(column, ..)
    | Necessary::Texts(column, ..)) = &condition;
    let mapped = planner.mapping().field_of_column(column)?;
    if !mapped.is_indexed() {
        return None;
    }
    let field = mapped.field;
    let allowance = planner.allowance();
    Some(match (condition, mapped.field_type) {
        (Necessary::Longs(_, value, last), FieldType::Long | FieldType::Date) if value == last => {
            term(Term::from_field_i64(field, value))
        }
        (Necessary::Longs(_, first, last), FieldType::Long | FieldType::Date) => {
            let term = |value| Term::from_field_i64(field, value);
            between(term(first), term(last), allowance)
        }
        (Necessary::Doubles(_, first, last), FieldType::Double) => {
            let term = |value| Term::from_field_f64(field, value);
            between(term(first), term(last), allowance)
        }
        (Necessary::Texts(_, texts), FieldType::Keyword) => {
            let terms = texts.iter().map(|text| Term::from_field_text(field, text));
            let mut terms: Vec<Term> = terms.collect();
            if terms.len() == 1 {
                term(terms.swap_remove(0))
            } else {
                Box::new(TermSetQuery::new(terms))
            }
        }
        _ => return None,
    })
}

fn term(term: Term) -> NativeQuery {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// Names the path of an expression that is invalid, or does not go with its place.
pub(crate) fn expression_error<'a>(
    path: impl Into<Path<'a>>,
) -> impl FnOnce(ExpressionError) -> QueryError {
    let path = path.into();
    move |source| QueryError::Expression {
        path: path.to_string(),
        source,
    }
}

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
