//! A component that was checked, compiled and described: the form in which a data node keeps a UDF.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::{Component, InstancePre};

use crate::arguments::Arguments;
use crate::bound::{Bound, Observer};
use crate::cache::Key;
use crate::component::{self, Shape};
use crate::contract::types;
use crate::effort;
use crate::engine::Engine;
use crate::error::{BindError, Cause, RegisterError, Stopped};
use crate::instance::{Guest, Instance, StartError};
use crate::language::Language;
use crate::limits::LimitExceeded;
use crate::manifest::Manifest;
use crate::meter::Meter;
use crate::query::QueryContext;
use crate::slots::{ReservedInstances, Slot};
use crate::state::{Phase, State};
use crate::words::one_line;

/// A UDF component, ready to be bound. Clones share it; it can be used from any thread.
#[derive(Clone)]
pub struct Udf(Arc<Inner>);

struct Inner {
    engine: Engine,
    name: Arc<str>,
    component: InstancePre<State>,
    manifest: Manifest,
    shape: Shape,
    /// Of its functions, in the order of the manifest.
    meters: Vec<Meter>,
    component_bytes: usize,
    compiled_bytes: usize,
    compile_time: Option<Duration>,
}

impl std::fmt::Debug for Udf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Udf")
            .field("manifest", &self.0.manifest)
            .field("shape", &self.0.shape)
            .finish_non_exhaustive()
    }
}

impl Udf {
    /// Checks a component, compiles it or loads it from the engine's cache, and calls its `describe`
    /// under the engine's `describe` budget.
    ///
    /// Compiling takes about 50 ms for a small component, and seconds for one with an interpreter;
    /// loading it from the cache takes less than 1 ms and about 15 ms.
    ///
    /// # Errors
    ///
    /// * The bytes are not a component, or exceed the engine's [`Limits`](crate::Limits).
    /// * It does not export the contract's functions, imports something outside of the contract, or
    ///   has other types there.
    /// * `describe` or a start function traps, exceeds its budget, or returns a manifest that
    ///   breaks a rule.
    pub fn new(engine: &Engine, component: &[u8]) -> Result<Self, RegisterError> {
        let shape = component::inspect(component, engine.limits())?;
        let compiled = Compiled::new(engine, component, shape.lines.is_some())?;
        let instance = engine
            .linker()
            .instantiate_pre(&compiled.component)
            .map_err(|error| RegisterError::Contract(Cause::new(format!("{error:#}"))))?;
        let manifest = describe(engine, &instance, &shape)?;
        Ok(Self(Arc::new(Inner {
            engine: engine.clone(),
            name: manifest.name.as_str().into(),
            component: instance,
            meters: manifest
                .functions
                .iter()
                .map(|_| Meter::default())
                .collect(),
            manifest,
            shape,
            component_bytes: component.len(),
            compiled_bytes: compiled.bytes,
            compile_time: compiled.time,
        })))
    }

    /// The component's description of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// The imported interfaces.
    pub fn imports(&self) -> &[String] {
        &self.0.shape.imports
    }

    /// The exported interfaces.
    pub fn exports(&self) -> &[String] {
        &self.0.shape.exports
    }

    /// The language that it was written in, if it says so: components of `whittle build` do.
    pub fn language(&self) -> Option<Language> {
        self.0.shape.language
    }

    /// What counts the cost of a function; `None` if there is no such function.
    pub fn meter(&self, function: &str) -> Option<&Meter> {
        let mut functions = self.0.manifest.functions.iter();
        let index = functions.position(|known| known.name == function)?;
        self.0.meters.get(index)
    }

    /// The engine that it runs on.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Whether the component may ask for documents' ids.
    pub(crate) fn reads_ids(&self) -> bool {
        self.0.shape.reads_ids
    }

    /// Whether the component may ask for documents' scores.
    pub(crate) fn reads_scores(&self) -> bool {
        self.0.shape.reads_scores
    }

    /// Whether the component takes whole batches: kits of version 0.2 and later do.
    pub fn takes_batches(&self) -> bool {
        self.0.shape.takes_batches()
    }

    /// The component's size in bytes.
    pub fn component_bytes(&self) -> usize {
        self.0.component_bytes
    }

