//! The batch path: whole columns into the guest, and all results out of it, in one call.
//!
//! A component with a kit exports `whittle:batch/functions`. The host copies the columns that the
//! function reads into the guest's memory, through the canonical ABI; the kit loops over the rows
//! and gives back the results in one call (`results`). So a batch costs one entry into WebAssembly
//! and one call out of it, whatever the number of rows and fields.
//!
//! The guest keeps the number of the current row in its memory, and the host reads it whenever it
//! must know the document: in the functions of `whittle:udf/document` (which give what is not in
//! the columns: ids, large texts), and when the guest traps or its time is over.

mod columns;
mod results;

use std::ops::Range;

use wasmtime::component::{Instance, TypedFunc, WasmList};
use wasmtime::{Store, StoreContextMut};

use self::columns::{Argument, Copies};
pub(crate) use self::results::link;
use crate::contract::BATCH_FUNCTIONS;
use crate::error::Stopped;
use crate::state::{State, misuse};

/// The most rows of one call.
const CALL_ROWS: usize = 8192;
/// The most bytes of texts that are copied into the guest for one call.
const CALL_TEXT_BYTES: usize = 1 << 20;

/// The guest's entry point for batches.
pub(crate) struct Batches(TypedFunc<Parameters<'static>, ()>);

/// The number of rows, the columns, and the scores.
type Parameters<'a> = (u32, &'a [Argument<'a>], Option<&'a [u8]>);

/// The batch that is in the guest.
#[derive(Default)]
pub(crate) struct Present {
    /// The rows of the current columns that the guest is evaluating; none outside of a call, and
    /// after the guest has given the results.
    rows: Option<Range<usize>>,
    /// How many of them have results.
    given: usize,
    /// Where the guest keeps the number of its row.
    watched: Option<WasmList<u32>>,
    /// Whether scores are copied into the guest.
    pub(crate) reads_scores: bool,
}

impl Batches {
    /// The guest's export, if it has one.
    pub(crate) fn of(
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Option<Self>> {
        let Some(interface) = instance.get_export_index(&mut *store, None, BATCH_FUNCTIONS) else {
            return Ok(None);
        };
        let function = instance.get_export_index(&mut *store, Some(&interface), "evaluate");
        let function = function.ok_or_else(|| {
            wasmtime::Error::msg(format!("`{BATCH_FUNCTIONS}` has no function `evaluate`"))
        })?;
        Ok(Some(Self(instance.get_typed_func(store, function)?)))
    }

    /// Evaluates the rows of the current columns.
    pub(crate) fn run(&self, store: &mut Store<State>, rows: usize) -> wasmtime::Result<()> {
        let mut start = 0;
        while start < rows {
            let range = store.data().columns.cut(start..rows.min(start + CALL_ROWS));
            start = range.end;
            self.call(store, range)?;
        }
        Ok(())
    }

    fn call(&self, store: &mut Store<State>, rows: Range<usize>) -> wasmtime::Result<()> {
        let state = store.data_mut();
        state.row = rows.start;
        state.batch.rows = Some(rows.clone());
        state.batch.given = 0;
        // Host functions read the state's own while the guest runs.
        let columns = state.columns.clone();
        let copies = Copies::of(&columns, rows.clone(), state.batch.reads_scores);
        let arguments = copies.arguments(&columns, &rows);
        // A call has at most `CALL_ROWS` rows.
        let count = rows.len() as u32;
        let result = self
            .0
            .call(&mut *store, (count, &arguments, copies.scores()));
        locate(store);
        let batch = &mut store.data_mut().batch;
        let (given, unfinished) = (batch.given, batch.rows.take().is_some());
        result?;
        if unfinished {
            let reason = format!("it gave results for {given} of {count} rows");
            return Err(misuse(reason).into());
        }
        Ok(())
    }
}

/// Moves to the row that the guest was evaluating when it returned or was stopped.
fn locate(store: &mut Store<State>) {
    let state = store.data();
    if let (Some(rows), Some(watched)) = (&state.batch.rows, &state.batch.watched) {
        // The guest's word: any row of the batch may be it, and no other.
        let row = watched.as_le_slice(&*store)[0] as usize;
        let row = rows.start + row.min(rows.len() - 1);
        store.data_mut().row = row;
    }
}

/// The state for a host function, at the row that the guest is evaluating.
pub(crate) fn state_at_row<'a>(
    store: &'a mut StoreContextMut<'_, State>,
) -> wasmtime::Result<&'a mut State> {
    let state = store.data();
    if let (Some(rows), Some(watched)) = (&state.batch.rows, &state.batch.watched) {
        let row = watched.as_le_slice(&*store)[0];
        let row = row_in(rows, row)?;
        store.data_mut().row = row;
    }
    Ok(store.data_mut())
}

/// The row of the current columns that is a row of the batch.
fn row_in(rows: &Range<usize>, row: u32) -> Result<usize, Stopped> {
    if (row as usize) < rows.len() {
        return Ok(rows.start + row as usize);
    }
    let count = rows.len();
    Err(misuse(format!(
        "it named the row {row} in a batch of {count} rows"
    )))
}
