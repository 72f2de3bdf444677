//! A query's shape, and what it says of a block of candidates.

use std::sync::Arc;
use std::time::Instant;

use tantivy::query::{EnableScoring, Query, Scorer, Weight};
use tantivy::{DocId, Score, SegmentReader, TERMINATED};

use super::{Computation, Computed, Outcome, Watch};

/// A query with computed clauses in it.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// The approximation: every candidate matches it, and it gave the score.
    Approximation,
    /// What the index answers, asked for each candidate.
    Index(Arc<dyn Query>),
    /// A computed clause over the documents and scores of a query.
    Computed(Box<Tree>, Arc<dyn Computed>),
    /// Several clauses.
    Bool(Bool),
    /// A clause, its scores multiplied.
    Boost(Box<Tree>, Score),
    /// A clause whose matches all have one score.
    Constant(Box<Tree>, Score),
    /// Matches of the first; the score of those that match the second too is multiplied.
    Boosting(Box<Tree>, Box<Tree>, Score),
    /// The best score of several, and the others' times a factor.
    Max(Vec<Tree>, Score),
    /// A clause, watched.
    Watched(Box<Tree>, Watch),
}

/// Clauses of which some must match.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bool {
    /// All of them match, and score.
    pub(crate) must: Vec<Tree>,
    /// All of them match, and do not score.
    pub(crate) filter: Vec<Tree>,
    /// At least [`Bool::minimum`] of them match, and each that does scores.
    pub(crate) should: Vec<Tree>,
    /// None of them matches.
    pub(crate) must_not: Vec<Tree>,
    pub(crate) minimum: usize,
}

impl Tree {
    /// The tree as a part of a query that has another approximation: each candidate of that one is
    /// a candidate of `own` too, which now answers for its score alone.
    pub(crate) fn within(self, own: &Arc<dyn Query>) -> Self {
        match self {
            Self::Approximation => Self::Index(Arc::clone(own)),
            Self::Index(_) => self,
            Self::Computed(of, computed) => Self::Computed(Box::new(of.within(own)), computed),
            Self::Bool(Bool {
                must,
                filter,
                should,
                must_not,
                minimum,
            }) => {
                let within =
                    |trees: Vec<Tree>| trees.into_iter().map(|tree| tree.within(own)).collect();
                Self::Bool(Bool {
                    must: within(must),
                    filter: within(filter),
                    should: within(should),
                    must_not: within(must_not),
                    minimum,
                })
            }
            Self::Watched(of, watch) => Self::Watched(Box::new(of.within(own)), watch),
            Self::Boost(of, factor) => Self::Boost(Box::new(of.within(own)), factor),
            Self::Constant(of, score) => Self::Constant(Box::new(of.within(own)), score),
            Self::Boosting(positive, negative, factor) => Self::Boosting(
                Box::new(positive.within(own)),
                Box::new(negative.within(own)),
                factor,
            ),
            Self::Max(trees, factor) => {
                let trees = trees.into_iter().map(|tree| tree.within(own));
                Self::Max(trees.collect(), factor)
            }
        }
    }

    /// Whether it is answered without a look at anything.
    fn cost(&self) -> u8 {
        match self {
            Self::Approximation => 0,
            Self::Index(_) => 1,
            Self::Computed(..) => 3,
            Self::Boost(of, _) | Self::Constant(of, _) | Self::Watched(of, _) => of.cost(),
            Self::Bool(_) | Self::Boosting(..) | Self::Max(..) => 2,
        }
    }

    pub(super) fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<TreeWeight> {
        let weights = |trees: &[Tree]| -> tantivy::Result<Vec<TreeWeight>> {
            // Cheap ones first: they leave less to the others. The order of scores' sums follows.
            let mut trees: Vec<&Tree> = trees.iter().collect();
            trees.sort_by_key(|tree| tree.cost());
            trees.into_iter().map(|tree| tree.weight(scoring)).collect()
        };
        let weight = |tree: &Tree| tree.weight(scoring).map(Box::new);
        Ok(match self {
            Self::Approximation => TreeWeight::Approximation,
            Self::Index(query) => TreeWeight::Index(query.weight(scoring)?),
            Self::Computed(of, computed) => TreeWeight::Computed(weight(of)?, Arc::clone(computed)),
            Self::Bool(Bool {
                must,
                filter,
                should,
                must_not,
                minimum,
            }) => TreeWeight::Bool {
                must: weights(must)?,
                filter: weights(filter)?,
                should: weights(should)?,
                must_not: weights(must_not)?,
                minimum: *minimum,
            },
            Self::Watched(of, watch) => TreeWeight::Watched(weight(of)?, watch.clone()),
            Self::Boost(of, factor) => TreeWeight::Boost(weight(of)?, *factor),
            Self::Constant(of, score) => TreeWeight::Constant(weight(of)?, *score),
            Self::Boosting(positive, negative, factor) => {
                TreeWeight::Boosting(weight(positive)?, weight(negative)?, *factor)
            }
            Self::Max(trees, factor) => TreeWeight::Max(weights(trees)?, *factor),
        })
    }
}

