//! A component's imports, exports and sizes, read before anything of it is compiled.
//!
//! The bytes are hostile. Whatever the engine's limits or the contract do not allow is refused
//! here. This module knows nothing of engines and instances.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, Encoding, Parser, Payload, Validator, WasmFeatures,
};

use crate::contract::{
    BATCH_FUNCTIONS, COLUMNS, DOCUMENT, FUNCTIONS, LOGGING, RESULTS, TEXT_WORDS, TYPES,
};
use crate::error::RegisterError;
use crate::language::Language;
use crate::limits::{LimitExceeded, Limits};
use crate::lines::Lines;
use crate::nesting::Nesting;
use crate::words::one_line;

/// A component's imports and exports, within the limits and allowed by the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    /// Whether it may call the document's `id`: it takes a function with that name from one of its
    /// imports.
    pub(crate) reads_ids: bool,
    /// Whether it may call the document's `score`, likewise.
    pub(crate) reads_scores: bool,
    /// The language that it says it was written in.
    pub(crate) language: Option<Language>,
    /// The lines of its source, if it has them.
    pub(crate) lines: Option<Lines>,
}

impl Shape {
    /// Whether it evaluates whole batches.
    pub(crate) fn takes_batches(&self) -> bool {
        self.exports.iter().any(|export| export == BATCH_FUNCTIONS)
    }
}

/// The first bytes of every WebAssembly binary.
const MAGIC: &[u8] = b"\0asm";

/// The interfaces that this host offers to a guest.
const OFFERED: [&str; 6] = [TYPES, DOCUMENT, TEXT_WORDS, LOGGING, COLUMNS, RESULTS];

/// Runs the checks that need no compilation.
pub(crate) fn inspect(bytes: &[u8], limits: &Limits) -> Result<Shape, RegisterError> {
    LimitExceeded::check(
        "component_bytes",
        "bytes",
        limits.component_bytes,
        bytes.len(),
    )?;
    if !bytes.starts_with(MAGIC) {
        let reason = "it does not begin with the bytes `\\0asm`".to_owned();
        return Err(RegisterError::Invalid { reason });
    }
    let shape = read(bytes, limits)?;
    for import in &shape.imports {
        allowed(import)?;
    }
    if !shape.exports.iter().any(|export| export == FUNCTIONS) {
        return Err(RegisterError::World {
            expected: FUNCTIONS,
            found: listed(&shape.exports),
            advice: advice(&shape.exports),
        });
    }
    Ok(shape)
}

/// The features of Wasmtime in this build. Anything else is refused here, so that the error has an
/// offset in the guest's own bytes.
const FEATURES: WasmFeatures = WasmFeatures::WASM3
    .union(WasmFeatures::COMPONENT_MODEL)
    .difference(WasmFeatures::GC_TYPES)
    .difference(WasmFeatures::EXCEPTIONS)
    .difference(WasmFeatures::THREADS)
    .difference(WasmFeatures::CM_ASYNC);

