//! `bool`: documents that all, some and none of other clauses match.

use serde_json::Value as Json;
use tantivy::query::{BooleanQuery, Occur};

use super::native::{NativeQuery, all, excluded, optional, some_of, unscored};
use super::parameters::{boolean, boost, knows, minimum_should_match};
use super::parse::{Object, Parser, RequestError};
use super::watchful::WatchfulQuery;
use super::{Clause, MinimumShouldMatch, Plan, Planner, Query, QueryError};
use crate::allowance::Allowance;
use crate::computed::{self, Matcher};
use crate::request::path::Path;

/// `{"bool": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bool {
    /// All of them must match, and their scores add up.
    pub must: Vec<Query>,
    /// All of them must match, without a score.
    pub filter: Vec<Query>,
    /// Some of them must match, and their scores add up.
    pub should: Vec<Query>,
    /// None of them may match.
    pub must_not: Vec<Query>,
    /// How many of `should`; by default one if there are no `must` and `filter`, else none.
    pub minimum_should_match: Option<MinimumShouldMatch>,
    /// Whether `must_not` alone excludes from all documents, rather than from none.
    pub adjust_pure_negative: bool,
    /// Of the score.
    pub boost: f32,
}

impl Query {
    /// The documents of this clause that another one matches too, with the scores of this one.
    pub(crate) fn filtered_by(self, filter: Self) -> Self {
        Self::Bool(Bool {
            must: vec![self],
            filter: vec![filter],
            should: Vec::new(),
            must_not: Vec::new(),
            minimum_should_match: None,
            adjust_pure_negative: true,
            boost: 1.0,
        })
    }
}

impl Clause for Bool {
    const NAME: &'static str = "bool";

    fn parse(parser: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(
            object,
            &[
                "must",
                "filter",
                "should",
                "must_not",
                "minimum_should_match",
                "adjust_pure_negative",
                "boost",
            ],
        )?;
        Ok(Self {
            must: parser.clauses(object, "must")?,
            filter: parser.clauses(object, "filter")?,
            should: parser.clauses(object, "should")?,
            must_not: parser.clauses(object, "must_not")?,
            minimum_should_match: minimum_should_match(object)?,
            adjust_pure_negative: boolean(object, "adjust_pure_negative", true)?,
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let must = planner.plan_all(&self.must, path.key("must"))?;
        let filter = planner.plan_all(&self.filter, path.key("filter"))?;
        let should = planner.plan_all(&self.should, path.key("should"))?;
        let must_not = planner.plan_all(&self.must_not, path.key("must_not"))?;
        let positive = !(must.is_empty() && filter.is_empty() && should.is_empty());
        if !positive && must_not.is_empty() {
            return Ok(Plan::Native(all()).boosted(self.boost));
        }
        let Some(minimum) = self.minimum() else {
            return Ok(Plan::none());
        };
        if !positive && !self.adjust_pure_negative {
            return Ok(Plan::none());
        }
        let [mut must, mut filter] = [must, filter];
        if must.len() + filter.len() == 1 && should.is_empty() && must_not.is_empty() {
            // A function that stands alone is asked about documents as if there were no `bool`.
            let alone = must.pop_if(|plan| !plan.is_native());
            let alone = alone.or_else(|| {
                let filter = filter.pop_if(|plan| !plan.is_native());
                filter.map(|plan| plan.constant(0.0))
            });
            if let Some(alone) = alone {
                return Ok(alone.boosted(self.boost));
            }
        }
        let mut join = Join::new(planner.allowance());
        for plan in must {
            join.require(plan, true);
        }
        for plan in filter {
            join.require(plan, false);
        }
        join.some_of(should, minimum);
        for plan in must_not {
            join.exclude(plan);
        }
        Ok(join.plan().boosted(self.boost))
    }
}

impl Bool {
    /// How many of the clauses under `should` must match; `None` if there are not so many.
    fn minimum(&self) -> Option<usize> {
        let optional = self.should.len();
        let asked = self.minimum_should_match.as_ref();
        let mut minimum = asked.map_or(0, |minimum| minimum.of(optional));
        if self.must.is_empty() && self.filter.is_empty() && optional > 0 {
            // Something must match: a document that no clause is for is no hit.
            minimum = minimum.max(1);
        }
        (minimum <= optional).then_some(minimum)
    }
}

/// Clauses joined so far: tantivy's share, which is the approximation if there is a matcher's
/// share too.
struct Join<'a> {
    allowance: &'a Allowance,
    native: Vec<(Occur, NativeQuery)>,
    /// How many of the native clauses that are optional must match.
    native_minimum: usize,
    matchers: computed::Bool<Matcher>,
}

impl<'a> Join<'a> {
    fn new(allowance: &'a Allowance) -> Self {
        Self {
            allowance,
            native: Vec::new(),
            native_minimum: 0,
            matchers: computed::Bool::default(),
        }
    }

