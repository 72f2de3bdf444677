//! The matcher: which candidates of an approximation match a query, and with what score.
//!
//! Its shape is the query's own. It is one type at three stages, which differ in what their leaves
//! and computed clauses are: a [`Matcher`] has queries, a [`MatcherWeight`] weights, and an
//! [`Evaluator`] the scorers of a segment.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use tantivy::query::{EnableScoring, Query, Scorer, Weight};
use tantivy::{DocId, Score, SegmentReader, TERMINATED};

use super::{Block, Computation, Computed, Outcome, Watch};

/// A query's shape, over its leaves `L` and what computes `C`.
#[derive(Debug, Clone)]
pub(crate) enum Shape<L, C> {
    /// What needs no computation.
    Leaf(L),
    /// A computed clause over the documents and scores of a query.
    Computed(Box<Self>, C),
    /// Several clauses.
    Bool(Bool<Self>),
    /// A clause with its scores multiplied.
    Boost(Box<Self>, Score),
    /// A clause whose matches all have one score.
    Constant(Box<Self>, Score),
    /// Matches of the first; the score of those that match the second too is multiplied.
    Boosting(Box<Self>, Box<Self>, Score),
    /// The best score of several, and the others' times a factor.
    Max(Vec<Self>, Score),
    /// A watched clause.
    Watched(Box<Self>, Watch),
}

/// A clause without computed clauses inside.
#[derive(Debug, Clone)]
pub(crate) enum Leaf<Q> {
    /// The approximation itself: every candidate matches it, and it gave the score.
    Approximation,
    /// Another query, asked about each candidate.
    Index(Q),
}

/// Clauses of which some must match.
#[derive(Debug, Clone)]
pub(crate) struct Bool<T> {
    /// All of them match, and score.
    pub(crate) must: Vec<T>,
    /// All of them match, and do not score.
    pub(crate) filter: Vec<T>,
    /// At least [`Bool::minimum`] of them match, and each that does scores.
    pub(crate) should: Vec<T>,
    /// None of them matches.
    pub(crate) must_not: Vec<T>,
    pub(crate) minimum: usize,
    /// The order of the clauses that decide alone, by their numbers, once they are ordered.
    pub(super) decisive: Vec<(Role, usize)>,
}

/// What a clause that decides alone is there for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    Filter,
    Must,
    MustNot,
}

impl<T> Default for Bool<T> {
    fn default() -> Self {
        Self {
            must: Vec::new(),
            filter: Vec::new(),
            should: Vec::new(),
            must_not: Vec::new(),
            minimum: 0,
            decisive: Vec::new(),
        }
    }
}

/// A matcher of queries.
pub(crate) type Matcher = Shape<Leaf<Arc<dyn Query>>, Arc<dyn Computed>>;

/// A matcher bound to a searcher.
pub(super) type MatcherWeight = Shape<Leaf<Arc<dyn Weight>>, Arc<dyn Computed>>;

/// A matcher at work on a segment.
pub(super) type Evaluator = Shape<Leaf<Box<dyn Scorer>>, Box<dyn Computation>>;

impl<L, C> Shape<L, C> {
    /// The same shape with other leaves and computed clauses.
    fn try_map<M, D, E>(
        self,
        leaf: &mut dyn FnMut(L) -> Result<M, E>,
        computed: &mut dyn FnMut(C) -> Result<D, E>,
    ) -> Result<Shape<M, D>, E> {
        let mut map = |shape: Self| shape.try_map(leaf, computed);
        Ok(match self {
            Self::Leaf(it) => Shape::Leaf(leaf(it)?),
            Self::Computed(of, it) => {
                let of = Box::new(map(*of)?);
                Shape::Computed(of, computed(it)?)
            }
            Self::Bool(clauses) => {
                let mut all = |shapes: Vec<Self>| -> Result<Vec<_>, E> {
                    shapes.into_iter().map(&mut map).collect()
                };
                Shape::Bool(Bool {
                    must: all(clauses.must)?,
                    filter: all(clauses.filter)?,
                    should: all(clauses.should)?,
                    must_not: all(clauses.must_not)?,
                    minimum: clauses.minimum,
                    decisive: clauses.decisive,
                })
            }
            Self::Boost(of, factor) => Shape::Boost(Box::new(map(*of)?), factor),
            Self::Constant(of, score) => Shape::Constant(Box::new(map(*of)?), score),
            Self::Boosting(positive, negative, factor) => {
                let positive = Box::new(map(*positive)?);
                Shape::Boosting(positive, Box::new(map(*negative)?), factor)
            }
            Self::Max(shapes, factor) => {
                let shapes: Result<_, E> = shapes.into_iter().map(map).collect();
                Shape::Max(shapes?, factor)
            }
            Self::Watched(of, watch) => Shape::Watched(Box::new(map(*of)?), watch),
        })
    }
}

