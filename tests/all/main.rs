//! The behaviour of Whittle, end to end.
//!
//! Everything here goes through public surfaces, on components that were built or written by
//! hand, and, where it can, under both accessors.

mod accessors;
mod command;
mod contract;
mod documents;
mod effort;
mod evaluation;
mod languages;
mod limits;
mod refused;
mod registry;
mod search;
mod server;
mod string_distance;
mod wasi;
