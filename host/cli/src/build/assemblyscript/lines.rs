//! The author's lines out of asc's source map, which maps offsets in the module, and out of its names
//! of functions.

use anyhow::Result;
use whittle_host::LineTable;

use super::super::functions::{Function, functions};
use super::super::source_map;

/// The author's lines in a module with names.
pub(super) fn table(module: &[u8], map: &str) -> Result<LineTable> {
    let (sources, parts) = source_map::read(map)?;
    let line_at = |part: &source_map::Part| {
        let (source, line) = part.origin?;
        let source = sources.get(source).filter(|source| is_authors(source))?;
        Some((source.as_str(), line))
    };
    let (code_start, functions) = functions(module)?;
    let mut table = LineTable::default();
    for Function { body, name } in &functions {
        // Columns count from 1, offsets from 0.
        let start = parts.partition_point(|part| part.column - 1 < body.start);
        let end = parts.partition_point(|part| part.column - 1 < body.end);
        let parts = &parts[start..end];
        let is_own = sources
            .iter()
            .any(|source| is_authors(source) && is_in(name, source));
        // The author's code may be inlined in the kit's, without its function.
        let function = name.rsplit('/').next().filter(|_| is_own);
        let function = function.unwrap_or_default();
        // What the standard library or the kit has in a function of the author's is inlined there.
        let first = parts.iter().find_map(line_at).filter(|_| is_own);
        let mut last = first;
        let mut push = |offset: u32, line: Option<(&str, u32)>| {
            let line = line.map(|(file, line)| (file, line, function));
            table.push(offset - code_start, line);
        };
        push(body.start, first);
        // The others are instructions that asc has added.
        for part in parts.iter().filter(|part| part.origin.is_some()) {
            last = line_at(part).or(last.filter(|_| is_own));
            push(part.column - 1, last);
        }
    }
    Ok(table)
}

/// Whether a source is neither of the standard library, nor of a package, nor of the kit.
fn is_authors(source: &str) -> bool {
    !source.starts_with("~lib/")
        && !source.contains("node_modules/")
        && !source.trim_start_matches("../").starts_with("kit/")
}

/// Whether a function, such as `assembly/index/score`, is of a source such as `assembly/index.ts`.
fn is_in(function: &str, source: &str) -> bool {
    let path = source.strip_suffix(".ts").unwrap_or(source);
    let rest = function.strip_prefix(path);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_authors_sources() {
        for own in ["assembly/index.ts", "../shared/text.ts"] {
            assert!(is_authors(own), "{own}");
        }
        for other in [
            "~lib/rt/tlsf.ts",
            "kit/assembly/udf.ts",
            "../kit/assembly/udf.ts",
            "node_modules/as-text/assembly/index.ts",
        ] {
            assert!(!is_authors(other), "{other}");
        }
    }

    #[test]
    fn knows_the_functions_of_a_source() {
        assert!(is_in("assembly/index/score", "assembly/index.ts"));
        assert!(!is_in("assembly/index2/score", "assembly/index.ts"));
        assert!(!is_in("", "assembly/index.ts"));
    }
}
