//! Durations as OpenSearch writes them: `500ms`, `2s`.

use std::time::Duration;

/// Reads a duration. The inner `None` is `-1`, which sets no limit; the outer one is an error.
#[expect(
    clippy::option_option,
    reason = "a wrong duration and none at all are different answers"
)]
pub(super) fn parse(text: &str) -> Option<Option<Duration>> {
    const UNITS: [(&str, u64); 7] = [
        ("nanos", 1),
        ("micros", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ];
    if text == "-1" {
        return Some(None);
    }
    let (number, factor) = UNITS
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let nanos = number.trim().parse::<u64>().ok()?.checked_mul(factor)?;
    (nanos > 0).then(|| Some(Duration::from_nanos(nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit() {
        for (text, seconds) in [
            ("2d", 172_800.0),
            ("3h", 10_800.0),
            ("2m", 120.0),
            ("1s", 1.0),
            ("500ms", 0.5),
            ("7micros", 7e-6),
            ("9nanos", 9e-9),
        ] {
            let expected = Some(Some(Duration::from_secs_f64(seconds)));
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse("-1"), Some(None));
        for text in [
            "",
            "5",
            "0ms",
            "-1s",
            "1.5s",
            "s",
            "9999999999999d",
            "1 week",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
