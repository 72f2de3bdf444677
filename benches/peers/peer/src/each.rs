//! Calls that fill a host's vector: for engines that take a document at a time.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::Call;

/// A call that evaluates row after row, by its index.
pub fn each<R: Serialize + 'static>(
    rows: usize,
    mut evaluate: impl FnMut(usize) -> Result<R> + 'static,
) -> Box<dyn Call> {
    filled(move |results| {
        for row in 0..rows {
            results.push(evaluate(row)?);
        }
        Ok(())
    })
}

/// A call that appends the results of all rows to a vector. The vector is empty, and has the memory of the
/// call before.
pub fn filled<R: Serialize + 'static>(
    fill: impl FnMut(&mut Vec<R>) -> Result<()> + 'static,
) -> Box<dyn Call> {
    Box::new(Filled {
        results: Vec::new(),
        fill,
    })
}

struct Filled<R, F> {
    results: Vec<R>,
    fill: F,
}

impl<R: Serialize, F: FnMut(&mut Vec<R>) -> Result<()>> Call for Filled<R, F> {
    fn call(&mut self) -> Result<()> {
        self.results.clear();
        (self.fill)(&mut self.results)
    }

    fn values(&self) -> Vec<Value> {
        self.results
            .iter()
            .map(|result| serde_json::json!(result))
            .collect()
    }
}
