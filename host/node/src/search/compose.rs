//! A request made ready to run: its query planned, and its formulas bound.

use std::sync::Arc;

use tantivy::query::{EnableScoring, Weight};

use super::SearchError;
use super::formula::Computable;
use crate::aggregation::{Plan, Sources};
use crate::allowance::Allowance;
use crate::computed::{Computed, Failure, Watch};
use crate::query::{NativeQuery, Planner, Query, Scores};
use crate::request::path::Path;
use crate::request::{Formula, SearchRequest, SortBy, SortKey};
use crate::udf::{Place, Surroundings, UdfCall, UdfError};

/// A request, ready to run.
pub(super) struct Composed {
    pub(super) query: NativeQuery,
    /// What hits are ordered by, where that is computed.
    pub(super) sort: Vec<Option<Computable>>,
    /// What gives the first hits new scores.
    pub(super) rescore: Option<Arc<dyn Computed>>,
    /// What is computed for the page's hits.
    pub(super) fields: Vec<(String, Computable)>,
    /// What is counted over all hits.
    pub(super) aggregations: Vec<Arc<Plan>>,
    /// The UDFs in it, in the order in which they stand there.
    pub(super) calls: Vec<UdfCall>,
    /// What watches its clauses, by their paths.
    pub(super) watches: Vec<(String, Watch)>,
    /// Whether a UDF ended the search.
    pub(super) failure: Failure,
    /// What the search may still take.
    pub(super) allowance: Allowance,
    /// The search's place among those with functions, held until it ends.
    _place: Option<Place>,
}

/// Composes a request at a time, in microseconds since 1970.
///
/// # Errors
///
/// A query that does not go with the index, functions that are unknown or refuse their parameters,
/// invalid expressions, and formulas whose type does not go with their place.
pub(super) fn compose(
    request: &SearchRequest,
    surroundings: &Surroundings,
    allowance: &Allowance,
    now: i64,
) -> Result<Composed, SearchError> {
    let mut composer = Composer {
        planner: Planner::new(surroundings, allowance, now, request.profile),
        allowance,
        surroundings,
        failure: Failure::default(),
    };
    let query = composer.query(&request.query, "query")?;
    let mut sort = Vec::with_capacity(request.sort.len());
    for (number, key) in request.sort.iter().enumerate() {
        sort.push(composer.sort_key(key, &format!("sort[{number}]"))?);
    }
    let rescore = request.rescore.as_ref();
    let rescore = rescore.map(|rescore| composer.score(&rescore.formula, "rescore"));
    let mut fields = Vec::with_capacity(request.fields.len());
    for (name, formula) in &request.fields {
        let formula = composer.formula(formula, &format!("fields.{name}"))?;
        fields.push((name.clone(), formula));
    }
    let mapping = Arc::clone(&surroundings.mapping);
    let aggregations = request.aggregations.plan(&mapping, now, &mut composer)?;
    let failure = composer.failure;
    let (calls, watches) = composer.planner.finish();
    let place = UdfCall::bind_all(&calls).map_err(UdfError::from)?;
    Ok(Composed {
        query,
        sort,
        rescore: rescore.transpose()?,
        fields,
        aggregations,
        calls,
        watches,
        failure,
        allowance: allowance.clone(),
        _place: place,
    })
}

struct Composer<'a> {
    planner: Planner<'a>,
    allowance: &'a Allowance,
    surroundings: &'a Surroundings,
    failure: Failure,
}

impl Sources for Composer<'_> {
    type Error = SearchError;

    fn formula(&mut self, formula: &Formula, path: &str) -> Result<Computable, SearchError> {
        let formula = Composer::formula(self, formula, path)?;
        if let (Computable::Udf(call), None) = (&formula, formula.value_type()) {
            let expected = "boolean, int64, float64, text or timestamp";
            return Err(call.misplaced("an aggregation's source", expected).into());
        }
        Ok(formula)
    }

    fn filter(&mut self, query: &Query, path: &str) -> Result<Arc<dyn Weight>, SearchError> {
        let query = self.query(query, path)?;
        let schema = self.surroundings.mapping.schema();
        let weight = query.weight(EnableScoring::disabled_from_schema(schema))?;
        Ok(Arc::from(weight))
    }
}

impl Composer<'_> {
    /// The clause at a path of the request, ready to run.
    fn query(&mut self, query: &Query, path: &str) -> Result<NativeQuery, SearchError> {
        let plan = self.planner.plan(query, Path::from(path))?;
        Ok(plan.into_query(&self.failure, self.allowance))
    }

    fn sort_key(&mut self, key: &SortKey, path: &str) -> Result<Option<Computable>, SearchError> {
        let SortBy::Formula(formula) = &key.by else {
            return Ok(None);
        };
        let formula = self.formula(formula, path)?;
        if let (Computable::Udf(call), None) = (&formula, formula.value_type()) {
            let expected = "boolean, int64, float64, text or timestamp";
            return Err(call.misplaced("a sort key", expected).into());
        }
        Ok(Some(formula))
    }

    /// The formula at a path of the request.
    fn formula(&mut self, formula: &Formula, path: &str) -> Result<Computable, SearchError> {
        match formula {
            Formula::Udf(call) => Ok(Computable::Udf(self.planner.call(call)?)),
            Formula::Expression(text) => {
                let path = format!("{path}.expression");
                let expression = self.planner.expression(text, Path::from(&path))?;
                Ok(Computable::Expression(expression.values()))
            }
        }
    }

    /// The formula at a path of the request as a score.
    fn score(&mut self, formula: &Formula, path: &str) -> Result<Arc<dyn Computed>, SearchError> {
        match formula {
            Formula::Udf(call) => Ok(self.planner.call(call)?.score()?),
            Formula::Expression(text) => {
                let path = format!("{path}.expression");
                let scores = Scores::new(&mut self.planner, text, Path::from(&path))?;
                Ok(Arc::new(scores))
            }
        }
    }
}
