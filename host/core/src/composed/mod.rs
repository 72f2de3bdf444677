//! The fast path: guest, accessor and driver as one component.
//!
//! The accessor exports the document interface and reads Arrow buffers in place. The driver loops
//! over the rows and writes the results. Both are small modules of ours. They are composed with the
//! guest and compiled together, so a field read is inlined into the guest's loop, and a batch is
//! one entry into WebAssembly. The price is `expose_unsafe_intrinsics`: accessor and driver read
//! and write native memory. They are trusted code, and no guest may import their imports
//! (`component` refuses that before anything is composed).
//!
//! `composed_disabled.rs` replaces this module in a build without the feature `intrinsics`.

mod modules;
mod table;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions};
use wasmtime::component::{Component, HasSelf, Instance, Linker, TypedFunc};
use wasmtime::{CodeBuilder, Engine, Store};

use self::modules::{READING_ANY, READING_TEXT_WORDS};
use self::table::{Entry, ID_CODE, SCORE_CODE, code_of};
use crate::contract::{DOCUMENT, FUNCTIONS, TEXT_WORDS, types};
use crate::error::Cause;
use crate::state::{ID_HANDLE, Reading, State};
use crate::value::Kind;

pub(crate) use self::table::Frame;

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../wit", "src/composed/wit"],
        world: "whittle:host/composed",
        imports: { default: trappable },
        with: {
            "whittle:udf/types": crate::contract::bindings::whittle::udf::types,
            "whittle:udf/logging": crate::contract::bindings::whittle::udf::logging,
        },
    });
}

use self::bindings::whittle::host::{fields, sink};

/// Whether this build has the fast path.
pub(crate) const AVAILABLE: bool = true;

/// The import with which accessor and driver access native memory.
const NATIVE: &str = "whittle:host/native@0.1.0";

/// Part of a compiled component's key in the cache: it changes with accessor and driver.
pub(crate) fn version() -> Vec<u8> {
    [
        include_str!("accessor.wat"),
        include_str!("driver.wat"),
        include_str!("modules.rs"),
        include_str!("table.rs"),
        include_str!("wit/host.wit"),
    ]
    .concat()
    .into_bytes()
}

/// Joins accessor, guest and driver. `imports` are the guest's.
///
/// # Errors
///
/// The guest's types are not those of the contract.
pub(crate) fn compose(guest: &[u8], imports: &[String]) -> Result<Vec<u8>, Cause> {
    let mut graph = CompositionGraph::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())
            .map_err(|error| Cause::new(format!("{error:#}")))?;
        let package = graph.register_package(package).map_err(Cause::new)?;
        Ok::<_, Cause>(graph.instantiate(package))
    };
    let accessor = add("whittle:accessor", modules::accessor()?)?;
    let guest = add("whittle:guest", guest.to_vec())?;
    let driver = add("whittle:driver", modules::driver()?)?;
    for interface in [DOCUMENT, TEXT_WORDS] {
        if imports.iter().any(|import| import == interface) {
            let export = graph
                .alias_instance_export(accessor, interface)
                .map_err(Cause::new)?;
            graph
                .set_instantiation_argument(guest, interface, export)
                .map_err(|error| Cause::chain(&error))?;
        }
    }
    let functions = graph
        .alias_instance_export(guest, FUNCTIONS)
        .map_err(Cause::new)?;
    graph
        .set_instantiation_argument(driver, FUNCTIONS, functions)
        .map_err(|error| Cause::chain(&error))?;
    graph.export(functions, FUNCTIONS).map_err(Cause::new)?;
    let run = graph
        .alias_instance_export(driver, "run")
        .map_err(Cause::new)?;
    graph.export(run, "run").map_err(Cause::new)?;
    graph
        .encode(EncodeOptions::default())
        .map_err(|error| Cause::chain(&error))
}

