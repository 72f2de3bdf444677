//! The format of a date field: how its dates are written, in documents, queries and answers.
//!
//! Names and patterns are those of OpenSearch, joined by `||`. A date is read by the first format
//! that it has, and written by the first of all.

use super::pattern::Pattern;
use super::{Separator, parse_optional_time, show_at};
use crate::request::object::cut;

/// One or several formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateFormat {
    /// As it was given.
    text: String,
    formats: Vec<Format>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Format {
    EpochMillis,
    EpochSecond,
    /// `strict_date_optional_time`, or with fewer digits where it is not strict.
    OptionalTime {
        strict: bool,
    },
    Pattern(Pattern),
}

/// A format that is neither a known name nor a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{format}` is not a known date format: {reason}")]
pub(crate) struct UnknownFormat {
    format: String,
    reason: String,
}

/// The longest format, in bytes.
const FORMAT_BYTES: usize = 1_000;

/// The format of a date field that names none.
pub(crate) const DEFAULT_FORMAT: &str = "strict_date_optional_time||epoch_millis";

/// Names of patterns; each has a `strict_` one too, which takes whole numbers of digits alone.
const NAMED: [(&str, &str); 19] = [
    ("basic_date", "yyyyMMdd"),
    ("basic_date_time", "yyyyMMdd'T'HHmmss.SSSX"),
    ("basic_date_time_no_millis", "yyyyMMdd'T'HHmmssX"),
    ("date", "yyyy-MM-dd"),
    ("date_hour", "yyyy-MM-dd'T'HH"),
    ("date_hour_minute", "yyyy-MM-dd'T'HH:mm"),
    ("date_hour_minute_second", "yyyy-MM-dd'T'HH:mm:ss"),
    (
        "date_hour_minute_second_fraction",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
    ),
    (
        "date_hour_minute_second_millis",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
    ),
    ("date_time", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
    ("date_time_no_millis", "yyyy-MM-dd'T'HH:mm:ssXXX"),
    ("hour", "HH"),
    ("hour_minute", "HH:mm"),
    ("hour_minute_second", "HH:mm:ss"),
    ("time", "HH:mm:ss.SSSXXX"),
    ("time_no_millis", "HH:mm:ssXXX"),
    ("year", "yyyy"),
    ("year_month", "yyyy-MM"),
    ("year_month_day", "yyyy-MM-dd"),
];

impl Default for DateFormat {
    fn default() -> Self {
        Self {
            text: DEFAULT_FORMAT.to_owned(),
            formats: vec![Format::OptionalTime { strict: true }, Format::EpochMillis],
        }
    }
}

impl DateFormat {
    /// Reads the names and patterns of formats.
    ///
    /// # Errors
    ///
    /// A text that is neither the name of a format nor a pattern.
    pub(crate) fn named(text: &str) -> Result<Self, UnknownFormat> {
        if text.len() > FORMAT_BYTES {
            return Err(UnknownFormat {
                format: cut(text),
                reason: format!("a format has at most {FORMAT_BYTES} bytes"),
            });
        }
        let formats = text.split("||").map(Format::named);
        Ok(Self {
            text: text.to_owned(),
            formats: formats.collect::<Result<_, _>>()?,
        })
    }

    /// The names and patterns, as they were given.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A date in microseconds since 1970; a number is given as its digits.
    pub(crate) fn parse(&self, text: &str) -> Option<i64> {
        self.formats.iter().find_map(|format| format.parse(text))
    }

    /// The first and the last instant that a date may mean: as in OpenSearch, the time that it
    /// lacks is the whole day, hour, minute, second or millisecond, and a month or a year without a
    /// day is its first day. A date that does not say its offset from UTC has `zone_seconds`.
    pub(crate) fn span(&self, text: &str, zone_seconds: i64) -> Option<(i64, i64)> {
        let mut formats = self.formats.iter();
        formats.find_map(|format| format.span(text, zone_seconds))
    }

    /// A date, from microseconds since 1970, in UTC.
    pub(crate) fn print(&self, micros: i64) -> String {
        self.print_at(micros, 0)
    }

    /// A date, from microseconds since 1970, so many seconds from UTC.
    pub(crate) fn print_at(&self, micros: i64, offset_seconds: i32) -> String {
        match self.formats.first() {
            None | Some(Format::OptionalTime { .. }) => show_at(micros, offset_seconds),
            Some(Format::EpochMillis) => micros.div_euclid(1_000).to_string(),
            Some(Format::EpochSecond) => {
                let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
                if rest == 0 {
                    seconds.to_string()
                } else {
                    let fraction = format!("{rest:06}");
                    format!("{seconds}.{}", fraction.trim_end_matches('0'))
                }
            }
            Some(Format::Pattern(pattern)) => {
                let printed = pattern.print(micros, offset_seconds);
                printed.unwrap_or_else(|| micros.to_string())
            }
        }
    }
}

/// A pattern with the letters of the year and the day in place of those of the week's year and the
/// day of the year, if they were probably mistaken for each other.
fn corrected(pattern: &str) -> Option<String> {
    let corrected = pattern.replace('Y', "y").replace('D', "d");
    let is_other = corrected != pattern;
    (is_other && Pattern::new(&corrected).is_ok()).then_some(corrected)
}

impl Format {
    fn named(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "epoch_millis" => return Ok(Self::EpochMillis),
            "epoch_second" => return Ok(Self::EpochSecond),
            "strict_date_optional_time" => return Ok(Self::OptionalTime { strict: true }),
            "date_optional_time" => return Ok(Self::OptionalTime { strict: false }),
            _ => {}
        }
        let (name, strict) = match text.strip_prefix("strict_") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let refused = |reason| UnknownFormat {
            format: text.to_owned(),
            reason,
        };
        let known = NAMED.iter().find(|(known, _)| *known == name);
        let pattern = match known {
            // Numbers that have nothing between them have all their digits.
            Some((_, pattern)) if strict || name.starts_with("basic_") => {
                Pattern::new(pattern).map(Pattern::any_fraction)
            }
            Some((_, pattern)) => {
                Pattern::new(pattern).map(|pattern| pattern.any_fraction().lenient())
            }
            None if text.contains('_') => {
                return Err(refused(
                    "use a pattern such as `yyyy-MM-dd`, or a name such as `epoch_millis` or `strict_date_optional_time`".to_owned(),
                ));
            }
            None => Pattern::new(text).map_err(|reason| match corrected(text) {
                Some(corrected) => format!("{reason}: use `{corrected}`"),
                None => reason,
            }),
        };
        pattern.map(Self::Pattern).map_err(refused)
    }

    fn parse(&self, text: &str) -> Option<i64> {
        match self {
            Self::EpochMillis => whole(text)?.checked_mul(1_000),
            Self::EpochSecond => {
                let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
                let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
                let millis = if text.starts_with('-') {
                    -millis
                } else {
                    millis
                };
                whole(text)?;
                let seconds: i64 = seconds.parse().ok()?;
                seconds.checked_mul(1_000_000)?.checked_add(millis * 1_000)
            }
            Self::OptionalTime { strict } => parse_optional_time(text, *strict, Separator::T),
            Self::Pattern(pattern) => pattern.parse(text),
        }
    }

    fn span(&self, text: &str, zone_seconds: i64) -> Option<(i64, i64)> {
        let (first, unsaid) = match self {
            Self::EpochSecond if !text.contains('.') => (self.parse(text)?, 999_999),
            Self::EpochMillis | Self::EpochSecond => (self.parse(text)?, 999),
            Self::OptionalTime { .. } => {
                let first = self.parse(text)?;
                let time = time_of(text).unwrap_or_default();
                let has_zone = time.contains(['Z', 'z', '+', '-']);
                let zone_seconds = if has_zone { 0 } else { zone_seconds };
                (first.checked_sub(zone_seconds * 1_000_000)?, unsaid(text))
            }
            Self::Pattern(pattern) => return pattern.span(text, zone_seconds),
        };
        Some((first, first.checked_add(unsaid)?))
    }
}

