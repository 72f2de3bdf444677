//! The registry: the UDFs of a node, in their versions, and the version for a query.
//!
//! Components are in a [`Storage`] that any number of nodes share. Each node keeps a catalogue of
//! it in memory; a query reads the catalogue and then holds no lock while it runs. The node checks
//! the store every few seconds, and fetches, checks and compiles new versions before any query can
//! use them. A version never changes: it can only be deleted.
//!
//! It knows nothing of requests: a data node passes a [`Selector`] and gets a [`Selection`].

mod breaker;
mod catalogue;
mod error;
mod run;
mod selector;
mod sha256;
mod statistics;
mod storage;
mod trial;
mod version;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use self::catalogue::Catalogue;
use self::storage::{Key, Record};
use self::version::Version;
use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::error::Cause;
use crate::manifest::{Manifest, Presence};
use crate::query::QueryContext;
use crate::udf::Udf;

pub use self::breaker::{BreakerOptions, BreakerState};
pub use self::error::{ChangeError, RegistrationError, SelectError};
pub use self::selector::{Selector, SelectorError};
pub use self::sha256::{Sha256, Sha256Error};
pub use self::statistics::{Errors, FunctionStatistics, TimeBucket};
pub use self::storage::{Storage, StorageError};
pub use self::trial::Trial;
pub use self::version::Selection;

/// The options of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryOptions {
    /// How often to check the store for changes by other nodes; by default every 2 s. `None` means
    /// only on [`Registry::refresh`].
    pub poll: Option<Duration>,
    /// The maximum size of loaded compiled code, in bytes; by default 1 GiB. Beyond that the least
    /// recently used version is unloaded, and loaded again when a query needs it.
    pub compiled_bytes: usize,
    /// When a function that fails is switched off.
    pub breaker: BreakerOptions,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            poll: Some(Duration::from_secs(2)),
            compiled_bytes: 1 << 30,
            breaker: BreakerOptions::default(),
        }
    }
}

/// The UDFs of a node. Clones share it.
///
/// Its methods wait for the store; in an asynchronous runtime call them on a thread that may block.
/// [`Registry::select`] waits only if compiled code was unloaded.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    engine: Engine,
    storage: Storage,
    options: RegistryOptions,
    catalogue: RwLock<Arc<Catalogue>>,
    /// Held while the catalogue is compared with the store.
    changing: Mutex<()>,
    /// Counts selections, as the clock for the last use of versions.
    selections: AtomicU64,
    loads: AtomicU64,
    evictions: AtomicU64,
    watcher: Mutex<Option<Sender<()>>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

/// A version in the store.
#[derive(Debug, Clone)]
pub struct VersionInfo {
    /// The component's name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// The component's hash; `None` if the record cannot be read.
    pub sha256: Option<Sha256>,
    /// The component's size in bytes; `None` if the record cannot be read.
    pub bytes: Option<usize>,
    /// When it was registered.
    pub registered: SystemTime,
    /// Whether queries may use it.
    pub enabled: bool,
    /// The component's manifest, or why it cannot be used on this node.
    pub manifest: Result<Manifest, Cause>,
}

/// The resources that a registry uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryStatistics {
    /// The number of versions in the store.
    pub versions: usize,
    /// The size of loaded compiled code, in bytes.
    pub compiled_bytes: usize,
    /// How often a version was loaded again after it was unloaded.
    pub loads: u64,
    /// How often a version was unloaded.
    pub evictions: u64,
}

impl Registry {
    /// Opens a registry: fetches, checks and compiles all versions in the store, and watches it
    /// from then on.
    ///
    /// A version that cannot be used does not affect the others: [`Registry::list`] reports the
    /// reason.
    ///
    /// # Errors
    ///
    /// The store cannot be listed.
    pub fn open(
        engine: Engine,
        storage: Storage,
        options: RegistryOptions,
    ) -> Result<Self, StorageError> {
        let poll = options.poll;
        let registry = Self(Arc::new(Inner {
            engine,
            storage,
            options,
            catalogue: RwLock::default(),
            changing: Mutex::new(()),
            selections: AtomicU64::new(0),
            loads: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            watcher: Mutex::new(None),
        }));
        registry.refresh()?;
        if let Some(poll) = poll {
            registry.watch(poll)?;
        }
        Ok(registry)
    }

