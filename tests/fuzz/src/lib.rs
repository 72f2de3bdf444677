//! What the fuzz targets share: guests by hand, what makes their input, and what judges it.

mod arguments;
mod batches;
mod guest;

use whittle_host::{Engine, Udf};

pub use arguments::{Outcome, expected, same, typed};
pub use batches::{FIELDS, batch};
pub use guest::{Guest, KINDS, PRESENCES, echo, parameters, reader};

/// An error and its causes as the command-line tool prints them.
///
/// # Panics
///
/// Where that is not one line of a bounded length without control characters: it goes to a
/// terminal or a log, and part of it may be the input's words.
pub fn told(error: &dyn std::error::Error) -> String {
    const BOUND: usize = 64 << 10;
    let text = whittle_tests::told(error);
    assert!(!text.trim().is_empty(), "the error says nothing");
    assert!(text.len() <= BOUND, "the error has {} bytes", text.len());
    assert!(
        !text.chars().any(char::is_control),
        "the error has control characters: {text:?}"
    );
    text
}

/// A guest, registered.
///
/// # Panics
///
/// Where it cannot be.
pub fn udf(component: &[u8]) -> Udf {
    registered(&whittle_tests::engine(), component)
}

/// As [`udf`], with an engine that there is.
///
/// # Panics
///
/// Where it cannot be registered.
pub fn registered(engine: &Engine, component: &[u8]) -> Udf {
    Udf::new(engine, component).unwrap_or_else(|error| panic!("{}", told(&error)))
}
