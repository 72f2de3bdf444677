//! What a UDF may know of the current document besides its fields. In `matches`, `score` and
//! `value` only: while a query is prepared there is no document.

use crate::host::document;

/// The document's id, unique within the query.
pub fn id() -> String {
    document::id()
}

/// The score that the query gave the document before this function; 1 where it gave none.
#[inline]
pub fn score() -> f64 {
    crate::batch::score()
}
