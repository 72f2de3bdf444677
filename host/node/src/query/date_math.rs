//! Date math: instants relative to now or to a date, as `now-1d/d` or `2020-01-01||+1M/d`.
//!
//! A date that is not exact names a span: `2020-01-01` is a day, `now/M` a month, a number of
//! milliseconds a millisecond; but `2020-01-01||` and what steps lead to, unless it is rounded, are
//! an instant, as in OpenSearch. Its beginning or its end is meant, by where it stands in a range.
//! The smallest step is a microsecond.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use crate::dates::{self, DateFormat};

/// Why a string is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateMathError {
    /// It does not have the format.
    #[error(
        "expected a date in the format `{format}`, such as `{example}`, or date math such as `now-1d/d`"
    )]
    Date {
        /// The format.
        format: String,
        /// A date that has it.
        example: String,
    },
    /// What follows the date is not arithmetic.
    #[error(
        "`{rest}` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`"
    )]
    Step {
        /// From the wrong step on.
        rest: String,
    },
    /// There are too many steps.
    #[error("too many steps; the limit is {limit}")]
    Steps {
        /// The limit.
        limit: usize,
    },
    /// It comes to a date that cannot be calculated with.
    #[error("the date is too far from now")]
    OutOfRange,
}

impl DateMathError {
    fn of_format(format: &DateFormat) -> Self {
        // 2020-01-31T12:00:00Z.
        const EXAMPLE_MICROS: i64 = 1_580_472_000_000_000;
        Self::Date {
            format: format.text().to_owned(),
            example: format.print(EXAMPLE_MICROS),
        }
    }
}

/// Which instant of the span that a date names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The first.
    First,
    /// The last.
    Last,
}

const MOST_STEPS: usize = 64;

/// How dates are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateOptions<'a> {
    pub(crate) format: &'a DateFormat,
    /// The offset from UTC of dates that do not say theirs, and of the days and other units that
    /// dates are rounded to.
    pub(crate) zone_seconds: i64,
}

impl Default for DateOptions<'_> {
    /// OpenSearch's default format, in UTC.
    fn default() -> Self {
        static FORMAT: LazyLock<DateFormat> = LazyLock::new(DateFormat::default);
        Self {
            format: &FORMAT,
            zone_seconds: 0,
        }
    }
}

/// The offset from UTC, in seconds, of a zone such as `+01:00`; `None` for zones by name.
pub(crate) fn zone_seconds(zone: &str) -> Option<i64> {
    match zone {
        "UTC" | "GMT" | "Z" => Some(0),
        offset if offset.starts_with(['+', '-']) => {
            let midnight = dates::parse(&format!("1970-01-01T00:00{offset}"))?;
            Some(-midnight / 1_000_000)
        }
        _ => None,
    }
}

/// Reads a date with date math, in microseconds since 1970, as is `now`.
pub(crate) fn instant(
    text: &str,
    now: i64,
    end: End,
    options: DateOptions<'_>,
) -> Result<i64, DateMathError> {
    let zone_micros = options.zone_seconds * 1_000_000;
    let (start, steps) = if let Some(steps) = text.strip_prefix("now") {
        (now, steps)
    } else {
        let (date, steps) = match text.split_once("||") {
            Some((date, steps)) => (date, Some(steps)),
            None => (text, None),
        };
        let span = options.format.span(date, options.zone_seconds);
        let (first, last) = span.ok_or_else(|| DateMathError::of_format(options.format))?;
        match (end, steps) {
            // Steps begin at the first instant; only a rounding goes to the last.
            (End::First, _) | (End::Last, Some(_)) => (first, steps.unwrap_or_default()),
            (End::Last, None) => (last, ""),
        }
    };
    if steps.is_empty() {
        return Ok(start);
    }
    // Days begin when they do in the zone.
    let local = dates::instant(start.saturating_add(zone_micros));
    let local = walk(local.ok_or(DateMathError::OutOfRange)?, steps, end)?;
    Ok(local.timestamp_micros() - zone_micros)
}