/// Compiles the output of [`compose`].
///
/// # Errors
///
/// Wasmtime cannot compile it.
#[expect(unsafe_code, reason = "exposes native memory to accessor and driver")]
pub(crate) fn compile(engine: &Engine, composed: &[u8]) -> wasmtime::Result<Component> {
    let mut builder = CodeBuilder::new(engine);
    // SAFETY: of the three parts of `composed`, only accessor and driver import `NATIVE`:
    // `component::inspect` has refused a guest that imports anything of `whittle:host`
    // (`a_guest_that_imports_the_native_interface_is_refused`). Those two run in a
    // `Store<State>` alone, since `link` and `Instance` know no other; `State` begins with the
    // frame whose layout they were written from (`table::constants`, and the assertions there);
    // and they check every index against the length beside its pointer
    // (`both_accessors_agree_on_random_batches`, run under AddressSanitizer).
    unsafe { builder.expose_unsafe_intrinsics(NATIVE) };
    builder.wasm_binary(composed, None)?;
    builder.compile_component()
}

/// Adds the imports of accessor and driver to a linker.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    fields::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    sink::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}

/// The driver's entry point.
pub(crate) struct Driver(TypedFunc<(u32,), ()>);

impl Driver {
    pub(crate) fn of(store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Self> {
        instance.get_typed_func(store, "run").map(Self)
    }

    /// Evaluates the rows of the columns that the store holds.
    pub(crate) fn run(&self, store: &mut Store<State>, rows: u32) -> wasmtime::Result<()> {
        open(store.data_mut(), rows as usize);
        let result = self.0.call(&mut *store, (rows,));
        store.data_mut().frame.close();
        result
    }
}

/// Points the frame at the columns of the current piece and at its results.
fn open(state: &mut State, rows: usize) {
    let State {
        frame,
        columns,
        sink,
        entries,
        ..
    } = state;
    entries.clear();
    entries.push(Entry::new(&columns.id, ID_CODE));
    entries.push(Entry::new(&columns.score, SCORE_CODE));
    entries.extend(
        columns
            .fields
            .iter()
            .map(|column| Entry::new(column, code_of(column.kind()))),
    );
    let returns = sink.returns();
    let (values, states) = sink.piece(rows);
    frame.open(entries, values, states, returns);
}

/// The table of columns, which lives as long as the store's data.
pub(crate) type Entries = Vec<Entry>;

impl fields::Host for State {
    fn resolve(&mut self, path: String, kind: types::Kind) -> wasmtime::Result<u32> {
        self.resolve_field(path, kind.into())
    }

    fn long_text(&mut self, field: u32) -> wasmtime::Result<String> {
        self.query.check()?;
        if field == ID_HANDLE {
            return Ok(self.id());
        }
        let text = self
            .column(field)
            .and_then(|column| column.text(self.frame.row()));
        Ok(text.unwrap_or_default().to_owned())
    }

    fn misuse(&mut self, field: u32, reading: u32) -> wasmtime::Result<()> {
        let reading = match reading {
            READING_ANY => Reading::Any,
            READING_TEXT_WORDS => Reading::TextWords,
            code => Reading::Kind(
                [
                    Kind::Boolean,
                    Kind::Int64,
                    Kind::Float64,
                    Kind::Text,
                    Kind::Timestamp,
                    Kind::Json,
                ]
                .into_iter()
                .find(|kind| code_of(*kind) == code)
                .unwrap_or(Kind::Json),
            ),
        };
        Err(self.misused(field, reading).into())
    }
}

impl sink::Host for State {
    fn text(&mut self, value: String) -> wasmtime::Result<()> {
        self.query.check()?;
        let row = self.frame.row();
        self.push_text(row, &value)
    }

    fn fail(&mut self, error: types::Error) -> wasmtime::Result<()> {
        self.push_error(self.frame.row(), error)
    }

    fn wrong_kind(&mut self, found: u32) -> wasmtime::Result<()> {
        let kinds = ["boolean", "int64", "float64", "text", "timestamp", "json"];
        let found = kinds
            .get(found.wrapping_sub(1) as usize)
            .copied()
            .unwrap_or("null");
        self.push_wrong_kind(self.frame.row(), found)
    }
}
