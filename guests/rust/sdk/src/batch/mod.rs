//! The batch that the host has handed over: its columns, the current row, the loop over the rows.
//!
//! The loop is in `evaluate`, so that the author's function is inlined into it. The host hands over
//! copies of its columns, which live until `evaluate` ends.

mod column;
#[cfg(not(target_arch = "wasm32"))]
mod instance;
mod results;
mod whole;

use std::cell::Cell;

pub(crate) use self::column::Place;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::column::row;
pub use self::column::watch;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::instance::Instance;
pub(crate) use self::whole::bytes_of;
pub use self::whole::{Batch, FixedWidth, TextKind, Texts, Values};
use crate::bindings::exports::whittle::batch::functions;
use crate::bindings::whittle::udf::types;
use crate::host::{document, results as host};
use crate::{Error, Output, Udf};

thread_local! {
    static SCORES: Cell<Scores> = const { Cell::new(Scores::Host) };
}

#[derive(Clone, Copy)]
enum Scores {
    /// The host has them: there is no batch.
    Host,
    /// All are 1.
    Ones,
    /// Eight bytes for each row.
    At(*const u8),
}

/// The score of the current document.
#[inline]
#[expect(unsafe_code, reason = "as for columns")]
pub(crate) fn score() -> f64 {
    match SCORES.get() {
        Scores::Host if !column::all_here() => document::score(),
        Scores::Host | Scores::Ones => 1.0,
        // SAFETY: `Open::new` has checked that there is a score for each row.
        Scores::At(scores) => f64::from_bits(unsafe { column::word(scores, column::row()) }),
    }
}

/// The columns of a call; while it lives, fields read them.
struct Open {
    _columns: Vec<functions::Column>,
    _scores: Option<Vec<u8>>,
}

impl Open {
    fn new(rows: usize, columns: Vec<functions::Column>, scores: Option<Vec<u8>>) -> Self {
        column::open(rows, &columns);
        SCORES.set(match &scores {
            Some(scores) => {
                assert!(scores.len() == rows * 8, "wrong scores");
                Scores::At(scores.as_ptr())
            }
            None => Scores::Ones,
        });
        Self {
            _columns: columns,
            _scores: scores,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        SCORES.set(Scores::Host);
        column::close();
    }
}

/// Evaluates a function for each row of a batch, and gives the results to the host.
pub fn evaluate<T: Udf>(
    function: &T,
    rows: u32,
    columns: Vec<functions::Column>,
    scores: Option<Vec<u8>>,
) {
    let open = Open::new(rows as usize, columns, scores);
    if T::TAKES_BATCHES {
        let batch = Batch::of(&open, rows as usize);
        whole(function.evaluate_batch(&batch), rows);
    } else if column::all_here() {
        rows_here(function, rows);
    } else {
        rows_anywhere(function, rows);
    }
}

/// The results of a batch that the function has evaluated as a whole.
fn whole<T: Output>(outputs: Vec<T>, rows: u32) {
    check_count(outputs.len(), rows);
    if let Some(values) = T::column(&outputs) {
        host::put(None, values, None);
        return;
    }
    let mut outputs = outputs.into_iter();
    let ended = || Err(Error::failed("there is no result"));
    let next = |_| outputs.next().map_or_else(ended, Output::into_value);
    results::put(T::KIND, rows, next);
}

/// A function of its own, so that the compiler knows that nothing writes into `function`.
#[inline(never)]
fn rows_here<T: Udf>(function: &T, rows: u32) {
    results::put(T::Output::KIND, rows, |row| {
        column::enter_here(row);
        function.evaluate().into_value()
    });
}

fn rows_anywhere<T: Udf>(function: &T, rows: u32) {
    results::put(T::Output::KIND, rows, |row| {
        column::enter(row);
        anywhere(function)
    });
}

#[inline(never)]
fn anywhere<T: Udf>(function: &T) -> Result<types::Value, Error> {
    function.evaluate().into_value()
}

/// The function's result for the current document, outside of a batch.
///
/// # Errors
///
/// The function fails.
pub fn evaluate_document<T: Udf>(function: &T) -> Result<types::Value, types::Error> {
    anywhere(function).map_err(types::Error::from)
}

/// The result of a function that takes batches only, for the current document.
pub fn evaluate_alone<T: Udf>(function: &T) -> T::Output {
    let mut outputs = function.evaluate_batch(&Batch::of_document());
    check_count(outputs.len(), 1);
    outputs.swap_remove(0)
}

fn check_count(given: usize, rows: u32) {
    assert!(
        given == rows as usize,
        "`batch` returned {given} results for {rows} rows"
    );
}
