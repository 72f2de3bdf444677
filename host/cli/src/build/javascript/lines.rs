//! The lines of the author's files that the bundle comes from. The kit finds them in a table at the
//! bundle's end, for errors of documents; errors while the module loads are explained here.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use super::super::source_map::{self, Part};

/// Where the parts of a bundle come from.
pub(super) struct Lines {
    /// The author's files, relative to the project's directory.
    files: Vec<String>,
    /// In the order of the bundle; the origin is an index of `files`.
    parts: Vec<Part>,
}

impl Lines {
    /// Reads the source map of a bundle.
    pub(super) fn read(dir: &Path, bundle: &Path) -> Result<Self> {
        let path = bundle.with_extension("js.map");
        let map = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let (sources, parts) =
            source_map::read(&map).with_context(|| path.display().to_string())?;
        let folder = bundle.parent().unwrap_or(dir);
        let authors = sources
            .iter()
            .map(|source| authors_file(dir, &folder.join(source)));
        let authors: Vec<Option<String>> = authors.collect();
        let files: Vec<String> = authors.iter().flatten().cloned().collect();
        let index = |source: usize| {
            let name = authors.get(source)?.as_ref()?;
            files.iter().position(|file| file == name)
        };
        let mut ours: Vec<Part> = Vec::new();
        for part in parts {
            let origin = part
                .origin
                .and_then(|(source, line)| Some((index(source)?, line)));
            if ours.last().is_none_or(|last| last.origin != origin) {
                ours.push(Part { origin, ..part });
            }
        }
        Ok(Self { files, parts: ours })
    }

    /// Puts at the end of a bundle the check of what it exports, and the table for the kit.
    pub(super) fn complete(&self, bundle: &Path, main: &str) -> Result<()> {
        let mut text = fs::read_to_string(bundle)?;
        if let Some(name) = exported(&text) {
            let message = serde_json::Value::from(format!(
                "`functions` of {main} is not what `component(...)` returns: write `export const \
                 functions = component(first, second)`"
            ));
            text.push_str(&format!(
                "if(typeof {name}?.describe!==\"function\")throw new TypeError({message});\n"
            ));
        }
        let table = serde_json::Value::from(self.table());
        text.push_str(&format!("globalThis.WHITTLE_LINES={table};\n"));
        Ok(fs::write(bundle, text)?)
    }

    /// The files, and the line, column, file and its line of each part.
    fn table(&self) -> String {
        let parts = self.parts.iter().map(|part| {
            let Part {
                line,
                column,
                origin,
            } = part;
            match origin {
                Some((file, from)) => format!("{line},{column},{file},{from}"),
                None => format!("{line},{column}"),
            }
        });
        let parts: Vec<String> = parts.collect();
        format!("{}\n{}", self.files.join("|"), parts.join(";"))
    }

    /// The author's line that a position in the bundle comes from.
    fn place(&self, line: u32, column: u32) -> Option<String> {
        let later = |part: &&Part| (part.line, part.column) > (line, column);
        let part = self.parts.iter().take_while(|part| !later(part)).last()?;
        let (file, line) = part.origin?;
        Some(format!("{}:{line}", self.files[file]))
    }

    /// Explains why a module could not be loaded, from the messages of componentize-qjs.
    pub(super) fn explain(&self, messages: &str) -> Option<String> {
        let (_, error) = messages.split_once("JavaScript module evaluation: ")?;
        let (error, stack) = error.split_once("\n").unwrap_or((error, ""));
        let error = error.strip_prefix("Error: ").unwrap_or(error).trim();
        let error = advised(error);
        let mut frames = stack.split("udf.js:").skip(1).filter_map(position);
        let place = frames.find_map(|(line, column)| self.place(line, column));
        Some(match place {
            Some(place) => format!("{place}: {error}"),
            None => error,
        })
    }
}

