//! The hits of a page, computed on in blocks.

use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader};

use super::collect::Candidate;
use crate::allowance::Allowance;
use crate::computed::BLOCK_DOCUMENTS;

/// Computes a value for each of some hits, in the order of the hits. `open` gives what computes
/// the values of a block of a segment, from documents in ascending order and their scores. `None`
/// if it ends the search.
///
/// # Errors
///
/// Those of `open`, and the end of the search's time.
pub(super) fn compute<T, B: FnMut(&[DocId], &[Score]) -> Option<Vec<T>>>(
    searcher: &Searcher,
    hits: &[Candidate],
    allowance: &Allowance,
    open: impl Fn(&SegmentReader, u32) -> tantivy::Result<B>,
) -> tantivy::Result<Option<Vec<T>>> {
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_by_key(|position| hits[*position].address);
    let mut values: Vec<Option<T>> = Vec::new();
    values.resize_with(hits.len(), || None);
    let segment_of = |position: &usize| hits[*position].address.segment_ord;
    for positions in order.chunk_by(|left, right| segment_of(left) == segment_of(right)) {
        let reader = searcher.segment_reader(segment_of(&positions[0]));
        let expected = u32::try_from(positions.len()).unwrap_or(u32::MAX);
        let mut load = open(reader, expected)?;
        for block in positions.chunks(BLOCK_DOCUMENTS) {
            allowance.check()?;
            let known = block.iter().map(|position| known(&hits[*position]));
            let (documents, scores): (Vec<DocId>, Vec<Score>) = known.unzip();
            let Some(computed) = load(&documents, &scores) else {
                return Ok(None);
            };
            for (position, value) in block.iter().zip(computed) {
                values[*position] = Some(value);
            }
        }
    }
    Ok(values.into_iter().collect())
}

fn known(hit: &Candidate) -> (DocId, Score) {
    let DocAddress { doc_id, .. } = hit.address;
    (doc_id, hit.score.unwrap_or_default())
}
