//! Spans of time: how PostgreSQL writes them, and what they do to dates.
//!
//! A month has no fixed length, and neither has a day of PostgreSQL's, so that an interval has
//! three parts. It knows nothing of expressions.

#![expect(
    clippy::cast_precision_loss,
    reason = "parts of intervals are multiplied as doubles, as in PostgreSQL"
)]

use std::cmp::Ordering;

use chrono::{DateTime, Months, Utc};

use crate::dates;

/// The microseconds of a second and of a day.
pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// The days of a month where nothing says which month.
const MONTH_DAYS: i64 = 30;

/// A span of time. One that is longer is greater, if a month has 30 days.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interval {
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) micros: i64,
}

/// What a unit counts, and how many of them it is.
#[derive(Clone, Copy)]
enum Unit {
    Months(i64),
    Days(i64),
    Micros(i64),
}

impl Unit {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "us" | "usec" | "usecs" | "microsecond" | "microseconds" => Self::Micros(1),
            "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => Self::Micros(1_000),
            "" | "s" | "sec" | "secs" | "second" | "seconds" => Self::Micros(SECOND),
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Micros(60 * SECOND),
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Micros(3_600 * SECOND),
            "d" | "day" | "days" => Self::Days(1),
            "w" | "week" | "weeks" => Self::Days(7),
            "mon" | "mons" | "month" | "months" => Self::Months(1),
            "y" | "yr" | "yrs" | "year" | "years" => Self::Months(12),
            "decade" | "decades" => Self::Months(120),
            "century" | "centuries" => Self::Months(1_200),
            "millennium" | "millennia" => Self::Months(12_000),
            _ => return None,
        })
    }
}

