//! How values are shown beside their numbers: `key_as_string`, `value_as_string`.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset};

/// How a value is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Format {
    /// As its number alone.
    Raw,
    Boolean,
    Date {
        pattern: DatePattern,
        /// The time zone that dates are shown in, in milliseconds from UTC.
        zone: i64,
    },
}

/// How a date is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DatePattern {
    Millis,
    Seconds,
    /// Parts of a date, in the notation of `chrono`.
    Parts(String),
}

impl Format {
    /// A value as a text; `None` where it is shown as its number alone.
    pub(super) fn show(&self, value: f64) -> Option<String> {
        match self {
            Self::Raw => None,
            Self::Boolean => Some((value != 0.0).to_string()),
            Self::Date { pattern, zone } => Some(pattern.show(value as i64, *zone)),
        }
    }

    /// A value as a text, in the key of a bucket.
    pub(super) fn key(&self, value: f64) -> String {
        self.show(value).unwrap_or_else(|| shown(value))
    }
}

impl Default for DatePattern {
    fn default() -> Self {
        Self::Parts("%Y-%m-%dT%H:%M:%S%.3f%:z".to_owned())
    }
}

impl DatePattern {
    /// Reads a format as mappings and requests have it; of several, dates are shown in the first.
    pub(super) fn read(text: &str) -> Option<Self> {
        let first = text.split("||").next().unwrap_or(text);
        let parts = match first.strip_prefix("strict_").unwrap_or(first) {
            "epoch_millis" => return Some(Self::Millis),
            "epoch_second" => return Some(Self::Seconds),
            "date_optional_time" | "date_time" => return Some(Self::default()),
            "date_time_no_millis" => "%Y-%m-%dT%H:%M:%S%:z".to_owned(),
            "date_hour_minute_second" => "%Y-%m-%dT%H:%M:%S".to_owned(),
            "date_hour_minute" => "%Y-%m-%dT%H:%M".to_owned(),
            "date" | "year_month_day" => "%Y-%m-%d".to_owned(),
            "year_month" => "%Y-%m".to_owned(),
            "year" => "%Y".to_owned(),
            "basic_date" => "%Y%m%d".to_owned(),
            pattern => of_letters(pattern)?,
        };
        let valid = StrftimeItems::new(&parts).all(|item| item != Item::Error);
        valid.then_some(Self::Parts(parts))
    }

    fn show(&self, millis: i64, zone: i64) -> String {
        let parts = match self {
            Self::Millis => return millis.to_string(),
            Self::Seconds => return millis.div_euclid(1_000).to_string(),
            Self::Parts(parts) => parts,
        };
        let zone_seconds = i32::try_from(zone / 1_000).ok();
        let zone = zone_seconds.and_then(FixedOffset::east_opt);
        match DateTime::from_timestamp_millis(millis).zip(zone) {
            None => millis.to_string(),
            Some((instant, zone)) => {
                let shown = instant.with_timezone(&zone).format(parts).to_string();
                if zone.local_minus_utc() == 0 && parts.ends_with("%:z") {
                    shown.replace("+00:00", "Z")
                } else {
                    shown
                }
            }
        }
    }
}

/// A pattern of letters, as `yyyy-MM-dd HH:mm`.
fn of_letters(pattern: &str) -> Option<String> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut parts = String::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let same = letters[at..].iter().take_while(|next| **next == letter);
        let count = same.count();
        if letter == '\'' {
            let end = letters[at + 1..].iter().position(|next| *next == '\'')?;
            let quoted = &letters[at + 1..at + 1 + end];
            parts.extend(quoted.iter().flat_map(|letter| escaped(*letter)));
            at += end + 2;
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            parts.extend(escaped(letter));
            at += 1;
            continue;
        }
        parts.push_str(match (letter, count) {
            ('y' | 'u', 4 | 1) => "%Y",
            ('y' | 'u', 2) => "%y",
            ('M', 1) => "%-m",
            ('M', 2) => "%m",
            ('M', 3) => "%b",
            ('M', 4) => "%B",
            ('d', 1) => "%-d",
            ('d', 2) => "%d",
            ('D', 3) => "%j",
            ('E', 1..=3) => "%a",
            ('E', 4) => "%A",
            ('H', 1) => "%-H",
            ('H', 2) => "%H",
            ('h', 1) => "%-I",
            ('h', 2) => "%I",
            ('a', 1) => "%p",
            ('m', 1) => "%-M",
            ('m', 2) => "%M",
            ('s', 1) => "%-S",
            ('s', 2) => "%S",
            ('S', 3) => "%3f",
            ('S', 6) => "%6f",
            ('S', 9) => "%9f",
            ('X', 3) | ('Z', 5) => "%:z",
            ('Z', 1) => "%z",
            _ => return None,
        });
        at += count;
    }
    Some(parts)
}

fn escaped(letter: char) -> impl Iterator<Item = char> {
    let twice = letter == '%';
    std::iter::once(letter).chain(twice.then_some('%'))
}

/// A double as OpenSearch shows it, which is as Java does: `50.0`, `1.0E7`.
pub(super) fn shown(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&size) || !value.is_finite() {
        return match value {
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            value => format!("{value:?}"),
        };
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_shown_as_java_shows_them() {
        for (value, expected) in [
            (50.0, "50.0"),
            (0.0, "0.0"),
            (-1.5, "-1.5"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1e300, "1.0E300"),
        ] {
            assert_eq!(shown(value), expected);
        }
    }

    #[test]
    fn dates_are_shown_in_a_format_and_a_zone() {
        let show = |format: &str, zone: i64| {
            let pattern = DatePattern::read(format).expect("a format");
            pattern.show(1_420_070_400_123, zone * 60_000)
        };
        for (format, expected) in [
            (
                "strict_date_optional_time||epoch_millis",
                "2015-01-01T00:00:00.123Z",
            ),
            ("epoch_millis", "1420070400123"),
            ("epoch_second", "1420070400"),
            ("yyyy-MM-dd", "2015-01-01"),
            ("d.M.yy HH:mm:ss.SSS", "1.1.15 00:00:00.123"),
            ("yyyy-MM-dd'T'HH:mm:ssXXX", "2015-01-01T00:00:00Z"),
            ("'100%' yyyy", "100% 2015"),
        ] {
            assert_eq!(show(format, 0), expected, "{format}");
        }
        assert_eq!(show("date_time", 90), "2015-01-01T01:30:00.123+01:30");
        for format in ["yyyyy", "QQ", "'open", "no_such_format"] {
            assert_eq!(DatePattern::read(format), None, "{format}");
        }
    }
}
