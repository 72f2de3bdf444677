//! A query with computed clauses as one of the engine's own: query, weight and scorer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

use super::matcher::{Evaluator, Matcher, MatcherWeight};
use super::{BLOCK_DOCUMENTS, Block, Blocks, Outcome, STEP_DOCUMENTS};
use crate::allowance::Allowance;
use crate::memory::Reservation;

/// Whether a search has ended for a reason that the engine's iterators cannot tell. Clones share
/// it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failure(Arc<AtomicBool>);

impl Failure {
    /// Ends the search, in all of its threads.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has ended.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// An approximation, and the matcher that says which of its documents match.
///
/// If the search fails or its time is over, it has no more documents: whoever runs it asks its
/// [`Failure`] and its [`Allowance`].
#[derive(Debug, Clone)]
pub(crate) struct ComputedQuery {
    pub(crate) approximation: Arc<dyn Query>,
    pub(crate) matcher: Matcher,
    pub(crate) failure: Failure,
    pub(crate) allowance: Allowance,
}

impl Query for ComputedQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        // A computed clause reads its documents' scores, wherever it stands.
        let scoring = match scoring {
            EnableScoring::Disabled {
                searcher_opt: Some(searcher),
                ..
            } => EnableScoring::enabled_from_searcher(searcher),
            other => other,
        };
        Ok(Box::new(ComputedWeight {
            approximation: self.approximation.weight(scoring)?,
            matcher: self.matcher.weight(scoring)?,
            failure: self.failure.clone(),
            allowance: self.allowance.clone(),
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.approximation.query_terms(visitor);
    }
}

struct ComputedWeight {
    approximation: Box<dyn Weight>,
    matcher: MatcherWeight,
    failure: Failure,
    allowance: Allowance,
}

impl Weight for ComputedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let approximation = self.approximation.scorer(reader, 1.0)?;
        // A deleted document is not computed: it could fail.
        let approximation = Blocks::new(approximation, reader, true);
        let evaluator = self.matcher.evaluator(reader, approximation.size_hint())?;
        let mut scorer = ComputedScorer {
            approximation,
            evaluator,
            failure: self.failure.clone(),
            allowance: self.allowance.clone(),
            boost,
            candidates: Block::default(),
            matches: Block::default(),
            at: 0,
            reader: reader.clone(),
            is_in_blocks: false,
            rest: None,
        };
        scorer.refill();
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() < document {
            scorer.seek(document);
        }
        if scorer.doc() != document {
            let error = format!("document {document} does not match");
            return Err(tantivy::TantivyError::InvalidArgument(error));
        }
        Ok(Explanation::new("computed", scorer.score()))
    }
}

/// Walks the matches of a segment, a block at a time.
pub(crate) struct ComputedScorer {
    approximation: Blocks,
    evaluator: Evaluator,
    failure: Failure,
    allowance: Allowance,
    boost: Score,
    candidates: Block,
    matches: Block,
    /// The position in `matches`; past their end only where there are no more.
    at: usize,
    reader: SegmentReader,
    /// Whether it is walked by blocks alone.
    is_in_blocks: bool,
    /// The matches after the candidates so far, once an index knows them.
    rest: Option<Rest>,
}

/// The last matches of a segment.
struct Rest {
    matches: Blocks,
    /// Their memory.
    _held: Reservation,
}

impl ComputedScorer {
    /// Takes the matches of a block, in the place of those that are in `block`; none at the end.
    pub(crate) fn take(&mut self, block: &mut Block) {
        debug_assert_eq!(self.at, 0, "it is walked by blocks alone");
        std::mem::swap(block, &mut self.matches);
        if block.len() > 0 {
            self.is_in_blocks = true;
            self.refill();
        }
    }

