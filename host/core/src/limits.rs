//! Limits of resources: [`Limits`] for a component, [`Budget`] for a query.
//!
//! Both are plain structs with public fields and defaults. A limit is declared here and applied where
//! its resource is allocated. Exceeding it is always the error [`LimitExceeded`], which names the
//! field.

use std::time::Duration;

use crate::lines::SourceLine;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The limits of a component and its manifest. An [`Engine`](crate::Engine) has one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The component's size in bytes; by default 64 MiB.
    pub component_bytes: usize,
    /// Imported interfaces; by default 64.
    pub imports: usize,
    /// Exported interfaces; by default 64.
    pub exports: usize,
    /// Components inside the component; by default 64. The time to validate them grows with the
    /// square of their depth.
    pub components: usize,
    /// The nesting depth of component and instance types; by default 32.
    pub type_depth: usize,
    /// Instances of components and core modules, including those inside others; by default 10,000,
    /// which is also Wasmtime's limit.
    pub instances: usize,
    /// Core modules inside the component; by default 64.
    pub core_modules: usize,
    /// Linear memories that the core modules define; by default 4.
    pub core_memories: usize,
    /// Core functions inside the component, each of which takes about 50 KiB while it is compiled;
    /// by default 32,768. CPython has 13,508.
    pub core_functions: usize,
    /// The size of one core function's body in bytes; by default 512 KiB.
    pub function_bytes: usize,
    /// The size of all core functions in bytes; by default 12 MiB. Compiling takes up to 600 times as
    /// much memory.
    pub code_bytes: usize,
    /// How hard the component is to compile: the sum, over its core functions, of the locals times
    /// the square of the branches, of 20,000 for each local that a loop assigns, and of 200,000 for
    /// each value of a block that has several; by default 40 billion. CPython has 3.3 billion, and a
    /// component with more than 6 billion is compiled without optimisation.
    pub compile_units: usize,
    /// Compiled code in bytes; by default 256 MiB.
    pub compiled_bytes: usize,
    /// Functions in the manifest; by default 256.
    pub functions: usize,
    /// Parameters of one function; by default 64.
    pub parameters: usize,
    /// A name or a version in the manifest, in bytes of UTF-8; by default 128.
    pub name_bytes: usize,
    /// A description, an author or a text default in the manifest, in bytes of UTF-8; by
    /// default 4 KiB.
    pub description_bytes: usize,
    /// Fields that one `bind` resolves; by default 1,024.
    pub fields: usize,
    /// The path of one field, in bytes of UTF-8; by default 1 KiB.
    pub path_bytes: usize,
    /// The budget of `describe`; by default 1 s, 64 MiB of memory and 16 KiB of log, and otherwise
    /// that of a query.
    pub describe: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes: 64 * MIB,
            imports: 64,
            exports: 64,
            components: 64,
            type_depth: 32,
            instances: 10_000,
            core_modules: 64,
            core_memories: 4,
            core_functions: 32 * KIB,
            function_bytes: 512 * KIB,
            code_bytes: 12 * MIB,
            compile_units: 40_000_000_000,
            compiled_bytes: 256 * MIB,
            functions: 256,
            parameters: 64,
            name_bytes: 128,
            description_bytes: 4 * KIB,
            fields: 1024,
            path_bytes: KIB,
            describe: Budget {
                wall_clock: Duration::from_secs(1),
                memory_bytes: 64 * MIB,
                log_bytes: 16 * KIB,
                ..Budget::default()
            },
        }
    }
}

