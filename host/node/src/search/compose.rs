//! A request made ready: its query's tree of clauses as one of the engine's queries, UDFs at any
//! place, and its formulas.
//!
//! What has no UDF in it is the engine's ([`crate::query::plain`]). What has one becomes an
//! approximation, which the engine answers and which no match is outside of, and a [`Tree`], which
//! decides. So the cheap clauses of a conjunction choose the candidates, wherever they stand.

use std::cell::RefCell;
use std::sync::Arc;

use tantivy::query::{AllQuery, BooleanQuery, EnableScoring, Occur, Weight};

use super::SearchError;
use super::expressions::{ExpressionScore, expression_at, filter};
use super::formula::Computable;
use crate::aggregation::{Plan, Sources};
use crate::computed::{Bool, Computed, ComputedQuery, Failure, Tree, Watch, WatchedQuery};
use crate::query::plain::{self, EngineQuery, Plain, compound};
use crate::query::{BoolClause, FunctionCall, Query, UdfClause};
use crate::request::{Formula, SearchRequest, SortBy, SortKey};
use crate::udf::{Surroundings, UdfCall};

/// A request, ready to run.
pub(super) struct Composed {
    pub(super) query: EngineQuery,
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
    /// Where it ends before its time, if there are UDFs in it.
    pub(super) failure: Failure,
}

/// Composes queries for one search.
pub(super) struct Composer<'a> {
    plain: Plain<'a>,
    surroundings: &'a Surroundings,
    now: i64,
    calls: Vec<UdfCall>,
    watches: Option<&'a Watches>,
    failure: Failure,
}

/// What watches clauses, by their paths.
#[derive(Default)]
pub(super) struct Watches(RefCell<Vec<(String, Watch)>>);

impl Watches {
    fn begin(&self, path: &str) -> Watch {
        let watch = Watch::default();
        self.0.borrow_mut().push((path.to_owned(), watch.clone()));
        watch
    }

    /// Watches a query of the engine's.
    pub(super) fn query(&self, query: EngineQuery, path: &str) -> EngineQuery {
        let watch = self.begin(path);
        Box::new(WatchedQuery { query, watch })
    }
}

/// A clause, compiled.
enum Part {
    /// By the engine.
    Index(EngineQuery),
    /// In two phases.
    Computed(Arc<dyn tantivy::query::Query>, Tree),
}

impl Part {
    /// What gives its candidates, and what decides about them.
    fn split(self) -> (Arc<dyn tantivy::query::Query>, Tree) {
        match self {
            Self::Index(query) => (Arc::from(query), Tree::Approximation),
            Self::Computed(approximation, tree) => (approximation, tree),
        }
    }

    /// What decides about documents that are not its candidates.
    fn tree(self) -> Tree {
        match self {
            Self::Index(query) => Tree::Index(Arc::from(query)),
            Self::Computed(approximation, tree) => tree.within(&approximation),
        }
    }

    #[expect(clippy::float_cmp, reason = "only the default, 1, changes nothing")]
    fn boosted(self, boost: f32) -> Self {
        match self {
            part if boost == 1.0 => part,
            Self::Index(query) => {
                Self::Index(Box::new(tantivy::query::BoostQuery::new(query, boost)))
            }
            Self::Computed(approximation, tree) => {
                Self::Computed(approximation, Tree::Boost(Box::new(tree), boost))
            }
        }
    }
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

impl<'a> Composer<'a> {
    /// For a search at a time, in microseconds since 1970.
    pub(super) fn new(surroundings: &'a Surroundings, now: i64) -> Self {
        Self {
            plain: Plain::new(&surroundings.mapping, now),
            surroundings,
            now,
            calls: Vec::new(),
            watches: None,
            failure: Failure::default(),
        }
    }

    /// With something that watches every clause; `query` watches those of the engine's.
    pub(super) fn watched(mut self, watches: &'a Watches, query: &'a plain::Watch<'a>) -> Self {
        self.plain = self.plain.watched(query);
        self.watches = Some(watches);
        self
    }

    /// Composes a request.
    ///
    /// # Errors
    ///
    /// Values that their fields do not have, functions that there are not, and parameters that
    /// they refuse; expressions that are none over these fields; formulas whose type does not go
    /// with their place.
    pub(super) fn compose(mut self, request: &SearchRequest) -> Result<Composed, SearchError> {
        let query = self.query(&request.query, "query")?;
        let mut sort = Vec::with_capacity(request.sort.len());
        for (number, key) in request.sort.iter().enumerate() {
            sort.push(self.sort_key(key, &format!("sort[{number}]"))?);
        }
        let rescore = request.rescore.as_ref();
        let rescore = rescore.map(|rescore| self.score(&rescore.formula, "rescore"));
        let mut fields = Vec::with_capacity(request.fields.len());
        for (name, formula) in &request.fields {
            let formula = self.formula(formula, &format!("fields.{name}"))?;
            fields.push((name.clone(), formula));
        }
        let mapping = Arc::clone(&self.surroundings.mapping);
        let now = self.now;
        let aggregations = request.aggregations.plan(&mapping, now, &mut self)?;
        Ok(Composed {
            query,
            sort,
            rescore: rescore.transpose()?,
            fields,
            aggregations,
            calls: self.calls,
            watches: self
                .watches
                .map(|watches| watches.0.take())
                .unwrap_or_default(),
            failure: self.failure,
        })
    }

