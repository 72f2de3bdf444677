//! What a component in Python is made of: the command that makes it, the staged project and kit, and
//! the packages that can be imported while it is made.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::super::memo::Fingerprint;
use super::packages;

pub(super) struct Inputs {
    command: Fingerprint,
    staged: Vec<PathBuf>,
    packages: Vec<PathBuf>,
}

impl Inputs {
    /// The inputs of `tool`, which reads the directories in `staged`.
    pub(super) fn of(tool: &Command, staged: &[&Path]) -> Self {
        let mut command = Fingerprint::new();
        command.command(tool, &["PYTHON", "VIRTUAL_ENV"]);
        let given = tool.get_envs().find(|(name, _)| *name == "VIRTUAL_ENV");
        let environment = match given {
            Some((_, environment)) => environment.map(PathBuf::from),
            None => env::var_os("VIRTUAL_ENV").map(PathBuf::from),
        };
        let mut found: Vec<PathBuf> = match environment {
            Some(environment) => packages(&environment).into_iter().collect(),
            None => packages_of_python(),
        };
        // Its own version, which may be in another environment.
        let program = on_path(Path::new(tool.get_program()));
        let home = program.as_deref().and_then(|path| path.parent()?.parent());
        found.extend(home.and_then(packages));
        Self {
            command,
            staged: staged.iter().map(|path| (*path).to_owned()).collect(),
            packages: found,
        }
    }

    /// # Errors
    ///
    /// Something that cannot be read.
    pub(super) fn fingerprint(&self) -> Result<Fingerprint> {
        let mut fingerprint = self.command.clone();
        for folder in &self.staged {
            fingerprint.folder(folder)?;
        }
        for folder in &self.packages {
            fingerprint.packages(folder)?;
            for linked in linked(folder) {
                fingerprint.folder(&linked)?;
            }
        }
        Ok(fingerprint)
    }
}

/// Where componentize-py looks for packages if no environment is active.
fn packages_of_python() -> Vec<PathBuf> {
    let mut python = Command::new("python3");
    python
        .args([
            "-c",
            "import site; print(*site.getsitepackages(), sep='\\n')",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = python.output().map(|output| output.stdout);
    let folders = String::from_utf8(output.unwrap_or_default()).unwrap_or_default();
    folders.lines().map(PathBuf::from).collect()
}

fn on_path(program: &Path) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // An absolute path replaces the directory that it is joined to.
    let mut places = env::split_paths(&path).map(|folder| folder.join(program));
    fs::canonicalize(places.find(|place| place.is_file())?).ok()
}

/// The directories outside of an environment that it has links to, as `pip install --editable`
/// makes them.
fn linked(packages: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(packages).into_iter().flatten().flatten();
    let links = entries.map(|entry| entry.path());
    let links = links.filter(|path| path.extension().is_some_and(|extension| extension == "pth"));
    let texts: Vec<String> = links
        .filter_map(|link| fs::read_to_string(link).ok())
        .collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let folders = lines.map(|line| packages.join(line.trim()));
    folders
        .filter(|folder| folder != packages && folder.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
        fs::write(path, text).expect("written");
    }

    #[cfg(unix)]
    #[test]
    fn packages_and_what_they_link_to_are_inputs() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        let packages = path("venv/lib/python3.14/site-packages");
        write(&path("stage/app.py"), "");
        write(&packages.join("words.py"), "");
        write(
            &packages.join("own.pth"),
            &format!("{}\n", path("own").display()),
        );
        write(&path("own/words.py"), "1");
        let mut tool = Command::new("componentize-py");
        tool.env("VIRTUAL_ENV", path("venv"));
        let shown = || {
            let inputs = Inputs::of(&tool, &[&path("stage")]);
            inputs.fingerprint().expect("read").finish()
        };
        let mut seen = vec![shown()];
        assert_eq!(shown(), seen[0]);
        for (name, text) in [
            ("stage/app.py", "edited"),
            ("own/words.py", "2"),
            ("venv/lib/python3.14/site-packages/words.py", "edited"),
            ("venv/lib/python3.14/site-packages/more.py", ""),
        ] {
            write(&path(name), text);
            assert!(!seen.contains(&shown()), "{name}");
            seen.push(shown());
        }
        // CPython writes it when it imports the module.
        write(&packages.join("__pycache__/words.pyc"), "");
        assert_eq!(Some(&shown()), seen.last());
    }
}
