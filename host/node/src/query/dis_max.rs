//! `dis_max`: documents of any of several clauses, with their best score.

use serde_json::Value as Json;

use super::native::{best_of, some_of};
use super::parameters::{boost, knows, share};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, Query, QueryError};
use crate::computed::Matcher;
use crate::request::path::Path;

/// `{"dis_max": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct DisMax {
    /// The clauses.
    pub queries: Vec<Query>,
    /// What clauses other than the best add of their score, from 0 to 1.
    pub tie_breaker: f32,
    /// Of the score.
    pub boost: f32,
}

impl Clause for DisMax {
    const NAME: &'static str = "dis_max";

    fn parse(parser: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["queries", "tie_breaker", "boost"])?;
        object.required("queries")?;
        Ok(Self {
            queries: parser.clauses(object, "queries")?,
            tie_breaker: share(object, "tie_breaker")?.unwrap_or_default(),
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let plans = planner.plan_all(&self.queries, path.key("queries"))?;
        let native = plans.iter().all(Plan::is_native);
        let (mut candidates, mut matchers) = (Vec::new(), Vec::new());
        for plan in plans {
            let (approximation, matcher) = plan.split();
            candidates.push(approximation.box_clone());
            matchers.push(matcher.within(&approximation));
        }
        let plan = if native {
            Plan::Native(best_of(candidates, self.tie_breaker))
        } else {
            Plan::TwoPhase {
                approximation: some_of(candidates, 1, planner.allowance()).into(),
                matcher: Matcher::Max(matchers, self.tie_breaker),
            }
        };
        Ok(plan.boosted(self.boost))
    }
}
