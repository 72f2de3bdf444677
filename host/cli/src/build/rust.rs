//! UDFs in Rust: cargo, for the target `wasm32-unknown-unknown`.
//!
//! Ordinarily that target comes from rustup. Where it is missing, Debian's compiler does: its
//! packages `rustc-web`, `cargo-web`, `rust-web-src` and `lld` bring the standard library's
//! sources, which cargo then builds too.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;

use super::CoreModule;

const TARGET: &str = "wasm32-unknown-unknown";

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("Cargo.toml").is_file()
}

pub(super) fn build(dir: &Path) -> Result<CoreModule> {
    let toolchain = Toolchain::find()?;
    let mut cargo = toolchain.cargo(dir);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", cargo.get_program().display()))?;
    if !output.status.success() {
        bail!("{}: cargo failed: see its messages above", dir.display());
    }
    let artifact = artifact(&output.stdout, dir)?;
    let bytes = fs::read(&artifact).with_context(|| artifact.display().to_string())?;
    Ok(CoreModule {
        bytes,
        output: component_path(&artifact),
    })
}

/// What compiles the guest.
enum Toolchain {
    /// Whatever `cargo` is in the path; the target is installed.
    Ordinary,
    /// Debian's compiler in /usr/bin, with the standard library's sources.
    Debian {
        /// A linker for WebAssembly.
        linker: PathBuf,
    },
}

impl Toolchain {
    fn find() -> Result<Self> {
        if has_standard_library("rustc") {
            return Ok(Self::Ordinary);
        }
        match debian_linker() {
            Some(linker)
                if has_sources("/usr/bin/rustc") && Path::new("/usr/bin/cargo").is_file() =>
            {
                Ok(Self::Debian { linker })
            }
            _ => bail!(
                "the Rust target for WebAssembly is missing: install it with \
                 `rustup target add {TARGET}`"
            ),
        }
    }

    /// The command that builds the crate in a folder and prints what it made as JSON.
    fn cargo(&self, dir: &Path) -> Command {
        let mut cargo = match self {
            Self::Ordinary => Command::new("cargo"),
            Self::Debian { .. } => Command::new("/usr/bin/cargo"),
        };
        cargo
            .current_dir(dir)
            // A library that is an rlib too would be built without link-time optimisation.
            .args([
                "rustc",
                "--release",
                "--lib",
                "--crate-type",
                "cdylib",
                "--target",
                TARGET,
            ])
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null());
        let mut flags = Flags::of_user();
        flags.hide_paths(dir);
        if let Self::Debian { linker } = self {
            flags.add(format!("-Clinker={}", linker.display()));
            cargo
                .arg("-Zbuild-std=std,panic_abort")
                .env("PATH", "/usr/bin:/bin")
                .env("RUSTC_BOOTSTRAP", "1")
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("RUSTC")
                .env_remove("CARGO");
        }
        cargo
            .env_remove("RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.encoded());
        cargo
    }
}

/// Flags for rustc: the user's, then ours.
struct Flags(Vec<String>);

impl Flags {
    fn of_user() -> Self {
        // As cargo reads them: the encoded ones win.
        let flags = match (env::var("CARGO_ENCODED_RUSTFLAGS"), env::var("RUSTFLAGS")) {
            (Ok(encoded), _) if !encoded.is_empty() => {
                encoded.split('\x1f').map(str::to_owned).collect()
            }
            (_, Ok(flags)) => flags.split_whitespace().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Self(flags)
    }

    fn add(&mut self, flag: String) {
        self.0.push(flag);
    }

    /// Panic messages name source files; the folders of this machine do not belong in components.
    fn hide_paths(&mut self, dir: &Path) {
        let home = env::var_os("HOME").map(PathBuf::from);
        let folder = |name: &str, ordinary: &str| {
            let set = env::var_os(name).map(PathBuf::from);
            set.or_else(|| home.as_ref().map(|home| home.join(ordinary)))
        };
        let workspace = workspace_of(dir);
        let hidden = [
            (workspace, "/src"),
            (folder("CARGO_HOME", ".cargo"), "/cargo"),
            (folder("RUSTUP_HOME", ".rustup"), "/rust"),
        ];
        for (path, name) in hidden {
            if let Some(path) = path {
                self.add(format!("--remap-path-prefix={}={name}", path.display()));
            }
        }
    }

    fn encoded(&self) -> String {
        self.0.join("\x1f")
    }
}

/// The folder of the workspace that a crate belongs to, which cargo compiles it from.
fn workspace_of(dir: &Path) -> Option<PathBuf> {
    let mut cargo = Command::new("cargo");
    let located = cargo
        .current_dir(dir)
        .args(["locate-project", "--workspace", "--message-format=plain"])
        .output()
        .ok()?;
    let manifest = PathBuf::from(String::from_utf8(located.stdout).ok()?.trim());
    manifest
        .parent()
        .filter(|folder| folder.is_absolute())
        .map(Path::to_owned)
}

fn has_standard_library(rustc: &str) -> bool {
    let Some(folder) = print(rustc, &["--print", "target-libdir", "--target", TARGET]) else {
        return false;
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}

fn has_sources(rustc: &str) -> bool {
    let sysroot = print(rustc, &["--print", "sysroot"]).map(PathBuf::from);
    sysroot.is_some_and(|sysroot| sysroot.join("lib/rustlib/src/rust/library/std").is_dir())
}

fn debian_linker() -> Option<PathBuf> {
    let linkers = fs::read_dir("/usr/bin")
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    linkers
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"wasm-ld"))
        })
        .max()
}

fn print(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The library that cargo says it made, last of all.
fn artifact(messages: &[u8], dir: &Path) -> Result<PathBuf> {
    let messages = messages.split(|byte| *byte == b'\n');
    let mut made = messages
        .filter_map(|line| serde_json::from_slice::<Json>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter_map(|message| {
            let files = message["filenames"].as_array()?;
            let wasm = files.iter().filter_map(Json::as_str).map(PathBuf::from);
            wasm.into_iter()
                .find(|path| path.extension() == Some(OsStr::new("wasm")))
        });
    made.next_back().with_context(|| {
        format!(
            "{} makes no WebAssembly: its Cargo.toml needs `[lib] crate-type = [\"cdylib\"]`",
            dir.display()
        )
    })
}

/// `target/wasm32-unknown-unknown/release/x_y.wasm` becomes `target/whittle/x-y.wasm`.
fn component_path(artifact: &Path) -> PathBuf {
    let target = artifact.ancestors().nth(3).unwrap_or_else(|| Path::new(""));
    let name = artifact
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .replace('_', "-");
    target.join("whittle").join(name).with_extension("wasm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_wasm_file_that_cargo_made_is_the_guest() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","filenames":["/t/libother.rlib"]}"#,
            "\n",
            r#"{"reason":"compiler-artifact","filenames":["/t/wasm32-unknown-unknown/release/my_udf.wasm"]}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let path = artifact(messages.as_bytes(), Path::new("x")).expect("it is there");
        assert_eq!(component_path(&path), Path::new("/t/whittle/my-udf.wasm"));
        let none = artifact(b"", Path::new("x"))
            .expect_err("nothing was made")
            .to_string();
        let expected =
            "x makes no WebAssembly: its Cargo.toml needs `[lib] crate-type = [\"cdylib\"]`";
        assert_eq!(none, expected);
    }
}
