//! Compiled dependencies, which the projects of a user share, so that a new project compiles only
//! its kit and itself.
//!
//! Every project keeps a target directory of its own. In a shared one, two projects of the same name
//! would overwrite each other's component, and every build would wait for all others. Instead, the
//! compiled crates of registries are in the cache directory. A new project gets links to them before
//! its first build, and a build adds those that are new. Cargo recognises a crate by the hash in its
//! name, which covers its version, its features, the compiler and the flags, and compiles whatever is
//! missing. So nothing here can make a build fail, and errors are ignored.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::TARGET;

/// What cargo keeps of a crate: the record by which it knows that the crate is up to date, then what
/// it compiled. A record is added last and taken first, so that it never comes without its files.
const RECORDS: &str = ".fingerprint";
const FILES: [&str; 2] = ["build", "deps"];

/// A cache that is larger is emptied, and filled again by the next builds.
const MAX_BYTES: u64 = 2 << 30;

/// The compiled dependencies of all projects.
#[derive(Debug)]
pub(super) struct Shared {
    folder: PathBuf,
}

impl Shared {
    /// Those in a cache directory.
    pub(super) fn new(cache: &Path) -> Self {
        Self {
            folder: cache.join("rust"),
        }
    }

    /// Gives a project that was never built what others have compiled.
    pub(super) fn lend(&self, target: &Path) {
        for profile in profiles() {
            let (from, to) = (self.folder.join(&profile), target.join(&profile));
            if to.join(RECORDS).exists() {
                continue;
            }
            for part in [RECORDS].iter().chain(&FILES) {
                for name in names(&from.join(part)) {
                    add(&from.join(part).join(&name), &to.join(part), &name);
                }
            }
        }
    }

    /// Keeps what a build compiled of other people's crates. The messages are those of the build;
    /// `standard` is the directory of the standard library's sources, if they were built.
    pub(super) fn keep(&self, target: &Path, messages: &[u8], standard: Option<&Path>) {
        if size(&self.folder) > MAX_BYTES {
            let _ = fs::remove_dir_all(&self.folder);
        }
        let crates = foreign(messages, standard);
        for profile in profiles() {
            let (from, to) = (target.join(&profile), self.folder.join(&profile));
            for part in FILES.iter().chain(&[RECORDS]) {
                for name in names(&from.join(part)) {
                    if crate_of(&name).is_some_and(|name| crates.contains(&name)) {
                        add(&from.join(part).join(&name), &to.join(part), &name);
                    }
                }
            }
        }
    }
}

/// The parts of a target directory: for the machine that builds, and for the component.
fn profiles() -> [PathBuf; 2] {
    [PathBuf::from("release"), Path::new(TARGET).join("release")]
}

/// The crates and packages that were built and are not in a directory of the author's.
fn foreign(messages: &[u8], standard: Option<&Path>) -> HashSet<String> {
    let messages = messages.split(|byte| *byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<Json>(line).ok());
    let mut names = HashSet::new();
    for message in messages.filter(|message| message["reason"] == "compiler-artifact") {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let (id, manifest) = (
            text(&message["package_id"]),
            text(&message["manifest_path"]),
        );
        let is_standard = standard.is_some_and(|folder| Path::new(&manifest).starts_with(folder));
        if id.starts_with("path+") && !is_standard {
            continue;
        }
        // `registry+https://.../index#name@1.0.0`.
        let package = id.rsplit(['#', '/']).next().unwrap_or_default();
        let package = package.split('@').next().unwrap_or_default();
        names.extend([plain(package), plain(&text(&message["target"]["name"]))]);
    }
    names
}

/// The crate of `libname-0123456789abcdef.rlib`; `None` for a file without a hash, which several
/// projects may have.
fn crate_of(file: &str) -> Option<String> {
    let (name, rest) = file.rsplit_once('-')?;
    let hash = rest.split('.').next()?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_library = rest.contains(".r") || rest.contains(".so") || rest.contains(".dylib");
    let name = name
        .strip_prefix("lib")
        .filter(|_| is_library)
        .unwrap_or(name);
    is_hash.then(|| plain(name))
}

