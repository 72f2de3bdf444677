//! Limits the memory of an instance.
//!
//! Wasmtime's own limiter bounds each linear memory by itself, but a guest may have many, and
//! tables besides. Here each growth of a memory or table is charged to the query's budget, and
//! released only with the instance. A growth that was allowed and then failed, because the system
//! has no memory, stays charged: Wasmtime also reports failures of growths for which it never asked
//! (`a_failing_growth_does_not_give_back_the_memory_that_another_got`).

use wasmtime::ResourceLimiter;

use crate::limits::LimitExceeded;
use crate::query::QueryContext;

/// The charge for a table element: Wasmtime stores a pointer.
const TABLE_ELEMENT_BYTES: usize = 8;

/// The memory of one instance.
pub(crate) struct Memory {
    query: QueryContext,
    bytes: usize,
    /// The last growth that the budget refused. A guest may continue after that; if it traps, this
    /// is the reason.
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

    /// Linear memories and tables, in bytes. They never shrink, so this is also the peak.
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

/// Whether Wasmtime refuses a growth in any case: then nothing is charged.
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