impl Interval {
    /// Reads `1 month`, `2 days 03:04:05`, `1h 30m ago` or `P1Y2M3DT4H`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(text) = text.strip_prefix('p') {
            return Self::parse_iso(text);
        }
        let mut interval = Self::default();
        let mut words = text.split_ascii_whitespace().peekable();
        let mut is_empty = true;
        while let Some(word) = words.next() {
            if word == "ago" {
                let is_last = !is_empty && words.peek().is_none();
                return is_last.then(|| interval.negated())?;
            }
            is_empty = false;
            if word.contains(':') {
                interval = interval.plus(Self::time(word)?)?;
                continue;
            }
            let letters = word.find(|letter: char| letter.is_ascii_alphabetic());
            let (number, mut unit) = word.split_at(letters.unwrap_or(word.len()));
            if unit.is_empty() {
                unit = words.next_if(|word| *word != "ago").unwrap_or_default();
            }
            interval = interval.plus(Self::of(number, Unit::named(unit)?)?)?;
        }
        (!is_empty).then_some(interval)
    }

    fn parse_iso(text: &str) -> Option<Self> {
        let mut interval = Self::default();
        let (mut is_time, mut number) = (false, String::new());
        let mut is_empty = true;
        for letter in text.chars() {
            let unit = match (letter, is_time) {
                ('t', false) => {
                    is_time = true;
                    continue;
                }
                ('y', false) => Unit::Months(12),
                ('m', false) => Unit::Months(1),
                ('w', false) => Unit::Days(7),
                ('d', false) => Unit::Days(1),
                ('h', true) => Unit::Micros(3_600 * SECOND),
                ('m', true) => Unit::Micros(60 * SECOND),
                ('s', true) => Unit::Micros(SECOND),
                _ => {
                    number.push(letter);
                    continue;
                }
            };
            interval = interval.plus(Self::of(&number, unit)?)?;
            number.clear();
            is_empty = false;
        }
        (number.is_empty() && !is_empty).then_some(interval)
    }

    /// `03:04` or `-03:04:05.678`.
    fn time(text: &str) -> Option<Self> {
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (-1, unsigned),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut parts = unsigned.split(':');
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let hours = parts.next().filter(|part| digits(part))?;
        let minutes = parts.next().filter(|part| digits(part))?;
        let seconds = parts.next().unwrap_or("0");
        let starts_with_digit = seconds.starts_with(|digit: char| digit.is_ascii_digit());
        if parts.next().is_some() || !starts_with_digit {
            return None;
        }
        let time = Self::of(hours, Unit::Micros(3_600 * SECOND))?
            .plus(Self::of(minutes, Unit::Micros(60 * SECOND))?)?
            .plus(Self::of(seconds, Unit::Micros(SECOND))?)?;
        time.times(f64::from(sign))
    }

    /// A number of units; what is left of a unit goes to the smaller ones.
    fn of(number: &str, unit: Unit) -> Option<Self> {
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let sign = if whole.starts_with('-') { -1.0 } else { 1.0 };
        if !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let fraction: f64 = format!("0.{decimals}0").parse().ok()?;
        let fraction = sign * fraction;
        let whole: i64 = match whole {
            "" | "-" | "+" if !decimals.is_empty() => 0,
            _ => whole.parse().ok()?,
        };
        match unit {
            Unit::Months(1) => {
                let days = Self::of_days(fraction * MONTH_DAYS as f64)?;
                days.plus(Self::of_months(whole))
            }
            Unit::Months(months) => {
                let rest = long((fraction * months as f64).round_ties_even())?;
                let whole = whole.checked_mul(months)?;
                Some(Self::of_months(whole.checked_add(rest)?))
            }
            Unit::Days(days) => {
                let rest = Self::of_days(fraction * days as f64)?;
                let days = whole.checked_mul(days)?;
                rest.plus(Self {
                    days,
                    ..Self::default()
                })
            }
            Unit::Micros(micros) => {
                let rest = long((fraction * micros as f64).round_ties_even())?;
                let whole = whole.checked_mul(micros)?;
                Some(Self::of_micros(whole.checked_add(rest)?))
            }
        }
    }

    fn of_months(months: i64) -> Self {
        Self {
            months,
            ..Self::default()
        }
    }

    fn of_micros(micros: i64) -> Self {
        Self {
            micros,
            ..Self::default()
        }
    }

    fn of_days(days: f64) -> Option<Self> {
        Some(Self {
            months: 0,
            days: long(days.trunc())?,
            micros: long((days.fract() * DAY as f64).round_ties_even())?,
        })
    }

    /// From one date to another, in days and parts of a day.
    pub(super) fn between(from: i64, to: i64) -> Option<Self> {
        let micros = to.checked_sub(from)?;
        Some(Self {
            months: 0,
            days: micros / DAY,
            micros: micros % DAY,
        })
    }

    /// The date that is so much later, in microseconds since 1970; null if there is no such date.
    pub(super) fn after(self, date: i64) -> Option<i64> {
        let date = if self.months == 0 {
            date
        } else {
            let months = Months::new(u32::try_from(self.months.unsigned_abs()).ok()?);
            let date = dates::instant(date)?;
            let moved = if self.months > 0 {
                date.checked_add_months(months)
            } else {
                date.checked_sub_months(months)
            };
            moved?.timestamp_micros()
        };
        let days = self.days.checked_mul(DAY)?;
        let date = date.checked_add(days)?.checked_add(self.micros)?;
        let first = DateTime::<Utc>::MIN_UTC.timestamp_micros();
        let last = DateTime::<Utc>::MAX_UTC.timestamp_micros();
        (first..=last).contains(&date).then_some(date)
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            micros: self.micros.checked_add(other.micros)?,
        })
    }

    pub(super) fn negated(self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            micros: self.micros.checked_neg()?,
        })
    }

    /// As PostgreSQL has it: what is left of a month goes to the days, and of a day to the time.
    pub(super) fn times(self, factor: f64) -> Option<Self> {
        let (months, days) = (self.months as f64 * factor, self.days as f64 * factor);
        let seconds = |value: f64| (value * 1e6).round_ties_even() / 1e6;
        let month_days = seconds(months.fract() * MONTH_DAYS as f64);
        let rest = seconds((days.fract() + month_days.fract()) * 86_400.0);
        let more_days = (rest / 86_400.0).trunc();
        let rest = (rest - more_days * 86_400.0) * 1e6;
        let days = days.trunc() + month_days.trunc() + more_days;
        let micros = (self.micros as f64 * factor + rest).round_ties_even();
        Some(Self {
            months: long(months.trunc())?,
            days: long(days)?,
            micros: long(micros)?,
        })
    }

    /// In seconds, if a year has 365.25 days.
    pub(super) fn seconds(self) -> f64 {
        let (years, months) = (self.months / 12, self.months % 12);
        let days = years as f64 * 365.25 + (months * MONTH_DAYS) as f64 + self.days as f64;
        days * 86_400.0 + self.micros as f64 / 1e6
    }
}