/// The kit advises on each missing object when a function runs. While modules load, it does not run.
fn advised(error: &str) -> String {
    let name = error.strip_suffix(" is not defined");
    match name.is_some_and(|name| !name.contains(' ')) {
        true => format!(
            "{error}: a component has neither the objects of Node nor those of browsers \
             (docs/LIBRARIES.md lists what works)"
        ),
        false => error.to_owned(),
    }
}

/// The line and column at the start of a text such as `2:153)`.
fn position(text: &str) -> Option<(u32, u32)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':');
    let (line, column) = text[..end.unwrap_or(text.len())].split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// A file of the project that is neither of its kit nor of a package, relative to its directory.
fn authors_file(dir: &Path, path: &Path) -> Option<String> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            component => plain.push(component),
        }
    }
    let own = plain.strip_prefix(dir).ok()?;
    let foreign = own.starts_with("kit") || own.iter().any(|name| name == "node_modules");
    (!foreign).then(|| own.display().to_string())
}

/// The name that a bundle exports as `functions`. esbuild writes one list of exports, at the end.
fn exported(bundle: &str) -> Option<&str> {
    let (_, list) = bundle
        .rsplit_once("export{")
        .or_else(|| bundle.rsplit_once("export {"))?;
    let (list, _) = list.split_once('}')?;
    list.split(',')
        .find_map(|name| match name.split_once(" as ") {
            Some((name, "functions")) => Some(name.trim()),
            Some(_) => None,
            None => Some(name.trim()).filter(|name| *name == "functions"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        let part = |line, column, origin| Part {
            line,
            column,
            origin,
        };
        Lines {
            files: vec!["udf.ts".to_owned(), "lib/words.ts".to_owned()],
            parts: vec![
                part(1, 1, None),
                part(1, 600, Some((0, 2))),
                part(1, 700, Some((1, 9))),
                part(2, 1, None),
            ],
        }
    }

    #[test]
    fn explains_an_error_while_the_module_loads_with_the_authors_line() {
        let messages = "Error: : Failed to evaluate user JavaScript module: Failed to finish \
                        JavaScript module evaluation: Error: a UDF has no clock\n    \
                        at <anonymous> (/udf.js:2:605)\n    at <anonymous> (/udf.js:1:608)\n";
        let explained = |messages| lines().explain(messages).expect("an error of the module");
        insta::assert_snapshot!(explained(messages), @"udf.ts:2: a UDF has no clock");
        let messages = "JavaScript module evaluation: TypeError: x\n    at a (native)\n";
        insta::assert_snapshot!(explained(messages), @"TypeError: x");
        let messages = "JavaScript module evaluation: Error: fetch is not defined\n    \
                        at <anonymous> (/udf.js:1:608)\n";
        insta::assert_snapshot!(explained(messages), @"udf.ts:2: fetch is not defined: a component has neither the objects of Node nor those of browsers (docs/LIBRARIES.md lists what works)");
        assert_eq!(lines().explain("something else failed"), None);
    }

    #[test]
    fn writes_the_table_that_the_kit_reads() {
        insta::assert_snapshot!(lines().table(), @r"
        udf.ts|lib/words.ts
        1,1;1,600,0,2;1,700,1,9;2,1
        ");
    }

    #[test]
    fn finds_the_exported_name() {
        assert_eq!(
            exported("var a=1;export{b as c,a as functions};"),
            Some("a")
        );
        assert_eq!(exported("export{functions};"), Some("functions"));
        assert_eq!(exported("export{a as default};"), None);
    }

    #[test]
    fn the_kit_and_packages_are_not_the_authors() {
        let file = |path: &str| authors_file(Path::new("/p"), Path::new(path));
        assert_eq!(
            file("/p/target/whittle/../../lib/a.ts"),
            Some("lib/a.ts".to_owned())
        );
        assert_eq!(file("/p/target/whittle/../../kit/src/log.ts"), None);
        assert_eq!(file("/p/node_modules/lodash/lodash.js"), None);
        assert_eq!(file("/kit/src/log.ts"), None);
    }
}