/// Validates every instruction. This is slow for large components; a component whose compiled code
/// is in the cache has already been validated.
pub(crate) fn validate(bytes: &[u8]) -> Result<(), RegisterError> {
    Validator::new_with_features(FEATURES)
        .validate_all(bytes)
        .map_err(invalid)?;
    Ok(())
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Shape, RegisterError> {
    let mut shape = Shape {
        imports: Vec::new(),
        exports: Vec::new(),
        reads_ids: false,
        reads_scores: false,
        language: None,
        lines: None,
    };
    let mut components = 0;
    let mut modules = 0;
    let mut memories = 0;
    let mut functions = 0;
    let mut code = 0;
    let mut last_code = 0..0;
    let mut nesting = Nesting::of(bytes);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        nesting.read(&payload, limits)?;
        match payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if nesting.is_outermost() => {
                return Err(RegisterError::CoreModule);
            }
            Payload::ModuleSection { .. } => {
                modules += 1;
                LimitExceeded::check("core_modules", "modules", limits.core_modules, modules)?;
            }
            Payload::ComponentSection { .. } => {
                components += 1;
                LimitExceeded::check("components", "components", limits.components, components)?;
            }
            Payload::MemorySection(section) => {
                memories += section.count() as usize;
                LimitExceeded::check("core_memories", "memories", limits.core_memories, memories)?;
            }
            Payload::CodeSectionStart { count, size, range } => {
                last_code = range;
                functions += count as usize;
                let allowed = limits.core_functions;
                LimitExceeded::check("core_functions", "functions", allowed, functions)?;
                code += size as usize;
                LimitExceeded::check("code_bytes", "bytes", limits.code_bytes, code)?;
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len();
                LimitExceeded::check("function_bytes", "bytes", limits.function_bytes, bytes)?;
            }
            Payload::CustomSection(section) => {
                if nesting.is_outermost() {
                    shape.language = shape.language.or_else(|| Language::of(&section));
                }
                if shape.lines.is_none() {
                    shape.lines = Lines::of(&last_code, section.name(), section.data());
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    let alias = alias.map_err(invalid)?;
                    shape.reads_ids |= is_function(&alias, "id");
                    shape.reads_scores |= is_function(&alias, "score");
                }
            }
            Payload::ComponentImportSection(section) if nesting.is_outermost() => {
                let count = shape.imports.len() + section.count() as usize;
                LimitExceeded::check("imports", "imports", limits.imports, count)?;
                for import in section {
                    shape
                        .imports
                        .push(import.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if nesting.is_outermost() => {
                let count = shape.exports.len() + section.count() as usize;
                LimitExceeded::check("exports", "exports", limits.exports, count)?;
                for export in section {
                    shape
                        .exports
                        .push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    nesting.check(limits)?;
    Ok(shape)
}

fn is_function(alias: &ComponentAlias<'_>, function: &str) -> bool {
    matches!(
        alias,
        ComponentAlias::InstanceExport {
            kind: ComponentExternalKind::Func,
            name,
            ..
        } if *name == function
    )
}

fn allowed(import: &str) -> Result<(), RegisterError> {
    if OFFERED.contains(&import) || denied(import) {
        return Ok(());
    }
    let package = import.split('/').next().unwrap_or(import);
    let reason = match package {
        "whittle:udf" => {
            "but this host supports only version 0.1.0 of it: rebuild the component with the kit of \
             this `whittle`"
        }
        "whittle:batch" => {
            "but this host supports only version 0.2.0 of it: rebuild the component with the kit of \
             this `whittle`"
        }
        _ if package.starts_with("wasi:") => {
            "but a UDF has no access to the system: build it without this part of WASI"
        }
        _ => "which is not part of the contract `whittle:udf@0.1.0`",
    };
    Err(RegisterError::Import {
        import: import.escape_debug().to_string(),
        reason,
    })
}

/// Whether an import belongs to the part of WASI that guests may import, where it denies
/// everything.
fn denied(import: &str) -> bool {
    const PACKAGES: [&str; 6] = [
        "wasi:cli/",
        "wasi:clocks/",
        "wasi:filesystem/",
        "wasi:io/",
        "wasi:random/",
        "wasi:sockets/",
    ];
    cfg!(feature = "wasi")
        && import.contains("@0.2.")
        && PACKAGES.iter().any(|package| import.starts_with(package))
}

/// What to do about a component without the contract's functions.
fn advice(exports: &[String]) -> &'static str {
    let of_contract = |name: &String| name.starts_with("whittle:");
    if exports.is_empty() {
        "declare the functions as the kit's README shows, in Rust with `export!`, and build again"
    } else if exports.iter().any(of_contract) {
        "it was built for another version of the contract: rebuild it with the kit of this `whittle`"
    } else {
        "it was built for another world: a UDF needs a kit, as in a project of `whittle new`"
    }
}

fn listed(exports: &[String]) -> String {
    const SHOWN: usize = 8;
    if exports.is_empty() {
        return "it exports nothing".to_owned();
    }
    let shown = exports.iter().take(SHOWN);
    let mut names: Vec<_> = shown
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    if exports.len() > SHOWN {
        names.push("...".to_owned());
    }
    format!("it exports {}", names.join(", "))
}

pub(crate) fn invalid(error: wasmparser::BinaryReaderError) -> RegisterError {
    let reason = format!("{} (at byte {})", one_line(error.message()), error.offset());
    RegisterError::Invalid { reason }
}