    /// Registers a component, for all nodes that share the store. Registering the same component
    /// again has no effect.
    ///
    /// # Errors
    ///
    /// * The component does not have the hash `expected`, or is not a UDF for this host.
    /// * `bind` without arguments fails, for a function that requires none.
    /// * The version exists with another component.
    /// * The store fails. It then has the complete version, or nothing of it.
    pub fn register(
        &self,
        component: &[u8],
        expected: Option<Sha256>,
    ) -> Result<VersionInfo, RegistrationError> {
        let found = Sha256::of(component);
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(RegistrationError::Hash { expected, found });
        }
        let udf = Udf::new(&self.0.engine, component)?;
        try_defaults(&udf, &self.0.engine)?;
        let manifest = udf.manifest();
        let key = Key {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
        };
        let functions: Vec<String> = manifest
            .functions
            .iter()
            .map(|function| function.name.clone())
            .collect();

        let changing = self.0.changing();
        self.0.compare(&changing, None)?;
        let not_another = |there: Sha256| {
            if there == found {
                return Ok(());
            }
            Err(RegistrationError::Exists {
                name: key.name.clone(),
                version: key.version.clone(),
                sha256: there,
            })
        };
        if let Some(there) = self
            .0
            .catalogue()
            .version(&key)
            .and_then(|known| known.sha256())
        {
            not_another(there)?;
        }
        self.0.storage.put_blob(component)?;
        let record = Record::new(component, functions);
        if let Err(there) = self.0.storage.create(&key, &record)? {
            not_another(there.sha256)?;
        }
        self.0.compare(&changing, Some((&key, udf)))?;
        match self.0.catalogue().version(&key) {
            Some(version) => Ok(VersionInfo::of(version)),
            None => Err(RegistrationError::Deleted {
                name: key.name,
                version: key.version,
            }),
        }
    }

    /// Selects the version of a function for a query.
    ///
    /// # Errors
    ///
    /// There is no such function or version, several components have the function and the selector
    /// names none of them, it is disabled, switched off because it failed too often, or unusable on
    /// this node.
    pub fn select(&self, selector: &Selector) -> Result<Selection, SelectError> {
        let catalogue = self.0.catalogue();
        let (version, content, function) = catalogue.select(selector)?;
        let pass = content
            .enter(function)
            .map_err(|breaker| SelectError::SwitchedOff {
                function: selector.function().to_owned(),
                version: version.key.to_string(),
                breaker,
            })?;
        let udf = match self.0.udf(&catalogue, version, content) {
            Ok(udf) => udf,
            Err(error) => {
                content.abandon(function, pass);
                return Err(error);
            }
        };
        Ok(Selection::new(Arc::clone(version), function, udf, pass))
    }

    /// The component of a version, disabled or not. What it does counts neither in the statistics
    /// nor for the circuit breakers of its functions. `None` if there is no such version.
    ///
    /// # Errors
    ///
    /// It cannot be used on this node.
    pub fn udf(&self, name: &str, version: &semver::Version) -> Result<Option<Udf>, SelectError> {
        let catalogue = self.0.catalogue();
        let Some(version) = catalogue.version(&key(name, version)) else {
            return Ok(None);
        };
        let content = version.content.as_ref();
        let content = content.map_err(|problem| unusable(version, problem.cause.clone()))?;
        self.0.udf(&catalogue, version, content).map(Some)
    }

    /// A function of a version, for a trial: see [`Trial`]. `None` if there is no such version or
    /// function.
    ///
    /// # Errors
    ///
    /// It cannot be used on this node, or its trials kept running out of time.
    pub fn trial(
        &self,
        name: &str,
        version: &semver::Version,
        function: &str,
    ) -> Result<Option<Trial>, SelectError> {
        let catalogue = self.0.catalogue();
        let Some(version) = catalogue.version(&key(name, version)) else {
            return Ok(None);
        };
        let content = version.content.as_ref();
        let content = content.map_err(|problem| unusable(version, problem.cause.clone()))?;
        let Some(index) = content.index_of(function) else {
            return Ok(None);
        };
        let udf = self.0.udf(&catalogue, version, content)?;
        let pass = content
            .enter_trial(index)
            .map_err(|breaker| SelectError::TrialsRefused {
                function: function.to_owned(),
                version: version.key.to_string(),
                breaker,
            })?;
        Ok(Some(Trial::new(Arc::clone(version), index, udf, pass)))
    }

    /// The names of the components that have a function in a version that is not disabled. If there
    /// are several, a query must name the one that it means.
    pub fn components_with(&self, function: &str) -> Vec<String> {
        let catalogue = self.0.catalogue();
        let components = catalogue.components_with(function);
        components.into_iter().map(str::to_owned).collect()
    }

    /// All versions, by name and version.
    pub fn list(&self) -> Vec<VersionInfo> {
        let catalogue = self.0.catalogue();
        catalogue.versions().map(VersionInfo::of).collect()
    }

    /// The versions of a component, in order.
    pub fn versions_of(&self, name: &str) -> Vec<VersionInfo> {
        let catalogue = self.0.catalogue();
        let versions = catalogue.versions();
        let versions = versions.filter(|version| version.key.name == name);
        versions.map(VersionInfo::of).collect()
    }

    /// One version.
    pub fn describe(&self, name: &str, version: &semver::Version) -> Option<VersionInfo> {
        let key = key(name, version);
        self.0.catalogue().version(&key).map(VersionInfo::of)
    }

    /// Disables or enables a version, for all nodes that share the store. Running queries continue.
    ///
    /// # Errors
    ///
    /// There is no such version, or the store fails.
    pub fn set_enabled(
        &self,
        name: &str,
        version: &semver::Version,
        enabled: bool,
    ) -> Result<(), ChangeError> {
        let changing = self.0.changing();
        self.0.compare(&changing, None)?;
        let key = key(name, version);
        let catalogue = self.0.catalogue();
        let found = catalogue.version(&key).ok_or_else(|| no_version(&key))?;
        if let Some(sha256) = found.sha256() {
            self.0.storage.set_disabled(&key, &sha256, !enabled)?;
        }
        found.set_enabled(enabled);
        Ok(())
    }

    /// Deletes a version, for all nodes that share the store. Running queries continue with it.
    ///
    /// # Errors
    ///
    /// There is no such version, or the store fails.
    pub fn delete(&self, name: &str, version: &semver::Version) -> Result<(), ChangeError> {
        let changing = self.0.changing();
        self.0.compare(&changing, None)?;
        let key = key(name, version);
        let catalogue = self.0.catalogue();
        let found = catalogue.version(&key).ok_or_else(|| no_version(&key))?;
        self.0.storage.remove(&key, found.sha256().as_ref())?;
        self.0.compare(&changing, None)?;
        // Blobs that are left over do no harm; a later sweep removes them.
        if let Err(error) = self.0.storage.sweep() {
            log::warn!("cannot remove unused components from the registry's store: {error}");
        }
        Ok(())
    }

    /// Closes the circuit breaker of a function that failed too often, on this node.
    ///
    /// # Errors
    ///
    /// There is no such version or function.
    pub fn reset_breaker(
        &self,
        name: &str,
        version: &semver::Version,
        function: &str,
    ) -> Result<(), ChangeError> {
        let key = key(name, version);
        let catalogue = self.0.catalogue();
        let found = catalogue.version(&key).ok_or_else(|| no_version(&key))?;
        let function_of = |content: &version::Content| {
            let index = content.index_of(function)?;
            content.reset_breaker(index);
            Some(())
        };
        let content = found.content.as_ref().ok();
        content
            .and_then(function_of)
            .ok_or_else(|| ChangeError::NoFunction {
                name: key.name.clone(),
                version: key.version.clone(),
                function: function.to_owned(),
            })
    }

    /// Checks the store now: fetches versions that other nodes have registered, and drops versions
    /// that they have deleted.
    ///
    /// # Errors
    ///
    /// The store cannot be listed.
    pub fn refresh(&self) -> Result<(), StorageError> {
        self.0.compare(&self.0.changing(), None)
    }

    /// The statistics of each function in this process, by name, version and function.
    pub fn function_statistics(&self) -> Vec<FunctionStatistics> {
        let catalogue = self.0.catalogue();
        let statistics = catalogue
            .versions()
            .flat_map(|version| version.statistics());
        statistics.collect()
    }

    /// The resources that the registry uses.
    pub fn statistics(&self) -> RegistryStatistics {
        let catalogue = self.0.catalogue();
        RegistryStatistics {
            versions: catalogue.versions().count(),
            compiled_bytes: catalogue
                .contents()
                .map(version::Content::compiled_bytes)
                .sum(),
            loads: self.0.loads.load(Ordering::Relaxed),
            evictions: self.0.evictions.load(Ordering::Relaxed),
        }
    }

    /// The engine that it runs UDFs on.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Checks the store repeatedly until the registry is dropped.
    fn watch(&self, poll: Duration) -> Result<(), StorageError> {
        let (stop, stopped) = channel::<()>();
        let registry = Arc::downgrade(&self.0);
        let watch = move || {
            while stopped.recv_timeout(poll) == Err(RecvTimeoutError::Timeout) {
                let Some(registry) = registry.upgrade() else {
                    return;
                };
                if let Err(error) = registry.compare(&registry.changing(), None) {
                    log::warn!("{}", Cause::chain(&error));
                }
            }
        };
        std::thread::Builder::new()
            .name("whittle-registry".to_owned())
            .spawn(watch)
            .map_err(|error| StorageError::Failed {
                action: "watch",
                path: "versions".to_owned(),
                source: Cause::new(error),
            })?;
        *lock(&self.0.watcher) = Some(stop);
        Ok(())
    }
}

