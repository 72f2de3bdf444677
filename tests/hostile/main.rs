//! Hostile guests. Each attack ends in an error that is pinned word for word, on both paths,
//! and after each one the same engine answers a good query.
//!
//! A file here is named as its half in `guests/rust/evil/src`; what no language lets one write is in
//! `by_hand.rs`, `bytes.rs`, and the files whose guests they have no half of.

mod accessor;
mod attack;
mod batches;
mod blame;
mod by_hand;
mod bytes;
mod crowd;
mod entries;
mod features;
mod logs;
mod memory;
mod modules;
mod nesting;
mod outcome;
mod pointers;
mod results;
mod siege;
mod state;
mod time;
mod traps;
