//! End-to-end tests of Whittle.
//!
//! All tests use public interfaces, with components that were built or written by hand, and with
//! both paths if possible.

mod answers;
mod cache;
mod command;
mod contract;
mod distinct;
mod documents;
mod effort;
mod evaluation;
mod guides;
mod languages;
mod libraries;
mod limits;
mod paths;
mod python;
mod readings;
mod refused;
mod registry;
mod search;
mod server;
mod string_distance;
mod traps;
mod wasi;
