//! How much memory an instance may have.
//!
//! Wasmtime's own limiter bounds each linear memory by itself; a guest may have many, and tables
//! besides. Here every growth of any of them is taken from the query's budget, and given back
//! when the instance goes.

use wasmtime::ResourceLimiter;

use crate::limits::LimitExceeded;
use crate::query::QueryContext;

/// What a table element is charged: Wasmtime keeps a pointer.
const TABLE_ELEMENT_BYTES: usize = 8;

/// The memory of one instance.
pub(crate) struct Memory {
    query: QueryContext,
    bytes: usize,
    last_growth: usize,
    /// The last growth that the budget refused. A guest may live with that; where it traps, this
    /// is why.
    refused: Option<LimitExceeded>,
}

impl Memory {
    pub(crate) fn new(query: QueryContext) -> Self {
        Self {
            query,
            bytes: 0,
            last_growth: 0,
            refused: None,
        }
    }

    /// Linear memories and tables, in bytes. They never shrink, so this is the peak too.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn refused(&self) -> Option<&LimitExceeded> {
        self.refused.as_ref()
    }

    fn grow(&mut self, growth: usize) -> bool {
        match self.query.take_memory(growth) {
            Ok(()) => {
                self.bytes += growth;
                self.last_growth = growth;
                true
            }
            Err(exceeded) => {
                self.refused = Some(exceeded);
                false
            }
        }
    }

    /// Wasmtime could not grow what we allowed, for reasons of its own.
    fn give_back_last_growth(&mut self) {
        let growth = std::mem::take(&mut self.last_growth);
        self.bytes -= growth;
        self.query.return_memory(growth);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.query.return_memory(self.bytes);
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back_last_growth();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let elements = desired.saturating_sub(current);
        Ok(self.grow(elements.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back_last_growth();
        Ok(())
    }
}
