//! Queries that end with their search's time.
//!
//! tantivy's iterators look for the next document for as long as it takes: an intersection of two
//! clauses that have no document in common walks through both, and so it does before it has found
//! its first. It walks by asking its clauses, so that they look at the clock in its place, and have
//! no more documents when the time is over. What cannot be asked so is a phrase, whose words are
//! its own: it is walked in steps, by asking it about one document at a time.
//!
//! The price is one more call a document. Terms that stand alone, and unions of them, pay nothing:
//! whoever collects their documents looks at the clock.

use tantivy::query::{AllScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, Term};

use super::native::NativeQuery;
use crate::allowance::{Allowance, Steps};

/// How a query is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// It does not begin a segment when the time is over.
    Begin,
    /// It has no more documents when the time is over.
    Walk,
    /// It is asked about one document at a time.
    Ask,
}

/// The documents of another query, until the search's time is over.
#[derive(Debug)]
pub(super) struct WatchfulQuery {
    query: NativeQuery,
    how: How,
    allowance: Allowance,
}

impl WatchfulQuery {
    fn watched(query: NativeQuery, how: How, allowance: &Allowance) -> NativeQuery {
        let allowance = allowance.clone();
        Box::new(Self {
            query,
            how,
            allowance,
        })
    }

    /// A query that takes its time where it begins a segment.
    pub(super) fn begins(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
        Self::watched(query, How::Begin, allowance)
    }

    /// A query that another one walks through in search of documents that both have.
    pub(super) fn walked(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
        Self::watched(query, How::Walk, allowance)
    }

    /// A query that looks for its own next document, and can be asked about one instead.
    pub(super) fn asked(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
        Self::watched(query, How::Ask, allowance)
    }
}

impl Clone for WatchfulQuery {
    fn clone(&self) -> Self {
        Self {
            query: self.query.box_clone(),
            how: self.how,
            allowance: self.allowance.clone(),
        }
    }
}

impl Query for WatchfulQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        self.allowance.check()?;
        Ok(Box::new(WatchfulWeight {
            weight: self.query.weight(scoring)?,
            how: self.how,
            allowance: self.allowance.clone(),
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.query.query_terms(visitor);
    }
}

struct WatchfulWeight {
    weight: Box<dyn Weight>,
    how: How,
    allowance: Allowance,
}

impl WatchfulWeight {
    fn watched(&self, scorer: Box<dyn Scorer>) -> Box<dyn Scorer> {
        // What has all documents, or none, tantivy takes out of an intersection.
        if self.how == How::Begin || scorer.is::<AllScorer>() || scorer.is::<EmptyScorer>() {
            return scorer;
        }
        let steps = Steps::new(&self.allowance);
        Box::new(WalkedScorer { scorer, steps })
    }
}

impl Weight for WatchfulWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.allowance.check()?;
        if self.how != How::Ask {
            return Ok(self.watched(self.weight.scorer(reader, boost)?));
        }
        let (first, scorer) = self.weight.scorer_danger(reader, 0, boost)?;
        let mut scorer = AskedScorer {
            scorer,
            document: 0,
            steps: Steps::new(&self.allowance),
        };
        if let SeekDangerResult::SeekLowerBound(least) = first {
            scorer.find(least);
        }
        Ok(Box::new(scorer))
    }

    fn scorer_danger(
        &self,
        reader: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<(SeekDangerResult, Box<dyn Scorer>)> {
        self.allowance.check()?;
        let (result, scorer) = self.weight.scorer_danger(reader, target, boost)?;
        if self.how != How::Ask {
            return Ok((result, self.watched(scorer)));
        }
        let scorer = AskedScorer {
            scorer,
            document: target,
            steps: Steps::new(&self.allowance),
        };
        Ok((result, Box::new(scorer)))
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        self.allowance.check()?;
        if self.how == How::Begin {
            return self.weight.count(reader);
        }
        let mut scorer = self.scorer(reader, 1.0)?;
        Ok(match reader.alive_bitset() {
            Some(alive) => scorer.count(alive),
            None => scorer.count_including_deleted(),
        })
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(reader, document)
    }
}

/// Has no more documents when the time is over.
struct WalkedScorer {
    scorer: Box<dyn Scorer>,
    steps: Steps,
}

impl DocSet for WalkedScorer {
    #[inline]
    fn advance(&mut self) -> DocId {
        if self.steps.goes_on(1) {
            self.scorer.advance()
        } else {
            TERMINATED
        }
    }

    #[inline]
    fn seek(&mut self, target: DocId) -> DocId {
        if self.steps.goes_on(1) {
            self.scorer.seek(target)
        } else {
            TERMINATED
        }
    }

    #[inline]
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if self.steps.goes_on(1) {
            self.scorer.seek_danger(target)
        } else {
            SeekDangerResult::SeekLowerBound(TERMINATED)
        }
    }

    #[inline]
    fn doc(&self) -> DocId {
        if self.steps.are_over() {
            TERMINATED
        } else {
            self.scorer.doc()
        }
    }

    fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    fn cost(&self) -> u64 {
        self.scorer.cost()
    }
}

impl Scorer for WalkedScorer {
    #[inline]
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}

/// Finds its next document by asking about one after the other.
struct AskedScorer {
    scorer: Box<dyn Scorer>,
    /// Where it stands.
    document: DocId,
    steps: Steps,
}

