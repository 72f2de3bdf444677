//! The contract on Wasmtime alone: just enough to describe, bind and evaluate `custom_score`, which
//! reads three fields of float64.

use std::path::Path;

use wasmtime::component::{Component, Linker, WasmList};
use wasmtime::{Config, Engine, Inlining, PoolingAllocationConfig, Store, StoreContextMut};

use self::exports::whittle::udf::functions::{Argument, Manifest, Value};
use self::whittle::udf::types::{Kind, Presence};

wasmtime::component::bindgen!({ path: "../wit", world: "whittle:udf/udf" });

/// Wasmtime with the settings that compiled code depends on, and a pool.
pub(crate) struct Host {
    engine: Engine,
}

/// A component that was loaded and linked.
pub(crate) struct Guest {
    engine: Engine,
    component: UdfPre<()>,
    manifest: Manifest,
}

/// An instance that was bound.
pub(crate) struct Bound {
    store: Store<()>,
    instance: Udf,
}

impl Host {
    pub(crate) fn new() -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.max_core_instances_per_component(64)
            .max_memories_per_component(4)
            .max_tables_per_component(16)
            .total_memories(64)
            .table_elements(1 << 16)
            .table_keep_resident((1 << 16) * size_of::<usize>());
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .epoch_interruption(true)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .compiler_inlining(Inlining::InterModule)
            .relaxed_simd_deterministic(true)
            .allocation_strategy(pool);
        let engine = Engine::new(&config).expect("an engine starts");
        Self { engine }
    }

    /// Compiles a component into a file.
    pub(crate) fn compile(&self, component: &[u8], file: &Path) {
        let compiled = self.engine.precompile_component(component);
        std::fs::write(file, compiled.expect("compiled")).expect("written");
    }

    /// Loads the file of a compiled component, and has the component describe itself.
    #[expect(unsafe_code, reason = "Wasmtime trusts compiled code")]
    pub(crate) fn load(&self, file: &Path) -> Guest {
        // SAFETY: `compile` has written the file, and nothing else does.
        let component = unsafe { Component::deserialize_file(&self.engine, file) };
        let component = link(&self.engine, &component.expect("loaded")).expect("linked");
        let (mut store, instance) = instantiate(&self.engine, &component);
        let functions = instance.whittle_udf_functions();
        let manifest = functions.call_describe(&mut store).expect("described");
        Guest {
            engine: self.engine.clone(),
            component,
            manifest,
        }
    }
}

impl Guest {
    /// The arguments of the only function: its defaults.
    pub(crate) fn arguments(&self) -> Vec<Argument> {
        let parameters = self.manifest.functions[0].parameters.iter();
        let defaults = parameters.filter_map(|parameter| match &parameter.presence {
            Presence::Default(value) => Some(Argument {
                name: parameter.name.clone(),
                value: value.clone(),
            }),
            Presence::Required | Presence::Optional => None,
        });
        defaults.collect()
    }

    /// Instantiates the component, and binds a function.
    pub(crate) fn bind(&self, function: &str, arguments: &[Argument]) -> Bound {
        let (mut store, instance) = instantiate(&self.engine, &self.component);
        let functions = instance.whittle_udf_functions();
        let bound = functions.call_bind(&mut store, function, arguments);
        bound.expect("called").expect("bound");
        Bound { store, instance }
    }
}

fn instantiate(engine: &Engine, component: &UdfPre<()>) -> (Store<()>, Udf) {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(1);
    let instance = component.instantiate(&mut store).expect("instantiated");
    (store, instance)
}

impl Bound {
    /// Evaluates one document.
    pub(crate) fn evaluate(&mut self) -> Value {
        let functions = self.instance.whittle_udf_functions();
        let value = functions.call_evaluate(&mut self.store);
        value.expect("called").expect("a value")
    }
}

fn link(engine: &Engine, component: &Component) -> wasmtime::Result<UdfPre<()>> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    linker.define_unknown_imports_as_traps(component)?;
    let mut document = linker.instance("whittle:udf/document@0.1.0")?;
    document.func_wrap("resolve", |_: Context, _: (String, Kind)| Ok((2_u32,)))?;
    document.func_wrap("get-float64", |_: Context, _: (u32,)| Ok((Some(1.0_f64),)))?;
    document.func_wrap("float64-or", |_: Context, _: (u32, f64)| Ok((1.0_f64,)))?;
    let mut results = linker.instance("whittle:batch/results@0.2.0")?;
    results.func_wrap("watch", |_: Context, _: (WasmList<u32>,)| Ok(()))?;
    UdfPre::new(linker.instantiate_pre(component)?)
}

type Context<'a> = StoreContextMut<'a, ()>;