    /// Goes on to the next block that has a match.
    fn refill(&mut self) {
        self.at = 0;
        loop {
            self.matches.clear();
            if self.allowance.is_over() {
                return;
            }
            if let Some(rest) = &mut self.rest {
                let (matches, block) = (&mut rest.matches, &mut self.matches);
                while matches.append(block) && block.len() + STEP_DOCUMENTS <= BLOCK_DOCUMENTS {}
                return;
            }
            self.fill_candidates();
            if self.candidates.len() == 0 || self.failure.is_set() {
                return;
            }
            let Some(outcomes) = self.evaluator.evaluate(&self.candidates) else {
                self.failure.set();
                return;
            };
            for (document, outcome) in self.candidates.documents.iter().zip(outcomes) {
                if let Outcome::Yes(score) = outcome {
                    self.matches.push(*document, score * self.boost);
                }
            }
            if self.is_in_blocks && self.find_rest().is_err() {
                self.failure.set();
                return;
            }
            if self.matches.len() > 0 {
                return;
            }
        }
    }

    /// Leaves the other candidates to an index, if one knows by now which of them match.
    fn find_rest(&mut self) -> tantivy::Result<()> {
        let (Some(score), Some(last)) = (
            self.approximation.of_all(),
            self.candidates.documents.last(),
        ) else {
            return Ok(());
        };
        if let Some((scorer, score)) = self.evaluator.rest(last + 1, score)? {
            // A bit for each document.
            let held = self
                .allowance
                .reserve(u64::from(self.reader.max_doc()) / 8)?;
            let score = score * self.boost;
            self.rest = Some(Rest {
                matches: Blocks::of_one_score(scorer, &self.reader, score),
                _held: held,
            });
        }
        Ok(())
    }

    fn fill_candidates(&mut self) {
        self.candidates.clear();
        while self.candidates.len() + STEP_DOCUMENTS <= BLOCK_DOCUMENTS {
            if !self.approximation.append(&mut self.candidates) {
                return;
            }
        }
    }
}

impl DocSet for ComputedScorer {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        if self.at >= self.matches.len() {
            self.refill();
        }
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let later = self.matches.documents[self.at.min(self.matches.len())..]
            .partition_point(|document| *document < target);
        self.at += later;
        if self.at >= self.matches.len() {
            self.approximation.seek(target);
            self.refill();
        }
        self.doc()
    }

    fn doc(&self) -> DocId {
        let document = self.matches.documents.get(self.at);
        document.copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        self.approximation.size_hint()
    }

    fn cost(&self) -> u64 {
        // What is computed is to follow, never to lead.
        const TIMES: u64 = 100;
        self.approximation.cost().saturating_mul(TIMES)
    }
}

impl Scorer for ComputedScorer {
    fn score(&mut self) -> Score {
        self.matches.scores[self.at]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::collector::{Collector, SegmentCollector};
    use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, TermQuery};
    use tantivy::schema::{FAST, INDEXED, IndexRecordOption, Schema};
    use tantivy::{Index, IndexWriter, Searcher, SegmentOrdinal, TantivyDocument, doc};

    use super::super::{Bool, Computation, Computed};
    use super::*;

    /// Numbers of documents; each has one.
    const NUMBERS: u64 = 12;

    /// Matches documents whose number is a multiple, and doubles their scores; ends the search at
    /// a number.
    #[derive(Debug, Clone)]
    struct Multiples {
        of: u64,
        ends_at: Option<u64>,
    }

    struct SegmentMultiples {
        multiples: Multiples,
        numbers: tantivy::columnar::Column<u64>,
    }

    impl Computed for Multiples {
        fn for_segment(
            &self,
            reader: &SegmentReader,
            _expected: u32,
        ) -> tantivy::Result<Box<dyn Computation>> {
            Ok(Box::new(SegmentMultiples {
                multiples: self.clone(),
                numbers: reader.fast_fields().u64("number")?,
            }))
        }
    }

