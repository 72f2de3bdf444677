//! Attacks on a node over HTTP: each of what was once seen to stop one, and what is like it.
//!
//! Each test starts a node, attacks it while a good client uses it, and bounds what the attack
//! costs: memory, threads, files, and the good client's time. `siege` runs them on one node.

mod aggregations;
mod arena;
mod bodies;
mod connections;
mod functions;
mod good;
mod indexes;
mod metrics;
mod process;
mod queries;
mod siege;
mod stops;
mod target;
mod wire;
mod writes;