/// A tree bound to a searcher.
pub(super) enum TreeWeight {
    Approximation,
    Index(Box<dyn Weight>),
    Computed(Box<TreeWeight>, Arc<dyn Computed>),
    Bool {
        must: Vec<TreeWeight>,
        filter: Vec<TreeWeight>,
        should: Vec<TreeWeight>,
        must_not: Vec<TreeWeight>,
        minimum: usize,
    },
    Boost(Box<TreeWeight>, Score),
    Constant(Box<TreeWeight>, Score),
    Boosting(Box<TreeWeight>, Box<TreeWeight>, Score),
    Max(Vec<TreeWeight>, Score),
    Watched(Box<TreeWeight>, Watch),
}

impl TreeWeight {
    pub(super) fn evaluator(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Evaluator> {
        let evaluators = |weights: &[TreeWeight]| -> tantivy::Result<Vec<Evaluator>> {
            let evaluators = weights
                .iter()
                .map(|weight| weight.evaluator(reader, expected));
            evaluators.collect()
        };
        let evaluator = |weight: &TreeWeight| weight.evaluator(reader, expected).map(Box::new);
        Ok(match self {
            Self::Approximation => Evaluator::Approximation,
            Self::Index(weight) => Evaluator::Index(weight.scorer(reader, 1.0)?),
            Self::Computed(of, computed) => {
                Evaluator::Computed(evaluator(of)?, computed.for_segment(reader, expected)?)
            }
            Self::Bool {
                must,
                filter,
                should,
                must_not,
                minimum,
            } => Evaluator::Bool(Clauses {
                must: evaluators(must)?,
                filter: evaluators(filter)?,
                should: evaluators(should)?,
                must_not: evaluators(must_not)?,
                minimum: *minimum,
            }),
            Self::Watched(of, watch) => Evaluator::Watched(evaluator(of)?, watch.clone()),
            Self::Boost(of, factor) => Evaluator::Boost(evaluator(of)?, *factor),
            Self::Constant(of, score) => Evaluator::Constant(evaluator(of)?, *score),
            Self::Boosting(positive, negative, factor) => {
                Evaluator::Boosting(evaluator(positive)?, evaluator(negative)?, *factor)
            }
            Self::Max(weights, factor) => Evaluator::Max(evaluators(weights)?, *factor),
        })
    }
}

/// A tree at work on a segment.
pub(super) enum Evaluator {
    Approximation,
    Index(Box<dyn Scorer>),
    Computed(Box<Evaluator>, Box<dyn Computation>),
    Bool(Clauses),
    Boost(Box<Evaluator>, Score),
    Constant(Box<Evaluator>, Score),
    Boosting(Box<Evaluator>, Box<Evaluator>, Score),
    Max(Vec<Evaluator>, Score),
    Watched(Box<Evaluator>, Watch),
}

pub(super) struct Clauses {
    must: Vec<Evaluator>,
    filter: Vec<Evaluator>,
    should: Vec<Evaluator>,
    must_not: Vec<Evaluator>,
    minimum: usize,
}

/// Candidates in ascending order, and the scores that the approximation gave them.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    pub(super) documents: Vec<DocId>,
    pub(super) scores: Vec<Score>,
}

impl Block {
    pub(super) fn clear(&mut self) {
        self.documents.clear();
        self.scores.clear();
    }

    pub(super) fn push(&mut self, document: DocId, score: Score) {
        self.documents.push(document);
        self.scores.push(score);
    }

    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

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
            Self::Approximation => Some(block.scores.iter().copied().map(Outcome::Yes).collect()),
            Self::Index(scorer) => Some(sought(scorer.as_mut(), &block.documents)),
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

impl Clauses {
    fn evaluate(&mut self, block: &Block) -> Option<Vec<Outcome>> {
        let mut scores: Vec<Score> = vec![0.0; block.len()];
        let mut left: Vec<usize> = (0..block.len()).collect();
        let mut next = Vec::with_capacity(block.len());
        // What is computed comes last of its kind, so filters go before what scores.
        for evaluator in &mut self.filter {
            next.clear();
            evaluator.evaluate_at(block, &left, |position, outcome| {
                if outcome != Outcome::No {
                    next.push(position);
                }
            })?;
            std::mem::swap(&mut left, &mut next);
        }
        for evaluator in &mut self.must {
            next.clear();
            evaluator.evaluate_at(block, &left, |position, outcome| {
                if let Outcome::Yes(score) = outcome {
                    scores[position] += score;
                    next.push(position);
                }
            })?;
            std::mem::swap(&mut left, &mut next);
        }
        for evaluator in &mut self.must_not {
            next.clear();
            evaluator.evaluate_at(block, &left, |position, outcome| {
                if outcome == Outcome::No {
                    next.push(position);
                }
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
