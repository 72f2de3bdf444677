//! A node: what it serves, by name, from a [`DataDirectory`].

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use whittle_host::{Budget, Engine, Registry, RegistryOptions, Storage, StorageError};
use whittle_node::index::{Index, IndexError};
use whittle_node::mapping::Mapping;
use whittle_node::{Memory, Threads, Udfs};

use crate::data::{DataDirectory, failed};
use crate::log;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::token::UdfWrites;
use crate::work::Work;

/// How a node works.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// What a search may use; by default [`Budget`]'s defaults.
    pub budget: Budget,
    /// Worker threads that searches share; by default one less than the number of processors.
    pub search_threads: usize,
    /// Concurrent searches; others wait up to a second. By default 32.
    pub searches: usize,
    /// Concurrent writes; others wait up to a second. By default 32.
    pub writes: usize,
    /// The largest body of a request, in bytes; by default 100 MiB.
    pub body_bytes: usize,
    /// What requests in flight may hold in memory together, in bytes, besides the budgets of their
    /// UDFs: bodies, parsed requests, aggregations, pages, answers. By default 256 MiB.
    pub request_bytes: u64,
    /// Who may change UDFs; by default nobody.
    pub udf_writes: UdfWrites,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            budget: Budget::default(),
            search_threads: std::thread::available_parallelism().map_or(0, |all| all.get() - 1),
            searches: 32,
            writes: 32,
            body_bytes: 100 << 20,
            request_bytes: 256 << 20,
            udf_writes: UdfWrites::default(),
        }
    }
}

/// Why a node cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// It is not a data directory.
    #[error("there are no indexes in the directory `{}`", path.display())]
    NoIndexes {
        /// The directory.
        path: PathBuf,
    },
    /// Another process uses the data directory.
    #[error("the directory `{}` is in use by another process (a node?)", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A file or directory of the node cannot be read or created.
    #[error("cannot {action} `{}`", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The registry cannot be opened.
    #[error("cannot open the registry")]
    Registry(#[from] StorageError),
    /// An index cannot be opened, or closed.
    #[error("the index `{name}`")]
    Index {
        /// Its name.
        name: String,
        /// What is wrong.
        source: IndexError,
    },
    /// The network failed.
    #[error("the network failed")]
    Network(#[source] io::Error),
}

/// Indexes by name, and a registry of UDFs that their queries may call.
pub struct Node {
    /// The directory of the indexes.
    folder: PathBuf,
    /// Keeps other processes from using the directory.
    _directory: DataDirectory,
    indexes: Mutex<BTreeMap<String, Entry>>,
    registry: Registry,
    udfs: Udfs,
    threads: Threads,
    memory: Memory,
    options: NodeOptions,
    pub(crate) searches: Work,
    pub(crate) writes: Work,
    /// Registrations of UDFs, since each may take gigabytes and seconds to compile.
    pub(crate) registrations: Work,
    /// Trials of UDFs, which keep no search waiting.
    pub(crate) trials: Work,
    /// What operators ask for, which does not wait behind searches.
    pub(crate) reports: Work,
    pub(crate) metrics: Metrics,
}

/// Concurrent trials: on few processors, a small part of them.
fn trials_at_once() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors / 2).clamp(1, 2)
}

/// An index with its settings.
struct Entry {
    index: Index,
    settings: Settings,
    /// When searches were last shown what was written.
    refreshed: Instant,
}

impl Entry {
    fn new(index: Index, settings: Settings) -> Self {
        Self {
            index,
            settings,
            refreshed: Instant::now(),
        }
    }

    /// Whether it is time for a refresh, by the index's interval.
    fn is_due(&self) -> bool {
        let interval = self.settings.refresh_interval();
        interval.is_some_and(|interval| self.refreshed.elapsed() >= interval)
    }
}

