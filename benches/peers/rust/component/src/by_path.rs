//! Documents as resources, and fields by their paths.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use peer_epochs::{CALL_EPOCHS, failed};
use serde_json::Value as Json;
use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{Engine, Error, Store};
use whittle_peer::Call;

use self::peer::documents::documents::{self, HostDocument};
use self::peer::documents::values;

use crate::columns::{Column, Row};
use crate::results::json;

wasmtime::component::bindgen!({
    path: "wit",
    world: "by-path",
    with: { "peer:documents/documents.document": crate::columns::Row },
    imports: { default: trappable },
});

/// A document is a row as a resource.
#[derive(Default)]
struct State {
    documents: ResourceTable,
}

impl documents::Host for State {}
impl values::Host for State {}

impl HostDocument for State {
    fn get_number(
        &mut self,
        document: Resource<Row>,
        path: String,
    ) -> wasmtime::Result<Option<f64>> {
        let Row { columns, row } = self.documents.get(&document)?;
        Ok(columns.get(&path).and_then(|column| column.number(*row)))
    }

    fn get_text(
        &mut self,
        document: Resource<Row>,
        path: String,
    ) -> wasmtime::Result<Option<String>> {
        let Row { columns, row } = self.documents.get(&document)?;
        Ok(columns
            .get(&path)
            .and_then(|column| column.text(*row))
            .map(str::to_owned))
    }

    fn drop(&mut self, document: Resource<Row>) -> wasmtime::Result<()> {
        self.documents.delete(document)?;
        Ok(())
    }
}

pub(crate) struct Host {
    engine: Engine,
    guest: ByPathPre<State>,
}

pub(crate) struct Prepared {
    store: Store<State>,
    guest: ByPath,
    columns: Arc<HashMap<String, Column>>,
    rows: usize,
    results: Vec<Value>,
}

impl Host {
    pub(crate) fn new(engine: &Engine, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        ByPath::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        let guest = ByPathPre::new(linker.instantiate_pre(component)?)?;
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
        let mut store = Store::new(&self.engine, State::default());
        store.set_epoch_deadline(CALL_EPOCHS);
        let guest = self.guest.instantiate(&mut store)?;
        guest
            .call_prepare(&mut store, request)?
            .map_err(Error::msg)?;
        Ok(Prepared {
            store,
            guest,
            columns: Arc::new(columns.into_iter().collect()),
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
            columns,
            rows,
            results,
        } = self;
        results.clear();
        store.set_epoch_deadline(CALL_EPOCHS);
        for row in 0..*rows {
            let document = Row {
                columns: columns.clone(),
                row,
            };
            let document = store.data_mut().documents.push(document)?;
            let borrowed = Resource::new_borrow(document.rep());
            results.push(guest.call_evaluate(&mut *store, borrowed)?);
            store.data_mut().documents.delete(document)?;
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
