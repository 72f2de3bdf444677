//! What a module in AssemblyScript is made of: the command, what the author has written in the
//! project or in the workspace that it is a member of, and the installed packages.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::super::memo::Fingerprint;
use crate::sources::sources;

/// The extensions of files that Node runs.
const PROGRAMS: [&str; 3] = ["js", "mjs", "cjs"];

pub(super) struct Inputs {
    command: Fingerprint,
    root: PathBuf,
    packages: Vec<PathBuf>,
}

impl Inputs {
    /// The inputs of `asc` for the project in `dir`, whose packages are installed there and in
    /// `root`.
    pub(super) fn of(asc: &Command, dir: &Path, root: &Path) -> Self {
        let mut command = Fingerprint::new();
        command.command(asc, &["NODE_"]);
        let mut packages = vec![root.join("node_modules")];
        if dir != root {
            packages.push(dir.join("node_modules"));
        }
        Self {
            command,
            root: root.to_owned(),
            packages,
        }
    }

    /// # Errors
    ///
    /// Something that cannot be read.
    pub(super) fn fingerprint(&self) -> Result<Fingerprint> {
        let mut fingerprint = self.command.clone();
        let mut pending = sources(&self.root).with_context(|| self.root.display().to_string())?;
        // asc cannot read it, and editing it must not cost a build.
        pending.retain(|path| path.file_name() != Some("vectors.json".as_ref()));
        let mut outside = HashSet::new();
        while let Some(source) = pending.pop() {
            fingerprint.file(&source)?;
            let more = self.outside(&source);
            pending.extend(more.into_iter().filter(|path| outside.insert(path.clone())));
        }
        for folder in &self.packages {
            fingerprint.packages(folder)?;
        }
        Ok(fingerprint)
    }

    /// What asc loads into its process: the packages, and the transforms among the sources.
    pub(super) fn programs(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::new();
        for source in sources(&self.root).with_context(|| self.root.display().to_string())? {
            let extension = source.extension().unwrap_or_default();
            if PROGRAMS.iter().any(|program| extension == *program) {
                fingerprint.file(&source)?;
            }
        }
        for folder in &self.packages {
            fingerprint.packages(folder)?;
        }
        Ok(fingerprint.finish())
    }

    /// The files outside of the root that a source may import, such as `../shared/text`.
    fn outside(&self, source: &Path) -> Vec<PathBuf> {
        let folder = source.parent().unwrap_or(source);
        let text = fs::read(source).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let quoted = text.split(['"', '\'']);
        let relative = quoted.filter(|part| part.starts_with("./") || part.starts_with("../"));
        let files = relative.flat_map(|part| {
            let names = ["", ".ts", "/index.ts"].map(|end| format!("{part}{end}"));
            names.map(|name| without_dots(&folder.join(name)))
        });
        files
            .filter(|path| !path.starts_with(&self.root) && !path.is_dir())
            .collect()
    }
}

/// A path without `.` and `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
        fs::write(path, text).expect("written");
    }

    #[test]
    fn what_is_imported_from_outside_is_an_input() {
        let folder = tempfile::tempdir().expect("a directory");
        let project = fs::canonicalize(folder.path())
            .expect("a path")
            .join("project");
        let path = |name: &str| project.join(name);
        write(
            &path("assembly/index.ts"),
            r#"import { a } from "../../shared/a";"#,
        );
        write(&path("../shared/a.ts"), "export { b } from './b';");
        write(&path("../shared/b.ts"), "1");
        // Data is no folder of modules.
        write(&path("test/data.ts"), r#"read("../../shared/data.json")"#);
        write(&path("../shared/data.json"), "[]");
        write(&path("vectors.json"), "[]");
        let inputs = Inputs::of(&Command::new("node"), &project, &project);
        let shown = || inputs.fingerprint().expect("read").finish();
        let mut seen = vec![shown()];
        for name in [
            "../shared/b.ts",
            "../shared/a.ts",
            "asconfig.json",
            "assembly/more.ts",
            "node_modules/assemblyscript/package.json",
        ] {
            write(&path(name), "edited");
            assert!(!seen.contains(&shown()), "{name}");
            seen.push(shown());
        }
        for name in [
            "vectors.json",
            "../shared/unused.ts",
            "target/whittle/module.wasm",
        ] {
            write(&path(name), "edited");
            assert_eq!(Some(&shown()), seen.last(), "{name}");
        }
    }
}