/// Why an index cannot be made.
pub(crate) enum CreateError {
    /// The name breaks a rule, which is given.
    Name(&'static str),
    /// There is one, with this identifier.
    Exists(String),
    Index(IndexError),
}

/// The file of an index's settings.
const SETTINGS: &str = "settings.json";

impl Node {
    /// Opens a data directory, which is created if it does not exist, with everything in it. No
    /// other process can use it then.
    ///
    /// # Errors
    ///
    /// Another process uses it, or something in it cannot be opened.
    pub fn open(folder: &Path, engine: Engine, options: NodeOptions) -> Result<Self, NodeError> {
        let directory = DataDirectory::create(folder)?;
        let at = directory.indexes();
        let mut indexes = BTreeMap::new();
        for entry in fs::read_dir(&at).map_err(failed("read", &at))? {
            let path = entry.map_err(failed("read", &at))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            match Index::open(&path) {
                Ok(index) => {
                    let settings = load_settings(&path).map_err(|source| {
                        let name = name.to_owned();
                        NodeError::Index { name, source }
                    })?;
                    indexes.insert(name.to_owned(), Entry::new(index, settings));
                }
                // It was half created or half deleted when the node ended.
                Err(IndexError::Missing { .. }) => {}
                Err(source) => {
                    let name = name.to_owned();
                    return Err(NodeError::Index { name, source });
                }
            }
        }
        let registry = Storage::local(&directory.registry())?;
        let registry = Registry::open(engine, registry, RegistryOptions::default())?;
        Ok(Self {
            folder: at,
            _directory: directory,
            indexes: Mutex::new(indexes),
            // What is left is for searches without functions.
            udfs: Udfs::from(registry.clone()).with_searches((options.searches * 3 / 4).max(1)),
            registry,
            threads: Threads::new(options.search_threads),
            memory: Memory::new(options.request_bytes),
            searches: Work::new("search", options.searches),
            writes: Work::new("write", options.writes),
            registrations: Work::new("register a UDF", 1).with_patience(Duration::from_secs(30)),
            trials: Work::new("test a UDF", trials_at_once()).with_patience(Duration::from_secs(3)),
            reports: Work::new("report", 4),
            metrics: Metrics::default(),
            options,
        })
    }

