//! The parts of dates and intervals: `extract`, `date_part` and `date_trunc`.
//!
//! It knows the calendar as PostgreSQL counts it, and nothing of expressions.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Timelike as _, Utc};

use super::interval::{DAY, Interval, SECOND};
use crate::dates;

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    Epoch,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
}

/// The fields by their names.
pub(super) const FIELDS: &[(&str, Field)] = &[
    ("microseconds", Field::Microseconds),
    ("milliseconds", Field::Milliseconds),
    ("second", Field::Second),
    ("minute", Field::Minute),
    ("hour", Field::Hour),
    ("day", Field::Day),
    ("week", Field::Week),
    ("month", Field::Month),
    ("quarter", Field::Quarter),
    ("year", Field::Year),
    ("decade", Field::Decade),
    ("century", Field::Century),
    ("millennium", Field::Millennium),
    ("epoch", Field::Epoch),
    ("dow", Field::DayOfWeek),
    ("isodow", Field::IsoDayOfWeek),
    ("doy", Field::DayOfYear),
    ("isoyear", Field::IsoYear),
];

impl Field {
    /// The field of a name, which may be a plural.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = |name: &str| FIELDS.iter().find(|(known, _)| *known == name);
        let found = known(&name).or_else(|| known(name.strip_suffix('s')?));
        let found = found.or_else(|| known(&format!("{name}s")));
        found.map(|(_, field)| *field)
    }

    /// Whether a date can be cut to it.
    pub(super) fn truncates(self) -> bool {
        !matches!(
            self,
            Self::Epoch | Self::DayOfWeek | Self::IsoDayOfWeek | Self::DayOfYear | Self::IsoYear
        )
    }

    /// The field of a date in microseconds since 1970.
    pub(super) fn of_date(self, date: i64) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "PostgreSQL's `date_part` rounds too"
        )]
        if self == Self::Epoch {
            return Some(date as f64 / 1e6);
        }
        let date = dates::instant(date)?;
        let micros = f64::from(date.second()) * 1e6 + f64::from(date.timestamp_subsec_micros());
        let year = date.year();
        let from_zero = |number: u32| f64::from(number);
        Some(match self {
            Self::Microseconds => micros,
            Self::Milliseconds => micros / 1e3,
            Self::Second => micros / 1e6,
            Self::Minute => from_zero(date.minute()),
            Self::Hour => from_zero(date.hour()),
            Self::Day => from_zero(date.day()),
            Self::Week => from_zero(date.iso_week().week()),
            Self::Month => from_zero(date.month()),
            Self::Quarter => from_zero(date.quarter()),
            Self::Year => f64::from(without_zero(year)),
            Self::Decade => f64::from(year.div_euclid(10)),
            Self::Century => f64::from(era(year, 100)),
            Self::Millennium => f64::from(era(year, 1000)),
            Self::DayOfWeek => from_zero(date.weekday().num_days_from_sunday()),
            Self::IsoDayOfWeek => from_zero(date.weekday().number_from_monday()),
            Self::DayOfYear => from_zero(date.ordinal()),
            Self::IsoYear => f64::from(without_zero(date.iso_week().year())),
            Self::Epoch => return None,
        })
    }

    /// The field of an interval.
    #[expect(
        clippy::cast_precision_loss,
        reason = "PostgreSQL's `date_part` rounds too"
    )]
    pub(super) fn of_interval(self, interval: Interval) -> Option<f64> {
        let Interval {
            months,
            days,
            micros,
        } = interval;
        let (years, minute) = (months / 12, micros % 60_000_000);
        let number = match self {
            Self::Epoch => return Some(interval.seconds()),
            Self::Second => return Some(minute as f64 / 1e6),
            Self::Milliseconds => return Some(minute as f64 / 1e3),
            Self::Microseconds => minute,
            Self::Minute => micros / 60_000_000 % 60,
            Self::Hour => micros / 3_600_000_000,
            Self::Day => days,
            Self::Week => days / 7,
            Self::Month => months % 12,
            Self::Quarter => months % 12 / 3 + 1,
            Self::Year => years,
            Self::Decade => years / 10,
            Self::Century => years / 100,
            Self::Millennium => years / 1000,
            Self::DayOfWeek | Self::IsoDayOfWeek | Self::DayOfYear | Self::IsoYear => return None,
        };
        Some(number as f64)
    }

    /// The start of the field that a date lies in.
    pub(super) fn truncated(self, date: i64) -> Option<i64> {
        let whole = |micros: i64| Some(date - date.rem_euclid(micros));
        let day = match self {
            Self::Microseconds => return Some(date),
            Self::Milliseconds => return whole(1_000),
            Self::Second => return whole(1_000_000),
            Self::Minute => return whole(60_000_000),
            Self::Hour => return whole(3_600_000_000),
            Self::Day => return whole(DAY),
            _ => dates::instant(date)?.date_naive(),
        };
        let (year, month) = (day.year(), day.month0());
        // Centuries and millennia begin with the year 1, and so on.
        let era = |years: i32| (year - 1).div_euclid(years) * years + 1;
        let start = match self {
            Self::Week => {
                let past = day.weekday().num_days_from_monday();
                return micros(day.checked_sub_days(Days::new(past.into()))?);
            }
            Self::Month => (year, month),
            Self::Quarter => (year, month - month % 3),
            Self::Year => (year, 0),
            Self::Decade => (year.div_euclid(10) * 10, 0),
            Self::Century => (era(100), 0),
            Self::Millennium => (era(1000), 0),
            _ => return None,
        };
        micros(NaiveDate::from_ymd_opt(start.0, start.1 + 1, 1)?)
    }
}

