//! `rescore`: new scores for the first hits.

use std::sync::Arc;

use tantivy::{Score, Searcher};

use super::blocks;
use super::collect::Candidate;
use crate::allowance::Allowance;
use crate::computed::{Computed, Outcome};

/// Gives the first hits new scores and sorts them by those; hits of equal scores keep their order.
/// `None` if a UDF ends the search.
///
/// # Errors
///
/// A segment that cannot be read.
pub(super) fn rescore(
    searcher: &Searcher,
    first: &mut [Candidate],
    scores: &Arc<dyn Computed>,
    allowance: &Allowance,
) -> tantivy::Result<Option<()>> {
    let outcomes = blocks::compute(searcher, first, allowance, |reader, expected| {
        let mut computation = scores.for_segment(reader, expected)?;
        Ok(move |documents: &[_], scores: &[_]| computation.compute(documents, scores))
    })?;
    let Some(outcomes) = outcomes else {
        return Ok(None);
    };
    for (hit, outcome) in first.iter_mut().zip(outcomes) {
        if let Outcome::Yes(score) = outcome {
            hit.score = Some(score);
        }
    }
    let score = |hit: &Candidate| hit.score.unwrap_or(Score::NEG_INFINITY);
    first.sort_by(|left, right| score(right).total_cmp(&score(left)));
    Ok(Some(()))
}
