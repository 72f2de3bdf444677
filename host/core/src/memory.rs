//! How much memory an instance may have.
//!
//! Wasmtime's own limiter bounds each linear memory by itself; a guest may have many, and tables
//! besides. Here every growth of any of them is taken from the query's budget, and given back
//! when the instance goes, not before: Wasmtime also tells of failures of growths that it never
//! asked for (`a_failing_growth_does_not_give_back_the_memory_that_another_got`), so a growth that
//! was allowed and then failed, for want of the system's memory, stays taken.

use wasmtime::ResourceLimiter;

use crate::limits::LimitExceeded;
use crate::query::QueryContext;

/// What a table element is charged: Wasmtime keeps a pointer.
const TABLE_ELEMENT_BYTES: usize = 8;

/// The memory of one instance.
pub(crate) struct Memory {
    query: QueryContext,
    bytes: usize,
    /// The last growth that the budget refused. A guest may live with that; where it traps, this
    /// is why.
    refused: Option<LimitExceeded>,
}

impl Memory {
    pub(crate) fn new(query: QueryContext) -> Self {
        Self {
            query,
            bytes: 0,
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
                true
            }
            Err(exceeded) => {
                self.refused = Some(exceeded);
                false
            }
        }
    }
}

/// Whether Wasmtime will refuse a growth, whatever is answered here: then it costs nothing.
fn impossible(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
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
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(!impossible(desired, maximum) && self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let elements = desired.saturating_sub(current);
        let bytes = elements.saturating_mul(TABLE_ELEMENT_BYTES);
        Ok(!impossible(desired, maximum) && self.grow(bytes))
    }
}