impl Matcher {
    /// The approximation itself.
    pub(crate) fn approximation() -> Self {
        Self::Leaf(Leaf::Approximation)
    }

    /// A query that is asked about each candidate.
    pub(crate) fn index(query: Arc<dyn Query>) -> Self {
        Self::Leaf(Leaf::Index(query))
    }

    /// The matcher as a part of a query that has another approximation: each candidate of that one
    /// is a candidate of `own` too, which now answers for its score alone.
    pub(crate) fn within(self, own: &Arc<dyn Query>) -> Self {
        let mut leaf = |leaf| {
            Ok(match leaf {
                Leaf::Approximation => Leaf::Index(Arc::clone(own)),
                Leaf::Index(query) => Leaf::Index(query),
            })
        };
        let within: Result<_, Infallible> = self.try_map(&mut leaf, &mut Ok);
        within.unwrap_or_else(|never| match never {})
    }

    pub(super) fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<MatcherWeight> {
        let mut leaf = |leaf: Leaf<Arc<dyn Query>>| {
            Ok(match leaf {
                Leaf::Approximation => Leaf::Approximation,
                Leaf::Index(query) => Leaf::Index(Arc::from(query.weight(scoring)?)),
            })
        };
        self.clone().try_map(&mut leaf, &mut Ok)
    }
}

/// What a clause costs a document: the nanoseconds of its functions, and a rank among the clauses
/// without any.
type Cost = (u64, u8);

impl MatcherWeight {
    /// At work on a segment, the clauses that cost less first: they leave less to the others.
    pub(super) fn evaluator(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Evaluator> {
        let mut leaf = |leaf: Leaf<Arc<dyn Weight>>| {
            Ok(match leaf {
                Leaf::Approximation => Leaf::Approximation,
                Leaf::Index(weight) => Leaf::Index(weight.scorer(reader, 1.0)?),
            })
        };
        let mut computed = |computed: Arc<dyn Computed>| computed.for_segment(reader, expected);
        let mut ordered = self.clone();
        ordered.order();
        ordered.try_map(&mut leaf, &mut computed)
    }

    fn order(&mut self) {
        match self {
            Self::Leaf(_) => {}
            Self::Computed(of, _)
            | Self::Boost(of, _)
            | Self::Constant(of, _)
            | Self::Watched(of, _) => of.order(),
            Self::Boosting(positive, negative, _) => {
                positive.order();
                negative.order();
            }
            Self::Max(shapes, _) => shapes.iter_mut().for_each(Self::order),
            Self::Bool(clauses) => clauses.order(),
        }
    }

    fn cost(&self) -> Cost {
        let all = |shapes: &[Self]| -> u64 { shapes.iter().map(|shape| shape.cost().0).sum() };
        match self {
            Self::Leaf(Leaf::Approximation) => (0, 0),
            Self::Leaf(Leaf::Index(_)) => (0, 1),
            Self::Computed(of, computed) => {
                let (functions, rank) = of.cost();
                (functions + computed.cost(), rank.max(3))
            }
            Self::Boost(of, _) | Self::Constant(of, _) | Self::Watched(of, _) => of.cost(),
            Self::Bool(clauses) => {
                let Bool {
                    must,
                    filter,
                    should,
                    must_not,
                    ..
                } = clauses;
                let lists = [must, filter, should, must_not];
                (lists.into_iter().map(|list| all(list)).sum(), 2)
            }
            Self::Boosting(positive, negative, _) => (positive.cost().0 + negative.cost().0, 2),
            Self::Max(shapes, _) => (all(shapes), 2),
        }
    }
}

impl Bool<MatcherWeight> {
    fn order(&mut self) {
        let Self {
            must,
            filter,
            should,
            must_not,
            ..
        } = self;
        let mut decisive = Vec::new();
        for (role, clauses) in [
            (Role::Filter, filter),
            (Role::Must, must),
            (Role::MustNot, must_not),
        ] {
            clauses.iter_mut().for_each(Shape::order);
            let costs = clauses.iter().map(Shape::cost).enumerate();
            decisive.extend(costs.map(|(number, cost)| (cost, role, number)));
        }
        decisive.sort_by_key(|(cost, ..)| *cost);
        let decisive = decisive.into_iter();
        self.decisive = decisive.map(|(_, role, number)| (role, number)).collect();
        should.iter_mut().for_each(Shape::order);
        should.sort_by_key(Shape::cost);
    }
}

impl Block {
    /// The candidates at some positions.
    fn only(&self, positions: &[usize]) -> Self {
        Self {
            documents: positions.iter().map(|at| self.documents[*at]).collect(),
            scores: positions.iter().map(|at| self.scores[*at]).collect(),
        }
    }
}

impl Evaluator {
    /// What each candidate comes to. `None`: the search has ended.
    pub(super) fn evaluate(&mut self, block: &Block) -> Option<Vec<Outcome>> {
        match self {
            Self::Leaf(Leaf::Approximation) => {
                Some(block.scores.iter().copied().map(Outcome::Yes).collect())
            }
            Self::Leaf(Leaf::Index(scorer)) => Some(sought(scorer.as_mut(), &block.documents)),
            Self::Computed(of, computation) => computed(of, computation.as_mut(), block),
            Self::Bool(clauses) => clauses.evaluate(block),
            Self::Boost(of, factor) => of.rescored(block, |score| score * *factor),
            Self::Constant(of, constant) => of.rescored(block, |_| *constant),
            Self::Boosting(positive, negative, factor) => {
                boosting(positive, negative, *factor, block)
            }
            Self::Max(evaluators, factor) => max(evaluators, *factor, block),
            Self::Watched(of, watch) => {
                let started = Instant::now();
                let outcomes = of.evaluate(block)?;
                let had = outcomes.iter().filter(|outcome| **outcome != Outcome::No);
                watch.saw(block.len(), had.count(), started);
                Some(outcomes)
            }
        }
    }

