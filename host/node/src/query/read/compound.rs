//! Clauses with other clauses inside them.

use serde_json::Value as Json;

use super::Reader;
use super::values::{boost, knows, minimum_should_match, share};
use crate::query::{BoolClause, FunctionCall, Query, UdfClause};
use crate::request::RequestError;
use crate::request::object::{Object, wrong};

impl Reader {
    pub(super) fn bool(&mut self, json: &Json, path: &str) -> Result<Query, RequestError> {
        let object = Object::read(json, path)?;
        knows(
            object,
            &[
                "must",
                "filter",
                "should",
                "must_not",
                "minimum_should_match",
                "boost",
            ],
        )?;
        Ok(Query::Bool(BoolClause {
            must: self.clauses(object, "must")?,
            filter: self.clauses(object, "filter")?,
            should: self.clauses(object, "should")?,
            must_not: self.clauses(object, "must_not")?,
            minimum_should_match: minimum_should_match(object)?,
            boost: boost(object)?,
        }))
    }

    pub(super) fn boosting(&mut self, json: &Json, path: &str) -> Result<Query, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["positive", "negative", "negative_boost", "boost"])?;
        object.required("negative_boost")?;
        Ok(Query::Boosting {
            positive: self.inner(object, "positive")?,
            negative: self.inner(object, "negative")?,
            negative_boost: share(object, "negative_boost")?.unwrap_or_default(),
            boost: boost(object)?,
        })
    }

    pub(super) fn constant_score(
        &mut self,
        json: &Json,
        path: &str,
    ) -> Result<Query, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["filter", "boost"])?;
        Ok(Query::ConstantScore {
            filter: self.inner(object, "filter")?,
            boost: boost(object)?,
        })
    }

    pub(super) fn dis_max(&mut self, json: &Json, path: &str) -> Result<Query, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["queries", "tie_breaker", "boost"])?;
        object.required("queries")?;
        Ok(Query::DisMax {
            queries: self.clauses(object, "queries")?,
            tie_breaker: share(object, "tie_breaker")?.unwrap_or_default(),
            boost: boost(object)?,
        })
    }

    pub(super) fn wasm_udf(&mut self, json: &Json, path: &str) -> Result<Query, RequestError> {
        let object = Object::read(json, path)?;
        knows(
            object,
            &["function", "params", "query", "on_error", "boost"],
        )?;
        Ok(Query::WasmUdf(UdfClause {
            call: FunctionCall::read(object)?,
            query: self.inner_or_all(object, "query")?,
            boost: boost(object)?,
        }))
    }

    pub(super) fn expression_score(
        &mut self,
        json: &Json,
        path: &str,
    ) -> Result<Query, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["expression", "query", "boost"])?;
        Ok(Query::ExpressionScore {
            expression: object.text("expression")?,
            query: self.inner_or_all(object, "query")?,
            boost: boost(object)?,
        })
    }

    /// A clause, or a list of them; none where there is no such key.
    fn clauses(&mut self, object: Object<'_>, key: &str) -> Result<Vec<Query>, RequestError> {
        let path = object.path(key);
        match object.get(key) {
            None => Ok(Vec::new()),
            Some(Json::Array(list)) => {
                let clauses = list.iter().enumerate();
                clauses
                    .map(|(number, json)| self.clause(json, &format!("{path}[{number}]")))
                    .collect()
            }
            Some(json @ Json::Object(_)) => Ok(vec![self.clause(json, &path)?]),
            Some(other) => Err(wrong(&path, "a clause or a list of clauses", other)),
        }
    }

    fn inner(&mut self, object: Object<'_>, key: &str) -> Result<Box<Query>, RequestError> {
        let clause = self.clause(object.required(key)?, &object.path(key))?;
        Ok(Box::new(clause))
    }

    fn inner_or_all(&mut self, object: Object<'_>, key: &str) -> Result<Box<Query>, RequestError> {
        match object.get(key) {
            None => Ok(Box::new(Query::MatchAll { boost: 1.0 })),
            Some(_) => self.inner(object, key),
        }
    }
}

/// `{"expression": "sql"}`, or with a boost, `{"expression": {"text": "sql", "boost": 2}}`.
pub(super) fn expression(json: &Json, path: &str) -> Result<Query, RequestError> {
    match json {
        Json::String(text) => Ok(Query::Expression {
            text: text.clone(),
            boost: 1.0,
        }),
        Json::Object(_) => {
            let object = Object::read(json, path)?;
            knows(object, &["text", "boost"])?;
            Ok(Query::Expression {
                text: object.text("text")?,
                boost: boost(object)?,
            })
        }
        other => Err(wrong(path, "a text", other)),
    }
}
