//! Which days are business days, and how many there are between two.
//!
//! No span is walked: the weekdays before a day follow from its number, and the holidays before it
//! from their order. Counts, negative ones and all, are those of numpy's `busday_count`.

use jiff::civil::Date;
use whittle_guest::Error;

/// Monday to Friday, without the holidays. The default has no holidays.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    /// Days from 1970-01-01, in their order; each once, and none on a weekend.
    holidays: Vec<i64>,
}

impl Calendar {
    /// A calendar with the holidays of a list such as `2024-12-25, 2024-12-26`.
    pub(crate) fn new(holidays: &str) -> Result<Self, Error> {
        if holidays.trim().is_empty() {
            return Ok(Self::default());
        }
        let holidays: Result<Vec<i64>, Error> = holidays.split(',').map(holiday).collect();
        let mut holidays = holidays?;
        holidays.retain(|day| is_weekday(*day));
        holidays.sort_unstable();
        holidays.dedup();
        Ok(Self { holidays })
    }

    /// How many business days there are from a day, included, to another, excluded.
    ///
    /// Where the end comes first, the count is negative. It still has the start and not the end:
    /// it is that of the days after the end up to the start.
    pub(crate) fn business_days(&self, start: i64, end: i64) -> i64 {
        let backwards = i64::from(start > end);
        self.business_days_before(end + backwards) - self.business_days_before(start + backwards)
    }

    /// Business days before a day, from a day on that is the same for all. Only differences mean
    /// anything.
    fn business_days_before(&self, day: i64) -> i64 {
        let holidays = self.holidays.partition_point(|holiday| *holiday < day);
        let (week, weekday) = week_and_weekday(day);
        5 * week + weekday.min(5) - holidays as i64
    }
}

/// The number of a day's week, and its number in that week: Monday is 0.
fn week_and_weekday(day: i64) -> (i64, i64) {
    // 1970-01-01 was a Thursday.
    let day = day + 3;
    (day.div_euclid(7), day.rem_euclid(7))
}

fn is_weekday(day: i64) -> bool {
    week_and_weekday(day).1 < 5
}

fn holiday(text: &str) -> Result<i64, Error> {
    const FIRST: Date = jiff::civil::date(1970, 1, 1);
    let text = text.trim();
    let date = date(text).ok_or_else(|| {
        Error::invalid_argument(format!(
            "parameter `holidays`: `{}` is not a date such as 2024-12-25",
            text.escape_debug()
        ))
    })?;
    Ok(date.duration_since(FIRST).as_hours() / 24)
}

/// Reads `YYYY-MM-DD`. jiff's own parser takes many more forms, and would be four fifths of the
/// component.
fn date(text: &str) -> Option<Date> {
    let number = |digits: &str, width: usize| {
        let plain = digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<i16>().ok()).flatten()
    };
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = i8::try_from(number(month, 2)?).ok()?;
    let day = i8::try_from(number(day, 2)?).ok()?;
    Date::new(number(year, 4)?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Day by day, as the textbook has it.
    fn counted(start: i64, end: i64, holidays: &[i64]) -> i64 {
        let is_business_day = |day: &i64| is_weekday(*day) && !holidays.contains(day);
        if start <= end {
            (start..end).filter(is_business_day).count() as i64
        } else {
            -((end + 1..=start).filter(is_business_day).count() as i64)
        }
    }

    proptest! {
        #[test]
        fn the_formula_counts_as_one_does_day_by_day(
            start in -400..400_i64,
            end in -400..400_i64,
            holidays in proptest::collection::vec(-400..400_i64, 0..40),
        ) {
            let dates = holidays.iter().map(|day| {
                let date = jiff::civil::date(1970, 1, 1) + jiff::SignedDuration::from_hours(24 * day);
                date.to_string()
            });
            let calendar = Calendar::new(&dates.collect::<Vec<_>>().join(",")).expect("dates");
            prop_assert_eq!(calendar.business_days(start, end), counted(start, end, &holidays));
        }
    }

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        let weekday = |date| is_weekday(holiday(date).expect("a date"));
        assert!(weekday("1970-01-02") && !weekday("1970-01-03"));
        assert!(weekday("1969-12-26") && !weekday("1969-12-28"));
        assert!(weekday("2024-02-29") && !weekday("2024-03-02"));
    }

    #[test]
    fn a_bad_holiday_is_named() {
        let told = |holidays| Calendar::new(holidays).expect_err("bad").to_string();
        assert_eq!(
            told("2024-12-25, 2024-02-30"),
            "parameter `holidays`: `2024-02-30` is not a date such as 2024-12-25"
        );
        for bad in [
            "2024-1-1",
            "2024-12-25T00:00",
            "20241225",
            "x",
            ",",
            "2024-12-25,",
            "١٢٣٤٥",
        ] {
            assert!(Calendar::new(bad).is_err(), "{bad}");
        }
        for good in ["", " ", "2024-12-25", " 2024-12-25 ,2024-12-25"] {
            assert!(Calendar::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_largest_spans_are_counted() {
        let (first, last) = (i64::MIN / 86_400_000_000 - 1, i64::MAX / 86_400_000_000);
        let calendar = Calendar::default();
        let days = calendar.business_days(first, last);
        assert!((days - (last - first) * 5 / 7).abs() <= 2);
    }
}