    /// All matches of a segment from a document on, and their score, if an index knows them by now.
    /// Every document is a candidate with the score `score`.
    pub(super) fn rest(
        &mut self,
        from: DocId,
        score: Score,
    ) -> tantivy::Result<Option<(Box<dyn Scorer>, Score)>> {
        Ok(match self {
            Self::Computed(of, computation) => match **of {
                Self::Leaf(Leaf::Approximation) => {
                    computation.rest(from)?.map(|scorer| (scorer, score))
                }
                _ => None,
            },
            Self::Boost(of, factor) => {
                let rest = of.rest(from, score)?;
                rest.map(|(scorer, score)| (scorer, score * *factor))
            }
            Self::Constant(of, constant) => {
                let rest = of.rest(from, score)?;
                rest.map(|(scorer, _)| (scorer, *constant))
            }
            Self::Leaf(_)
            | Self::Bool(_)
            | Self::Boosting(..)
            | Self::Max(..)
            | Self::Watched(..) => None,
        })
    }

    fn rescored(
        &mut self,
        block: &Block,
        rescore: impl Fn(Score) -> Score,
    ) -> Option<Vec<Outcome>> {
        let mut outcomes = self.evaluate(block)?;
        for outcome in &mut outcomes {
            if let Outcome::Yes(score) = outcome {
                *score = rescore(*score);
            }
        }
        Some(outcomes)
    }