    impl Computation for SegmentMultiples {
        fn compute(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Outcome>> {
            assert!(documents.len() <= BLOCK_DOCUMENTS && documents.len() == scores.len());
            assert!(documents.is_sorted() && !documents.is_empty());
            let outcome = |(document, score): (&DocId, &Score)| {
                let number = self.numbers.first(*document).expect("each has one");
                if self.multiples.ends_at == Some(number) {
                    return None;
                }
                Some(if number.is_multiple_of(self.multiples.of) {
                    Outcome::Yes(score * 2.0)
                } else {
                    Outcome::No
                })
            };
            documents.iter().zip(scores).map(outcome).collect()
        }
    }

    /// Segments of documents with numbers; every seventh document is deleted.
    fn searcher(segments: &[Vec<u64>]) -> Searcher {
        let mut schema = Schema::builder();
        let number = schema.add_u64_field("number", FAST | INDEXED);
        let position = schema.add_u64_field("position", FAST | INDEXED);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter<TantivyDocument> = index
            .writer_with_num_threads(1, 20_000_000)
            .expect("a writer");
        writer.set_merge_policy(Box::new(tantivy::merge_policy::NoMergePolicy));
        let mut at = 0_u64;
        for segment in segments {
            for value in segment {
                writer
                    .add_document(doc!(number => *value, position => at))
                    .expect("added");
                at += 1;
            }
            writer.commit().expect("committed");
        }
        for deleted in (0..at).step_by(7) {
            writer.delete_term(Term::from_field_u64(position, deleted));
        }
        writer.commit().expect("committed");
        index.reader().expect("a reader").searcher()
    }

    /// The alive documents of a search, with their numbers.
    fn numbers(searcher: &Searcher) -> Vec<((SegmentOrdinal, DocId), u64)> {
        let mut numbers = Vec::new();
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let column = reader.fast_fields().u64("number").expect("a column");
            for document in reader.doc_ids_alive() {
                let segment = u32::try_from(segment).expect("few");
                let number = column.first(document).expect("each has one");
                numbers.push(((segment, document), number));
            }
        }
        numbers
    }

    fn number_is(searcher: &Searcher, number: u64, score: Score) -> Arc<dyn Query> {
        let field = searcher.schema().get_field("number").expect("it is there");
        let term = Term::from_field_u64(field, number);
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        Arc::new(ConstScoreQuery::new(Box::new(query), score))
    }

    /// A matcher, and what it means for a document.
    #[derive(Debug, Clone)]
    enum Model {
        All(Score),
        NumberIs(u64, Score),
        Multiples(u64, Box<Model>),
        Bool([Vec<Model>; 4], usize),
        Boost(Box<Model>, Score),
        Constant(Box<Model>, Score),
        Boosting(Box<Model>, Box<Model>, Score),
        Max(Vec<Model>, Score),
    }

    impl Model {
        fn matcher(&self, searcher: &Searcher) -> Matcher {
            let matcher = |model: &Model| Box::new(model.matcher(searcher));
            let matchers = |models: &[Model]| -> Vec<Matcher> {
                models.iter().map(|model| model.matcher(searcher)).collect()
            };
            match self {
                Self::All(score) => {
                    let all = ConstScoreQuery::new(Box::new(AllQuery), *score);
                    Matcher::index(Arc::new(all))
                }
                Self::NumberIs(number, score) => {
                    Matcher::index(number_is(searcher, *number, *score))
                }
                Self::Multiples(of, model) => {
                    let (of, ends_at) = (*of, None);
                    Matcher::Computed(matcher(model), Arc::new(Multiples { of, ends_at }))
                }
                Self::Bool([must, filter, should, must_not], minimum) => Matcher::Bool(Bool {
                    must: matchers(must),
                    filter: matchers(filter),
                    should: matchers(should),
                    must_not: matchers(must_not),
                    minimum: *minimum,
                    ..Bool::default()
                }),
                Self::Boost(model, factor) => Matcher::Boost(matcher(model), *factor),
                Self::Constant(model, score) => Matcher::Constant(matcher(model), *score),
                Self::Boosting(positive, negative, factor) => {
                    Matcher::Boosting(matcher(positive), matcher(negative), *factor)
                }
                Self::Max(models, factor) => Matcher::Max(matchers(models), *factor),
            }
        }

