//! UDFs in C: clang for `wasm32-wasi`, with bindings that `wit-bindgen-c` generates from the
//! contract at each build.
//!
//! All `*.c` files of the project, in its subdirectories too, and of the kit are compiled into one
//! module. The kit is the directory `kit` in the project, where `whittle new` puts it, or beside the
//! project. The compiler maps all paths to relative ones, so that no path of this machine ends up in a
//! component.

mod commands;
mod mistakes;
mod sources;

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use whittle_host::{BATCH_CONTRACT, CONTRACT, TextEncoding};
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

use super::dwarf;
use super::lines::with_lines;
use super::tool::{BuildFolder, run_explained};
use super::{Built, Code};
use crate::setup;
use sources::{in_folder, in_project};

const INSTALL: &str = "install clang with a sysroot for WASI: apt-get install clang-19 lld-19 \
                       libclang-rt-19-dev-wasm32 wasi-libc, or set WASI_SDK_PATH to a wasi-sdk";

/// Debian's headers of wasi-libc.
const HEADERS: &str = "/usr/include/wasm32-wasi";

/// A stack of 128 KiB at the start of memory, so that an overflow traps.
const STACK: &str = "-Wl,-z,stack-size=131072,--stack-first";

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("kit/whittle.h").is_file() || in_folder(dir).is_ok_and(|files| !files.is_empty())
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    let folder = BuildFolder::of(dir, "c")?;
    let bindings = folder.path().join("bindings");
    let dir = fs::canonicalize(dir)?;
    let kit = kit(&dir)?;
    generate(&bindings, kit.join("batch.h").is_file())?;
    let module = folder.path().join("module.wasm");
    let mut clang = compiler()?;
    clang
        .current_dir(&dir)
        .args(["--target=wasm32-wasi", "-mexec-model=reactor"])
        // Link-time optimisation inlines the kit's wrappers into the guest.
        .args(["-std=c17", "-O2", "-flto", "-Wall", "-Wextra"])
        // Every host of components has SIMD, but clang does not use it unless told to.
        .arg("-msimd128")
        // For the lines that errors name.
        .arg("-g")
        // Without a value, the result of a function is whatever is in memory.
        .arg("-Werror=return-type")
        .arg("-isystem")
        .arg(&bindings)
        .arg("-I")
        .arg(&kit)
        .arg(prefix_map(&bindings, "bindings"))
        .arg(prefix_map(&kit, "kit"))
        .arg(prefix_map(&dir, "."))
        // Last, so that the author's flags win.
        .args(author_flags());
    let mut files = in_project(&dir)?;
    files.extend(in_folder(&kit)?);
    commands::write(&dir, &clang, &files)?;
    clang
        .args(["-Wl,--gc-sections", STACK])
        .args(files)
        .arg(bindings.join("udf.c"))
        .arg(bindings.join("udf_component_type.o"))
        .arg("-o")
        .arg(&module);
    if io::stderr().is_terminal() {
        clang.arg("-fcolor-diagnostics");
    }
    run_explained(
        &mut clang,
        INSTALL,
        mistakes::explained,
        mistakes::without_consequences,
    )?;
    let bytes = setup::read(&module)?;
    let lines = dwarf::lines(&bytes, |file| authors(&dir, &[&bindings, &kit], file));
    Ok(Built {
        code: Code::Module(with_lines(&bytes, lines)?, TextEncoding::Utf8),
        output: folder.output(&dir)?,
    })
}

/// The name of a file of the project, other than one in these directories. Files of the kit and of the
/// C library may have relative paths too.
fn authors<'a>(dir: &Path, others: &[&Path], file: &'a str) -> Option<&'a str> {
    let file = file.trim_start_matches("./");
    let path = dir.join(file);
    let is_other = file.starts_with('/') || others.iter().any(|other| path.starts_with(other));
    (!is_other && path.is_file()).then_some(file)
}

/// The flags in `CFLAGS`, with blanks between them, as make and cc take them.
fn author_flags() -> Vec<String> {
    let flags = env::var("CFLAGS").unwrap_or_default();
    flags.split_whitespace().map(str::to_owned).collect()
}

fn kit(dir: &Path) -> Result<PathBuf> {
    let beside = dir.parent().map(|parent| parent.join("kit"));
    let mut places = std::iter::once(dir.join("kit")).chain(beside);
    places
        .find(|place| place.join("whittle.h").is_file())
        .context("no kit found: expected `kit/whittle.h` in the project or beside it")
}

/// The clang of the wasi-sdk that `WASI_SDK_PATH` names, or else Debian's.
fn compiler() -> Result<Command> {
    if let Some(sdk) = env::var_os("WASI_SDK_PATH").filter(|sdk| !sdk.is_empty()) {
        let clang = Path::new(&sdk).join("bin/clang");
        if !clang.is_file() {
            bail!(
                "no bin/clang in {}: set WASI_SDK_PATH to the directory of a wasi-sdk",
                Path::new(&sdk).display()
            );
        }
        return Ok(Command::new(clang));
    }
    for version in ["19", "20", "18", "17"] {
        let (clang, linker) = (format!("clang-{version}"), format!("wasm-ld-{version}"));
        if let (Some(clang), Some(linker)) = (on_path(&clang), on_path(&linker)) {
            let mut command = Command::new(clang);
            command.arg(format!("-fuse-ld={}", linker.display()));
            if Path::new(HEADERS).is_dir() {
                // Otherwise clang would find this machine's headers after those of WASI.
                command.args(["-nostdlibinc", "-idirafter", HEADERS]);
            }
            return Ok(command);
        }
    }
    bail!("clang for WebAssembly is missing: {INSTALL}")
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut places = env::split_paths(&path).map(|folder| folder.join(program));
    places.find(|place| place.is_file())
}

fn prefix_map(path: &Path, name: &str) -> String {
    format!("-ffile-prefix-map={}={name}", path.display())
}

/// Writes the bindings: a header, a C file, and an object file with the contract's types.
/// Kits before version 0.2 of the contract have no batches.
fn generate(folder: &Path, with_batches: bool) -> Result<()> {
    let mut resolve = Resolve::default();
    let mut package = resolve.push_str("udf.wit", CONTRACT)?;
    if with_batches {
        package = resolve.push_str("batch.wit", BATCH_CONTRACT)?;
    }
    let world = resolve.select_world(&[package], Some("udf"))?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files)?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, contents) in files.iter() {
        let path = folder.join(name);
        fs::write(&path, contents).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