impl PartialEq for Interval {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Interval {}

impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Interval {
    fn cmp(&self, other: &Self) -> Ordering {
        let micros = |interval: &Self| {
            let days = i128::from(interval.months) * i128::from(MONTH_DAYS);
            (days + i128::from(interval.days)) * i128::from(DAY) + i128::from(interval.micros)
        };
        micros(self).cmp(&micros(other))
    }
}

/// A whole number, if it is in range.
pub(super) fn long(value: f64) -> Option<i64> {
    let end = 2_f64.powi(63);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
    let long = value as i64;
    (-end..end).contains(&value).then_some(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_in_the_forms_of_postgresql() {
        for (text, expected) in [
            ("1 month", Some((1, 0, 0))),
            ("1 year 2 mons 3 days", Some((14, 3, 0))),
            ("2 days 03:04:05.5", Some((0, 2, 11_045_500_000))),
            ("-1 day +01:00", Some((0, -1, 3_600_000_000))),
            ("-00:30", Some((0, 0, -1_800_000_000))),
            ("1.5 days", Some((0, 1, 43_200_000_000))),
            ("1.5 months", Some((1, 15, 0))),
            ("1.5 years", Some((18, 0, 0))),
            ("0.5 week", Some((0, 3, 43_200_000_000))),
            ("-.5 s", Some((0, 0, -500_000))),
            ("1h 30m ago", Some((0, 0, -5_400_000_000))),
            ("90", Some((0, 0, 90_000_000))),
            ("P1Y2M3DT4H5M6S", Some((14, 3, 14_706_000_000))),
            ("", None),
            ("month", None),
            ("1 moon", None),
            ("1 month 2", Some((1, 0, 2_000_000))),
            ("ago", None),
            ("1:2:3:4", None),
            ("1:x", None),
            ("1.x days", None),
            ("P", None),
            ("PT", None),
            ("P1", None),
            ("99999999999999999999 days", None),
            ("9223372036854775807 years", None),
        ] {
            let found = Interval::parse(text);
            let found = found.map(|found| (found.months, found.days, found.micros));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn dates_move_by_months_then_days_then_time() {
        let date = |text: &str| dates::parse(text).expect("a date");
        for (from, interval, to) in [
            ("2024-01-31", "1 month", "2024-02-29"),
            ("2023-01-31", "1 month", "2023-02-28"),
            ("2024-03-31", "-1 month", "2024-02-29"),
            ("2024-01-31", "1 month 1 day", "2024-03-01"),
            ("2024-02-29", "1 year", "2025-02-28"),
            ("2024-01-01", "36 hours", "2024-01-02T12:00"),
        ] {
            let interval = Interval::parse(interval).expect("an interval");
            assert_eq!(interval.after(date(from)), Some(date(to)), "{from}");
        }
        let long = Interval::parse("290000 years").expect("an interval");
        assert_eq!(long.after(date("2024-01-01")), None);
    }

    #[test]
    fn intervals_are_multiplied_as_in_postgresql() {
        for (text, factor, expected) in [
            ("1 month", 1.5, (1, 15, 0)),
            ("1 day", 0.5, (0, 0, 43_200_000_000)),
            ("1 month", 0.7, (0, 21, 0)),
            ("00:00:01", 0.1, (0, 0, 100_000)),
        ] {
            let interval = Interval::parse(text).expect("an interval");
            let found = interval.times(factor).expect("it is in range");
            assert_eq!((found.months, found.days, found.micros), expected, "{text}");
        }
    }
}