    /// The compiled code's size in bytes.
    pub fn compiled_bytes(&self) -> usize {
        self.0.compiled_bytes
    }

    /// How long it took to compile; `None` if it came from the cache.
    pub fn compile_time(&self) -> Option<Duration> {
        self.0.compile_time
    }

    /// Binds a function to the arguments of a query, in a new instance: one for each query and
    /// worker.
    ///
    /// # Errors
    ///
    /// * There is no such function, or an argument does not fit the manifest; no guest code has run.
    /// * The guest refuses the arguments, traps, or exceeds the query's budget.
    pub fn bind(
        &self,
        function: &str,
        arguments: &Arguments,
        query: &QueryContext,
    ) -> Result<Bound, BindError> {
        self.bound(function, arguments, query, None)
    }

    /// Like [`Udf::bind`], with an observer of what the function does.
    ///
    /// # Errors
    ///
    /// The same as for [`Udf::bind`].
    pub fn bind_observed(
        &self,
        function: &str,
        arguments: &Arguments,
        query: &QueryContext,
        observer: Arc<dyn Observer>,
    ) -> Result<Bound, BindError> {
        self.bound(function, arguments, query, Some(observer))
    }

    /// Like [`Udf::bind_observed`], in an instance that the query has
    /// [reserved](crate::Engine::reserve). If none of this engine's is left, it waits for one.
    ///
    /// # Errors
    ///
    /// The same as for [`Udf::bind`].
    pub fn bind_reserved(
        &self,
        function: &str,
        arguments: &Arguments,
        query: &QueryContext,
        observer: Option<Arc<dyn Observer>>,
        reserved: &mut ReservedInstances,
    ) -> Result<Bound, BindError> {
        self.bind_in(function, arguments, query, observer, |engine| {
            let slots = engine.slots();
            reserved.next(slots).map_or_else(|| slots.take(query), Ok)
        })
    }

    /// Like [`Udf::bind_observed`], in an instance that queries cannot use.
    #[cfg(feature = "registry")]
    pub(crate) fn bind_for_trial(
        &self,
        function: &str,
        arguments: &Arguments,
        query: &QueryContext,
        observer: Arc<dyn Observer>,
    ) -> Result<Bound, BindError> {
        self.bind_in(function, arguments, query, Some(observer), |engine| {
            engine.trial_slots().take(query)
        })
    }

