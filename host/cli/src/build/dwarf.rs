//! The author's lines out of DWARF, the debug information of clang and rustc.
//!
//! Code that is not the author's, such as the kit and the standard library, has no lines, unless it is
//! inlined in a function of the author's: then it has the line that calls it.

use std::collections::BTreeMap;

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};
use addr2line::{Context, FunctionName};
use anyhow::Result;
use wasmparser::{Parser, Payload};
use whittle_host::LineTable;

/// The author's lines in a module with DWARF. `authors` gives the name to show of a file of the
/// author's, and `None` for other files.
pub(super) fn lines(module: &[u8], authors: impl Fn(&str) -> Option<&str>) -> Result<LineTable> {
    let mut code = 0..0;
    let mut sections: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CodeSectionStart { range, .. } => code = range,
            Payload::CustomSection(section) => {
                sections.insert(section.name(), section.data());
            }
            _ => {}
        }
    }
    let dwarf = Dwarf::load(|id| -> Result<_> {
        let section = sections.get(id.name()).copied().unwrap_or_default();
        Ok(EndianSlice::new(section, LittleEndian))
    })?;
    let context = Context::from_dwarf(dwarf)?;
    let mut parts = BTreeMap::new();
    for (start, length, location) in context.find_location_range(0, code.len() as u64)? {
        let part = match location.line {
            Some(1..) => Part::Line,
            Some(0) | None => Part::SameLine,
        };
        parts.insert(start, part);
        parts.entry(start + length).or_insert(Part::Unknown);
    }
    let mut table = LineTable::default();
    for (offset, part) in parts {
        let line = match part {
            Part::Line => author_line(&context, offset, &authors)?,
            Part::SameLine => continue,
            Part::Unknown => None,
        };
        let line = line.as_ref();
        let line = line.map(|(file, line, function)| (&**file, *line, &**function));
        table.push(u32::try_from(offset)?, line);
    }
    Ok(table)
}

/// A part of the code, up to the next one.
enum Part {
    Line,
    /// The compiler has merged lines or added something of its own.
    SameLine,
    Unknown,
}

type Line = (String, u32, String);

/// The innermost line in a file of the author's: functions are inlined.
fn author_line(
    context: &Context<EndianSlice<'_, LittleEndian>>,
    offset: u64,
    authors: impl Fn(&str) -> Option<&str>,
) -> Result<Option<Line>> {
    let mut frames = context.find_frames(offset).skip_all_loads()?;
    while let Some(frame) = frames.next()? {
        let Some(location) = frame.location else {
            continue;
        };
        let file = location.file.and_then(&authors);
        if let (Some(file), Some(line @ 1..)) = (file, location.line) {
            let function = frame.function.as_ref();
            let function = function.map(FunctionName::demangle).transpose()?;
            let function = function.as_deref().map(without_hash).unwrap_or_default();
            if function.contains(EXPORT) {
                break;
            }
            return Ok(Some((file.to_owned(), line, function.to_owned())));
        }
    }
    Ok(None)
}

/// What the exports of the contract have in their names, as in `whittle:udf/functions@0.1.0#bind`. A
/// macro of the kit makes them, so their line says nothing.
const EXPORT: char = '#';

/// A name of rustc without the hash that makes it unique, as in `udf::score::h0123456789abcdef`.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && is_hexadecimal(hash) => name,
        _ => name,
    }
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
