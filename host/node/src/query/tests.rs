//! Clauses read, planned and run over small indexes.

mod extreme;
mod parse;
mod random;
mod refusals;
pub(super) mod sample;
mod searches;