impl Inner {
    fn catalogue(&self) -> Arc<Catalogue> {
        let catalogue = self.catalogue.read();
        Arc::clone(&catalogue.unwrap_or_else(PoisonError::into_inner))
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        lock(&self.changing)
    }

    /// The compiled component of a version, loaded if necessary and marked as used.
    fn udf(
        &self,
        catalogue: &Catalogue,
        version: &Version,
        content: &version::Content,
    ) -> Result<Udf, SelectError> {
        content.touch(self.selections.fetch_add(1, Ordering::Relaxed) + 1);
        let loaded = version.udf(content, &self.engine, &self.storage);
        let (udf, at_hand) = loaded.map_err(|problem| unusable(version, problem.cause))?;
        if !at_hand {
            self.loads.fetch_add(1, Ordering::Relaxed);
            self.make_room(catalogue);
        }
        Ok(udf)
    }

    /// Updates the catalogue from the store. `fresh` is a component that was just registered.
    fn compare(
        &self,
        _changing: &MutexGuard<'_, ()>,
        fresh: Option<(&Key, Udf)>,
    ) -> Result<(), StorageError> {
        let listed = self.storage.versions()?;
        let disabled = self.storage.disabled()?;
        let old = self.catalogue();
        let versions = listed.into_iter().map(|listed| {
            if let Some(known) = old.version(&listed.key)
                && known.tag == listed.tag
                && !known.may_recover()
            {
                return Arc::clone(known);
            }
            let fresh = fresh.as_ref().filter(|(key, _)| **key == listed.key);
            let fresh = fresh.map(|(_, udf)| udf.clone());
            let breaker = &self.options.breaker;
            Arc::new(Version::load(
                listed,
                fresh,
                &self.engine,
                &self.storage,
                breaker,
            ))
        });
        let catalogue = Arc::new(Catalogue::new(versions));
        for version in catalogue.versions() {
            let sha256 = version.sha256();
            let off = sha256.is_some_and(|hash| disabled.contains(&(version.key.clone(), hash)));
            version.set_enabled(!off);
        }
        self.make_room(&catalogue);
        let mut current = self
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = catalogue;
        Ok(())
    }

