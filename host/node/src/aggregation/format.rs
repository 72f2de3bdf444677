//! How values are shown beside their numbers: `key_as_string`, `value_as_string`.

use crate::dates::{self, DateFormat};

/// How a value is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Format {
    /// As its number alone.
    Raw,
    Boolean,
    Date {
        format: DateFormat,
        zone_seconds: i64,
    },
}

impl Format {
    /// A value as a text; `None` where it is shown as its number alone.
    pub(super) fn show(&self, value: f64) -> Option<String> {
        match self {
            Self::Raw => None,
            Self::Boolean => Some((value != 0.0).to_string()),
            Self::Date {
                format,
                zone_seconds,
            } => {
                let millis = value as i64;
                let micros = dates::from_millis(millis);
                let zone_seconds = i32::try_from(*zone_seconds).unwrap_or(0);
                let print = |micros| format.print_at(micros, zone_seconds);
                Some(micros.map_or_else(|| millis.to_string(), print))
            }
        }
    }

    /// A value as a text, in the key of a bucket.
    pub(super) fn key(&self, value: f64) -> String {
        self.show(value).unwrap_or_else(|| shown(value))
    }
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
        let show = |format: &str, zone_minutes: i64| {
            let format = DateFormat::named(format).expect("a format");
            let zone_seconds = zone_minutes * 60;
            let format = Format::Date {
                format,
                zone_seconds,
            };
            format.key(1_420_070_400_123.0)
        };
        for (format, utc, elsewhere) in [
            (
                "strict_date_optional_time||epoch_millis",
                "2015-01-01T00:00:00.123Z",
                "2015-01-01T01:30:00.123+01:30",
            ),
            ("epoch_millis", "1420070400123", "1420070400123"),
            ("dd.MM.yy HH:mm", "01.01.15 00:00", "01.01.15 01:30"),
            (
                "yyyy-MM-dd'T'HH:mm:ssXXX",
                "2015-01-01T00:00:00Z",
                "2015-01-01T01:30:00+01:30",
            ),
        ] {
            assert_eq!(show(format, 0), utc);
            assert_eq!(show(format, 90), elsewhere);
        }
    }
}
