//! Sizes in bytes, as OpenSearch writes them.

use whittle_host::one_line;

use crate::error::ApiError;
use crate::parameters::{Value, bad};

const UNITS: [&str; 6] = ["b", "kb", "mb", "gb", "tb", "pb"];

/// A size with the largest unit that it reaches, to a tenth: `1.5kb`.
pub(crate) fn human(bytes: u64) -> String {
    let power = (1..UNITS.len())
        .rev()
        .find(|power| bytes >> (10 * power) > 0);
    let power = power.unwrap_or(0);
    // A tenth is not rounded up: 1023 kilobytes are not a megabyte.
    let tenths = (u128::from(bytes) * 10) >> (10 * power);
    match tenths % 10 {
        0 => format!("{}{}", tenths / 10, UNITS[power]),
        tenth => format!("{}.{tenth}{}", tenths / 10, UNITS[power]),
    }
}

/// The unit in which a table shows sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit(u32);

impl Unit {
    /// A size in this unit, rounded down, without its name.
    pub(crate) fn shown(self, bytes: u64) -> String {
        (bytes >> self.0).to_string()
    }
}

impl Value for Unit {
    const ONE_OF: &'static [&'static str] = &["b", "kb", "mb", "gb", "tb", "pb"];

    fn absent() -> Self {
        Self(0)
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        let short = UNITS.iter().position(|unit| {
            text.eq_ignore_ascii_case(unit) || text.eq_ignore_ascii_case(&unit[..1])
        });
        match short {
            Some(power) => Ok(Self(10 * power as u32)),
            None => Err(bad(format!("Unknown byte unit [{}]", one_line(text)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        let sizes = [0, 1023, 1024, 1536, 1 << 20, (1 << 20) - 1, u64::MAX].map(human);
        let expected = [
            "0b",
            "1023b",
            "1kb",
            "1.5kb",
            "1mb",
            "1023.9kb",
            "16383.9pb",
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn a_table_may_ask_for_one_unit() {
        let shown = |unit| Unit::read("bytes", unit).map(|unit| unit.shown(3_000_000));
        assert_eq!(shown("b"), Ok("3000000".to_owned()));
        assert_eq!(shown("KB"), Ok("2929".to_owned()));
        assert_eq!(shown("m"), Ok("2".to_owned()));
        assert!(shown("x").is_err());
    }
}