    /// Evaluates candidates at some positions, and hands each outcome on with its position.
    fn evaluate_at(
        &mut self,
        block: &Block,
        positions: &[usize],
        mut take: impl FnMut(usize, Outcome),
    ) -> Option<()> {
        if positions.is_empty() {
            return Some(());
        }
        let outcomes = if positions.len() == block.len() {
            self.evaluate(block)?
        } else {
            self.evaluate(&block.only(positions))?
        };
        for (position, outcome) in positions.iter().zip(outcomes) {
            take(*position, outcome);
        }
        Some(())
    }
}

/// Looks documents up, one after the other, in what the index answers.
fn sought(scorer: &mut dyn Scorer, documents: &[DocId]) -> Vec<Outcome> {
    let mut look_up = |document: DocId| {
        if scorer.doc() < document {
            scorer.seek(document);
        }
        if scorer.doc() == document {
            Outcome::Yes(scorer.score())
        } else {
            debug_assert!(scorer.doc() > document || scorer.doc() == TERMINATED);
            Outcome::No
        }
    };
    documents
        .iter()
        .map(|document| look_up(*document))
        .collect()
}

fn computed(
    of: &mut Evaluator,
    computation: &mut dyn Computation,
    block: &Block,
) -> Option<Vec<Outcome>> {
    if let Evaluator::Leaf(Leaf::Approximation) = of {
        return computation.compute(&block.documents, &block.scores);
    }
    let mut outcomes = of.evaluate(block)?;
    let mut matching = Block::default();
    for (document, outcome) in block.documents.iter().zip(&outcomes) {
        if let Outcome::Yes(score) = outcome {
            matching.push(*document, *score);
        }
    }
    if matching.len() == 0 {
        return Some(outcomes);
    }
    let mut computed = computation
        .compute(&matching.documents, &matching.scores)?
        .into_iter();
    for outcome in &mut outcomes {
        if let Outcome::Yes(_) = outcome {
            *outcome = computed.next().expect("one outcome for each document");
        }
    }
    Some(outcomes)
}

impl Bool<Evaluator> {
    fn evaluate(&mut self, block: &Block) -> Option<Vec<Outcome>> {
        let mut scores: Vec<Score> = vec![0.0; block.len()];
        let mut left: Vec<usize> = (0..block.len()).collect();
        let mut next = Vec::with_capacity(block.len());
        for (role, number) in &self.decisive {
            next.clear();
            let evaluator = match role {
                Role::Filter => &mut self.filter[*number],
                Role::Must => &mut self.must[*number],
                Role::MustNot => &mut self.must_not[*number],
            };
            evaluator.evaluate_at(block, &left, |position, outcome| {
                match (role, outcome) {
                    (Role::Must, Outcome::Yes(score)) => scores[position] += score,
                    (Role::Filter, Outcome::Yes(_)) | (Role::MustNot, Outcome::No) => {}
                    (Role::Filter | Role::Must, Outcome::No) | (Role::MustNot, Outcome::Yes(_)) => {
                        return;
                    }
                }
                next.push(position);
            })?;
            std::mem::swap(&mut left, &mut next);
        }
        let mut matched = vec![
            0;
            if self.should.is_empty() {
                0
            } else {
                block.len()
            }
        ];
        let clauses = self.should.len();
        for (number, evaluator) in self.should.iter_mut().enumerate() {
            evaluator.evaluate_at(block, &left, |position, outcome| {
                if let Outcome::Yes(score) = outcome {
                    scores[position] += score;
                    matched[position] += 1;
                }
            })?;
            // Those that the clauses to come cannot help any more.
            let to_come = clauses - number - 1;
            left.retain(|position| matched[*position] + to_come >= self.minimum);
        }
        let mut outcomes = vec![Outcome::No; block.len()];
        if self.should.is_empty() && self.minimum > 0 {
            return Some(outcomes);
        }
        for position in left {
            outcomes[position] = Outcome::Yes(scores[position]);
        }
        Some(outcomes)
    }
}

fn boosting(
    positive: &mut Evaluator,
    negative: &mut Evaluator,
    factor: Score,
    block: &Block,
) -> Option<Vec<Outcome>> {
    let mut outcomes = positive.evaluate(block)?;
    let matching: Vec<usize> = (0..block.len())
        .filter(|position| outcomes[*position] != Outcome::No)
        .collect();
    negative.evaluate_at(block, &matching, |position, outcome| {
        if let (Outcome::Yes(score), Outcome::Yes(_)) = (&mut outcomes[position], outcome) {
            *score *= factor;
        }
    })?;
    Some(outcomes)
}

fn max(evaluators: &mut [Evaluator], factor: Score, block: &Block) -> Option<Vec<Outcome>> {
    let mut sums = vec![0.0; block.len()];
    let mut best: Vec<Option<Score>> = vec![None; block.len()];
    for evaluator in evaluators {
        for (position, outcome) in evaluator.evaluate(block)?.into_iter().enumerate() {
            if let Outcome::Yes(score) = outcome {
                sums[position] += score;
                let so_far = best[position].unwrap_or(score);
                best[position] = Some(so_far.max(score));
            }
        }
    }
    let outcome = |(best, sum): (Option<Score>, Score)| match best {
        None => Outcome::No,
        Some(best) => Outcome::Yes(best + (sum - best) * factor),
    };
    Some(best.into_iter().zip(sums).map(outcome).collect())
}
