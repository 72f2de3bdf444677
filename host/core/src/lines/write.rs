//! Writes the table of lines into a core module. This is used when UDFs are built, never while
//! queries run.

use std::collections::HashMap;

use wasmparser::{Parser, Payload};

use super::{SECTION, SECTION_BYTES, VERSION};
use crate::encode::EncodeError;
use crate::error::Cause;

/// The lines of a core module's code, for error messages.
///
/// ```
/// use whittle_host::LineTable;
///
/// let module = wat::parse_str("(module (func $f unreachable))")?;
/// let mut lines = LineTable::default();
/// // The code section's contents are the number of functions, and for each its size and its body.
/// lines.push(2, Some(("udf.c", 12, "score")));
/// let module = lines.write(&module)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct LineTable {
    strings: Numbered<String>,
    scopes: Numbered<[u32; 2]>,
    rows: Vec<u8>,
    offset: u32,
    /// The author's last line.
    line: u32,
    /// What the last row says.
    last: Option<(u32, u32)>,
}

impl LineTable {
    /// Adds a row: the file, the line and the function of the code that starts at an offset from the
    /// start of the code section's contents, up to that of the next row. `None` is for code that is
    /// not the author's. Unknown names are empty.
    ///
    /// # Panics
    ///
    /// If the offset is before that of the last row.
    pub fn push(&mut self, offset: u32, line: Option<(&str, u32, &str)>) {
        let row = line.map(|(file, line, function)| {
            let names = [file, function].map(|name| self.strings.number(name.to_owned()));
            (self.scopes.number(names) + 1, line)
        });
        if self.last == row {
            return;
        }
        self.last = row;
        assert!(offset >= self.offset, "rows are in order");
        write_number(&mut self.rows, u64::from(offset - self.offset));
        self.offset = offset;
        let Some((scope, line)) = row else {
            self.rows.push(0);
            return;
        };
        write_number(&mut self.rows, u64::from(scope));
        let change = i64::from(line) - i64::from(self.line);
        let zigzag = (change << 1) ^ (change >> 63);
        write_number(&mut self.rows, zigzag.cast_unsigned());
        self.line = line;
    }

    /// The module with this table in the place of its debug information. An empty table and one
    /// that is too large are left out.
    ///
    /// # Errors
    ///
    /// The bytes are not a core module.
    pub fn write(self, core_module: &[u8]) -> Result<Vec<u8>, EncodeError> {
        let failed = |error| EncodeError::Module(Cause::new(error));
        let mut module = core_module.get(..PREAMBLE).unwrap_or_default().to_vec();
        let mut start = PREAMBLE;
        for payload in Parser::new(0).parse_all(core_module) {
            let payload = payload.map_err(failed)?;
            let is_debug = match &payload {
                Payload::CustomSection(section) => is_debug_information(section.name()),
                _ => false,
            };
            // Bodies of functions lie in the code section.
            let Some((_, contents)) = payload.as_section() else {
                continue;
            };
            if !is_debug {
                module.extend(&core_module[start..contents.end]);
            }
            start = contents.end;
        }
        let table = self.section();
        if let Some(table) = table {
            module.push(0);
            write_number(&mut module, table.len() as u64);
            module.extend(table);
        }
        Ok(module)
    }

    /// The custom section's name and contents.
    fn section(&self) -> Option<Vec<u8>> {
        let mut section = Vec::new();
        write_string(&mut section, SECTION);
        let name = section.len();
        section.push(VERSION);
        write_number(&mut section, self.strings.values.len() as u64);
        for string in &self.strings.values {
            write_string(&mut section, string);
        }
        write_number(&mut section, self.scopes.values.len() as u64);
        for number in self.scopes.values.iter().flatten() {
            write_number(&mut section, u64::from(*number));
        }
        section.extend(&self.rows);
        let is_empty = self.scopes.values.is_empty();
        (!is_empty && section.len() - name <= SECTION_BYTES).then_some(section)
    }
}

/// The size of a module's magic number and version.
const PREAMBLE: usize = 8;

fn is_debug_information(section: &str) -> bool {
    section.starts_with(".debug_")
        || ["name", "producers", "sourceMappingURL", "target_features"].contains(&section)
}

fn write_string(bytes: &mut Vec<u8>, string: &str) {
    write_number(bytes, string.len() as u64);
    bytes.extend(string.as_bytes());
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Values, numbered in the order in which they come.
#[derive(Debug)]
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(value.clone()).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Lines;
    use super::*;

    type Row = Option<(usize, u32, usize)>;

    fn rows() -> impl Strategy<Value = Vec<(u32, Row)>> {
        let line = proptest::option::of((0_usize..3, 1_u32..100_000, 0_usize..3));
        proptest::collection::vec((1_u32..300, line), 0..10)
    }

    /// The table in a module, and where its code section starts.
    fn table_of(module: &[u8]) -> Option<(Lines, usize)> {
        let mut code = 0..0;
        for payload in Parser::new(0).parse_all(module) {
            match payload.expect("a module") {
                Payload::CodeSectionStart { range, .. } => code = range,
                Payload::CustomSection(section) => {
                    let lines = Lines::of(&code, section.name(), section.data());
                    return lines.map(|lines| (lines, code.start));
                }
                _ => {}
            }
        }
        None
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(rows in rows()) {
            let names = ["", "src/lib.rs", "é"];
            let module = wat::parse_str(format!("(module (func {}))", "nop ".repeat(3_000)));
            let module = module.expect("a module");
            let (mut table, mut offset, mut expected) = (LineTable::default(), 0, Vec::new());
            for (step, row) in rows {
                let line = row.map(|(file, line, function)| (names[file], line, names[function]));
                table.push(offset, line);
                expected.extend((offset..offset + step).map(|offset| (offset, line)));
                offset += step;
            }
            let has_any = expected.iter().any(|(_, line)| line.is_some());
            let written = table.write(&module).expect("a module");
            prop_assert_eq!(&written[..module.len()], &*module);
            let lines = table_of(&written);
            prop_assert_eq!(lines.is_some(), has_any);
            let Some((lines, start)) = lines else { return Ok(()) };
            let table = lines.decode().expect("a table");
            for (offset, line) in expected {
                let found = table.line(start + offset as usize);
                let found = found.as_ref().map(|found| (&*found.file, found.line, &*found.function));
                prop_assert_eq!(found, line);
            }
        }
    }

    #[test]
    fn takes_the_place_of_debug_information() {
        let module = wat::parse_str(
            r#"(module $m (@custom ".debug_line" "x") (func $f nop) (@custom "kept" "x"))"#,
        );
        let module = module.expect("a module");
        let mut table = LineTable::default();
        table.push(2, Some(("udf.c", 12, "score")));
        let written = table.write(&module).expect("a module");
        let sections = |module: &[u8]| -> Vec<String> {
            let payloads = Parser::new(0).parse_all(module);
            let names = payloads.filter_map(|payload| match payload.expect("a module") {
                Payload::CustomSection(section) => Some(section.name().to_owned()),
                _ => None,
            });
            names.collect()
        };
        assert_eq!(sections(&module), [".debug_line", "kept", "name"]);
        assert_eq!(sections(&written), ["kept", SECTION]);
        let without = LineTable::default().write(&module).expect("a module");
        assert_eq!(sections(&without), ["kept"]);
        assert!(LineTable::default().write(b"not one").is_err());
    }
}
