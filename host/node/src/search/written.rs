//! The order of writing in a segment: documents of equal rank come in it, so a segment whose
//! documents lie in that order needs no look at when each was written.
//!
//! A segment from one commit lies in that order, and one that was merged consists of a few runs that
//! do. They are found once a segment, and kept as long as the segment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{DocId, TERMINATED};

use crate::allowance::{Allowance, Ended};
use crate::computed::BLOCK_DOCUMENTS;

/// How many runs of a segment are known, at most.
const MOST_RUNS: usize = 1_000;

/// Where the documents of a segment lie in the order of writing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Runs {
    /// Where the second run begins, and those after it.
    starts: Vec<DocId>,
    /// Where what is known ends.
    end: DocId,
}

impl Runs {
    /// The runs of a segment, from the numbers of its documents in the order of writing.
    fn of(written: &Column<u64>, allowance: &Allowance) -> Result<Self, Ended> {
        let mut runs = Self::default();
        let mut last = 0;
        let mut numbers = [None; BLOCK_DOCUMENTS];
        let mut block = Vec::with_capacity(BLOCK_DOCUMENTS);
        while runs.end < written.num_docs() {
            allowance.check()?;
            block.clear();
            block.extend((runs.end..written.num_docs()).take(BLOCK_DOCUMENTS));
            let numbers = &mut numbers[..block.len()];
            numbers.fill(None);
            written.first_vals(&block, numbers);
            for (document, number) in block.iter().zip(numbers) {
                let number = number.unwrap_or_default();
                if number < last {
                    if runs.starts.len() + 1 == MOST_RUNS {
                        return Ok(runs);
                    }
                    runs.starts.push(*document);
                }
                last = number;
                runs.end = document + 1;
            }
        }
        runs.end = TERMINATED;
        Ok(runs)
    }

    /// Whether all documents lie in the order of writing.
    pub(super) fn is_one(&self) -> bool {
        self.starts.is_empty() && self.end == TERMINATED
    }

    /// Where the run of a document ends: the documents from it up to there were written after it.
    pub(super) fn end(&self, document: DocId) -> DocId {
        let next = self.starts.partition_point(|start| *start <= document);
        let end = self.starts.get(next).copied().unwrap_or(self.end);
        end.max(document + 1)
    }
}

/// The runs of an index's segments. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct WritingOrder(Arc<Mutex<HashMap<SegmentId, Arc<Runs>>>>);

impl WritingOrder {
    /// The runs of a segment.
    ///
    /// # Errors
    ///
    /// The search's time is over before they are found.
    pub(super) fn of(
        &self,
        segment: SegmentId,
        written: &Column<u64>,
        allowance: &Allowance,
    ) -> Result<Arc<Runs>, Ended> {
        if let Some(runs) = self.lock().get(&segment) {
            return Ok(Arc::clone(runs));
        }
        // Others go on meanwhile, and two may look for the same.
        let runs = Arc::new(Runs::of(written, allowance)?);
        self.lock().insert(segment, Arc::clone(&runs));
        Ok(runs)
    }

    /// Drops those of segments that are gone.
    pub(crate) fn retain(&self, is_there: impl Fn(SegmentId) -> bool) {
        self.lock().retain(|segment, _| is_there(*segment));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SegmentId, Arc<Runs>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tantivy::schema::{FAST, Schema};
    use tantivy::{Index, IndexWriter, doc};

    use super::*;

    /// The runs of a segment whose documents have these numbers.
    fn runs(numbers: impl IntoIterator<Item = u64>) -> Runs {
        let mut schema = Schema::builder();
        let number = schema.add_u64_field("number", FAST);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index
            .writer_with_num_threads(1, 50_000_000)
            .expect("a writer");
        for value in numbers {
            writer.add_document(doc!(number => value)).expect("added");
        }
        writer.commit().expect("committed");
        let searcher = index.reader().expect("a reader").searcher();
        let fast = searcher.segment_reader(0).fast_fields();
        let column = fast.u64("number").expect("a column");
        Runs::of(&column, &Allowance::unlimited()).expect("there is time")
    }

    #[test]
    fn a_run_ends_where_a_document_was_written_before_the_one_in_front_of_it() {
        let one = runs([1, 2, 5, 9]);
        assert!(one.is_one());
        assert_eq!([0, 3].map(|document| one.end(document)), [TERMINATED; 2]);
        let three = runs([5, 9, 1, 2, 0]);
        assert!(!three.is_one());
        let ends = [0, 1, 2, 3, 4].map(|document| three.end(document));
        assert_eq!(ends, [2, 2, 4, 4, TERMINATED]);
        let long = runs((5_000..10_000).chain(0..5_000));
        assert_eq!(
            [0, 4_999, 5_000].map(|document| long.end(document)),
            [5_000, 5_000, TERMINATED]
        );
    }

    #[test]
    fn beyond_the_most_runs_each_document_is_its_own() {
        let many = runs((0..2_000).rev());
        assert_eq!(many.starts.len(), MOST_RUNS - 1);
        let ends = [0, 998, 999, 1_500].map(|document| many.end(document));
        assert_eq!(ends, [1, 999, 1_000, 1_501]);
    }
}
