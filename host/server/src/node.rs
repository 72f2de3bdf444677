//! A node: what it serves, by name, from a [`DataDirectory`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use whittle_host::{Budget, Engine, Registry, RegistryOptions, Storage, StorageError};
use whittle_node::index::{Index, IndexError};
use whittle_node::mapping::Mapping;
use whittle_node::{Memory, Threads, Udfs};

use crate::data::DataDirectory;
use crate::edge::Edge;
pub(crate) use crate::indexes::CreateError;
use crate::indexes::{Entry, Indexes};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::token::UdfWrites;
use crate::work::Work;

/// Concurrent registrations of UDFs, since each may take gigabytes and seconds to compile.
const REGISTRATIONS: usize = 1;

/// Concurrent reports for operators.
const REPORTS: usize = 4;

/// What the node itself does beside requests: it refreshes indexes, or closes them.
const CHORES: usize = 2;

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
    /// The most connections; by default 1,000, and never more than half of the files that the
    /// process may open.
    pub connections: usize,
    /// How many indexes there may be; by default 2,000.
    pub indexes: usize,
    /// How many of them have their files open at once; the others are opened when they are used. By
    /// default 64.
    pub open_indexes: usize,
    /// Who may change UDFs; by default nobody.
    pub udf_writes: UdfWrites,
}

impl NodeOptions {
    /// How many threads for blocking work the runtime needs that serves the node, so that no kind of
    /// work waits for the threads of another: the value for Tokio's `max_blocking_threads`. With
    /// more, a burst of requests starts threads that nothing needs, since a thread that is about to
    /// be free does not count as free.
    #[must_use]
    pub fn blocking_threads(&self) -> usize {
        self.searches + self.writes + REGISTRATIONS + trials_at_once() + REPORTS + CHORES
    }
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
            connections: 1000,
            indexes: 2_000,
            open_indexes: 64,
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
    /// An index cannot be closed.
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
    /// The data directory.
    folder: PathBuf,
    /// Keeps other processes from using the directory.
    _directory: DataDirectory,
    indexes: Indexes,
    registry: Registry,
    udfs: Udfs,
    threads: Threads,
    memory: Memory,
    edge: Edge,
    options: NodeOptions,
    pub(crate) searches: Work,
    pub(crate) writes: Work,
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

impl Node {
    /// Opens a data directory, which is created if it does not exist, with everything in it. No
    /// other process can use it then.
    ///
    /// # Errors
    ///
    /// Another process uses it, or the registry cannot be opened. An index that cannot be opened
    /// keeps none of the others from being served.
    pub fn open(folder: &Path, engine: Engine, options: NodeOptions) -> Result<Self, NodeError> {
        let directory = DataDirectory::create(folder)?;
        let indexes = directory.indexes();
        let indexes = Indexes::load(&indexes, options.indexes, options.open_indexes)?;
        let registry = Storage::local(&directory.registry())?;
        let registry = Registry::open(engine, registry, RegistryOptions::default())?;
        Ok(Self {
            folder: folder.to_owned(),
            _directory: directory,
            indexes,
            // What is left is for searches without functions.
            udfs: Udfs::from(registry.clone()).with_searches((options.searches * 3 / 4).max(1)),
            registry,
            threads: Threads::new(options.search_threads),
            memory: Memory::new(options.request_bytes),
            edge: Edge::new(&options),
            searches: Work::new("search", options.searches),
            writes: Work::new("write", options.writes),
            registrations: Work::new("register a UDF", REGISTRATIONS)
                .with_patience(Duration::from_secs(30)),
            trials: Work::new("test a UDF", trials_at_once()).with_patience(Duration::from_secs(3)),
            reports: Work::new("report", REPORTS),
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

    /// Its connections, and what they share.
    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// An index, which may not be open.
    pub(crate) fn index(&self, name: &str) -> Option<Arc<Entry>> {
        self.indexes.get(name)
    }

    /// The settings of an index.
    pub(crate) fn settings(&self, name: &str) -> Option<Settings> {
        self.index(name).map(|entry| entry.settings())
    }

    /// All indexes, by name.
    pub(crate) fn indexes(&self) -> Vec<(String, Arc<Entry>)> {
        self.indexes.all()
    }

    /// Makes an index.
    pub(crate) fn create(
        &self,
        name: &str,
        mapping: Mapping,
        settings: Settings,
    ) -> Result<Index, CreateError> {
        self.indexes.create(name, mapping, settings)
    }

    /// The index of a name, which is made if there is none.
    pub(crate) fn index_or_new(&self, name: &str) -> Result<Index, CreateError> {
        self.indexes.get_or_create(name)
    }

    /// Deletes an index; false if there is none. Searches of it that are under way go on.
    pub(crate) fn delete(&self, name: &str) -> Result<bool, IndexError> {
        self.indexes.delete(name)
    }

    /// Begins to show searches what was written to the indexes whose interval is over.
    pub(crate) fn refresh(&self) {
        self.indexes.refresh();
    }

    /// Closes all indexes.
    ///
    /// # Errors
    ///
    /// The first that cannot be closed; the others are, and nothing is lost.
    pub fn close(&self) -> Result<(), NodeError> {
        self.indexes.close()
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
