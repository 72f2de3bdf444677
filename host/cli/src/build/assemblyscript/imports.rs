//! What AssemblyScript's own library imports from JavaScript: the console, the clock, randomness. A
//! UDF has none of it, so the error says what to use instead, and where the code uses it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use whittle_host::{ForeignImport, foreign_imports, one_line};

/// Fails if a module imports something from JavaScript.
pub(super) fn check(dir: &Path, module: &[u8]) -> Result<()> {
    match foreign_imports(module)?.first() {
        None => Ok(()),
        Some(import) => bail!(told(dir, import)),
    }
}

fn told(dir: &Path, import: &ForeignImport) -> String {
    let name = &*import.name;
    // As the author calls it, and what to look for in the code.
    let (written, code, advice) = match name {
        "trace" => (
            "trace",
            "trace(",
            "there is no console in a UDF: import `trace` from the kit",
        ),
        "seed" => (
            "Math.random",
            "Math.random",
            "a UDF has no randomness: take a number as a parameter",
        ),
        _ if name.starts_with("console.") => (
            name,
            "console.",
            "a UDF has no console: import `info` or `debug` from the kit, and call `info(\"...\")`",
        ),
        _ if name.starts_with("Date.") => (
            name,
            name,
            "a UDF has no clock: take the time as a parameter, a `TimestampParameter`",
        ),
        _ => {
            return format!(
                "the code imports {}, which a UDF does not have: remove its `declare`, or the \
                 library that needs it",
                one_line(&import.to_string())
            );
        }
    };
    match find(dir, &dir.join("assembly"), code) {
        Some(place) => format!("{place}: `{written}`: {advice}"),
        None => format!("`{written}`: {advice}"),
    }
}

/// The first line of the author's sources that has this code in it.
fn find(dir: &Path, folder: &Path, code: &str) -> Option<String> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().find_map(|path| {
        if path.is_dir() {
            return find(dir, path, code);
        }
        let text = fs::read_to_string(path).ok()?;
        let is_code = |line: &str| line.contains(code) && !line.trim_start().starts_with("//");
        let (line, _) = text.lines().enumerate().find(|(_, line)| is_code(line))?;
        let path = path.strip_prefix(dir).unwrap_or(path);
        Some(format!("{}:{}", path.display(), line + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_the_code_uses_what_a_udf_does_not_have() {
        let folder = tempfile::tempdir().expect("a directory");
        let dir = folder.path();
        fs::create_dir(dir.join("assembly")).expect("made");
        let source = "// console.log is not here\nconsole.log(\"a\");\nMath.random();\n\
                      Date.now();\ntrace(\"a\");\n";
        fs::write(dir.join("assembly/index.ts"), source).expect("written");
        let told = |name: &str| {
            let import = format!(r#"(module (import "env" "{name}" (func)))"#);
            let module = wat::parse_str(import).expect("a module");
            check(dir, &module).expect_err("it is foreign").to_string()
        };
        insta::assert_snapshot!(told("console.log"), @r#"assembly/index.ts:2: `console.log`: a UDF has no console: import `info` or `debug` from the kit, and call `info("...")`"#);
        insta::assert_snapshot!(told("seed"), @"assembly/index.ts:3: `Math.random`: a UDF has no randomness: take a number as a parameter");
        insta::assert_snapshot!(told("Date.now"), @"assembly/index.ts:4: `Date.now`: a UDF has no clock: take the time as a parameter, a `TimestampParameter`");
        insta::assert_snapshot!(told("trace"), @"assembly/index.ts:5: `trace`: there is no console in a UDF: import `trace` from the kit");
        insta::assert_snapshot!(told("fetch"), @"the code imports `fetch` from `env`, which a UDF does not have: remove its `declare`, or the library that needs it");
        fs::remove_file(dir.join("assembly/index.ts")).expect("removed");
        insta::assert_snapshot!(told("Date.now"), @"`Date.now`: a UDF has no clock: take the time as a parameter, a `TimestampParameter`");
        let own = wat::parse_str(r#"(module (import "whittle:udf/logging@0.1.0" "log" (func)))"#);
        check(dir, &own.expect("a module")).expect("it is the contract's");
    }
}