    fn require(&mut self, plan: Plan, scores: bool) {
        let (query, matcher) = match plan {
            Plan::Native(query) if scores => (query, None),
            Plan::Native(query) => (unscored(query), None),
            Plan::TwoPhase {
                approximation,
                matcher,
            } => {
                let candidates = unscored(approximation.box_clone());
                (candidates, Some(matcher.within(&approximation)))
            }
        };
        let query = WatchfulQuery::walked(query, self.allowance);
        self.native.push((Occur::Must, query));
        let matchers = if scores {
            &mut self.matchers.must
        } else {
            &mut self.matchers.filter
        };
        matchers.extend(matcher);
    }

    fn exclude(&mut self, plan: Plan) {
        match plan {
            Plan::Native(query) => self
                .native
                .push((Occur::MustNot, excluded(query, self.allowance))),
            plan @ Plan::TwoPhase { .. } => self.matchers.must_not.push(plan.matcher()),
        }
    }

    /// Requires `minimum` of some clauses, each of which scores if it matches.
    fn some_of(&mut self, plans: Vec<Plan>, minimum: usize) {
        let native = plans.iter().all(Plan::is_native);
        if native || minimum == 0 {
            self.native_minimum = minimum;
            for plan in plans {
                match plan {
                    Plan::Native(query) => {
                        let clause = optional(query, minimum, self.allowance);
                        self.native.push(clause);
                    }
                    plan @ Plan::TwoPhase { .. } => self.matchers.should.push(plan.matcher()),
                }
            }
            return;
        }
        // Which clauses match is known only after the second phase, that so many may match before.
        let mut candidates = Vec::with_capacity(plans.len());
        for plan in plans {
            let (approximation, matcher) = plan.split();
            candidates.push(approximation.box_clone());
            self.matchers.should.push(matcher.within(&approximation));
        }
        self.matchers.minimum = minimum;
        let candidates = unscored(some_of(candidates, minimum, self.allowance));
        let candidates = WatchfulQuery::walked(candidates, self.allowance);
        self.native.push((Occur::Must, candidates));
    }

    fn plan(mut self) -> Plan {
        if self
            .native
            .iter()
            .all(|(occur, _)| *occur == Occur::MustNot)
        {
            // tantivy takes exclusions alone for nothing.
            self.native.push((Occur::Must, unscored(all())));
        }
        let native = BooleanQuery::with_minimum_required_clauses(self.native, self.native_minimum);
        let plan = Plan::Native(Box::new(native));
        let computed::Bool {
            must,
            filter,
            should,
            must_not,
            ..
        } = &self.matchers;
        if [must, filter, should, must_not]
            .into_iter()
            .all(Vec::is_empty)
        {
            return plan;
        }
        plan.map_matcher(|scored| {
            // Every candidate matches it, with the scores of the native clauses.
            self.matchers.must.push(scored);
            Matcher::Bool(self.matchers)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::query::tests::sample::Sample;

    #[test]
    fn exclusions_alone_match_nothing_unless_they_are_adjusted() {
        let sample = Sample::new(
            &json!({"properties": {"a": {"type": "long"}}}),
            &[json!({"a": 1}), json!({"a": 2})],
            1,
        );
        for (clause, expected) in [
            (json!({"must_not": {"term": {"a": 1}}}), vec![1]),
            (
                json!({"must_not": {"term": {"a": 1}}, "adjust_pure_negative": true}),
                vec![1],
            ),
            (
                json!({"must_not": {"term": {"a": 1}}, "adjust_pure_negative": false}),
                vec![],
            ),
            (json!({"adjust_pure_negative": false}), vec![0, 1]),
        ] {
            assert_eq!(sample.found(&json!({"bool": clause})), expected, "{clause}");
        }
    }
}
