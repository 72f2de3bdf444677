//! Clauses read, planned and run over small indexes.

mod parse;
mod random;
mod refusals;
pub(super) mod sample;
mod searches;