/// The time of a valid date, which follows its day.
fn time_of(date: &str) -> Option<&str> {
    date.find(['T', 't', ' ']).map(|at| &date[at + 1..])
}

/// How many microseconds lie between the first and the last instant that a valid date of
/// [`Format::OptionalTime`] may mean.
fn unsaid(date: &str) -> i64 {
    let time = time_of(date).map(|time| time.trim_end_matches(['Z', 'z']));
    let time = time.map(|time| time.split(['+', '-']).next().unwrap_or(time));
    let span_millis = match time {
        None => 86_400_000,
        Some(time) => match (time.split_once(['.', ',']), time.matches(':').count()) {
            (Some((_, fraction)), _) if fraction.len() > 3 => return 0,
            (Some(_), _) => 1,
            (None, 0) => 3_600_000,
            (None, 1) => 60_000,
            (None, _) => 1_000,
        },
    };
    span_millis * 1_000 - 1
}

/// The integer before a fraction, which is left out.
fn whole(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let valid = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction);
    valid.then(|| whole.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn parse(format: &str, text: &str) -> Option<i64> {
        DateFormat::named(format).expect("a format").parse(text)
    }

    #[test]
    fn dates_are_read_by_the_first_format_that_they_have() {
        for (format, text, expected) in [
            (DEFAULT_FORMAT, "1970-01-02", Some(DAY)),
            (DEFAULT_FORMAT, "86400000", Some(DAY)),
            (DEFAULT_FORMAT, "86400000.75", Some(DAY)),
            (DEFAULT_FORMAT, "-86400000", Some(-DAY)),
            (DEFAULT_FORMAT, "1971", Some(365 * DAY)),
            (DEFAULT_FORMAT, "1970-01-02 00:00:00", None),
            (
                DEFAULT_FORMAT,
                "+12345-01-01",
                Some(327_403_382_400_000_000),
            ),
            (
                DEFAULT_FORMAT,
                "9999-12-31T23:59:59Z",
                Some(253_402_300_799_000_000),
            ),
            (DEFAULT_FORMAT, "0001-01-01", Some(-62_135_596_800_000_000)),
            (DEFAULT_FORMAT, "1.5e3", None),
            ("date_optional_time", "1970-1-2T0:0", Some(DAY)),
            ("epoch_second", "86400", Some(DAY)),
            ("epoch_second", "86400.5", Some(DAY + 500_000)),
            ("epoch_second", "1970-01-02", None),
            ("basic_date", "19700102", Some(DAY)),
            ("basic_date", "1970-01-02", None),
            ("date", "1970-1-2", Some(DAY)),
            ("strict_date", "1970-1-2", None),
            ("strict_date", "1970-01-02", Some(DAY)),
            (
                "date_time",
                "1970-01-02T01:00:00.5+01:00",
                Some(DAY + 500_000),
            ),
            ("dd/MM/yyyy||epoch_millis", "02/01/1970", Some(DAY)),
            ("dd/MM/yyyy||epoch_millis", "86400000", Some(DAY)),
            (
                "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
                "1970-01-02T01:00:00.000+0100",
                Some(DAY),
            ),
        ] {
            assert_eq!(parse(format, text), expected, "{format}: {text}");
        }
    }

    #[test]
    fn a_date_means_all_that_it_does_not_say() {
        let span = |format, text| DateFormat::named(format).expect("a format").span(text, 0);
        assert_eq!(span("dd/MM/yyyy", "02/01/1970"), Some((DAY, 2 * DAY - 1)));
        assert_eq!(span("HH:mm", "00:01"), Some((60_000_000, 119_999_999)));
        assert_eq!(span("yyyy", "1971"), Some((365 * DAY, 366 * DAY - 1)));
        assert_eq!(span("epoch_millis", "1971"), Some((1_971_000, 1_971_999)));
        assert_eq!(span("epoch_second", "2"), Some((2_000_000, 2_999_999)));
        assert_eq!(span("epoch_second", "2.5"), Some((2_500_000, 2_500_999)));
        assert_eq!(span(DEFAULT_FORMAT, "1970-01-02"), Some((DAY, 2 * DAY - 1)));
        assert_eq!(span(DEFAULT_FORMAT, "-1"), Some((-1_000, -1)));
        assert_eq!(span(DEFAULT_FORMAT, "soon"), None);
    }

    #[test]
    fn a_date_without_an_offset_is_of_the_zone() {
        for (format, text, expected) in [
            (DEFAULT_FORMAT, "1970-01-02", DAY - 3_600_000_000),
            (DEFAULT_FORMAT, "1970-01-02T00:00Z", DAY),
            (DEFAULT_FORMAT, "86400000", DAY),
            ("dd/MM/yyyy", "02/01/1970", DAY - 3_600_000_000),
            ("dd/MM/yyyy HH X", "02/01/1970 02 +02", DAY),
        ] {
            let format = DateFormat::named(format).expect("a format");
            let span = format.span(text, 3_600);
            assert_eq!(span.map(|(first, _)| first), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_date_is_printed_by_the_first_format() {
        let micros = parse(DEFAULT_FORMAT, "2020-01-02T03:04:05.678Z").expect("a date");
        for (format, expected) in [
            (DEFAULT_FORMAT, "2020-01-02T03:04:05.678Z"),
            ("epoch_millis", "1577934245678"),
            ("epoch_second", "1577934245.678"),
            ("yyyy/MM/dd HH:mm:ss||epoch_millis", "2020/01/02 03:04:05"),
            ("basic_date", "20200102"),
            ("date_time", "2020-01-02T03:04:05.678Z"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2020-01-02T03:04:05.678+0000"),
        ] {
            let format = DateFormat::named(format).expect("a format");
            assert_eq!(format.print(micros), expected);
        }
    }

    #[test]
    fn rejects_an_unknown_format_with_its_reason() {
        let error = |format: &str| {
            DateFormat::named(format)
                .expect_err("it is unknown")
                .to_string()
        };
        insta::assert_snapshot!(error("strict_weekyear"), @"`strict_weekyear` is not a known date format: use a pattern such as `yyyy-MM-dd`, or a name such as `epoch_millis` or `strict_date_optional_time`");
        insta::assert_snapshot!(error("YYYY-MM-DD"), @"`YYYY-MM-DD` is not a known date format: the pattern letter `YYYY` is not supported: use `yyyy-MM-dd`");
        insta::assert_snapshot!(error("yyyy-ww"), @"`yyyy-ww` is not a known date format: the pattern letter `ww` is not supported");
        insta::assert_snapshot!(error("yyyy||"), @"`` is not a known date format: it is empty");
    }
}