/// The limits of one query, over all of its functions and workers.
/// A [`QueryContext`](crate::QueryContext) counts against them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Time since the query began; by default 10 s. Guest code notices within 2 ms.
    pub wall_clock: Duration,
    /// Processor time in guest code, over all functions and workers; by default 30 s. Guest code
    /// notices within 2 ms.
    pub cpu_time: Duration,
    /// Linear memories and tables of all instances together, in bytes; by default 256 MiB. A
    /// guest that asks for more sees `memory.grow` fail.
    pub memory_bytes: usize,
    /// Log messages of all instances together, in bytes of UTF-8 and 32 more for each line; by
    /// default 1 MiB.
    pub log_bytes: usize,
    /// Texts and JSON values that the functions return, together, in bytes of UTF-8; by default
    /// 64 MiB.
    pub result_bytes: usize,
    /// One text or JSON value that a function returns, in bytes of UTF-8; by default 1 MiB.
    pub value_bytes: usize,
    /// An error message or a log message of a guest, in bytes of UTF-8; by default 8 KiB. A longer
    /// message is truncated, and ends in `...`.
    pub message_bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            wall_clock: Duration::from_secs(10),
            cpu_time: Duration::from_secs(30),
            memory_bytes: 256 * MIB,
            log_bytes: MIB,
            result_bytes: 64 * MIB,
            value_bytes: MIB,
            message_bytes: 8 * KIB,
        }
    }
}

/// A limit that was exceeded: its name, its value, the value that was requested, and where the guest
/// was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct LimitExceeded {
    /// The kind of the limit.
    pub kind: LimitKind,
    /// The field of [`Limits`] or [`Budget`] that sets the limit.
    pub limit: &'static str,
    /// The unit: `bytes`, `ms`, or a noun in the plural.
    pub unit: &'static str,
    /// The limit's value.
    pub allowed: u64,
    /// The requested value, larger than `allowed`.
    pub met: u64,
    /// The line that was running, if it was a guest's and the component has its lines.
    pub line: Option<Box<SourceLine>>,
}

/// The kind of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// The wall-clock time of a query.
    WallClock,
    /// The processor time of a query.
    CpuTime,
    /// A size or a number of things.
    Amount,
}

impl LimitKind {
    /// Whether the limit is one of time.
    pub fn is_time(self) -> bool {
        match self {
            Self::WallClock | Self::CpuTime => true,
            Self::Amount => false,
        }
    }
}

impl LimitExceeded {
    fn message(&self) -> String {
        let Self {
            kind,
            limit,
            unit,
            allowed,
            met,
            line,
        } = self;
        let exceeded = match kind {
            LimitKind::WallClock => format!("the time limit of {allowed} {unit} is over"),
            LimitKind::CpuTime => {
                format!("the limit of {allowed} {unit} of processor time is over")
            }
            LimitKind::Amount => {
                let lead = lead(limit).map_or_else(|| format!("too many {unit}"), str::to_owned);
                format!("{lead}: {met} {unit}, and the limit `{limit}` is {allowed} {unit}")
            }
        };
        match line {
            Some(line) => format!("{exceeded}, {line}"),
            None => exceeded,
        }
    }

    /// Fails if `met` is more than `allowed`.
    pub(crate) fn check(
        limit: &'static str,
        unit: &'static str,
        allowed: usize,
        met: usize,
    ) -> Result<(), Self> {
        if met <= allowed {
            return Ok(());
        }
        Err(Self {
            kind: LimitKind::Amount,
            limit,
            unit,
            allowed: allowed as u64,
            met: met as u64,
            line: None,
        })
    }
}

/// What is wrong if a limit is exceeded that does not count things.
fn lead(limit: &str) -> Option<&'static str> {
    Some(match limit {
        "batch_text_bytes" => "the results of a batch are too large",
        "code_bytes" => "the code is too large",
        "compile_units" => "the component is too hard to compile",
        "compiled_bytes" => "the compiled code is too large",
        "component_bytes" => "the component is too large",
        "function_bytes" => "a function is too large",
        "log_bytes" => "the log is too long",
        "memory_bytes" => "too much memory",
        "path_bytes" => "the path of a field is too long",
        "result_bytes" => "the results are too large",
        "type_depth" => "types are nested too deeply",
        "value_bytes" => "a result is too large",
        _ => return None,
    })
}
