//! Reads the table of lines in a component.

use std::ops::Range;
use std::sync::Arc;

use wasmparser::BinaryReader;

use super::{SECTION, SECTION_BYTES, SourceLine, VERSION};
use crate::words::one_line;

/// A file or a function with a longer name, in bytes, is shown truncated.
const NAME_BYTES: usize = 200;

/// The undecoded table of a component's core module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The contents of the module's code section, as a range of the component.
    code: Range<usize>,
    section: Arc<[u8]>,
}

impl Lines {
    /// The table in a custom section of the module with this code section, if it is one.
    pub(crate) fn of(code: &Range<usize>, section: &str, contents: &[u8]) -> Option<Self> {
        (section == SECTION && contents.len() <= SECTION_BYTES).then(|| Self {
            code: code.clone(),
            section: contents.into(),
        })
    }

    /// Decodes the table; `None` if it is damaged.
    pub(super) fn decode(&self) -> Option<Table<'_>> {
        let mut reader = BinaryReader::new(&self.section, 0);
        (reader.read_u8().ok()? == VERSION).then_some(())?;
        let count = reader.read_var_u32().ok()?;
        let strings = (0..count).map(|_| reader.read_unlimited_string().ok());
        let strings: Vec<&str> = strings.collect::<Option<_>>()?;
        let count = reader.read_var_u32().ok()?;
        let mut string = || strings.get(reader.read_var_u32().ok()? as usize).copied();
        let scopes = (0..count).map(|_| {
            Some(Scope {
                file: string()?,
                function: string()?,
            })
        });
        let scopes = scopes.collect::<Option<_>>()?;
        let (mut rows, mut offset, mut line) = (Vec::new(), 0_u32, 0_i64);
        while !reader.eof() {
            offset = offset.checked_add(reader.read_var_u32().ok()?)?;
            let scope = reader.read_var_u32().ok()?;
            if scope > 0 {
                let zigzag = i64::from(reader.read_var_u32().ok()?);
                line += (zigzag >> 1) ^ -(zigzag & 1);
            }
            rows.push(Row {
                offset,
                scope,
                line: u32::try_from(line).ok()?,
            });
        }
        Some(Table {
            code: self.code.clone(),
            scopes,
            rows,
        })
    }
}

/// The decoded table.
pub(super) struct Table<'a> {
    code: Range<usize>,
    scopes: Vec<Scope<'a>>,
    /// With ascending offsets.
    rows: Vec<Row>,
}

struct Scope<'a> {
    file: &'a str,
    function: &'a str,
}

struct Row {
    offset: u32,
    scope: u32,
    line: u32,
}

impl Table<'_> {
    /// The author's line at an offset in the component.
    pub(super) fn line(&self, offset: usize) -> Option<SourceLine> {
        self.code.contains(&offset).then_some(())?;
        let offset = u32::try_from(offset - self.code.start).ok()?;
        let after = self.rows.partition_point(|row| row.offset <= offset);
        let row = self.rows.get(after.checked_sub(1)?)?;
        let scope = self.scopes.get((row.scope as usize).checked_sub(1)?)?;
        Some(SourceLine {
            file: shown(scope.file),
            line: row.line,
            function: shown(scope.function),
            recursive: false,
        })
    }
}

fn shown(name: &str) -> String {
    let end = name.floor_char_boundary(NAME_BYTES);
    let mut text = one_line(&name[..end]);
    if end < name.len() {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(bytes: &[u8], offset: usize) -> Option<String> {
        let lines = Lines::of(&(100..200), SECTION, bytes)?;
        Some(lines.decode()?.line(offset)?.to_string())
    }

    const SMALL: &[u8] = b"\x01\x02\x05udf.c\x05score\x01\x00\x01\x08\x01\x18\x04\x01\x01\x02\x00";

    #[test]
    fn finds_the_row_of_an_offset() {
        let found: Vec<_> = [99, 107, 108, 111, 112, 113, 114, 200]
            .map(|offset| line(SMALL, offset))
            .to_vec();
        let twelve = Some("at udf.c:12 in `score`".to_owned());
        let eleven = Some("at udf.c:11 in `score`".to_owned());
        let expected = [
            None,
            None,
            twelve.clone(),
            twelve,
            eleven.clone(),
            eleven,
            None,
            None,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_truncated_table_gives_no_wrong_line() {
        for end in 0..SMALL.len() {
            let found = line(&SMALL[..end], 108);
            let known = [None, Some("at udf.c:12 in `score`".to_owned())];
            assert!(known.contains(&found), "{end}: {found:?}");
        }
    }

    #[test]
    fn names_are_bounded_and_printable() {
        let name = format!("\u{202e}\n{}", "x".repeat(1000));
        let mut bytes = vec![1, 1];
        bytes.extend([0xec, 0x07]);
        bytes.extend(name.as_bytes());
        bytes.extend(b"\x01\x00\x00\x08\x01\x02");
        let found = line(&bytes, 108).expect("a line");
        assert!(found.starts_with(r"at \u{202e} xxx"), "{found}");
        assert!(found.len() < 500 && !found.contains('\n'), "{found}");
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes: Vec<u8>, offset in 90_usize..210) {
            line(&bytes, offset);
            line(&[&SMALL[..15], &bytes].concat(), offset);
        }

        #[test]
        fn no_changed_byte_does_harm(at in 0..SMALL.len(), byte: u8, offset in 90_usize..210) {
            let mut bytes = SMALL.to_vec();
            bytes[at] = byte;
            line(&bytes, offset);
        }
    }
}
