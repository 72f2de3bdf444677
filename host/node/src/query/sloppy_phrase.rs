//! A phrase whose words may be some positions off, as Lucene finds it.
//!
//! tantivy has such a phrase too, and is right about two words. Of three it looks at neighbours
//! alone, so that it misses words that changed places; a word that is asked for twice may stand
//! there once; and words that are far apart score like words side by side.

use std::collections::{BTreeSet, HashMap};

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{Bm25Weight, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term};

use crate::allowance::{Allowance, Steps};

/// Documents in which the words stand as in the phrase, give or take `slop` positions in all.
#[derive(Debug, Clone)]
pub(super) struct SloppyPhraseQuery {
    /// Two or more, of one field, each with its position in the phrase, in this order.
    words: Vec<(usize, Term)>,
    slop: u32,
    allowance: Allowance,
}

impl SloppyPhraseQuery {
    pub(super) fn new(words: Vec<(usize, Term)>, slop: u32, allowance: &Allowance) -> Self {
        Self {
            words,
            slop,
            allowance: allowance.clone(),
        }
    }
}

impl Query for SloppyPhraseQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        self.allowance.check()?;
        let similarity = match scoring {
            EnableScoring::Enabled {
                statistics_provider,
                ..
            } => {
                let terms: Vec<Term> = self.words.iter().map(|(_, term)| term.clone()).collect();
                Some(Bm25Weight::for_terms(statistics_provider, &terms)?)
            }
            EnableScoring::Disabled { .. } => None,
        };
        Ok(Box::new(SloppyPhraseWeight {
            query: self.clone(),
            similarity,
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        for (_, term) in &self.words {
            visitor(term, true);
        }
    }
}

struct SloppyPhraseWeight {
    query: SloppyPhraseQuery,
    similarity: Option<Bm25Weight>,
}

impl Weight for SloppyPhraseWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.query.allowance.check()?;
        let field = self.query.words[0].1.field();
        let index = reader.inverted_index(field)?;
        let mut postings = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        // The different terms, each with its last word so far.
        let mut terms: HashMap<&Term, (usize, usize)> = HashMap::new();
        for (number, (offset, term)) in self.query.words.iter().enumerate() {
            let place = if let Some((place, last)) = terms.get(term).copied() {
                words[last].again = Some(number);
                place
            } else {
                let record = IndexRecordOption::WithFreqsAndPositions;
                let Some(list) = index.read_postings(term, record)? else {
                    return Ok(Box::new(EmptyScorer));
                };
                postings.push(list);
                postings.len() - 1
            };
            terms.insert(term, (place, number));
            words.push(Word::new(*offset, place));
        }
        let norms = match &self.similarity {
            Some(_) => reader.fieldnorms_readers().get_field(field)?,
            None => None,
        };
        let mut scorer = SloppyPhraseScorer {
            positions: vec![Vec::new(); postings.len()],
            postings,
            words,
            slop: i64::from(self.query.slop),
            similarity: self.similarity.clone(),
            boost,
            norms: norms.unwrap_or_else(|| FieldNormReader::constant(reader.max_doc(), 1)),
            frequency: 0.0,
            document: 0,
            steps: Steps::new(&self.query.allowance),
        };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > document || scorer.seek(document) != document {
            let reason = format!("document #({document}) does not match");
            return Err(TantivyError::InvalidArgument(reason));
        }
        Ok(Explanation::new("a phrase with a slop", scorer.score()))
    }
}

/// A word of the phrase.
#[derive(Debug, Clone)]
struct Word {
    /// Its position in the phrase.
    offset: i64,
    /// Which of the phrase's different terms it is.
    term: usize,
    /// The next word of the phrase that is the same term.
    again: Option<usize>,
    /// At which of the term's positions in the document it stands.
    place: usize,
    /// Where the phrase would begin, if it stood right there.
    start: i64,
}

impl Word {
    fn new(offset: usize, term: usize) -> Self {
        Self {
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            term,
            again: None,
            place: 0,
            start: 0,
        }
    }
}