    /// A query, whether it computes or not.
    fn query(&mut self, query: &Query, path: &str) -> Result<EngineQuery, SearchError> {
        Ok(match self.part(query, path)? {
            Part::Index(query) => query,
            Part::Computed(approximation, tree) => Box::new(ComputedQuery {
                approximation,
                tree,
                failure: self.failure.clone(),
            }),
        })
    }

    fn part(&mut self, query: &Query, path: &str) -> Result<Part, SearchError> {
        let part = self.unwatched(query, path)?;
        Ok(match (part, self.watches) {
            (Part::Computed(approximation, tree), Some(watches)) => {
                let watch = watches.begin(&format!("{path}.{}", query.name()));
                Part::Computed(approximation, Tree::Watched(Box::new(tree), watch))
            }
            (part, _) => part,
        })
    }

    fn unwatched(&mut self, query: &Query, path: &str) -> Result<Part, SearchError> {
        let inside = format!("{path}.{}", query.name());
        match query {
            plain if !plain.computes() => self.index(plain, path),
            Query::WasmUdf(clause) => self.udf(clause, &inside),
            Query::ConstantScore { filter, boost } => {
                let (approximation, tree) = self.part(filter, &format!("{inside}.filter"))?.split();
                Ok(Part::Computed(
                    approximation,
                    Tree::Constant(Box::new(tree), *boost),
                ))
            }
            Query::Boosting {
                positive,
                negative,
                negative_boost,
                boost,
            } => {
                let positive = self.part(positive, &format!("{inside}.positive"))?;
                let negative = self.part(negative, &format!("{inside}.negative"))?.tree();
                let (approximation, tree) = positive.split();
                let tree = Tree::Boosting(Box::new(tree), Box::new(negative), *negative_boost);
                Ok(Part::Computed(approximation, tree).boosted(*boost))
            }
            Query::DisMax {
                queries,
                tie_breaker,
                boost,
            } => {
                let (mut candidates, mut trees) = (Vec::new(), Vec::new());
                for (number, query) in queries.iter().enumerate() {
                    let part = self.part(query, &format!("{inside}.queries[{number}]"))?;
                    let (approximation, tree) = part.split();
                    candidates.push((Occur::Should, approximation.box_clone()));
                    trees.push(tree.within(&approximation));
                }
                let approximation = Arc::new(BooleanQuery::new(candidates));
                Ok(Part::Computed(approximation, Tree::Max(trees, *tie_breaker)).boosted(*boost))
            }
            Query::Bool(clause) => Ok(self.bool(clause, &inside)?.boosted(clause.boost)),
            Query::ExpressionScore {
                expression,
                query,
                boost,
            } => {
                let (approximation, tree) = self.part(query, &format!("{inside}.query"))?.split();
                let score = self.expression_score(expression, &format!("{inside}.expression"))?;
                let tree = Tree::Computed(Box::new(tree), score);
                Ok(Part::Computed(approximation, tree).boosted(*boost))
            }
            other => unreachable!("`{}` computes nothing", other.name()),
        }
    }