    pub(crate) fn options(&self) -> &NodeOptions {
        &self.options
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn udfs(&self) -> &Udfs {
        &self.udfs
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The memory that requests in flight share.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn index(&self, name: &str) -> Option<Index> {
        self.lock().get(name).map(|entry| entry.index.clone())
    }

    /// The settings of an index.
    pub(crate) fn settings(&self, name: &str) -> Option<Settings> {
        self.lock().get(name).map(|entry| entry.settings.clone())
    }

    /// All indexes, by name.
    pub(crate) fn indexes(&self) -> Vec<(String, Index)> {
        let indexes = self.lock();
        let pairs = indexes.iter();
        pairs
            .map(|(name, entry)| (name.clone(), entry.index.clone()))
            .collect()
    }

    /// Makes an index.
    pub(crate) fn create(
        &self,
        name: &str,
        mapping: Mapping,
        settings: Settings,
    ) -> Result<Index, CreateError> {
        check_name(name).map_err(CreateError::Name)?;
        let mut indexes = self.lock();
        if let Some(entry) = indexes.get(name) {
            return Err(CreateError::Exists(entry.settings.uuid.clone()));
        }
        let folder = self.folder.join(name);
        // Before the index, which is there once its mapping is.
        save_settings(&folder, &settings).map_err(CreateError::Index)?;
        let index = Index::create(&folder, mapping).map_err(CreateError::Index)?;
        indexes.insert(name.to_owned(), Entry::new(index.clone(), settings));
        log::changed("created the index", name);
        Ok(index)
    }

    /// The index of a name, which is made if there is none.
    pub(crate) fn index_or_new(&self, name: &str) -> Result<Index, CreateError> {
        match self.index(name) {
            Some(index) => Ok(index),
            None => match self.create(name, Mapping::dynamic(), Settings::new()) {
                // Another request was faster.
                Err(CreateError::Exists(uuid)) => self.index(name).ok_or(CreateError::Exists(uuid)),
                made => made,
            },
        }
    }

    /// Gives an index other settings; false if there is no such index.
    ///
    /// # Errors
    ///
    /// If they cannot be saved.
    pub(crate) fn set_settings(&self, name: &str, settings: Settings) -> Result<bool, IndexError> {
        let mut indexes = self.lock();
        let Some(entry) = indexes.get_mut(name) else {
            return Ok(false);
        };
        save_settings(&self.folder.join(name), &settings)?;
        entry.settings = settings;
        Ok(true)
    }

    /// Deletes an index; false if there is none. Searches of it that are under way go on.
    pub(crate) fn delete(&self, name: &str) -> Result<bool, IndexError> {
        let mut indexes = self.lock();
        let Some(Entry { index, .. }) = indexes.remove(name) else {
            return Ok(false);
        };
        let folder = self.folder.join(name);
        index.close()?;
        // Without its mapping it is no index, if this ends halfway.
        let failed = |source| IndexError::File {
            action: "delete",
            path: folder.clone(),
            source,
        };
        fs::remove_file(folder.join("mapping.json")).map_err(failed)?;
        fs::remove_dir_all(&folder).map_err(failed)?;
        log::changed("deleted the index", name);
        Ok(true)
    }

    /// Shows searches what was written to the indexes whose interval is over.
    pub(crate) fn refresh(&self) -> Result<(), IndexError> {
        let due: Vec<Index> = (self.lock().values_mut())
            .filter(|entry| entry.is_due())
            .map(|entry| {
                entry.refreshed = Instant::now();
                entry.index.clone()
            })
            .collect();
        for index in due {
            if index.statistics().pending > 0 {
                index.refresh()?;
            }
        }
        Ok(())
    }

    /// Closes all indexes.
    ///
    /// # Errors
    ///
    /// If one cannot be closed; nothing is lost then.
    pub fn close(&self) -> Result<(), NodeError> {
        for (name, entry) in std::mem::take(&mut *self.lock()) {
            (entry.index)
                .close()
                .map_err(|source| NodeError::Index { name, source })?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Node")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// The settings in an index's folder; new ones if an older version made it.
fn load_settings(folder: &Path) -> Result<Settings, IndexError> {
    let file = folder.join(SETTINGS);
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let settings = Settings::new();
            save_settings(folder, &settings)?;
            return Ok(settings);
        }
        Err(error) => return Err(file_error("read", &file)(error)),
    };
    serde_json::from_slice(&text).map_err(|error| IndexError::Damaged {
        path: file,
        offset: 0,
        reason: error.to_string(),
    })
}

/// Saves settings; after a crash, they or those before them are there.
fn save_settings(folder: &Path, settings: &Settings) -> Result<(), IndexError> {
    let (file, new) = (folder.join(SETTINGS), folder.join("settings.new"));
    let text = serde_json::to_vec(settings).expect("numbers and text");
    let write = || {
        fs::create_dir_all(folder)?;
        let mut out = fs::File::create(&new)?;
        out.write_all(&text)?;
        out.sync_all()?;
        fs::rename(&new, &file)
    };
    write().map_err(file_error("write", &file))
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IndexError {
    let path = path.to_owned();
    move |source| IndexError::File {
        action,
        path,
        source,
    }
}

/// The rules of OpenSearch for the name of an index; the rule that a name breaks, as its reason.
fn check_name(name: &str) -> Result<(), &'static str> {
    const FORBIDDEN: &str = "\\/*?\"<>| ,";
    if name.is_empty() {
        Err("must not be empty")
    } else if name.len() > 255 {
        Err("index name is too long, (more than 255 bytes)")
    } else if name.contains(|character: char| FORBIDDEN.contains(character)) {
        Err("must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]")
    } else if name != whittle_host::one_line(name) {
        Err("must not contain control characters or characters that nobody can see")
    } else if name.contains('#') {
        Err("must not contain '#'")
    } else if name.contains(':') {
        Err("must not contain ':'")
    } else if name.starts_with(['_', '-', '+']) {
        Err("must not start with '_', '-', or '+'")
    } else if name == "." || name == ".." {
        Err("must not be '.' or '..'")
    } else if name.starts_with('.') {
        Err("must not start with '.': such indexes are hidden, and this node hides none")
    } else if name.chars().any(char::is_uppercase) {
        Err("must be lowercase")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_opensearch() {
        for name in ["films", "films-2024.01", "été", "a+b"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "", "Films", "_films", "-a", "..", ".a", "a/b", "a b", "a*", "a,b", "a\n", "a:b",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name(&"a".repeat(256)).is_err());
    }
}