impl AskedScorer {
    /// Goes to the first document from `least` on.
    fn find(&mut self, mut least: DocId) -> DocId {
        while least < TERMINATED {
            match self.seek_danger(least) {
                SeekDangerResult::Found => return least,
                SeekDangerResult::SeekLowerBound(next) => least = next,
            }
        }
        self.document = TERMINATED;
        TERMINATED
    }
}

impl DocSet for AskedScorer {
    fn advance(&mut self) -> DocId {
        self.find(self.document.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if target <= self.document {
            return self.document;
        }
        self.find(target)
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED || !self.steps.goes_on(1) {
            self.document = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        let result = self.scorer.seek_danger(target);
        if result == SeekDangerResult::Found {
            self.document = target;
        }
        result
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    fn cost(&self) -> u64 {
        self.scorer.cost()
    }
}

impl Scorer for AskedScorer {
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tantivy::query::{BooleanQuery, Occur, PhraseQuery, TermQuery};
    use tantivy::schema::{IndexRecordOption, Schema, TEXT};
    use tantivy::{Index, Searcher, TantivyDocument};
    use whittle_host::{Budget, QueryContext};

    use super::*;
    use crate::memory::Memory;
    use crate::query::native::excluded;

    const DOCUMENTS: u32 = 200_000;

    /// Each document has `all`, and `even` or `odd` before `number`.
    fn searcher() -> Searcher {
        let mut schema = Schema::builder();
        let text = schema.add_text_field("text", TEXT);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index
            .writer_with_num_threads(1, 100_000_000)
            .expect("a writer");
        for number in 0..DOCUMENTS {
            let mut document = TantivyDocument::new();
            let parity = if number % 2 == 0 { "even" } else { "odd" };
            document.add_text(text, format!("all {parity} number"));
            writer.add_document(document).expect("there is room");
        }
        writer.commit().expect("there is room");
        index.reader().expect("a reader").searcher()
    }

    fn term(searcher: &Searcher, word: &str) -> Term {
        let field = searcher.schema().get_field("text").expect("a field");
        Term::from_field_text(field, word)
    }

    fn word(searcher: &Searcher, word: &str) -> NativeQuery {
        let record = IndexRecordOption::WithFreqs;
        Box::new(TermQuery::new(term(searcher, word), record))
    }

    fn phrase(searcher: &Searcher, words: &[&str]) -> NativeQuery {
        let words = words.iter().map(|word| term(searcher, word)).collect();
        Box::new(PhraseQuery::new(words))
    }

    type Make = fn(&Searcher, &Allowance) -> NativeQuery;

    /// Queries that look through all documents before they know that there is none.
    const FRUITLESS: [(&str, Make); 4] = [
        ("an intersection", |searcher, allowance| {
            let all = ["all", "even", "odd"];
            let all = all.map(|each| {
                let query = WatchfulQuery::walked(word(searcher, each), allowance);
                (Occur::Must, query)
            });
            Box::new(BooleanQuery::new(all.into()))
        }),
        ("some of several", |searcher, allowance| {
            let some = vec![
                word(searcher, "even"),
                word(searcher, "odd"),
                word(searcher, "none"),
            ];
            super::super::native::some_of(some, 2, allowance)
        }),
        ("an exclusion", |searcher, allowance| {
            let all = word(searcher, "all");
            let but = excluded(word(searcher, "number"), allowance);
            Box::new(BooleanQuery::new(vec![
                (Occur::Should, all),
                (Occur::MustNot, but),
            ]))
        }),
        ("a phrase", |searcher, allowance| {
            WatchfulQuery::asked(phrase(searcher, &["number", "all"]), allowance)
        }),
    ];

    fn count(query: &dyn Query, searcher: &Searcher) -> (tantivy::Result<usize>, Duration) {
        let started = Instant::now();
        let count = query.count(searcher);
        (count, started.elapsed())
    }

    #[test]
    fn queries_that_find_nothing_end_with_the_searchs_time() {
        let searcher = searcher();
        for (name, make) in FRUITLESS {
            let unlimited = make(&searcher, &Allowance::unlimited());
            let (found, whole) = count(&*unlimited, &searcher);
            assert_eq!(found.expect("it runs"), 0, "{name}");
            // Others work here too, for longer than one of these counts: once is enough.
            let ends = (0..200).any(|_| {
                let wall_clock = whole / 20;
                let budget = Budget {
                    wall_clock,
                    ..Budget::default()
                };
                let context = QueryContext::new(budget);
                let allowance = Allowance::new(&context, &Memory::unlimited());
                let (_, took) = count(&*make(&searcher, &allowance), &searcher);
                allowance.ended().is_some() && took < whole / 2
            });
            assert!(ends, "{name}: {whole:?}");
        }
    }

    #[test]
    fn a_watched_query_finds_what_the_query_finds() {
        let searcher = searcher();
        let allowance = Allowance::unlimited();
        for (words, expected) in [(["all", "even"], 100_000), (["odd", "number"], 100_000)] {
            let phrase = phrase(&searcher, &words);
            let asked = WatchfulQuery::asked(phrase.box_clone(), &allowance);
            assert_eq!(asked.count(&searcher).expect("it runs"), expected);
            // Beside another clause, both at the front and behind.
            for other in ["all", "even"] {
                let both = |query: NativeQuery| {
                    let other = WatchfulQuery::walked(word(&searcher, other), &allowance);
                    let query = WatchfulQuery::walked(query, &allowance);
                    let both = vec![(Occur::Must, other), (Occur::Must, query)];
                    BooleanQuery::new(both).count(&searcher).expect("it runs")
                };
                assert_eq!(both(asked.box_clone()), both(phrase.box_clone()));
            }
        }
    }
}