fn walk(mut at: DateTime<Utc>, mut steps: &str, end: End) -> Result<DateTime<Utc>, DateMathError> {
    let mut taken = 0;
    while !steps.is_empty() {
        taken += 1;
        if taken > MOST_STEPS {
            return Err(DateMathError::Steps { limit: MOST_STEPS });
        }
        let wrong = || DateMathError::Step {
            rest: crate::request::object::cut(steps),
        };
        let sign = steps.chars().next().filter(|sign| "+-/".contains(*sign));
        let sign = sign.ok_or_else(wrong)?;
        let digits = steps[1..].bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = steps[1..].split_at(digits);
        let unit = rest.chars().next().and_then(Unit::of).ok_or_else(wrong)?;
        if sign == '/' {
            if digits > 0 {
                return Err(wrong());
            }
            at = unit.round(at, end).ok_or(DateMathError::OutOfRange)?;
        } else {
            let count: u32 = if digits == 0 {
                1
            } else {
                number.parse().map_err(|_| DateMathError::OutOfRange)?
            };
            at = unit
                .add(at, count, sign == '-')
                .ok_or(DateMathError::OutOfRange)?;
        }
        steps = &rest[1..];
    }
    Ok(at)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl Unit {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'y' => Self::Year,
            'M' => Self::Month,
            'w' => Self::Week,
            'd' => Self::Day,
            'h' | 'H' => Self::Hour,
            'm' => Self::Minute,
            's' => Self::Second,
            _ => return None,
        })
    }

    /// An instant so many units later or earlier; of a month that has no such day, the last.
    fn add(self, at: DateTime<Utc>, count: u32, back: bool) -> Option<DateTime<Utc>> {
        let months = |months: u32| {
            let months = Months::new(months);
            if back {
                at.checked_sub_months(months)
            } else {
                at.checked_add_months(months)
            }
        };
        let days = |days: u64| {
            if back {
                at.checked_sub_days(Days::new(days))
            } else {
                at.checked_add_days(Days::new(days))
            }
        };
        let seconds = |seconds: i64| {
            let seconds = TimeDelta::try_seconds(seconds)?;
            if back {
                at.checked_sub_signed(seconds)
            } else {
                at.checked_add_signed(seconds)
            }
        };
        match self {
            Self::Year => months(count.checked_mul(12)?),
            Self::Month => months(count),
            Self::Week => days(u64::from(count) * 7),
            Self::Day => days(u64::from(count)),
            Self::Hour => seconds(i64::from(count) * 3_600),
            Self::Minute => seconds(i64::from(count) * 60),
            Self::Second => seconds(i64::from(count)),
        }
    }

    /// The first or the last instant of the year, month, ... that an instant lies in.
    fn round(self, at: DateTime<Utc>, end: End) -> Option<DateTime<Utc>> {
        let (day, time) = (at.date_naive(), at.time());
        let first = match self {
            Self::Year => midnight(day.with_ordinal(1)?),
            Self::Month => midnight(day.with_day(1)?),
            Self::Week => {
                let after_monday = u64::from(day.weekday().num_days_from_monday());
                midnight(day.checked_sub_days(Days::new(after_monday))?)
            }
            Self::Day => midnight(day),
            Self::Hour => day.and_hms_opt(time.hour(), 0, 0)?.and_utc(),
            Self::Minute => day.and_hms_opt(time.hour(), time.minute(), 0)?.and_utc(),
            Self::Second => day
                .and_hms_opt(time.hour(), time.minute(), time.second())?
                .and_utc(),
        };
        match end {
            End::First => Some(first),
            End::Last => self
                .add(first, 1, false)?
                .checked_sub_signed(TimeDelta::microseconds(1)),
        }
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(text: &str, end: End) -> String {
        let now = dates::parse("2024-03-31T12:34:56.789").expect("a date");
        match instant(text, now, end, DateOptions::default()) {
            Ok(micros) => dates::show(micros),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_date_names_the_first_and_last_instant_of_its_span() {
        for (text, first, last) in [
            (
                "now",
                "2024-03-31T12:34:56.789Z",
                "2024-03-31T12:34:56.789Z",
            ),
            (
                "now-1d",
                "2024-03-30T12:34:56.789Z",
                "2024-03-30T12:34:56.789Z",
            ),
            (
                "now-d",
                "2024-03-30T12:34:56.789Z",
                "2024-03-30T12:34:56.789Z",
            ),
            (
                "now-1M",
                "2024-02-29T12:34:56.789Z",
                "2024-02-29T12:34:56.789Z",
            ),
            (
                "now-1y",
                "2023-03-31T12:34:56.789Z",
                "2023-03-31T12:34:56.789Z",
            ),
            (
                "now+1w-36H",
                "2024-04-06T00:34:56.789Z",
                "2024-04-06T00:34:56.789Z",
            ),
            (
                "now/y",
                "2024-01-01T00:00:00.000Z",
                "2024-12-31T23:59:59.999999Z",
            ),
            (
                "now/M",
                "2024-03-01T00:00:00.000Z",
                "2024-03-31T23:59:59.999999Z",
            ),
            (
                "now/w",
                "2024-03-25T00:00:00.000Z",
                "2024-03-31T23:59:59.999999Z",
            ),
            (
                "now/d",
                "2024-03-31T00:00:00.000Z",
                "2024-03-31T23:59:59.999999Z",
            ),
            (
                "now/h",
                "2024-03-31T12:00:00.000Z",
                "2024-03-31T12:59:59.999999Z",
            ),
            (
                "now/m",
                "2024-03-31T12:34:00.000Z",
                "2024-03-31T12:34:59.999999Z",
            ),
            (
                "now/s",
                "2024-03-31T12:34:56.000Z",
                "2024-03-31T12:34:56.999999Z",
            ),
            (
                "now/d+1h",
                "2024-03-31T01:00:00.000Z",
                "2024-04-01T00:59:59.999999Z",
            ),
            (
                "2020-01-31||+1M/d",
                "2020-02-29T00:00:00.000Z",
                "2020-02-29T23:59:59.999999Z",
            ),
            (
                "2020-01-31||",
                "2020-01-31T00:00:00.000Z",
                "2020-01-31T00:00:00.000Z",
            ),
            (
                "2020-01-31||-2d",
                "2020-01-29T00:00:00.000Z",
                "2020-01-29T00:00:00.000Z",
            ),
            (
                "2020-01-31||/d+1h",
                "2020-01-31T01:00:00.000Z",
                "2020-02-01T00:59:59.999999Z",
            ),
            (
                "2020",
                "2020-01-01T00:00:00.000Z",
                "2020-01-01T23:59:59.999999Z",
            ),
            (
                "2020-02",
                "2020-02-01T00:00:00.000Z",
                "2020-02-01T23:59:59.999999Z",
            ),
            (
                "2020-02-02",
                "2020-02-02T00:00:00.000Z",
                "2020-02-02T23:59:59.999999Z",
            ),
            (
                "2020-02-02T03",
                "2020-02-02T03:00:00.000Z",
                "2020-02-02T03:59:59.999999Z",
            ),
            (
                "2020-02-02T03:04+01:00",
                "2020-02-02T02:04:00.000Z",
                "2020-02-02T02:04:59.999999Z",
            ),
            (
                "2020-02-02T03:04:05Z",
                "2020-02-02T03:04:05.000Z",
                "2020-02-02T03:04:05.999999Z",
            ),
            (
                "2020-02-02T03:04:05.6Z",
                "2020-02-02T03:04:05.600Z",
                "2020-02-02T03:04:05.600999Z",
            ),
            (
                "2020-02-02T03:04:05.6000Z",
                "2020-02-02T03:04:05.600Z",
                "2020-02-02T03:04:05.600Z",
            ),
            (
                "-86400000",
                "1969-12-31T00:00:00.000Z",
                "1969-12-31T00:00:00.000999Z",
            ),
            (
                "1577836800000.25",
                "2020-01-01T00:00:00.000Z",
                "2020-01-01T00:00:00.000999Z",
            ),
        ] {
            assert_eq!(show(text, End::First), first, "{text}");
            assert_eq!(show(text, End::Last), last, "{text}");
        }
    }

    #[test]
    fn rejects_an_invalid_date_with_its_wrong_step() {
        let error = |text: &str| show(text, End::First);
        insta::assert_snapshot!(error("soon"), @"expected a date in the format `strict_date_optional_time||epoch_millis`, such as `2020-01-31T12:00:00.000Z`, or date math such as `now-1d/d`");
        insta::assert_snapshot!(error(""), @"expected a date in the format `strict_date_optional_time||epoch_millis`, such as `2020-01-31T12:00:00.000Z`, or date math such as `now-1d/d`");
        insta::assert_snapshot!(error("now 1d"), @"` 1d` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("now-1q"), @"`-1q` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("now-1é"), @"`-1é` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("nowé"), @"`é` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("now-1"), @"`-1` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("now/1d"), @"`/1d` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("2020-01-01+1d"), @"expected a date in the format `strict_date_optional_time||epoch_millis`, such as `2020-01-31T12:00:00.000Z`, or date math such as `now-1d/d`");
        insta::assert_snapshot!(error("2020-01-01||1d"), @"`1d` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`");
        insta::assert_snapshot!(error("now+99999999999d"), @"the date is too far from now");
        insta::assert_snapshot!(error("now+4000000000y"), @"the date is too far from now");
        insta::assert_snapshot!(error("9999-12-31||+300000y"), @"the date is too far from now");
        insta::assert_snapshot!(error(&format!("now{}", "+1d".repeat(65))), @"too many steps; the limit is 64");
    }

    #[test]
    fn a_zone_moves_dates_without_their_own_and_the_beginning_of_days() {
        let options = DateOptions {
            zone_seconds: zone_seconds("+02:00").expect("a zone"),
            ..DateOptions::default()
        };
        let now = dates::parse("2024-03-31T23:00:00").expect("a date");
        for (text, expected) in [
            ("2020-01-01", "2019-12-31T22:00:00.000Z"),
            ("2020-01-01T12:00", "2020-01-01T10:00:00.000Z"),
            ("2020-01-01T12:00Z", "2020-01-01T12:00:00.000Z"),
            ("0", "1970-01-01T00:00:00.000Z"),
            ("now", "2024-03-31T23:00:00.000Z"),
            ("now/d", "2024-03-31T22:00:00.000Z"),
        ] {
            let first = instant(text, now, End::First, options).map(dates::show);
            assert_eq!(first.as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(zone_seconds("-0130"), Some(-5_400));
        assert_eq!(zone_seconds("UTC"), Some(0));
        assert_eq!(zone_seconds("Europe/Paris"), None);
        assert_eq!(zone_seconds("+99:00"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_the_first_instant_is_never_after_the_last(
            text in "(now|2020-0[0-3]-31(T1[0-9](:[0-9]{2}){0,2}(\\.[0-9]{1,3})?)?\\|\\|)([-+/][0-9]{0,6}[yMwdhHmsé]){0,4}|\\PC{0,20}",
            now in proptest::num::i64::ANY,
            zone_seconds in -64_800_i64..64_800,
        ) {
            let options = DateOptions { zone_seconds, ..DateOptions::default() };
            if let Ok(first) = instant(&text, now, End::First, options)
                && let Ok(last) = instant(&text, now, End::Last, options)
            {
                // A step of months ends at the last day of a shorter one, from whatever day it
                // began, so that it may turn two instants around, as in OpenSearch.
                let has_months = text.contains(['y', 'M']);
                prop_assert!(has_months || first <= last);
            }
        }
    }
}
