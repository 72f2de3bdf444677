//! Instances outside of WebAssembly, for unit tests: each bound function has columns of its own.
//!
//! A component's instance has one table of columns, in its memory. Here a thread has a table for each
//! function that is bound in it, of which one is in use at a time. The tables are used again and
//! never freed, so that a column can be referred to as in a component.

use std::cell::{Cell, RefCell};

use super::column::{self, Column, PLACES, Table};

thread_local! {
    static CURRENT: Cell<Option<&'static Table>> = const { Cell::new(None) };
    /// The tables of functions that are gone.
    static SPARE: RefCell<Vec<&'static Table>> = const { RefCell::new(Vec::new()) };
    /// The table while no function runs: it has no field.
    static NONE: &'static Table = new_table();
}

fn new_table() -> &'static Table {
    Box::leak(Box::new(column::new_table()))
}

/// The columns of the function that runs.
pub(super) fn table() -> &'static Table {
    CURRENT.get().unwrap_or_else(|| NONE.with(|none| *none))
}

/// The columns of one bound function.
#[derive(Debug)]
pub(crate) struct Instance {
    table: &'static Table,
    places: Cell<usize>,
}

impl Instance {
    pub(crate) fn new() -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        Self {
            table: spare.unwrap_or_else(new_table),
            places: Cell::new(1),
        }
    }

    /// What `run` returns, with this function's columns, at their first row.
    pub(crate) fn enter<R>(&self, run: impl FnOnce() -> R) -> R {
        let _entered = Entered {
            instance: self,
            table: CURRENT.replace(Some(self.table)),
            places: PLACES.replace(self.places.get()),
        };
        // The host counts the rows of a batch anew.
        column::enter(0);
        run()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.table.iter().for_each(Column::reset);
        // At the end of a thread the list may be gone.
        let _ = SPARE.try_with(|spare| spare.borrow_mut().push(self.table));
    }
}

/// Puts back what was there before, also after a panic.
struct Entered<'a> {
    instance: &'a Instance,
    table: Option<&'static Table>,
    places: usize,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.table);
        self.instance.places.set(PLACES.replace(self.places));
    }
}
