//! UDFs in Rust: cargo, for the target `wasm32-unknown-unknown`.
//!
//! The target usually comes from rustup. If it is missing, Debian's compiler is used: its packages
//! `rustc-web`, `cargo-web`, `rust-web-src` and `lld` bring the sources of the standard library,
//! which cargo then builds too.

mod imports;
mod shared;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{self, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use whittle_host::TextEncoding;

use self::shared::Shared;
use super::dwarf;
use super::lines::with_lines;
use super::tool::run;
use super::{Built, Code};
use crate::setup;

const INSTALL: &str = "install Rust from https://rustup.rs";

const TARGET: &str = "wasm32-unknown-unknown";

/// How loops are compiled: with SIMD, which every host of components has, and so that a loop over vectors
/// does four vectors' work in each turn, since each turn pays for a look at the clock.
const LOOPS: [&str; 2] = [
    "-Ctarget-feature=+simd128",
    "-Cllvm-args=-force-vector-interleave=4",
];

/// The workspace's path in a component, in which no path of this machine is.
const WORKSPACE: &str = "/src";

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("Cargo.toml").is_file()
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    let toolchain = Toolchain::find(dir)?;
    let package = Package::find(&toolchain, dir)?;
    let shared = package.shares_dependencies().then(setup::cache_folder);
    let shared = shared.flatten().map(|cache| Shared::new(&cache));
    if let Some(shared) = &shared {
        shared.lend(&package.target);
    }
    let messages = run(&mut toolchain.build(dir, &package), INSTALL)?;
    if let Some(shared) = &shared {
        shared.keep(&package.target, &messages, toolchain.standard_library());
    }
    let artifact = artifact(&messages)?;
    let bytes = setup::read(&artifact)?;
    imports::check(&bytes, || toolchain.dependencies(dir, &package))?;
    let lines = dwarf::lines(&bytes, |file| package.shown(file));
    Ok(Built {
        code: Code::Module(with_lines(&bytes, lines)?, TextEncoding::Utf8),
        output: package.output,
    })
}

/// The toolchain that compiles the guest.
enum Toolchain {
    /// The `cargo` in `PATH`, with the target installed.
    Ordinary,
    /// Debian's compiler in `/usr/bin`, with the sources of the standard library.
    Debian {
        /// A linker for WebAssembly.
        linker: PathBuf,
        /// The directory of the sources.
        sources: PathBuf,
    },
}

impl Toolchain {
    /// Looks from the project's directory, because a `rust-toolchain.toml` there chooses the
    /// compiler.
    fn find(dir: &Path) -> Result<Self> {
        if has_standard_library(dir) {
            return Ok(Self::Ordinary);
        }
        match (debian_linker(), sources_of("/usr/bin/rustc")) {
            (Some(linker), Some(sources)) if Path::new("/usr/bin/cargo").is_file() => {
                Ok(Self::Debian { linker, sources })
            }
            _ if is_missing("rustc") => {
                bail!("rustc is missing: {INSTALL}, then run `rustup target add {TARGET}`")
            }
            _ => bail!(
                "the Rust target for WebAssembly is missing: install it with \
                 `rustup target add {TARGET}`"
            ),
        }
    }

    /// The sources of the standard library, if cargo builds it.
    fn standard_library(&self) -> Option<&Path> {
        match self {
            Self::Ordinary => None,
            Self::Debian { sources, .. } => Some(sources),
        }
    }

    /// The toolchain's cargo, run in a directory.
    fn cargo(&self, dir: &Path) -> Command {
        let mut cargo = match self {
            Self::Ordinary => Command::new("cargo"),
            Self::Debian { .. } => {
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo
                    .env("PATH", "/usr/bin:/bin")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("RUSTC")
                    .env_remove("CARGO");
                cargo
            }
        };
        cargo.current_dir(dir);
        // A relative path is relative to the user's directory, but cargo runs in another one.
        let target = env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
        if let Some(target) = target.and_then(|folder| path::absolute(folder).ok()) {
            cargo.env("CARGO_TARGET_DIR", target);
        }
        cargo
    }

    /// What cargo knows about a package and everything that it depends on.
    fn dependencies(&self, dir: &Path, package: &Package) -> Result<Json> {
        let mut cargo = self.cargo(dir);
        cargo
            .args(["metadata", "--format-version=1", "--quiet"])
            .args(["--filter-platform", TARGET, "--manifest-path"])
            .arg(&package.manifest);
        let metadata = run(&mut cargo, INSTALL)?;
        serde_json::from_slice(&metadata).context("cargo metadata")
    }

