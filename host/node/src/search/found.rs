//! Documents that were found, computed on in blocks: for what is asked of a page's hits alone.

use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader};

use super::collect::Found;
use crate::computed::BLOCK_DOCUMENTS;

/// Gives each of some hits a value, in the hits' order. What makes a block's values is made by
/// `open` for each segment; it gets documents in ascending order, with their scores. `None` where
/// it ends the search.
///
/// # Errors
///
/// Those of `open`.
pub(super) fn compute<T, B: FnMut(&[DocId], &[Score]) -> Option<Vec<T>>>(
    searcher: &Searcher,
    found: &[Found],
    open: impl Fn(&SegmentReader, u32) -> tantivy::Result<B>,
) -> tantivy::Result<Option<Vec<T>>> {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|position| found[*position].address);
    let mut values: Vec<Option<T>> = Vec::new();
    values.resize_with(found.len(), || None);
    let segment_of = |position: &usize| found[*position].address.segment_ord;
    for positions in order.chunk_by(|left, right| segment_of(left) == segment_of(right)) {
        let reader = searcher.segment_reader(segment_of(&positions[0]));
        let expected = u32::try_from(positions.len()).unwrap_or(u32::MAX);
        let mut load = open(reader, expected)?;
        for block in positions.chunks(BLOCK_DOCUMENTS) {
            let hits = block.iter().map(|position| &found[*position]);
            let (documents, scores): (Vec<DocId>, Vec<Score>) = hits.map(known).unzip();
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

fn known(found: &Found) -> (DocId, Score) {
    let DocAddress { doc_id, .. } = found.address;
    (doc_id, found.score.unwrap_or_default())
}