/// How often a phrase is in a document, the less the farther its words are apart: Lucene's way, in
/// which always the word goes on that is farthest behind. Words of the same term stand in the
/// phrase's order, each at a position of its own.
///
/// `positions` are those of each term in the document.
fn frequency(words: &mut [Word], positions: &[Vec<u32>], slop: i64, steps: &mut Steps) -> Score {
    let mut end = i64::MIN;
    let mut behind = BTreeSet::new();
    let mut used = vec![0; positions.len()];
    for (number, word) in words.iter_mut().enumerate() {
        word.place = used[word.term];
        used[word.term] += 1;
        let Some(position) = positions[word.term].get(word.place) else {
            return 0.0;
        };
        word.start = i64::from(*position) - word.offset;
        end = end.max(word.start);
        behind.insert((word.start, number));
    }
    let mut frequency = 0.0;
    while let Some((start, last)) = behind.pop_first() {
        let mut length = end - start;
        let next = behind.first().map_or(start, |(next, _)| *next);
        // As long as it stays behind the others, the phrase gets shorter.
        let more = loop {
            if !go_on(last, words, positions, &mut behind, &mut end, steps) {
                break false;
            }
            let start = words[last].start;
            if start > next {
                break true;
            }
            length = length.min(end - start);
        };
        if length <= slop {
            frequency += 1.0 / (1 + length) as Score;
        }
        if !more {
            break;
        }
        behind.insert((words[last].start, last));
    }
    frequency
}

/// Moves a word to its term's next position, and words of the same term out of its way; false if
/// there are no more positions.
fn go_on(
    word: usize,
    words: &mut [Word],
    positions: &[Vec<u32>],
    behind: &mut BTreeSet<(i64, usize)>,
    end: &mut i64,
    steps: &mut Steps,
) -> bool {
    let mut least = words[word].place + 1;
    let mut next = Some(word);
    while let Some(number) = next {
        let word = &mut words[number];
        if word.place >= least {
            break;
        }
        let position = positions[word.term].get(least);
        let (Some(position), true) = (position, steps.goes_on(1)) else {
            return false;
        };
        let was_behind = behind.remove(&(word.start, number));
        word.place = least;
        word.start = i64::from(*position) - word.offset;
        *end = (*end).max(word.start);
        if was_behind {
            behind.insert((word.start, number));
        }
        least += 1;
        next = word.again;
    }
    true
}

struct SloppyPhraseScorer {
    /// One for each different term.
    postings: Vec<SegmentPostings>,
    /// Of each term in the document where the postings stand.
    positions: Vec<Vec<u32>>,
    words: Vec<Word>,
    slop: i64,
    similarity: Option<Bm25Weight>,
    boost: Score,
    norms: FieldNormReader,
    /// How often the phrase is in the document, the less the farther its words are apart.
    frequency: Score,
    document: DocId,
    steps: Steps,
}

impl SloppyPhraseScorer {
    /// Goes to the first document from `least` on.
    fn find(&mut self, mut least: DocId) -> DocId {
        'documents: while least < TERMINATED && self.steps.goes_on(1) {
            for postings in &mut self.postings {
                if postings.doc() < least {
                    postings.seek(least);
                }
                if postings.doc() > least {
                    least = postings.doc();
                    continue 'documents;
                }
            }
            for (postings, positions) in self.postings.iter_mut().zip(&mut self.positions) {
                postings.positions(positions);
            }
            self.frequency =
                frequency(&mut self.words, &self.positions, self.slop, &mut self.steps);
            if self.frequency > 0.0 && !self.steps.are_over() {
                self.document = least;
                return least;
            }
            least += 1;
        }
        self.document = TERMINATED;
        TERMINATED
    }
}