    /// The command that builds a package and prints the built files as JSON.
    fn build(&self, dir: &Path, package: &Package) -> Command {
        let mut cargo = self.cargo(dir);
        cargo
            // Only `cdylib`: with `rlib` as well there would be no link-time optimisation.
            .args(["rustc", "--release", "--lib", "--crate-type", "cdylib"])
            .args(["--target", TARGET])
            .arg("--message-format=json-render-diagnostics")
            .arg("--manifest-path")
            .arg(&package.manifest);
        let mut flags: Vec<String> = LOOPS.map(str::to_owned).into();
        flags.extend(hidden_paths());
        if let Self::Debian { linker, sources } = self {
            flags.push(format!("-Clinker={}", linker.display()));
            flags.push(hidden(sources, "/rust"));
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        add_flags(&mut cargo, flags_of_environment(), flags);
        // Only for the package itself: what it depends on can then be shared with other projects.
        cargo.arg("--").arg(hidden(&package.workspace, WORKSPACE));
        // For the lines that errors name. They change no instruction, and are taken out again.
        cargo.args(["-Cdebuginfo=limited", "-Cstrip=none"]);
        cargo
    }
}

/// The package to build.
#[derive(Debug, PartialEq)]
struct Package {
    manifest: PathBuf,
    workspace: PathBuf,
    /// Cargo's target directory.
    target: PathBuf,
    /// The default path of the component.
    output: PathBuf,
}

impl Package {
    fn find(toolchain: &Toolchain, dir: &Path) -> Result<Self> {
        let mut cargo = toolchain.cargo(dir);
        cargo.args(["metadata", "--no-deps", "--format-version=1", "--quiet"]);
        let metadata = run(&mut cargo, INSTALL)?;
        let metadata = serde_json::from_slice(&metadata).context("cargo metadata")?;
        let manifest = fs::canonicalize(dir)?.join("Cargo.toml");
        Self::choose(&metadata, &manifest)
    }

    /// The package of a manifest or, if that only declares a workspace, the workspace's only member
    /// with a `cdylib`.
    fn choose(metadata: &Json, manifest: &Path) -> Result<Self> {
        let path = |json: &Json| PathBuf::from(json.as_str().unwrap_or_default());
        let packages = metadata["packages"].as_array();
        let packages: Vec<&Json> = packages.into_iter().flatten().collect();
        let own = packages
            .iter()
            .find(|package| path(&package["manifest_path"]) == manifest);
        let package = match own {
            Some(package) => *package,
            None => {
                let guests: Vec<&Json> = packages.into_iter().filter(|p| is_cdylib(p)).collect();
                match guests.as_slice() {
                    [guest] => *guest,
                    [] => bail!(
                        "the workspace has no UDF: set `[lib] crate-type = [\"cdylib\"]` in the \
                         Cargo.toml of a member"
                    ),
                    several => {
                        let names = several.iter().filter_map(|guest| guest["name"].as_str());
                        bail!(
                            "the workspace has several UDFs: build the directory of one of {}",
                            names.collect::<Vec<_>>().join(", ")
                        )
                    }
                }
            }
        };
        let name = package["name"].as_str().unwrap_or_default();
        let target = path(&metadata["target_directory"]);
        Ok(Self {
            manifest: path(&package["manifest_path"]),
            workspace: path(&metadata["workspace_root"]),
            output: target.join("whittle").join(format!("{name}.wasm")),
            target,
        })
    }

    /// The name of a source file of the package, as panics have it: relative to the workspace. `None`
    /// for files of other packages, such as the kit.
    fn shown<'a>(&self, file: &'a str) -> Option<&'a str> {
        let file = file.strip_prefix(WORKSPACE)?.strip_prefix('/')?;
        let package = self.manifest.parent()?;
        let in_package = Path::new(file).strip_prefix(package.strip_prefix(&self.workspace).ok()?);
        in_package
            .is_ok_and(|path| !path.starts_with("kit"))
            .then_some(file)
    }

    /// Whether the author has not chosen a target directory, which may be shared already.
    fn shares_dependencies(&self) -> bool {
        self.target == self.workspace.join("target")
    }
}

fn is_cdylib(package: &Json) -> bool {
    let targets = package["targets"].as_array().into_iter().flatten();
    let mut kinds = targets.filter_map(|target| target["kind"].as_array());
    kinds.any(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
}

/// Flags that replace the paths of this machine, which panic messages would contain.
fn hidden_paths() -> Vec<String> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let folder = |name: &str, ordinary: &str| {
        let set = env::var_os(name).map(PathBuf::from);
        set.or_else(|| home.as_ref().map(|home| home.join(ordinary)))
    };
    let folders = [
        (folder("CARGO_HOME", ".cargo"), "/cargo"),
        (folder("RUSTUP_HOME", ".rustup"), "/rust"),
    ];
    let folders = folders
        .into_iter()
        .filter_map(|(path, name)| Some(hidden(&path?, name)));
    folders.collect()
}

fn hidden(path: &Path, name: &str) -> String {
    format!("--remap-path-prefix={}={name}", path.display())
}

/// The flags for rustc from the environment, read as cargo reads them.
fn flags_of_environment() -> Option<Vec<String>> {
    let set = |name: &str| env::var(name).ok().filter(|flags| !flags.is_empty());
    let encoded = set("CARGO_ENCODED_RUSTFLAGS");
    let encoded = encoded.map(|flags| flags.split('\x1f').map(str::to_owned).collect());
    encoded.or_else(|| {
        let flags = set("RUSTFLAGS")?;
        Some(flags.split_whitespace().map(str::to_owned).collect())
    })
}

