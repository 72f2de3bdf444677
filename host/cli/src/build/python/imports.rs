//! Imports that cannot work in a component, found before Python is built, which takes half a minute.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Packages and modules with parts that are not in Python or not in a component, and what to do
/// instead.
const IMPOSSIBLE: &[(&str, &str)] = &[
    ("bz2", "use `zlib`"),
    ("cryptography", "use `hashlib` and `hmac`"),
    ("ctypes", "write it in Python"),
    ("cv2", "compute it before documents are indexed"),
    ("lzma", "use `zlib`"),
    ("lxml", "use `xml.etree.ElementTree`"),
    (
        "msgspec",
        "use `json` with `dataclasses`, or the package `attrs`",
    ),
    (
        "numpy",
        "use lists with `math` and `statistics`, or whole columns with `batch`",
    ),
    ("orjson", "use `json`"),
    ("pandas", "use lists and `collections`"),
    ("PIL", "compute it before documents are indexed"),
    ("polars", "use lists and `collections`"),
    ("pyarrow", "use lists, or whole columns with `batch`"),
    ("pydantic", "use `dataclasses`, or the package `attrs`"),
    ("pydantic_core", "use `dataclasses`, or the package `attrs`"),
    ("rapidfuzz", "use `difflib`, or a UDF in Rust"),
    ("regex", "use `re`"),
    ("scipy", "use `math` and `statistics`"),
    (
        "sklearn",
        "write out the model's weights, and compute with them",
    ),
    (
        "tensorflow",
        "write out the model's weights, and compute with them",
    ),
    (
        "torch",
        "write out the model's weights, and compute with them",
    ),
    ("ujson", "use `json`"),
];

/// Packages and modules for a network, which a component does not have, installed or not.
const NETWORK: &[&str] = &[
    "aiohttp",
    "boto3",
    "botocore",
    "elasticsearch",
    "grpc",
    "httpx",
    "opensearchpy",
    "paramiko",
    "psycopg",
    "psycopg2",
    "pymongo",
    "redis",
    "requests",
    "ssl",
    "urllib3",
    "websockets",
];

/// Checks what the modules of a project import at their top, as far as that is in one line. An
/// import in `try` may fail, so it is not checked.
///
/// # Errors
///
/// If an import cannot work.
pub(super) fn check(project: &Path, kit: &Path) -> Result<()> {
    check_directory(project, project, kit)
}

/// Whether a project has a module of this name itself.
fn has(project: &Path, name: &str) -> bool {
    project.join(name).is_dir() || project.join(format!("{name}.py")).is_file()
}

fn check_directory(project: &Path, directory: &Path, kit: &Path) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() && path != kit {
            check_directory(project, &path, kit)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            // Python says so if it is not UTF-8.
            let text = fs::read(&path).with_context(|| path.display().to_string())?;
            if let Some((line, name, why)) =
                impossible(&String::from_utf8_lossy(&text), &|name| has(project, name))
            {
                let path = path.strip_prefix(project).unwrap_or(&path);
                bail!(
                    "{}:{line}: `{name}` cannot be imported, because {why} (docs/LIBRARIES.md lists \
                     libraries that work)",
                    path.display()
                );
            }
        }
    }
    Ok(())
}

/// Why a module cannot be imported, and what to do.
fn why_not(module: &str) -> Option<String> {
    if NETWORK.contains(&module) {
        let why = "a component has no network: put what it would load into the documents";
        return Some(why.to_owned());
    }
    let (_, instead) = IMPOSSIBLE.iter().find(|(name, _)| *name == module)?;
    Some(format!("a component runs pure Python only: {instead}"))
}

/// The first import of a module that cannot work: its line, counted from 1, the module, and why and
/// what to do instead. Modules that the project has are its own.
fn impossible<'a>(text: &'a str, has: &dyn Fn(&str) -> bool) -> Option<(usize, &'a str, String)> {
    let mut is_quoted = false;
    for (index, line) in text.lines().enumerate() {
        let quotes = line.matches("\"\"\"").count() + line.matches("'''").count();
        if !is_quoted {
            let mut foreign = imported(line).filter(|name| !has(name));
            if let Some((name, why)) = foreign.find_map(|name| Some((name, why_not(name)?))) {
                return Some((index + 1, name, why));
            }
        }
        is_quoted ^= quotes % 2 == 1;
    }
    None
}

/// The packages that a line imports.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    let names = match line.split_once(' ') {
        Some(("import", names)) => names,
        // One package, before ` import`.
        Some(("from", rest)) => rest
            .split_once(" import")
            .map_or("", |(package, _)| package),
        _ => "",
    };
    let names = names.split(',').map(str::trim);
    names.filter_map(|name| name.split(['.', ' ', '#', ';']).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_imports_at_the_top_of_a_module() {
        let found = |text| impossible(text, &|_| false).map(|(line, name, _)| (line, name));
        assert_eq!(found("import re\nimport numpy as np\n"), Some((2, "numpy")));
        assert_eq!(found("import re, pandas.core"), Some((1, "pandas")));
        assert_eq!(
            found("from pydantic import BaseModel"),
            Some((1, "pydantic"))
        );
        assert_eq!(
            found("from scipy.stats import norm # x"),
            Some((1, "scipy"))
        );
        assert_eq!(found("\"\"\"A.\"\"\"\nimport lxml"), Some((2, "lxml")));
    }

    #[test]
    fn leaves_other_lines_alone() {
        let other = [
            "try:\n    import numpy\nexcept ImportError:\n    pass",
            "import numpyro",
            "from numbers import numpy",
            "from .numpy import a",
            "# import numpy",
            "\"\"\"Like this:\n\nimport numpy\n\"\"\"",
            "important = 1",
        ];
        for text in other {
            assert_eq!(impossible(text, &|_| false), None, "{text}");
        }
    }

    #[test]
    fn names_the_file_the_line_and_what_to_do() {
        let project = tempfile::tempdir().expect("a directory");
        let (package, kit) = (project.path().join("rules"), project.path().join("kit"));
        for folder in [&package, &kit] {
            fs::create_dir(folder).expect("made");
        }
        fs::write(kit.join("a.py"), "import numpy").expect("written");
        fs::write(project.path().join("regex.py"), "").expect("written");
        fs::write(project.path().join("app.py"), "import regex").expect("written");
        check(project.path(), &kit)
            .expect("neither the kit nor the project's own module is refused");
        fs::write(package.join("a.py"), "import requests").expect("written");
        let error = check(project.path(), &kit).expect_err("refused");
        let error = error.to_string().replace('\\', "/");
        insta::assert_snapshot!(error, @"rules/a.py:1: `requests` cannot be imported, because a component has no network: put what it would load into the documents (docs/LIBRARIES.md lists libraries that work)");
        fs::write(package.join("a.py"), "import math\nimport numpy\n").expect("written");
        let error = check(project.path(), &kit)
            .expect_err("refused")
            .to_string();
        let error = error.replace('\\', "/");
        insta::assert_snapshot!(error, @"rules/a.py:2: `numpy` cannot be imported, because a component runs pure Python only: use lists with `math` and `statistics`, or whole columns with `batch` (docs/LIBRARIES.md lists libraries that work)");
    }
}
