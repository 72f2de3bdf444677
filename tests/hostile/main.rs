//! Hostile guests. Each attack ends in an error that is pinned word for word, under both accessors,
//! and after each one the same engine answers a good query.
//!
//! A file here is named as its half in `guests/rust/evil/src`; what no language lets one write is in
//! `by_hand.rs` and `bytes.rs`.

mod accessor;
mod attack;
mod by_hand;
mod bytes;
mod crowd;
mod logs;
mod memory;
mod results;
mod siege;
mod state;
mod time;
mod traps;