        fn score(&self, number: u64) -> Option<Score> {
            let scores = |models: &[Model]| -> Vec<Option<Score>> {
                models.iter().map(|model| model.score(number)).collect()
            };
            match self {
                Self::All(score) => Some(*score),
                Self::NumberIs(expected, score) => (number == *expected).then_some(*score),
                Self::Multiples(of, model) => {
                    let score = model.score(number)?;
                    number.is_multiple_of(*of).then_some(score * 2.0)
                }
                Self::Bool([must, filter, should, must_not], minimum) => {
                    let must: Option<Vec<Score>> = scores(must).into_iter().collect();
                    let filter: Option<Vec<Score>> = scores(filter).into_iter().collect();
                    let should: Vec<Score> = scores(should).into_iter().flatten().collect();
                    let excluded = scores(must_not).into_iter().flatten().next().is_some();
                    let matches = filter.is_some() && !excluded && should.len() >= *minimum;
                    let sum: Score = must?.into_iter().chain(should).sum();
                    matches.then_some(sum)
                }
                Self::Boost(model, factor) => model.score(number).map(|score| score * factor),
                Self::Constant(model, score) => model.score(number).map(|_| *score),
                Self::Boosting(positive, negative, factor) => {
                    let factor = negative.score(number).map_or(1.0, |_| *factor);
                    positive.score(number).map(|score| score * factor)
                }
                Self::Max(models, factor) => {
                    let found: Vec<Score> = scores(models).into_iter().flatten().collect();
                    let best = found.iter().copied().reduce(Score::max)?;
                    Some(best + (found.iter().sum::<Score>() - best) * factor)
                }
            }
        }
    }

