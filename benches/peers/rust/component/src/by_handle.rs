//! Fields by handles: a path is resolved once, and the document is the current one of the store.

use anyhow::Result;
use peer_epochs::{CALL_EPOCHS, failed};
use serde_json::Value as Json;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Error, Store};
use whittle_peer::Call;

use self::peer::documents::fields;
use crate::by_path::peer::documents::values;
use crate::columns::Column;
use crate::results::json;

wasmtime::component::bindgen!({
    path: "wit",
    world: "by-handle",
    imports: { default: trappable },
    with: { "peer:documents/values": crate::by_path::peer::documents::values },
});

/// The columns, and the current row. A field's handle is the number of its column.
struct State {
    columns: Vec<(String, Column)>,
    row: usize,
}

impl State {
    fn column(&self, field: u32) -> wasmtime::Result<&Column> {
        let column = self.columns.get(field as usize);
        column
            .map(|(_, column)| column)
            .ok_or_else(|| Error::msg("no such field"))
    }
}

impl values::Host for State {}

impl fields::Host for State {
    fn resolve(&mut self, path: String) -> wasmtime::Result<u32> {
        let field = self.columns.iter().position(|(name, _)| *name == path);
        field
            .map(|field| field as u32)
            .ok_or_else(|| Error::msg(format!("no {path}")))
    }

    fn get_number(&mut self, field: u32) -> wasmtime::Result<Option<f64>> {
        Ok(self.column(field)?.number(self.row))
    }

    fn get_text(&mut self, field: u32) -> wasmtime::Result<Option<String>> {
        Ok(self.column(field)?.text(self.row).map(str::to_owned))
    }
}

pub(crate) struct Host {
    engine: Engine,
    guest: ByHandlePre<State>,
}

pub(crate) struct Prepared {
    store: Store<State>,
    guest: ByHandle,
    rows: usize,
    results: Vec<Value>,
}

impl Host {
    pub(crate) fn new(engine: &Engine, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        ByHandle::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        let guest = ByHandlePre::new(linker.instantiate_pre(component)?)?;
        Ok(Self {
            engine: engine.clone(),
            guest,
        })
    }

    pub(crate) fn prepare(
        &self,
        request: &str,
        columns: Vec<(String, Column)>,
        rows: usize,
    ) -> wasmtime::Result<Prepared> {
        let state = State { columns, row: 0 };
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(CALL_EPOCHS);
        let guest = self.guest.instantiate(&mut store)?;
        guest
            .call_prepare(&mut store, request)?
            .map_err(Error::msg)?;
        Ok(Prepared {
            store,
            guest,
            rows,
            results: Vec::with_capacity(rows),
        })
    }
}

impl Prepared {
    fn evaluate(&mut self) -> wasmtime::Result<()> {
        let Self {
            store,
            guest,
            rows,
            results,
        } = self;
        results.clear();
        store.set_epoch_deadline(CALL_EPOCHS);
        for row in 0..*rows {
            store.data_mut().row = row;
            results.push(guest.call_evaluate(&mut *store)?);
        }
        Ok(())
    }
}

impl Call for Prepared {
    fn call(&mut self) -> Result<()> {
        self.evaluate().map_err(failed)
    }

    fn values(&self) -> Vec<Json> {
        self.results.iter().map(json).collect()
    }
}