impl DocSet for SloppyPhraseScorer {
    fn advance(&mut self) -> DocId {
        self.find(self.document.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if target <= self.document {
            return self.document;
        }
        self.find(target)
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        let sizes = self.postings.iter().map(DocSet::size_hint);
        sizes.min().unwrap_or_default()
    }
}

impl Scorer for SloppyPhraseScorer {
    fn score(&mut self) -> Score {
        let Some(bm25) = &self.similarity else {
            return 1.0;
        };
        // BM25 is `most * frequency / (frequency + norm)`; tantivy's takes integers alone.
        let most = bm25.score(0, u32::MAX);
        if most == 0.0 {
            return 0.0;
        }
        let norm = most / bm25.score(self.norms.fieldnorm_id(self.document), 1) - 1.0;
        self.boost * (most * self.frequency / (self.frequency + norm))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The phrase and the document are words of one letter.
    fn in_document(phrase: &str, document: &str, slop: i64) -> Score {
        let terms: Vec<char> = phrase.chars().collect();
        let first = |letter| terms.iter().position(|term| *term == letter);
        let mut words: Vec<Word> = Vec::new();
        for (offset, letter) in terms.iter().enumerate() {
            let again = terms[offset + 1..].iter().position(|term| term == letter);
            let mut word = Word::new(offset, first(*letter).expect("it is there"));
            word.again = again.map(|after| offset + 1 + after);
            words.push(word);
        }
        let places = |letter| {
            (0..)
                .zip(document.chars())
                .filter(move |(_, at)| *at == letter)
        };
        let positions = |letter: &char| places(*letter).map(|(place, _)| place).collect();
        let positions: Vec<Vec<u32>> = terms.iter().map(positions).collect();
        let mut steps = Steps::new(&Allowance::unlimited());
        frequency(&mut words, &positions, slop, &mut steps)
    }

    /// The least slop with which the phrase is in the document, by trying all places.
    fn least_slop(phrase: &[char], document: &[char]) -> Option<i64> {
        fn walk(phrase: &[char], document: &[char], at: &mut Vec<usize>) -> Option<i64> {
            let Some(word) = phrase.get(at.len()) else {
                let starts = (0_i64..)
                    .zip(at.iter())
                    .map(|(offset, at)| *at as i64 - offset);
                let (least, most) = (starts.clone().min()?, starts.max()?);
                return Some(most - least);
            };
            let places = (0..document.len()).filter(|place| document[*place] == *word);
            let mut best: Option<i64> = None;
            for place in places {
                if at.contains(&place) {
                    continue;
                }
                at.push(place);
                let found = walk(phrase, document, at);
                at.pop();
                best = best.into_iter().chain(found).min();
            }
            best
        }
        walk(phrase, document, &mut Vec::new())
    }

    #[test]
    fn a_phrase_counts_less_the_farther_its_words_are_apart() {
        for (phrase, document, slop, expected) in [
            ("ab", "ab", 1, 1.0),
            ("ab", "ba", 1, 0.0),
            ("ab", "ba", 2, 1.0 / 3.0),
            ("ab", "axxb", 2, 1.0 / 3.0),
            ("ab", "abxab", 2, 2.0),
            ("abc", "cba", 4, 1.0 / 5.0),
            ("abc", "axbxc", 1, 0.0),
            ("abc", "axbxc", 2, 1.0 / 3.0),
            ("aa", "ab", 5, 0.0),
            ("aa", "axa", 1, 1.0 / 2.0),
            ("aa", "aaa", 1, 2.0),
            ("aba", "ab", 9, 0.0),
            ("aba", "aba", 2, 1.0),
        ] {
            let found = in_document(phrase, document, slop);
            assert!(
                (found - expected).abs() < 1e-6,
                "{phrase} in {document}: {found}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_phrase_is_found_where_its_words_have_such_places(
            phrase in "[abc]{2,4}",
            document in "[abcx]{0,9}",
            slop in 0_i64..8,
        ) {
            let letters = |text: &str| text.chars().collect::<Vec<char>>();
            let least = least_slop(&letters(&phrase), &letters(&document));
            let expected = least.is_some_and(|least| least <= slop);
            prop_assert_eq!(in_document(&phrase, &document, slop) > 0.0, expected);
        }
    }
}
