//! The engine: Wasmtime, configured once for a data node.
//!
//! One engine serves all UDFs and queries of a process. It owns the pool of instances, the thread
//! that enforces deadlines, and the cache of compiled components.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{
    Config, Inlining, InstanceAllocationStrategy, MemoryType, OptLevel, PoolingAllocationConfig,
    RegallocAlgorithm, Store,
};

use crate::batch;
use crate::cache::{Cache, CacheStatistics};
use crate::contract::types;
use crate::document;
use crate::effort::Compilation;
use crate::error::{Cause, EngineError, Stopped};
use crate::limits::Limits;
use crate::lines::MAX_FRAMES;
use crate::query::QueryContext;
use crate::slots::{PoolStatistics, ReservedInstances, Slots};
use crate::state::State;
use crate::ticker::Ticker;

/// The options of an engine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The directory for compiled components, which is created if it does not exist; by default
    /// none, and each [`Udf`](crate::Udf) is compiled again. Whoever can write there can run code
    /// in this process: only the data node may have access.
    pub cache: Option<PathBuf>,
    /// The maximum size of all files in that directory, in bytes; by default 8 GiB. Beyond that the
    /// least recently used files are removed.
    pub cache_bytes: u64,
    /// Calls with up to this many rows are evaluated document by document, even if the component
    /// takes batches: a batch costs as much as a few documents. The results are the same. By default
    /// 2.
    pub few_rows: usize,
    /// The limits of a component.
    pub limits: Limits,
    /// The maximum number of instances at once, one for each query and worker; by default 256.
    /// Each reserves about 16 GiB of address space, if the machine has it.
    pub pool_instances: u32,
    /// How long a binding waits for an instance when all are in use, before it fails because the
    /// engine is busy; by default 1 s. Waiting bindings are served in turn.
    pub pool_wait: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            cache: None,
            cache_bytes: 8 << 30,
            few_rows: 2,
            limits: Limits::default(),
            pool_instances: 256,
            pool_wait: Duration::from_secs(1),
        }
    }
}

/// Where instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allocation {
    /// From slots reserved at the start.
    Pool {
        /// The maximum number of instances at once.
        instances: u32,
    },
    /// From the system, for each instance, because the address space is too small for a pool. Slower
    /// to instantiate, and slower to run if the usual 4 GiB cannot be reserved for each memory.
    OnDemand,
}

/// Runs UDFs. Clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    config: Config,
    allocation: Allocation,
    /// Other compilers, by how they differ. Created on first use.
    compilers: [OnceLock<wasmtime::Engine>; 3],
    few_rows: usize,
    cache: Option<Cache>,
    limits: Arc<Limits>,
    slots: Slots,
    /// For trials, which take no instance from queries.
    #[cfg(feature = "registry")]
    trial_slots: Slots,
    _ticker: Ticker,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("allocation", &self.0.allocation)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts an engine, and the thread that enforces its deadlines.
    ///
    /// If the address space is too small for the pool, it tries a smaller one, then none, and logs
    /// a warning; see [`Engine::allocation`].
    ///
    /// # Errors
    ///
    /// Wasmtime does not run on this machine, or the thread cannot be started.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let EngineOptions {
            cache,
            cache_bytes,
            few_rows,
            limits,
            pool_instances,
            pool_wait,
        } = options;
        let Started {
            wasmtime,
            config,
            allocation,
        } = allocate(pool_instances)?;
        let instances = match allocation {
            Allocation::Pool { instances } => instances,
            Allocation::OnDemand => pool_instances,
        };
        let linker = linker(&wasmtime).map_err(|error| EngineError::Wasmtime(Cause::new(error)))?;
        let ticker = Ticker::start(wasmtime.weak()).map_err(EngineError::Ticker)?;
        Ok(Self(Arc::new(Inner {
            wasmtime,
            linker,
            config,
            allocation,
            compilers: Default::default(),
            few_rows,
            cache: cache.map(|folder| Cache::new(folder, cache_bytes)),
            limits: Arc::new(limits),
            slots: Slots::new(instances, pool_wait),
            #[cfg(feature = "registry")]
            trial_slots: Slots::new(TRIAL_INSTANCES, pool_wait),
            _ticker: ticker,
        })))
    }

    /// Where instances get their memory.
    pub fn allocation(&self) -> Allocation {
        self.0.allocation
    }

    pub(crate) fn few_rows(&self) -> usize {
        self.0.few_rows
    }

    /// Statistics of its instances.
    pub fn pool(&self) -> PoolStatistics {
        self.0.slots.statistics()
    }

    /// Statistics of its cache of compiled components; `None` if it has none.
    pub fn cache_statistics(&self) -> Option<CacheStatistics> {
        self.cache().map(Cache::statistics)
    }

    /// Reserves the instances that a query needs, one for each of its functions: all at once, so
    /// that queries never wait for each other. Waits up to `pool_wait` if too few are free.
    ///
    /// # Errors
    ///
    /// The engine is busy, or has fewer instances than that; the query is cancelled or out of time.
    pub fn reserve(
        &self,
        instances: u32,
        query: &QueryContext,
    ) -> Result<ReservedInstances, Stopped> {
        self.0.slots.reserve(instances, query)
    }

    /// Like [`Engine::reserve`], for an additional worker of a query: `None` if it would have to
    /// wait.
    pub fn reserve_if_free(&self, instances: u32) -> Option<ReservedInstances> {
        self.0.slots.reserve_if_free(instances)
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.0.slots
    }

    #[cfg(feature = "registry")]
    pub(crate) fn trial_slots(&self) -> &Slots {
        &self.0.trial_slots
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.0.wasmtime
    }

    /// Like [`Engine::wasmtime`], but only used to compile. For a single pass its compiler takes time
    /// that is linear in the code, and its code is slower. `with_lines` keeps the code offsets from
    /// which backtraces have lines.
    pub(crate) fn compiler(
        &self,
        compilation: Compilation,
        with_lines: bool,
    ) -> wasmtime::Result<&wasmtime::Engine> {
        let [single_pass, lines, single_pass_lines] = &self.0.compilers;
        let compiler = match (compilation, with_lines) {
            (Compilation::Optimised, false) => return Ok(&self.0.wasmtime),
            (Compilation::SinglePass, false) => single_pass,
            (Compilation::Optimised, true) => lines,
            (Compilation::SinglePass, true) => single_pass_lines,
        };
        if let Some(engine) = compiler.get() {
            return Ok(engine);
        }
        let mut config = self.0.config.clone();
        if let Allocation::Pool { .. } = self.0.allocation {
            config.allocation_strategy(pool(1));
        }
        if let Compilation::SinglePass = compilation {
            config
                .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass)
                .cranelift_opt_level(OptLevel::None);
        }
        config.generate_address_map(with_lines);
        let engine = wasmtime::Engine::new(&config)?;
        Ok(compiler.get_or_init(|| engine))
    }

    pub(crate) fn linker(&self) -> &Linker<State> {
        &self.0.linker
    }

    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.0.cache.as_ref()
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }
}