    fn index(&self, query: &Query, path: &str) -> Result<Part, SearchError> {
        let mapping = &self.surroundings.mapping;
        let expression = &mut |_: &Plain<'_>, query: &Query, path: &str| match query {
            Query::Expression { text, boost } => filter(mapping, text, *boost, path).map(Some),
            _ => Ok(None),
        };
        let compiled = self.plain.compile_with(query, path, expression)?;
        Ok(Part::Index(compiled.expect("nothing computes inside")))
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
            Formula::Udf(call) => Ok(Computable::Udf(self.call(call)?)),
            Formula::Expression(text) => {
                let path = format!("{path}.expression");
                let expression = expression_at(&self.surroundings.mapping, text, &path)?;
                Computable::expression(&expression, &path)
            }
        }
    }

    /// The formula at a path of the request as a score.
    fn score(&mut self, formula: &Formula, path: &str) -> Result<Arc<dyn Computed>, SearchError> {
        match formula {
            Formula::Udf(call) => Ok(self.call(call)?.score()?),
            Formula::Expression(text) => self.expression_score(text, &format!("{path}.expression")),
        }
    }

    fn expression_score(&self, text: &str, path: &str) -> Result<Arc<dyn Computed>, SearchError> {
        let expression = expression_at(&self.surroundings.mapping, text, path)?;
        Ok(Arc::new(ExpressionScore::new(&expression, path)?))
    }

    fn call(&mut self, call: &FunctionCall) -> Result<UdfCall, SearchError> {
        let surroundings = self.surroundings.clone();
        let call = UdfCall::new(&call.function, &call.params, call.on_error, surroundings)?;
        self.calls.push(call.clone());
        Ok(call)
    }

    fn udf(&mut self, clause: &UdfClause, path: &str) -> Result<Part, SearchError> {
        let of = self.part(&clause.query, &format!("{path}.query"))?;
        let computed = self.call(&clause.call)?.clause()?;
        let (approximation, tree) = of.split();
        let tree = Tree::Computed(Box::new(tree), computed);
        Ok(Part::Computed(approximation, tree).boosted(clause.boost))
    }

    fn parts(&mut self, queries: &[Query], path: &str) -> Result<Vec<Part>, SearchError> {
        let parts = queries.iter().enumerate();
        parts
            .map(|(number, query)| self.part(query, &format!("{path}[{number}]")))
            .collect()
    }

    fn bool(&mut self, clause: &BoolClause, path: &str) -> Result<Part, SearchError> {
        let must = self.parts(&clause.must, &format!("{path}.must"))?;
        let filter = self.parts(&clause.filter, &format!("{path}.filter"))?;
        let should = self.parts(&clause.should, &format!("{path}.should"))?;
        let must_not = self.parts(&clause.must_not, &format!("{path}.must_not"))?;
        let Some(minimum) = compound::minimum(clause) else {
            return Ok(Part::Index(Box::new(tantivy::query::EmptyQuery)));
        };
        let mut candidates = Candidates::default();
        let mut tree = Bool {
            minimum,
            ..Bool::default()
        };
        for part in must {
            tree.must.extend(candidates.require(part, true));
        }
        for part in filter {
            tree.filter.extend(candidates.require(part, false));
        }
        for part in must_not {
            tree.must_not.extend(candidates.exclude(part));
        }
        let (should, some) = candidates.some_of(should, minimum);
        tree.should = should;
        if !candidates.has_required() {
            candidates.clauses.extend(some);
        }
        // It matches every candidate, and has the scores of those clauses that the engine does.
        tree.must.push(Tree::Approximation);
        Ok(Part::Computed(
            Arc::new(candidates.query()),
            Tree::Bool(tree),
        ))
    }
}

/// The engine's share of a conjunction.
#[derive(Default)]
struct Candidates {
    clauses: Vec<(Occur, EngineQuery)>,
}

impl Candidates {
    /// Requires a clause, and gives what is left to decide.
    fn require(&mut self, part: Part, scores: bool) -> Option<Tree> {
        match part {
            Part::Index(query) => {
                let query = if scores {
                    query
                } else {
                    compound::unscored(query)
                };
                self.clauses.push((Occur::Must, query));
                None
            }
            Part::Computed(approximation, tree) => {
                self.clauses
                    .push((Occur::Must, compound::unscored(approximation.box_clone())));
                Some(tree.within(&approximation))
            }
        }
    }

    fn exclude(&mut self, part: Part) -> Option<Tree> {
        match part {
            Part::Index(query) => {
                self.clauses
                    .push((Occur::MustNot, compound::excluded(query)));
                None
            }
            computed @ Part::Computed(..) => Some(computed.tree()),
        }
    }

    /// What decides about clauses of which so many must match; and, where some must, a clause that
    /// all documents match for which they do.
    fn some_of(
        &mut self,
        parts: Vec<Part>,
        minimum: usize,
    ) -> (Vec<Tree>, Option<(Occur, EngineQuery)>) {
        if minimum == 0 && self.has_required() {
            // They only score, and the engine does what it can.
            let mut trees = Vec::new();
            for part in parts {
                match part {
                    Part::Index(query) => self.clauses.push((Occur::Should, query)),
                    computed @ Part::Computed(..) => trees.push(computed.tree()),
                }
            }
            return (trees, None);
        }
        let (mut candidates, mut trees) = (Vec::new(), Vec::new());
        for part in parts {
            let (approximation, tree) = part.split();
            candidates.push((Occur::Should, approximation.box_clone()));
            trees.push(tree.within(&approximation));
        }
        if minimum == 0 {
            return (trees, None);
        }
        let some = BooleanQuery::with_minimum_required_clauses(candidates, minimum);
        (
            trees,
            Some((Occur::Must, compound::unscored(Box::new(some)))),
        )
    }

    fn has_required(&self) -> bool {
        self.clauses.iter().any(|(occur, _)| *occur == Occur::Must)
    }

    fn query(mut self) -> BooleanQuery {
        if !self.has_required() {
            // The engine takes exclusions alone for nothing.
            let all = compound::unscored(Box::new(AllQuery));
            self.clauses.push((Occur::Must, all));
        }
        BooleanQuery::new(self.clauses)
    }
}
