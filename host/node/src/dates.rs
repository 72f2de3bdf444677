//! Dates: the forms that documents and queries write them in, as microseconds since 1970.
//!
//! The forms are those of Elasticsearch's `strict_date_optional_time||epoch_millis`, and RFC 3339
//! with a space in place of the `T`, which Arrow reads too. A date without a zone is in UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

/// Reads a date: a year, a month, a day, or a day and a time down to nanoseconds, of which
/// microseconds are kept. `None` where it has another form or there is no such day.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (day, time) = match text.find(['T', 't', ' ']) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    };
    let day = parse_day(day)?;
    let Some(time) = time else {
        return Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
    };
    let (time, offset_seconds) = split_zone(time)?;
    let instant = NaiveDateTime::new(day, parse_time(time)?).and_utc();
    instant
        .timestamp_micros()
        .checked_sub(offset_seconds.checked_mul(1_000_000)?)
}

/// Reads a number of milliseconds since 1970.
pub(crate) fn from_millis(millis: i64) -> Option<i64> {
    millis.checked_mul(1_000)
}

/// In milliseconds since 1970, as clients see dates.
pub(crate) fn to_millis(micros: i64) -> i64 {
    micros.div_euclid(1_000)
}

/// Whether a text is taken for a date where nothing says what it is: from a whole day on, so that
/// a year alone stays a text.
pub(crate) fn looks_like_date(text: &str) -> bool {
    text.len() >= "2000-01-01".len() && text.as_bytes()[0].is_ascii_digit() && parse(text).is_some()
}

/// Shows a date as clients get it, in UTC: `2020-01-02T03:04:05.678Z`, with microseconds where it
/// has any.
pub(crate) fn show(micros: i64) -> String {
    match DateTime::<Utc>::from_timestamp_micros(micros) {
        None => micros.to_string(),
        Some(instant) if micros % 1_000 == 0 => {
            instant.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        }
        Some(instant) => instant.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    }
}

/// An instant in UTC, where it is within what can be reckoned with.
pub(crate) fn instant(micros: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_micros(micros).single()
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    let (text, fraction) = match text.split_once(['.', ',']) {
        None => (text, None),
        Some((text, fraction)) => (text, Some(fraction)),
    };
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    let second = parts.next().map(|part| digits(part, 2));
    if parts.next().is_some() || (fraction.is_some() && second.is_none()) {
        return None;
    }
    let second = second.unwrap_or(Some(0))?;
    let nanos = fraction.map_or(Some(0), nanos)?;
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)
}

fn nanos(fraction: &str) -> Option<u32> {
    if !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let value = digits(fraction, fraction.len())?;
    let missing = u32::try_from(9 - fraction.len()).ok()?;
    Some(value * 10_u32.pow(missing))
}

/// A time and the offset of its zone in seconds: `Z`, `+hh`, `+hhmm`, `+hh:mm`, or none.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else {
        return Some((time, 0));
    };
    let (time, zone) = time.split_at(at);
    let (sign, zone) = (if zone.starts_with('-') { -1 } else { 1 }, &zone[1..]);
    let (hours, minutes) = match zone.len() {
        2 => (digits(zone, 2)?, 0),
        4 if zone.is_ascii() => (digits(&zone[..2], 2)?, digits(&zone[2..], 2)?),
        5 => {
            let (hours, minutes) = zone.split_once(':')?;
            (digits(hours, 2)?, digits(minutes, 2)?)
        }
        _ => return None,
    };
    let valid = hours <= 18 && minutes < 60;
    valid.then(|| {
        (
            time,
            sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60),
        )
    })
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let valid = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_all_their_forms() {
        for (text, expected) in [
            ("1970", Some(0)),
            ("1970-02", Some(31 * 86_400_000_000)),
            ("1970-01-02", Some(86_400_000_000)),
            ("1970-01-01T01", Some(3_600_000_000)),
            ("1970-01-01T00:01", Some(60_000_000)),
            ("1970-01-01T00:00:01", Some(1_000_000)),
            ("1970-01-01 00:00:01.5", Some(1_500_000)),
            ("1970-01-01T00:00:00.123456789Z", Some(123_456)),
            ("1970-01-01T02:00:00+02:00", Some(0)),
            ("1970-01-01T02:00:00+0200", Some(0)),
            ("1969-12-31T22:00:00-02", Some(0)),
            ("1969-12-31", Some(-86_400_000_000)),
            ("", None),
            ("70", None),
            ("1970-13", None),
            ("1970-02-30", None),
            ("1970-01-01T", None),
            ("1970-01-01T24", None),
            ("1970-01-01T00:00:00.", None),
            ("1970-01-01T00:00+25:00", None),
            ("1970-01-01x", None),
            ("1970-1-1", None),
            ("Jun 12 1998", None),
            ("1970-01-01T00:00é00", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_year_alone_does_not_look_like_a_date() {
        assert!(looks_like_date("2020-01-01"));
        assert!(!looks_like_date("2020"));
        assert!(!looks_like_date("2020-01"));
        assert!(!looks_like_date("a reader's text"));
    }

    #[test]
    fn a_date_that_is_shown_reads_as_itself() {
        for micros in [0, 1_500_000, -86_400_000_000, 1_577_934_245_678_901] {
            assert_eq!(parse(&show(micros)), Some(micros));
        }
        assert_eq!(show(1_577_934_245_678_000), "2020-01-02T03:04:05.678Z");
    }
}