/// No year is 0 to PostgreSQL.
fn without_zero(year: i32) -> i32 {
    if year > 0 { year } else { year - 1 }
}

/// The number of the century, or another era, in which a year lies.
fn era(year: i32, years: i32) -> i32 {
    if year > 0 {
        (year + years - 1) / years
    } else {
        -((years - year) / years)
    }
}

fn micros(day: NaiveDate) -> Option<i64> {
    let start = day.and_time(chrono::NaiveTime::MIN).and_utc();
    Some(DateTime::<Utc>::timestamp_micros(&start))
}

/// The start of a date's day.
pub(super) fn day(date: i64) -> i64 {
    date - date.rem_euclid(DAY)
}

/// A date as PostgreSQL writes it: `2020-01-31 12:00:00.5`.
pub(super) fn show(date: i64) -> Option<String> {
    let shown = dates::instant(date)?.format("%Y-%m-%d %H:%M:%S");
    Some(match date.rem_euclid(SECOND) {
        0 => shown.to_string(),
        micros => format!("{shown}.{micros:06}")
            .trim_end_matches('0')
            .to_owned(),
    })
}

/// A day as PostgreSQL writes it: `2020-01-31`.
pub(super) fn show_day(date: i64) -> Option<String> {
    Some(dates::instant(date)?.format("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> i64 {
        dates::parse(text).expect("a date")
    }

    #[test]
    fn dates_have_the_fields_of_postgresql() {
        let instant = date("2001-02-16T20:38:40.123456");
        for (name, expected) in [
            ("century", 21.0),
            ("day", 16.0),
            ("decade", 200.0),
            ("dow", 5.0),
            ("isodow", 5.0),
            ("doy", 47.0),
            ("epoch", 982_355_920.123_456),
            ("hour", 20.0),
            ("isoyear", 2001.0),
            ("microseconds", 40_123_456.0),
            ("millennium", 3.0),
            ("milliseconds", 40_123.456),
            ("minutes", 38.0),
            ("month", 2.0),
            ("QUARTER", 1.0),
            ("second", 40.123_456),
            ("week", 7.0),
            ("year", 2001.0),
        ] {
            let field = Field::named(name).expect("a field");
            assert_eq!(field.of_date(instant), Some(expected), "{name}");
        }
        let sunday = date("2006-01-01");
        assert_eq!(Field::DayOfWeek.of_date(sunday), Some(0.0));
        assert_eq!(Field::IsoDayOfWeek.of_date(sunday), Some(7.0));
        assert_eq!(Field::IsoYear.of_date(sunday), Some(2005.0));
        assert_eq!(Field::Century.of_date(date("2000-12-31")), Some(20.0));
        assert_eq!(Field::Century.of_date(date("-0001-01-01")), Some(-1.0));
        assert_eq!(Field::Year.of_date(date("-0001-01-01")), Some(-2.0));
        assert_eq!(Field::named("fortnight"), None);
    }

    #[test]
    fn dates_are_truncated_as_in_postgresql() {
        let instant = date("2021-08-19T20:38:40.123456");
        for (name, expected) in [
            ("microseconds", "2021-08-19T20:38:40.123456"),
            ("milliseconds", "2021-08-19T20:38:40.123"),
            ("second", "2021-08-19T20:38:40"),
            ("minute", "2021-08-19T20:38"),
            ("hour", "2021-08-19T20"),
            ("day", "2021-08-19"),
            ("week", "2021-08-16"),
            ("month", "2021-08-01"),
            ("quarter", "2021-07-01"),
            ("year", "2021-01-01"),
            ("decade", "2020-01-01"),
            ("century", "2001-01-01"),
            ("millennium", "2001-01-01"),
        ] {
            let field = Field::named(name).expect("a field");
            assert_eq!(field.truncated(instant), Some(date(expected)), "{name}");
        }
        let before = date("1969-12-31T23:59:59.5");
        assert_eq!(Field::Second.truncated(before), Some(-1_000_000));
        assert_eq!(
            Field::Century.truncated(date("2000-05-05")),
            Some(date("1901-01-01"))
        );
    }

    #[test]
    fn dates_are_shown_without_needless_digits() {
        for (text, expected) in [
            ("2020-01-31", "2020-01-31 00:00:00"),
            ("2020-01-31T10:20:30", "2020-01-31 10:20:30"),
            ("2020-01-31T10:20:30.5", "2020-01-31 10:20:30.5"),
            ("2020-01-31T10:20:30.000001", "2020-01-31 10:20:30.000001"),
        ] {
            assert_eq!(show(date(text)).as_deref(), Some(expected));
        }
    }
}
