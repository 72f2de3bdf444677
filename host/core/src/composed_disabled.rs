//! Replaces `composed` in a build without the feature `intrinsics`: every UDF runs on the reference
//! accessor, and the parts that only the fast path needs are empty.

use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Engine, Store};

use crate::error::Cause;
use crate::state::State;

pub(crate) const AVAILABLE: bool = false;

const REASON: &str = "this build does not have the feature `intrinsics`";

pub(crate) fn version() -> Vec<u8> {
    Vec::new()
}

pub(crate) fn compose(_guest: &[u8], _imports: &[String]) -> Result<Vec<u8>, Cause> {
    Err(Cause::new(REASON))
}

pub(crate) fn compile(_engine: &Engine, _composed: &[u8]) -> wasmtime::Result<Component> {
    Err(wasmtime::Error::msg(REASON))
}

pub(crate) fn link(_linker: &mut Linker<State>) -> wasmtime::Result<()> {
    Ok(())
}

pub(crate) struct Driver(());

impl Driver {
    pub(crate) fn of(_store: &mut Store<State>, _instance: &Instance) -> wasmtime::Result<Self> {
        Err(wasmtime::Error::msg(REASON))
    }

    pub(crate) fn run(&self, _store: &mut Store<State>, _rows: u32) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg(REASON))
    }
}

/// The current row only.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    row: usize,
}

impl Frame {
    pub(crate) fn row(&self) -> usize {
        self.row
    }

    pub(crate) fn set_row(&mut self, row: usize) {
        self.row = row;
    }
}

pub(crate) type Entries = Vec<()>;
