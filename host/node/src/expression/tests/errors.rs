//! What is refused, and how it is told.

use super::index::parse;
