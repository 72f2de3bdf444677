//! `expression`: documents for which an expression is true.

use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::query::AllQuery;

use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError, wrong};
use super::{Clause, Plan, Planner, QueryError};
use crate::computed::Matcher;
use crate::expression::{ColumnType, Columns, ExpressionError};
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
        let all = Plan::Native(Box::new(AllQuery));
        let plan = all.map_matcher(|of| Matcher::Computed(Box::new(of), Arc::new(filter)));
        Ok(plan.boosted(self.boost))
    }
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