fn plain(name: &str) -> String {
    name.replace('-', "_")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    // Directories that are being filled.
    names.filter(|name| !name.starts_with(".new-")).collect()
}

/// Adds a file or a directory under a name, whole or not at all, unless it is there.
fn add(from: &Path, folder: &Path, name: &str) {
    let to = folder.join(name);
    if to.exists() {
        return;
    }
    let added = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let new = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(folder)?;
        let new = new.path().join(name);
        copy(from, &new)?;
        fs::rename(&new, &to)
    };
    let _ = added();
}

/// Copies a file or a directory with its times, by which cargo judges. Large files are linked if the
/// file system can; small ones are not, since cargo writes to them.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    const SMALL: u64 = 1 << 14;
    let found = fs::metadata(from)?;
    if found.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
    } else if found.len() < SMALL || fs::hard_link(from, to).is_err() {
        fs::copy(from, to)?;
        fs::File::options()
            .write(true)
            .open(to)?
            .set_modified(found.modified()?)?;
    }
    Ok(())
}

fn size(path: &Path) -> u64 {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| size(&entry.path())).sum()
        }
        Ok(found) => found.len(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_only_the_crates_of_registries() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","package_id":"registry+https://github.com/rust-lang/crates.io-index#proc-macro2@1.0.9","manifest_path":"/cargo/proc-macro2/Cargo.toml","target":{"name":"proc_macro2"}}"#,
            "\n",
            r#"{"reason":"compiler-artifact","package_id":"path+file:///p#too-long@0.1.0","manifest_path":"/p/Cargo.toml","target":{"name":"too_long"}}"#,
            "\n",
            r#"{"reason":"compiler-artifact","package_id":"path+file:///std/core#0.0.0","manifest_path":"/std/core/Cargo.toml","target":{"name":"core"}}"#,
            "\n",
        );
        let names = |standard| {
            let found = foreign(messages.as_bytes(), standard);
            let mut names: Vec<String> = found.into_iter().collect();
            names.sort();
            names
        };
        assert_eq!(names(None), ["proc_macro2"]);
        assert!(names(Some(Path::new("/std"))).contains(&"core".to_owned()));
    }

    #[test]
    fn knows_the_crate_of_a_file_by_its_name() {
        for (file, expected) in [
            ("libsyn-994036fa0a4b83f6.rlib", Some("syn")),
            ("libserde_derive-716af2d3c88ada15.so", Some("serde_derive")),
            ("libc-716af2d3c88ada15.d", Some("libc")),
            (
                "wit-bindgen-rust-465025c278baf684",
                Some("wit_bindgen_rust"),
            ),
            ("too_long.wasm", None),
            ("too-long", None),
        ] {
            assert_eq!(crate_of(file).as_deref(), expected, "{file}");
        }
    }

    #[test]
    fn a_new_project_gets_the_files_with_their_times() {
        let folder = tempfile::tempdir().expect("a directory");
        let (cache, one, two) = (
            folder.path().join("cache"),
            folder.path().join("one"),
            folder.path().join("two"),
        );
        let file = "release/deps/libsyn-994036fa0a4b83f6.rlib";
        let record = "release/.fingerprint/syn-994036fa0a4b83f6/lib-syn";
        let own = "release/deps/one.wasm";
        for path in [file, record, own] {
            let path = one.join(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            fs::write(path, "x").expect("written");
        }
        let message = r#"{"reason":"compiler-artifact","package_id":"registry+i#syn@2.0.0","target":{"name":"syn"}}"#;
        let shared = Shared::new(&cache);
        shared.keep(&one, message.as_bytes(), None);
        shared.lend(&two);
        let time = |path: PathBuf| fs::metadata(path).and_then(|found| found.modified()).ok();
        for path in [file, record] {
            assert_eq!(time(two.join(path)), time(one.join(path)), "{path}");
        }
        assert!(!two.join(own).exists());
    }
}