    fn bound(
        &self,
        function: &str,
        arguments: &Arguments,
        query: &QueryContext,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Bound, BindError> {
        self.bind_in(function, arguments, query, observer, |engine| {
            engine.slots().take(query)
        })
    }

    fn bind_in(
        &self,
        function: &str,
        arguments: &Arguments,
        query: &QueryContext,
        observer: Option<Arc<dyn Observer>>,
        slot: impl FnOnce(&Engine) -> Result<Slot, Stopped>,
    ) -> Result<Bound, BindError> {
        let Inner {
            engine,
            name,
            component,
            manifest,
            shape,
            ..
        } = &*self.0;
        let Some(signature) = manifest.function(function) else {
            let known = manifest
                .functions
                .iter()
                .map(|known| known.name.clone())
                .collect();
            return Err(BindError::UnknownFunction {
                function: one_line(function),
                known,
            });
        };
        let arguments = arguments
            .checked(signature)
            .map_err(|source| BindError::Argument {
                function: function.to_owned(),
                source,
            })?;
        let arguments = arguments.into_iter().map(|(name, value)| types::Argument {
            name,
            value: value.into(),
        });
        let stopped = |source| BindError::Stopped {
            function: function.to_owned(),
            source,
        };
        let slot = slot(engine).map_err(stopped)?;
        let name = Arc::clone(name);
        let guest = Guest { component, shape };
        let instance = Instance::new(engine, name, guest, query, Phase::Bind, slot);
        let mut instance = instance.map_err(|error| match error {
            StartError::Stopped(source) => stopped(source),
            // The first instance, which described itself, had the right exports.
            StartError::Contract(cause) => stopped(Stopped::Wasmtime(cause)),
        })?;
        match instance
            .bind(function, arguments.collect())
            .map_err(stopped)?
        {
            Ok(()) => {
                let signature = signature.clone();
                Ok(Bound::new(self.clone(), signature, instance, observer))
            }
            Err(types::Error::InvalidArgument(message)) => Err(BindError::Refused {
                function: function.to_owned(),
                message: query.bounded(&message),
            }),
            Err(types::Error::Failed(message)) => Err(BindError::Failed {
                function: function.to_owned(),
                message: query.bounded(&message),
            }),
        }
    }
}

fn describe(
    engine: &Engine,
    component: &InstancePre<State>,
    shape: &Shape,
) -> Result<Manifest, RegisterError> {
    let limits = engine.limits();
    let query = QueryContext::new(limits.describe.clone());
    let slot = engine
        .slots()
        .take(&query)
        .map_err(RegisterError::Describe)?;
    let guest = Guest { component, shape };
    let instance = Instance::new(engine, "".into(), guest, &query, Phase::Describe, slot);
    let described = instance.and_then(|mut instance| instance.describe());
    let manifest = described.map_err(|error| match error {
        StartError::Contract(cause) => RegisterError::Contract(cause),
        StartError::Stopped(stopped) => RegisterError::Describe(stopped),
    })?;
    Ok(Manifest::checked(manifest, limits)?)
}

struct Compiled {
    component: Component,
    bytes: usize,
    time: Option<Duration>,
}

impl Compiled {
    fn new(engine: &Engine, component: &[u8], with_lines: bool) -> Result<Self, RegisterError> {
        let cache = engine.cache();
        let cache = cache.map(|cache| (cache, Key::new(component, engine.wasmtime())));
        if let Some((cache, key)) = &cache
            && let Some((file, bytes)) = cache.get(key)
        {
            match deserialize(engine, &file) {
                Ok(component) => {
                    return Ok(Self {
                        component,
                        bytes,
                        time: None,
                    });
                }
                Err(error) => log::warn!(
                    "cannot load a compiled component from the cache, compiling again: {error:#}"
                ),
            }
        }
        let started = Instant::now();
        component::validate(component)?;
        let (compiled, code) = compile(engine, component, with_lines)?;
        let allowed = engine.limits().compiled_bytes;
        LimitExceeded::check("compiled_bytes", "bytes", allowed, code.len())?;
        let time = Some(started.elapsed());
        if let Some((cache, key)) = &cache {
            cache.put(key, &code);
        }
        Ok(Self {
            component: compiled,
            bytes: code.len(),
            time,
        })
    }
}

/// Compiles a component; also returns the code, as [`Component::serialize`] gives it.
fn compile(
    engine: &Engine,
    component: &[u8],
    with_lines: bool,
) -> Result<(Component, Vec<u8>), RegisterError> {
    let compilation = effort::compilation(component, engine.limits())?;
    let compiled = engine.compiler(compilation, with_lines);
    let compiled = compiled.and_then(|compiler| {
        let compiled = Component::from_binary(compiler, component)?;
        let code = compiled.serialize()?;
        if wasmtime::Engine::same(compiler, engine.wasmtime()) {
            return Ok((compiled, code));
        }
        Ok((deserialize_fresh(engine, &code)?, code))
    });
    compiled.map_err(|error| RegisterError::Compile(Cause::new(format!("{error:#}"))))
}

#[expect(unsafe_code, reason = "Wasmtime trusts compiled code")]
fn deserialize_fresh(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the one caller got these bytes from `Component::serialize` a moment ago. The engine
    // that compiled them differs in how its compiler works alone, and Wasmtime checks that.
    unsafe { Component::deserialize(engine.wasmtime(), code) }
}

#[expect(unsafe_code, reason = "Wasmtime trusts compiled code")]
fn deserialize(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file begins with what `Component::serialize` gave: `Cache::get` has compared
    // its checksum (`notices_a_flipped_bit_in_any_byte`), and only this process's
    // user can write in the cache's directory, which `EngineOptions::cache` demands. It is mapped, and
    // stays as it is: `Cache::put` moves a new file into its place and writes to none. The key
    // holds Wasmtime's compatibility hash, and Wasmtime checks version and settings again.
    unsafe { Component::deserialize_file(engine.wasmtime(), file) }
}