    /// Scores are small integers and factors powers of two, so that sums are exact.
    fn models() -> impl Strategy<Value = Model> {
        let score = || (0_u8..8).prop_map(Score::from);
        let factor = || prop_oneof![Just(0.5), Just(1.0), Just(2.0)];
        let leaf = prop_oneof![
            score().prop_map(Model::All),
            (0..NUMBERS, score()).prop_map(|(number, score)| Model::NumberIs(number, score)),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let many = || prop::collection::vec(inner.clone(), 0..3);
            let one = || inner.clone().prop_map(Box::new);
            prop_oneof![
                (1_u64..5, one()).prop_map(|(of, model)| Model::Multiples(of, model)),
                (many(), many(), many(), many(), 0_usize..3).prop_map(
                    |(must, filter, should, must_not, minimum)| {
                        Model::Bool([must, filter, should, must_not], minimum)
                    }
                ),
                (one(), factor()).prop_map(|(model, factor)| Model::Boost(model, factor)),
                (one(), score()).prop_map(|(model, score)| Model::Constant(model, score)),
                (one(), one(), factor()).prop_map(|(positive, negative, factor)| {
                    Model::Boosting(positive, negative, factor)
                }),
                (many(), factor()).prop_map(|(models, factor)| Model::Max(models, factor)),
            ]
        })
    }

    /// Collects everything.
    struct Everything;

    type Found = Vec<((SegmentOrdinal, DocId), Score)>;

    struct EverythingOf(SegmentOrdinal, Found);

    impl Collector for Everything {
        type Fruit = Found;
        type Child = EverythingOf;

        fn for_segment(
            &self,
            segment: SegmentOrdinal,
            _reader: &SegmentReader,
        ) -> tantivy::Result<EverythingOf> {
            Ok(EverythingOf(segment, Vec::new()))
        }

        fn requires_scoring(&self) -> bool {
            true
        }

        fn merge_fruits(&self, found: Vec<Found>) -> tantivy::Result<Found> {
            Ok(found.into_iter().flatten().collect())
        }
    }

    impl SegmentCollector for EverythingOf {
        type Fruit = Found;

        fn collect(&mut self, document: DocId, score: Score) {
            self.1.push(((self.0, document), score));
        }

        fn harvest(self) -> Found {
            self.1
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_matcher_matches_and_scores_as_its_model(
            model in models(),
            segments in prop::collection::vec(prop::collection::vec(0..NUMBERS, 1..40), 1..4),
        ) {
            let searcher = searcher(&segments);
            let expected: Found = numbers(&searcher)
                .into_iter()
                .filter_map(|(address, number)| Some((address, model.score(number)?)))
                .collect();
            let query = ComputedQuery {
                approximation: Arc::new(AllQuery),
                matcher: model.matcher(&searcher),
                failure: Failure::default(),
                allowance: Allowance::unlimited(),
            };
            prop_assert_eq!(&searcher.search(&query, &Everything).expect("found"), &expected);
            // Sought, as a part of one of the engine's own queries.
            let some = number_is(&searcher, 4, 1.0).box_clone();
            let more = number_is(&searcher, 6, 1.0).box_clone();
            let either = BooleanQuery::new(vec![(Occur::Should, some), (Occur::Should, more)]);
            let both: Vec<(Occur, Box<dyn Query>)> =
                vec![(Occur::Must, Box::new(either)), (Occur::Must, Box::new(query))];
            let found = searcher.search(&BooleanQuery::new(both), &Everything).expect("found");
            let among: Found = numbers(&searcher)
                .into_iter()
                .filter(|(_, number)| [4, 6].contains(number))
                .filter_map(|(address, number)| Some((address, model.score(number)? + 1.0)))
                .collect();
            prop_assert_eq!(found, among);
        }
    }

    #[test]
    fn matches_cross_the_borders_of_blocks() {
        let numbers: Vec<u64> = (0..5_000).map(|number| number % NUMBERS).collect();
        let searcher = searcher(&[numbers]);
        let matcher = Model::Multiples(5, Box::new(Model::All(1.0))).matcher(&searcher);
        let query = ComputedQuery {
            approximation: Arc::new(AllQuery),
            matcher,
            failure: Failure::default(),
            allowance: Allowance::unlimited(),
        };
        let found = searcher.search(&query, &Everything).expect("found");
        let expected = self::numbers(&searcher)
            .into_iter()
            .filter(|(_, number)| number.is_multiple_of(5))
            .map(|(address, _)| (address, 2.0));
        assert_eq!(found, expected.collect::<Found>());
    }

    #[test]
    fn a_failure_ends_the_search_and_is_reported() {
        let searcher = searcher(&[vec![1, 2, 3, 4], vec![5, 6]]);
        let ends_at = Some(3);
        let query = ComputedQuery {
            approximation: Arc::new(AllQuery),
            matcher: Matcher::Computed(
                Box::new(Matcher::approximation()),
                Arc::new(Multiples { of: 1, ends_at }),
            ),
            failure: Failure::default(),
            allowance: Allowance::unlimited(),
        };
        assert_eq!(
            searcher.search(&query, &Everything).expect("it ends"),
            Found::new()
        );
        assert!(query.failure.is_set());
    }

    /// A part keeps its own score, and gets another approximation.
    #[test]
    fn a_matcher_moves_within_another_approximation() {
        let searcher = searcher(&[(0..NUMBERS).collect()]);
        let own = number_is(&searcher, 4, 3.0);
        let multiples = Arc::new(Multiples {
            of: 2,
            ends_at: None,
        });
        let matcher = Matcher::Computed(Box::new(Matcher::approximation()), multiples);
        let query = ComputedQuery {
            approximation: Arc::new(AllQuery),
            matcher: matcher.within(&own),
            failure: Failure::default(),
            allowance: Allowance::unlimited(),
        };
        let found = searcher.search(&query, &Everything).expect("found");
        assert_eq!(found, vec![((0, 4), 6.0)]);
    }
}
