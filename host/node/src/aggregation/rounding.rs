//! Intervals of time: which one an instant lies in, and where each begins.
//!
//! Instants are milliseconds since 1970. Intervals are numbered, so that those between two are
//! counted before they are made. A time zone is a fixed offset from UTC.

/// How instants are put into intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rounding {
    pub(super) interval: Interval,
    /// How much later than in UTC a day begins, in milliseconds: the offset less the time zone's.
    pub(super) shift: i64,
}

/// How long an interval is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Interval {
    /// So many milliseconds, from this instant on.
    Fixed { millis: i64, from: i64 },
    /// So many months of the calendar.
    Months(i64),
}

const DAY: i64 = 86_400_000;

/// The first Monday.
const MONDAY: i64 = 4 * DAY;

impl Interval {
    /// An interval of the calendar by its name.
    pub(super) fn calendar(name: &str) -> Option<Self> {
        let fixed = |millis| Some(Self::Fixed { millis, from: 0 });
        match name {
            "second" | "1s" => fixed(1_000),
            "minute" | "1m" => fixed(60_000),
            "hour" | "1h" => fixed(3_600_000),
            "day" | "1d" => fixed(DAY),
            "week" | "1w" => Some(Self::Fixed {
                millis: 7 * DAY,
                from: MONDAY,
            }),
            "month" | "1M" => Some(Self::Months(1)),
            "quarter" | "1q" => Some(Self::Months(3)),
            "year" | "1y" => Some(Self::Months(12)),
            _ => None,
        }
    }

    /// An interval of a fixed length, as `90m`.
    pub(super) fn fixed(text: &str) -> Option<Self> {
        let millis = span(text).filter(|millis| *millis > 0)?;
        Some(Self::Fixed { millis, from: 0 })
    }
}

impl Rounding {
    /// The number of the interval that an instant lies in.
    pub(super) fn number(self, millis: i64) -> i64 {
        let local = millis.saturating_sub(self.shift);
        match self.interval {
            Interval::Fixed { millis, from } => local.saturating_sub(from).div_euclid(millis),
            Interval::Months(months) => {
                let (year, month) = month_of(local.div_euclid(DAY));
                (year * 12 + month).div_euclid(months)
            }
        }
    }

    /// The instant at which an interval begins.
    pub(super) fn start(self, number: i64) -> i64 {
        let local = match self.interval {
            Interval::Fixed { millis, from } => number.saturating_mul(millis).saturating_add(from),
            Interval::Months(months) => {
                let month = number.saturating_mul(months);
                first_day(month.div_euclid(12), month.rem_euclid(12)).saturating_mul(DAY)
            }
        };
        local.saturating_add(self.shift)
    }
}

/// A span of time in milliseconds, as `-6h`; the units are `ms`, `s`, `m`, `h` and `d`.
pub(super) fn span(text: &str) -> Option<i64> {
    let at = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

/// The year and the month, from 0, of a day since 1970. In years that begin in March a leap day is
/// the last day (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn month_of(day: i64) -> (i64, i64) {
    let day = day.saturating_add(719_468);
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let month = (from_march + 2) % 12;
    (year + era * 400 + i64::from(month < 2), month)
}

/// The first day of a month, from 0, as a day since 1970.
fn first_day(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month < 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 10) % 12;
    let day = (153 * from_march + 2) / 5 + year * 365 + year / 4 - year / 100;
    era.saturating_mul(146_097)
        .saturating_add(day)
        .saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, NaiveDate};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_read() {
        for (text, millis) in [
            ("90m", Some(5_400_000)),
            ("-1d", Some(-DAY)),
            ("+6h", Some(21_600_000)),
            ("10ms", Some(10)),
            ("1M", None),
            ("1.5h", None),
            ("h", None),
            ("", None),
            ("9999999999999999999d", None),
            ("999999999999999d", None),
        ] {
            assert_eq!(span(text), millis, "{text}");
        }
    }

    #[test]
    fn no_instant_overflows() {
        for interval in ["1s", "week", "month", "quarter", "year"] {
            let interval = Interval::calendar(interval).expect("an interval");
            for shift in [-DAY, DAY] {
                let rounding = Rounding { interval, shift };
                for millis in [i64::MIN, i64::MAX] {
                    rounding.start(rounding.number(millis));
                    rounding.start(millis);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn months_begin_where_the_calendar_says(millis in -60_000_000_000_000_i64..250_000_000_000_000) {
            let month = Rounding { interval: Interval::Months(1), shift: 0 };
            let date = DateTime::from_timestamp_millis(millis).expect("a date").date_naive();
            let first = NaiveDate::from_ymd_opt(date.year(), date.month(), 1).expect("a day");
            let expected = first.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
            prop_assert_eq!(month.start(month.number(millis)), expected);
        }

        #[test]
        fn an_instant_lies_in_its_interval(
            millis in -60_000_000_000_000_i64..250_000_000_000_000,
            name in prop::sample::select(vec!["minute", "hour", "day", "week", "month", "quarter", "year"]),
            shift in -DAY..DAY,
        ) {
            let interval = Interval::calendar(name).expect("an interval");
            let rounding = Rounding { interval, shift };
            let number = rounding.number(millis);
            prop_assert!(rounding.start(number) <= millis);
            prop_assert!(millis < rounding.start(number + 1));
        }
    }
}
