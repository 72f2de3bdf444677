//! The components of an executor: fetched from the registry's store when a task needs them, by their
//! hash, and compiled once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use whittle_datafusion::Reference;
use whittle_host::{
    Engine, Limits, RegisterError, Sha256, Storage, StorageError, Udf, with_causes,
};

/// The size of the compiled code that is kept, in bytes. Beyond that the least recently used
/// component is dropped, and fetched again when a task needs it.
const COMPILED_BYTES: usize = 1 << 30;

/// Fetches and keeps components.
#[derive(Debug)]
pub struct Components {
    engine: Engine,
    /// The store and its place; `None` if the executor has none.
    store: Option<(Storage, String)>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    components: HashMap<Sha256, Component>,
    uses: u64,
}

#[derive(Debug, Default)]
struct Component {
    /// Locked while it is fetched and compiled, so that this happens once.
    loaded: Arc<Mutex<Option<Udf>>>,
    used: u64,
}

/// Why an executor cannot get a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// The executor has no registry.
    #[error(
        "function `{function}` cannot run on this executor, which has no registry: start it with \
         `--registry`"
    )]
    NoStore {
        /// The function.
        function: String,
    },
    /// The store does not have the component.
    #[error(
        "the registry of the executor at {place} does not have the component {component} with the \
         SHA-256 {sha256}: clients and executors must use the same registry"
    )]
    Missing {
        /// The place of the registry.
        place: String,
        /// The component's name and version.
        component: String,
        /// The hash in the plan.
        sha256: Sha256,
    },
    /// The store fails, or the component is damaged.
    #[error("the executor cannot fetch the component {component}: {problem}")]
    Store {
        /// The component's name and version.
        component: String,
        /// The problem, with its causes.
        problem: String,
        /// The error.
        source: StorageError,
    },
    /// The component cannot be used.
    #[error("the executor cannot use the component {component}: {problem}")]
    Unusable {
        /// The component's name and version.
        component: String,
        /// The problem, with its causes.
        problem: String,
        /// The error.
        source: RegisterError,
    },
}

impl Components {
    /// Keeps the components of a store, which is named in messages by its place.
    pub fn new(engine: Engine, store: Option<(Storage, String)>) -> Self {
        Self {
            engine,
            store,
            kept: Mutex::default(),
        }
    }

    /// The component of a UDF in a plan. Waits while it is fetched and compiled.
    ///
    /// # Errors
    ///
    /// The executor has no store, the store fails or does not have the component, or the component
    /// is damaged or cannot be used.
    pub(crate) fn get(&self, udf: &Reference, sha256: Sha256) -> Result<Udf, ComponentError> {
        let loaded = self.kept().touch(&sha256);
        let mut loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = &*loaded {
            return Ok(component.clone());
        }
        let component = self.load(udf, sha256)?;
        *loaded = Some(component.clone());
        drop(loaded);
        self.kept().drop_unused();
        Ok(component)
    }

    fn load(&self, udf: &Reference, sha256: Sha256) -> Result<Udf, ComponentError> {
        let Some((storage, place)) = &self.store else {
            return Err(ComponentError::NoStore {
                function: udf.function.name.clone(),
            });
        };
        let component = || format!("{}@{}", udf.component, udf.version);
        let started = Instant::now();
        let bytes = storage.component(&sha256, Limits::default().component_bytes);
        let bytes = bytes.map_err(|source| ComponentError::Store {
            component: component(),
            problem: with_causes(&source),
            source,
        })?;
        let bytes = bytes.ok_or_else(|| ComponentError::Missing {
            place: place.clone(),
            component: component(),
            sha256,
        })?;
        let fetched = started.elapsed();
        let loaded = Udf::new(&self.engine, &bytes).map_err(|source| ComponentError::Unusable {
            component: component(),
            problem: with_causes(&source),
            source,
        })?;
        log::info!(
            "fetched {} ({sha256}) from {place}: {} bytes in {} ms, {} {} ms",
            component(),
            bytes.len(),
            fetched.as_millis(),
            match loaded.compile_time() {
                Some(_) => "compiled in",
                None => "loaded its compiled code in",
            },
            (started.elapsed() - fetched).as_millis(),
        );
        Ok(loaded)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn touch(&mut self, sha256: &Sha256) -> Arc<Mutex<Option<Udf>>> {
        self.uses += 1;
        let component = self.components.entry(*sha256).or_default();
        component.used = self.uses;
        Arc::clone(&component.loaded)
    }

    /// Drops the least recently used components, if there is too much compiled code. Queries that
    /// run keep theirs.
    fn drop_unused(&mut self) {
        let size = |component: &Component| {
            let loaded = component.loaded.try_lock();
            loaded.map_or(0, |loaded| loaded.as_ref().map_or(0, Udf::compiled_bytes))
        };
        let mut total: usize = self.components.values().map(size).sum();
        while total > COMPILED_BYTES && self.components.len() > 1 {
            let oldest = self.components.iter().min_by_key(|(_, of)| of.used);
            let Some((sha256, bytes)) = oldest.map(|(sha256, of)| (*sha256, size(of))) else {
                return;
            };
            self.components.remove(&sha256);
            total -= bytes;
        }
    }
}
