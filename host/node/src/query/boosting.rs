//! `boosting`: documents of a clause, with lower scores for those that another matches too.

use serde_json::Value as Json;

use super::boosting_query::BoostingQuery;
use super::native::unscored;
use super::parameters::{boost, factor, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, Query, QueryError};
use crate::computed::Matcher;
use crate::request::path::Path;

/// `{"boosting": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Boosting {
    /// Which documents, and their scores.
    pub positive: Box<Query>,
    /// Which of them lose.
    pub negative: Box<Query>,
    /// What their scores are multiplied by, from 0.
    pub negative_boost: f32,
    /// Of the score.
    pub boost: f32,
}

impl Clause for Boosting {
    const NAME: &'static str = "boosting";

    fn parse(parser: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["positive", "negative", "negative_boost", "boost"])?;
        object.required("negative_boost")?;
        Ok(Self {
            positive: parser.inner(object, "positive")?,
            negative: parser.inner(object, "negative")?,
            negative_boost: factor(object, "negative_boost")?.unwrap_or_default(),
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let positive = planner.plan(&self.positive, path.key("positive"))?;
        let negative = planner.plan(&self.negative, path.key("negative"))?;
        let plan = match (positive, negative) {
            (Plan::Native(positive), Plan::Native(negative)) => Plan::Native(Box::new(
                BoostingQuery::new(positive, unscored(negative), self.negative_boost),
            )),
            (positive, negative) => positive.map_matcher(|matcher| {
                let negative = Box::new(negative.matcher());
                Matcher::Boosting(Box::new(matcher), negative, self.negative_boost)
            }),
        };
        Ok(plan.boosted(self.boost))
    }
}
