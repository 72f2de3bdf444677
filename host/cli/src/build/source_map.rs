//! Source maps: which line of which source each part of a bundle comes from.
//!
//! The format is ECMA-426. Only positions are read, not names.

use anyhow::{Context, Result};
use serde_json::Value as Json;

/// A part of a bundle, up to the next one. Lines count from 1, columns from 1 as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) line: u32,
    pub(super) column: u32,
    /// The index of the source and its line; `None` if it comes from nowhere.
    pub(super) origin: Option<(usize, u32)>,
}

/// The sources and the parts of a source map, in the order of the bundle.
pub(super) fn read(map: &str) -> Result<(Vec<String>, Vec<Part>)> {
    let map: Json = serde_json::from_str(map)?;
    let sources = map["sources"].as_array().context("no `sources`")?.iter();
    let sources = sources.map(|source| source.as_str().unwrap_or_default().to_owned());
    let mappings = map["mappings"].as_str().context("no `mappings`")?;
    Ok((sources.collect(), parts(mappings)?))
}

fn parts(mappings: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let (mut source, mut source_line) = (0_i64, 0_i64);
    for (line, segments) in (1..).zip(mappings.split(';')) {
        let mut column = 0_i64;
        for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
            let numbers = numbers(segment).context("not a mapping")?;
            column += numbers.first().context("no column")?;
            let origin = match numbers.as_slice() {
                [_, in_sources, in_lines, ..] => {
                    source += in_sources;
                    source_line += in_lines;
                    Some((usize::try_from(source)?, u32::try_from(source_line)? + 1))
                }
                _ => None,
            };
            parts.push(Part {
                line,
                column: u32::try_from(column)? + 1,
                origin,
            });
        }
    }
    Ok(parts)
}

/// The numbers of a segment: digits of 5 bits in base 64, the least significant first, of which the
/// sixth bit says that more follow; the last bit of a number is its sign.
fn numbers(segment: &str) -> Option<Vec<i64>> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0_i64, 0);
    for digit in segment.chars() {
        let digit = i64::try_from(DIGITS.find(digit)?).ok()?;
        value |= (digit & 31).checked_shl(shift)?;
        shift += 5;
        if digit & 32 == 0 {
            let number = value >> 1;
            numbers.push(if value & 1 == 1 { -number } else { number });
            (value, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_origins_of_a_bundle() {
        let map = r#"{"version": 3, "sources": ["a.ts", "b.ts"], "names": [], "mappings": "AAAA,IAAI;AAEA,kBCFA;;E"}"#;
        let (sources, parts) = read(map).expect("a map");
        assert_eq!(sources, ["a.ts", "b.ts"]);
        let part = |line, column, origin| Part {
            line,
            column,
            origin,
        };
        let expected = [
            part(1, 1, Some((0, 1))),
            part(1, 5, Some((0, 1))),
            part(2, 1, Some((0, 3))),
            part(2, 19, Some((1, 1))),
            part(4, 3, None),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn refuses_what_is_not_a_source_map() {
        for map in [
            "",
            "{}",
            r#"{"sources": [], "mappings": "é"}"#,
            r#"{"sources": [], "mappings": "g"}"#,
        ] {
            assert!(read(map).is_err(), "{map}");
        }
    }
}