    /// Unloads compiled code until the rest fits, but keeps the version that was used last.
    fn make_room(&self, catalogue: &Catalogue) {
        let mut loaded: Vec<_> = catalogue
            .contents()
            .map(|content| (content.last_used(), content.compiled_bytes(), content))
            .filter(|(_, bytes, _)| *bytes > 0)
            .collect();
        loaded.sort_by_key(|(last_used, ..)| std::cmp::Reverse(*last_used));
        let mut held = 0_usize;
        for (i, (_, bytes, content)) in loaded.into_iter().enumerate() {
            held = held.saturating_add(bytes);
            if i > 0 && held > self.options.compiled_bytes {
                content.unload();
                self.evictions.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl VersionInfo {
    fn of(version: &Arc<Version>) -> Self {
        let Version { key, record, .. } = &**version;
        let content = version.content.as_ref();
        Self {
            name: key.name.clone(),
            version: key.version.clone(),
            sha256: version.sha256(),
            bytes: record.as_ref().map(|record| record.bytes),
            registered: version.written,
            enabled: version.is_enabled(),
            manifest: content
                .map(|content| content.manifest.clone())
                .map_err(|problem| problem.cause.clone()),
        }
    }
}

/// Binds the functions that require no argument, as a query would.
fn try_defaults(udf: &Udf, engine: &Engine) -> Result<(), RegistrationError> {
    for function in &udf.manifest().functions {
        let mut parameters = function.parameters.iter();
        if parameters.any(|parameter| parameter.presence == Presence::Required) {
            continue;
        }
        let query = QueryContext::new(engine.limits().describe.clone());
        udf.bind(&function.name, &Arguments::new(), &query)
            .map_err(RegistrationError::Trial)?;
    }
    Ok(())
}

fn key(name: &str, version: &semver::Version) -> Key {
    Key {
        name: name.to_owned(),
        version: version.clone(),
    }
}

fn unusable(version: &Version, source: Cause) -> SelectError {
    SelectError::Unusable {
        version: version.key.to_string(),
        source,
    }
}

fn no_version(key: &Key) -> ChangeError {
    ChangeError::NoVersion {
        name: key.name.clone(),
        version: key.version.clone(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
