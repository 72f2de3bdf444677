//! Mistakes in a project's modules: syntax errors, found by the Python of this machine before the
//! component is built, which takes long; and exceptions while the modules are imported.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use whittle_host::one_line;

use super::{PROGRAMS, TOOL};

/// Compiles the project's modules, without running them.
const SYNTAX: &str = include_str!("syntax.py");

/// Fails if a module of a project has a syntax error. Without a Python, nothing is checked.
pub(super) fn check_syntax(dir: &Path, environments: impl Iterator<Item = PathBuf>) -> Result<()> {
    let mut python = Command::new(python(environments));
    // Isolated: neither the variables of the user nor the modules of the directory count.
    let Ok(output) = python.args(["-I", "-c", SYNTAX]).arg(dir).output() else {
        return Ok(());
    };
    let found = one_line(String::from_utf8_lossy(&output.stdout).trim());
    match output.status.code() {
        Some(1) if !found.is_empty() => bail!(found),
        Some(2) => log::warn!("{found} (unless Python 3.14, which a component has, accepts it)"),
        _ => {}
    }
    Ok(())
}

/// The Python of an environment, or else the one that runs componentize-py, or else that in `PATH`.
fn python(environments: impl Iterator<Item = PathBuf>) -> PathBuf {
    let mut own = environments.map(|environment| {
        let python = environment.join(PROGRAMS).join("python");
        python.with_extension(std::env::consts::EXE_EXTENSION)
    });
    own.find(|python| python.is_file())
        .or_else(|| {
            let path = std::env::var_os("PATH")?;
            let mut tools = std::env::split_paths(&path).map(|folder| folder.join(TOOL));
            let tool = fs::read_to_string(tools.find(|tool| tool.is_file())?).ok()?;
            let python = PathBuf::from(tool.lines().next()?.strip_prefix("#!")?);
            python.is_file().then_some(python)
        })
        .unwrap_or_else(|| "python3".into())
}

/// The project's own modules in a component.
const PROJECT: &str = "/0/";
const KIT: &str = "/0/whittle_guest/";

/// Explains why the modules could not be imported, from the messages of componentize-py: the
/// exception, and the innermost line of the author's.
pub(super) fn explained(messages: &str) -> Option<String> {
    let (messages, _) = messages
        .split_once("\nCaused by:")
        .unwrap_or((messages, ""));
    let (_, traceback) = messages.rsplit_once("Traceback (most recent call last):\n")?;
    let is_frame = |line: &&str| line.starts_with(' ') || line.is_empty();
    let exception: Vec<&str> = traceback.lines().skip_while(is_frame).collect();
    let exception = exception.join("\n");
    let place = traceback.lines().rev().find_map(|line| {
        let (file, rest) = line.trim_start().strip_prefix("File \"")?.split_once('"')?;
        let file = file
            .strip_prefix(PROJECT)
            .filter(|_| !file.starts_with(KIT))?;
        let line = rest.strip_prefix(", line ")?.split(',').next()?;
        Some(format!("{file}:{line}: "))
    });
    let exception = exception.trim();
    let advice = missing_module(exception).map(not_installed);
    Some(format!(
        "{}{exception}{}",
        place.unwrap_or_default(),
        advice.unwrap_or_default()
    ))
}

/// The module that an exception says was not found, without its submodules.
fn missing_module(exception: &str) -> Option<&str> {
    let name = exception.strip_prefix("ModuleNotFoundError: No module named '")?;
    name.split(['.', '\'']).next()
}

fn not_installed(module: &str) -> &'static str {
    match module {
        super::KIT => {
            ": it is in the project's directory `kit`, which `whittle upgrade DIR` restores"
        }
        _ => {
            ": it is neither a module of the project nor installed beside componentize-py: if it is \
             pure Python, install it there with pip (docs/LIBRARIES.md lists libraries that work)"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syntax_error(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a directory");
        for (file, text) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            fs::write(path, text).expect("written");
        }
        let checked = check_syntax(folder.path(), std::iter::empty());
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn finds_a_syntax_error_before_the_component_is_built() {
        let error = syntax_error(&[("app.py", "def f():\n    return (1\n")]);
        insta::assert_snapshot!(error.expect("an error"), @"app.py:2: SyntaxError: '(' was never closed");
        let error = syntax_error(&[
            ("app.py", "from words import of\n"),
            ("words/__init__.py", ""),
            ("words/list.py", "def f():\nreturn 1\n"),
        ]);
        insta::assert_snapshot!(error.expect("an error"), @"words/list.py:2: IndentationError: expected an indented block after function definition on line 1");
        let unused = ("old.py", "print 'no module of the component'\n");
        assert_eq!(syntax_error(&[("app.py", "import json\n"), unused]), None);
    }

    #[test]
    fn finds_a_bad_name_or_version_before_the_component_is_built() {
        let error = |text| syntax_error(&[("pyproject.toml", text), ("app.py", "")]);
        insta::assert_snapshot!(error("[project]\nname = \"a b\"").expect("an error"), @"pyproject.toml: invalid name `a b`: expected letters, digits, `-` and `_`");
        insta::assert_snapshot!(error("[project]\nversion = \"1\"").expect("an error"), @"pyproject.toml: invalid version `1`: expected three numbers such as `1.0.0`");
        insta::assert_snapshot!(error("[project]\nversion = 1\n.").expect("an error"), @"pyproject.toml: Invalid statement (at line 3, column 1)");
        assert_eq!(error("[project]\nversion = \"1.0.0-rc.1+b\""), None);
        assert_eq!(error("[tool.mypy]"), None);
    }

    #[test]
    fn explains_an_exception_with_the_authors_innermost_line() {
        let messages = r#"Traceback (most recent call last):
  File "/home/ann/.venv/bin/componentize-py", line 8, in <module>
    sys.exit(script())
AssertionError: Traceback (most recent call last):
  File "/0/whittle_guest/component.py", line 25, in _load
    app = importlib.import_module("app")
  File "/0/app.py", line 12, in <module>
    WORDS = load()
  File "/0/words/__init__.py", line 3, in load
    return TABLE["none"]
           ~~~~~^^^^^^^^
  File "/0/whittle_guest/_udf.py", line 3, in get
    return 1
KeyError: 'none'


Caused by:
    KeyError: 'none'
"#;
        insta::assert_snapshot!(explained(messages).expect("an exception"), @"words/__init__.py:3: KeyError: 'none'");
        let kit = "Traceback (most recent call last):\n  File \"/0/whittle_guest/component.py\", \
                   line 25, in _load\nTypeError: the module `app` declares no function\n";
        insta::assert_snapshot!(explained(kit).expect("an exception"), @"TypeError: the module `app` declares no function");
        let missing = |name: &str| {
            let messages = format!(
                "Traceback (most recent call last):\n  File \"/0/app.py\", line 3, in <module>\n\
                 ModuleNotFoundError: No module named '{name}'\n"
            );
            explained(&messages).expect("an exception")
        };
        insta::assert_snapshot!(missing("yaml.nodes"), @"app.py:3: ModuleNotFoundError: No module named 'yaml.nodes': it is neither a module of the project nor installed beside componentize-py: if it is pure Python, install it there with pip (docs/LIBRARIES.md lists libraries that work)");
        insta::assert_snapshot!(missing("whittle_guest"), @"app.py:3: ModuleNotFoundError: No module named 'whittle_guest': it is in the project's directory `kit`, which `whittle upgrade DIR` restores");
        assert_eq!(explained("usage: componentize-py"), None);
    }
}