/// Adds our flags for rustc to the user's. Flags in the environment take precedence over cargo's
/// configuration, as they do in cargo. Otherwise ours are appended to the configuration's flags for
/// this target. `build.rustflags` is then ignored: cargo reads it only if a target has no flags.
fn add_flags(cargo: &mut Command, environment: Option<Vec<String>>, ours: Vec<String>) {
    match environment {
        Some(users) => {
            let flags = [users, ours].concat().join("\x1f");
            cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
        }
        None => {
            // A list of strings is written the same way in JSON and in TOML.
            let flags = format!("target.{TARGET}.rustflags={}", Json::from(ours));
            cargo.args(["--config", &flags]);
        }
    }
}

/// Whether a program is not in `PATH`.
fn is_missing(program: &str) -> bool {
    let run = Command::new(program).arg("--version").output();
    run.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn has_standard_library(dir: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc
        .current_dir(dir)
        .args(["--print", "target-libdir", "--target", TARGET]);
    let Some(folder) = printed(&mut rustc) else {
        return false;
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}

/// The sources of the standard library, if the compiler came with them.
fn sources_of(rustc: &str) -> Option<PathBuf> {
    let sysroot = printed(Command::new(rustc).args(["--print", "sysroot"]))?;
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust");
    sources.join("library/std").is_dir().then_some(sources)
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

/// The output of a command, if it succeeds.
fn printed(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

const NO_CDYLIB: &str =
    "the package builds no WebAssembly: set `[lib] crate-type = [\"cdylib\"]` in its Cargo.toml";

/// The library in cargo's messages; the last one is the guest.
fn artifact(messages: &[u8]) -> Result<PathBuf> {
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
    made.next_back().context(NO_CDYLIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_last_wasm_file_that_cargo_built() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","filenames":["/t/libother.rlib"]}"#,
            "\n",
            r#"{"reason":"compiler-artifact","filenames":["/t/wasm32-unknown-unknown/release/my_udf.wasm"]}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let path = artifact(messages.as_bytes()).expect("it is there");
        assert_eq!(
            path,
            Path::new("/t/wasm32-unknown-unknown/release/my_udf.wasm")
        );
        let error = artifact(b"").expect_err("nothing was built").to_string();
        assert_eq!(error, NO_CDYLIB);
    }

    fn choose(manifest: &str, members: &[(&str, &str)]) -> Result<Package> {
        let packages = members.iter().map(|(name, kind)| {
            serde_json::json!({
                "name": name,
                "manifest_path": format!("/w/{name}/Cargo.toml"),
                "targets": [{"kind": [kind]}],
            })
        });
        let metadata = serde_json::json!({
            "packages": packages.collect::<Vec<_>>(),
            "workspace_root": "/w",
            "target_directory": "/t",
        });
        Package::choose(&metadata, Path::new(manifest))
    }

    #[test]
    fn builds_the_directorys_package_or_the_only_udf_of_its_workspace() {
        let package = |name: &str| Package {
            manifest: format!("/w/{name}/Cargo.toml").into(),
            workspace: "/w".into(),
            target: "/t".into(),
            output: format!("/t/whittle/{name}.wasm").into(),
        };
        let members = [("my_udf", "cdylib"), ("sdk", "lib"), ("other", "cdylib")];
        let own = choose("/w/my_udf/Cargo.toml", &members).expect("it is there");
        assert_eq!(own, package("my_udf"));
        let only = choose("/w/Cargo.toml", &members[..2]).expect("there is one");
        assert_eq!(only, package("my_udf"));
        let refused = |members| choose("/w/Cargo.toml", members).expect_err("it is not clear");
        insta::assert_snapshot!(refused(&members), @"the workspace has several UDFs: build the directory of one of my_udf, other");
        insta::assert_snapshot!(refused(&members[1..2]), @r#"the workspace has no UDF: set `[lib] crate-type = ["cdylib"]` in the Cargo.toml of a member"#);
    }

    #[test]
    fn adds_flags_to_those_of_the_environment_or_the_configuration() {
        let ours = vec!["--cfg".to_owned(), "a=\"b\"".to_owned()];
        let mut cargo = Command::new("cargo");
        add_flags(&mut cargo, None, ours.clone());
        let expected = r#"target.wasm32-unknown-unknown.rustflags=["--cfg","a=\"b\""]"#;
        assert_eq!(cargo.get_args().collect::<Vec<_>>(), ["--config", expected]);

        let mut cargo = Command::new("cargo");
        add_flags(&mut cargo, Some(vec!["-Copt-level=1".to_owned()]), ours);
        let flags = OsStr::new("-Copt-level=1\x1f--cfg\x1fa=\"b\"");
        let expected = (OsStr::new("CARGO_ENCODED_RUSTFLAGS"), Some(flags));
        assert_eq!(cargo.get_envs().collect::<Vec<_>>(), [expected]);
    }
}
