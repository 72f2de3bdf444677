//! How a clause is answered: natively, or in two phases.

use std::sync::Arc;

use tantivy::query::{ConstScoreQuery, Query};

use super::native::{NativeQuery, boosted, none};
use super::watchful::WatchfulQuery;
use crate::allowance::Allowance;
use crate::computed::{ComputedQuery, Failure, Matcher, Watch, WatchedQuery};

/// How a clause is answered.
#[derive(Debug)]
pub(crate) enum Plan {
    /// By tantivy alone.
    Native(NativeQuery),
    /// In two phases, as Lucene's `TwoPhaseIterator` does it.
    TwoPhase {
        /// What tantivy answers: every match is one of its documents.
        approximation: Arc<dyn Query>,
        /// Which of those documents match, and their scores.
        matcher: Matcher,
    },
}

impl Plan {
    /// No document.
    pub(super) fn none() -> Self {
        Self::Native(none())
    }

    pub(super) fn is_native(&self) -> bool {
        match self {
            Self::Native(_) => true,
            Self::TwoPhase { .. } => false,
        }
    }

    /// Both phases; those of a native query are the query itself.
    pub(super) fn split(self) -> (Arc<dyn Query>, Matcher) {
        match self {
            Self::Native(query) => (Arc::from(query), Matcher::approximation()),
            Self::TwoPhase {
                approximation,
                matcher,
            } => (approximation, matcher),
        }
    }

    /// A matcher for candidates of another approximation, which may lie outside of this one's.
    pub(super) fn matcher(self) -> Matcher {
        match self {
            Self::Native(query) => Matcher::index(Arc::from(query)),
            Self::TwoPhase {
                approximation,
                matcher,
            } => matcher.within(&approximation),
        }
    }

    /// The same with its scores multiplied.
    #[expect(clippy::float_cmp, reason = "only the default, 1, changes nothing")]
    pub(super) fn boosted(self, boost: f32) -> Self {
        match self {
            Self::Native(query) => Self::Native(boosted(query, boost)),
            plan @ Self::TwoPhase { .. } if boost == 1.0 => plan,
            plan @ Self::TwoPhase { .. } => {
                plan.map_matcher(|matcher| Matcher::Boost(Box::new(matcher), boost))
            }
        }
    }

    /// The same with one score for all.
    pub(super) fn constant(self, score: f32) -> Self {
        match self {
            Self::Native(query) => Self::Native(Box::new(ConstScoreQuery::new(query, score))),
            plan @ Self::TwoPhase { .. } => {
                plan.map_matcher(|matcher| Matcher::Constant(Box::new(matcher), score))
            }
        }
    }

    /// The same, which takes no time when the search's is over. A computed query looks at the clock
    /// itself.
    pub(super) fn timely(self, allowance: &Allowance) -> Self {
        match self {
            Self::Native(query) => Self::Native(WatchfulQuery::begins(query, allowance)),
            Self::TwoPhase {
                approximation,
                matcher,
            } => Self::TwoPhase {
                approximation: WatchfulQuery::begins(approximation.box_clone(), allowance).into(),
                matcher,
            },
        }
    }

    pub(super) fn watched(self, watch: Watch) -> Self {
        match self {
            Self::Native(query) => Self::Native(Box::new(WatchedQuery { query, watch })),
            plan @ Self::TwoPhase { .. } => {
                plan.map_matcher(|matcher| Matcher::Watched(Box::new(matcher), watch))
            }
        }
    }

    /// Two phases with another matcher over the same approximation.
    pub(super) fn map_matcher(self, map: impl FnOnce(Matcher) -> Matcher) -> Self {
        let (approximation, matcher) = self.split();
        Self::TwoPhase {
            approximation,
            matcher: map(matcher),
        }
    }

    /// The plan as one query, which reports in `failure` that a function ended it.
    pub(crate) fn into_query(self, failure: &Failure, allowance: &Allowance) -> NativeQuery {
        match self {
            Self::Native(query) => query,
            Self::TwoPhase {
                approximation,
                matcher,
            } => Box::new(ComputedQuery {
                approximation,
                matcher,
                failure: failure.clone(),
                allowance: allowance.clone(),
            }),
        }
    }
}