/// The maximum numbers of core instances, memories and tables of an instance, including those of
/// the component's adapters. CPython with its extensions has 47 core instances.
const CORE_INSTANCES: u32 = 64;
const MEMORIES: u32 = 4;
const TABLES: u32 = 16;
const TABLE_ELEMENTS: usize = 1 << 16;

/// The number of instances for trials, besides those of the pool.
const TRIAL_INSTANCES: u32 = 2;

/// The number of instances of a pool on a machine with little address space.
const FEW: u32 = 8;

/// Wasmtime, as it starts on this machine.
struct Started {
    wasmtime: wasmtime::Engine,
    config: Config,
    allocation: Allocation,
}

/// Tries the ways to allocate in turn, the fastest first.
fn allocate(instances: u32) -> Result<Started, EngineError> {
    let few = instances.min(FEW);
    let mut pools = vec![instances, few];
    pools.dedup();
    for instances in pools {
        let mut config = config();
        config.allocation_strategy(pool(instances));
        match wasmtime::Engine::new(&config) {
            Ok(wasmtime) => {
                return Ok(Started {
                    wasmtime,
                    config,
                    allocation: Allocation::Pool { instances },
                });
            }
            Err(error) => {
                log::warn!(
                    "no address space for a pool of {instances} instances, trying less: {error:#}"
                );
            }
        }
    }
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    let start = |config: &Config| {
        wasmtime::Engine::new(config).map_err(|error| EngineError::Wasmtime(Cause::new(error)))
    };
    let mut wasmtime = start(&config)?;
    if !can_reserve(&wasmtime, few) {
        log::warn!("no address space to reserve 4 GiB for each memory: guests will run slower");
        config
            .memory_reservation(0)
            .memory_guard_size(0)
            .memory_reservation_for_growth(0);
        wasmtime = start(&config)?;
    }
    Ok(Started {
        wasmtime,
        config,
        allocation: Allocation::OnDemand,
    })
}

fn config() -> Config {
    let mut config = Config::new();
    config
        // Sync calls only: support for async calls makes a call two to three times as expensive.
        .concurrency_support(false)
        .epoch_interruption(true)
        // Inlines across the modules of a component. That gives the whole gain here, in half of the
        // compile time of inlining everywhere.
        .compiler_inlining(Inlining::InterModule)
        // For the author's lines.
        .wasm_backtrace_max_frames(Some(MAX_FRAMES))
        // Takes a quarter of the compiled code's size: see `Engine::compiler`.
        .generate_address_map(false)
        // Same input, same output, on every machine.
        .relaxed_simd_deterministic(true);
    config
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let instances = instances.saturating_add(TRIAL_INSTANCES);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        // With these, a pool with a free slot has everything that an instance can need.
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        // Tables are cleared in place, which for a small one costs less than giving its page back
        // and getting it anew. Memories are not: what a guest has written lies scattered, and the
        // scan that finds it (`pagemap_scan`) misses pages that are swapped out or on the move.
        .table_keep_resident(TABLE_ELEMENTS * size_of::<usize>());
    pool
}

/// Whether there is room for the memories of a few instances, as Wasmtime reserves them.
fn can_reserve(engine: &wasmtime::Engine, instances: u32) -> bool {
    let mut store = Store::new(engine, ());
    (0..instances.saturating_mul(MEMORIES))
        .all(|_| wasmtime::Memory::new(&mut store, MemoryType::new(1, None)).is_ok())
}

fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    types::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    #[cfg(feature = "wasi")]
    crate::wasi::link(&mut linker)?;
    document::link(&mut linker)?;
    batch::link(&mut linker)?;
    Ok(linker)
}
