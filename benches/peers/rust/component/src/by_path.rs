//! Documents as resources, and fields by their paths.

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Error, Result};
use serde_json::Value as Json;
use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{Engine, Store};
use whittle_peer::{Call, Rows};

use self::peer::documents::documents::{self, HostDocument};
use self::peer::documents::values::{self, Value};
use crate::CALL_EPOCHS;
use crate::columns::{Column, columns};

wasmtime::component::bindgen!({
    path: "wit",
    world: "by-path",
    with: { "peer:documents/documents.document": Document },
    imports: { default: trappable },
});

/// What a resource is in the host.
pub struct Document {
    columns: Rc<HashMap<String, Column>>,
    row: usize,
}

#[derive(Default)]
struct State {
    documents: ResourceTable,
}

impl documents::Host for State {}
impl values::Host for State {}

impl HostDocument for State {
    fn get_number(
        &mut self,
        document: Resource<Document>,
        path: String,
    ) -> wasmtime::Result<Option<f64>> {
        let Document { columns, row } = self.documents.get(&document)?;
        Ok(columns.get(&path).and_then(|column| column.number(*row)))
    }

    fn get_text(
        &mut self,
        document: Resource<Document>,
        path: String,
    ) -> wasmtime::Result<Option<String>> {
        let Document { columns, row } = self.documents.get(&document)?;
        Ok(columns
            .get(&path)
            .and_then(|column| column.text(*row))
            .map(str::to_owned))
    }

    fn drop(&mut self, document: Resource<Document>) -> wasmtime::Result<()> {
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
    columns: Rc<HashMap<String, Column>>,
    rows: usize,
    results: Vec<Value>,
}

impl Host {
    pub(crate) fn new(engine: &Engine, component: &Component) -> Result<Self> {
        let mut linker = Linker::new(engine);
        ByPath::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        let guest = ByPathPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self {
            engine: engine.clone(),
            guest,
        })
    }

    pub(crate) fn prepare(&self, rows: &Rows) -> Result<Prepared> {
        let mut store = Store::new(&self.engine, State::default());
        store.set_epoch_deadline(CALL_EPOCHS);
        let guest = self.guest.instantiate(&mut store)?;
        guest
            .call_prepare(&mut store, &crate::request(rows))?
            .map_err(Error::msg)?;
        let columns = Rc::new(columns(rows)?.into_iter().collect());
        let rows = rows.count();
        Ok(Prepared {
            store,
            guest,
            columns,
            rows,
            results: Vec::with_capacity(rows),
        })
    }
}

impl Call for Prepared {
    fn call(&mut self) -> Result<()> {
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
            let document = Document {
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

    fn values(&self) -> Vec<Json> {
        let json = |value: &Value| match value {
            Value::Null => Json::Null,
            Value::Boolean(value) => (*value).into(),
            Value::Integer(value) => (*value).into(),
            Value::Number(value) => (*value).into(),
            Value::Text(value) => value.as_str().into(),
        };
        self.results.iter().map(json).collect()
    }
}
