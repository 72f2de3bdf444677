//! Dates: the forms that documents and queries write them in, as microseconds since 1970.
//!
//! The form that needs no format is OpenSearch's `strict_date_optional_time`, and RFC 3339 with a
//! space in place of the `T`, which Arrow reads too. A date without a zone is in UTC. A field may
//! have formats of its own ([`DateFormat`]).

mod format;
mod pattern;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

pub(crate) use format::{DEFAULT_FORMAT, DateFormat, UnknownFormat};

/// What may stand between a day and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    T,
    TOrSpace,
}

/// Reads a date: a year, a month, a day, or a day and a time down to nanoseconds, of which
/// microseconds are kept. `None` if it has another form or there is no such day.
pub(crate) fn parse(text: &str) -> Option<i64> {
    parse_optional_time(text, true, Separator::TOrSpace)
}

/// Reads a date that is written in SQL: in the forms of documents, with one digit for a month, a day or an
/// hour too, or `epoch`.
pub(crate) fn parse_written(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("epoch") {
        return Some(0);
    }
    // Two digits of a year are a year of this century in PostgreSQL.
    let has_year =
        |text: &str| text.len() >= 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    let strict = !has_year(text);
    parse_optional_time(text, strict, Separator::TOrSpace)
}

/// Reads a date as [`parse`] does; one that is not strict may have fewer digits.
fn parse_optional_time(text: &str, strict: bool, separator: Separator) -> Option<i64> {
    let separators: &[char] = match separator {
        Separator::T => &['T'],
        Separator::TOrSpace => &['T', 't', ' '],
    };
    let (day, time) = match text.find(separators) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    };
    let day = parse_day(day, strict)?;
    let Some(time) = time else {
        return Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
    };
    let (time, offset_seconds) = split_zone(time)?;
    let instant = NaiveDateTime::new(day, parse_time(time, strict)?).and_utc();
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

/// Shows a date as clients get it, in UTC: `2020-01-02T03:04:05.678Z`, with microseconds where it
/// has any.
pub(crate) fn show(micros: i64) -> String {
    show_at(micros, 0)
}

/// Shows a date so many seconds from UTC.
fn show_at(micros: i64, offset_seconds: i32) -> String {
    let offset = FixedOffset::east_opt(offset_seconds);
    let Some((instant, offset)) = DateTime::<Utc>::from_timestamp_micros(micros).zip(offset) else {
        return micros.to_string();
    };
    let form = match micros % 1_000 {
        0 => "%Y-%m-%dT%H:%M:%S%.3f",
        _ => "%Y-%m-%dT%H:%M:%S%.6f",
    };
    let shown = instant.with_timezone(&offset).format(form);
    match offset_seconds {
        0 => format!("{shown}Z"),
        _ => format!("{shown}{offset}"),
    }
}

/// An instant in UTC, where it is within what can be reckoned with.
pub(crate) fn instant(micros: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_micros(micros).single()
}

fn parse_day(text: &str, strict: bool) -> Option<NaiveDate> {
    // A year of more than four digits has a sign.
    let unsigned = text.strip_prefix(['+', '-']);
    let mut parts = unsigned.unwrap_or(text).split('-');
    let year = parts.next()?;
    let most = if unsigned.is_some() { 6 } else { 4 };
    let year = i32::try_from(digits(year, if strict { 4 } else { 1 }, most)?).ok()?;
    let year = if text.starts_with('-') { -year } else { year };
    let least = if strict { 2 } else { 1 };
    let month = parts
        .next()
        .map_or(Some(1), |part| digits(part, least, 2))?;
    let day = parts
        .next()
        .map_or(Some(1), |part| digits(part, least, 2))?;
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(year, month, day)
}

fn parse_time(text: &str, strict: bool) -> Option<NaiveTime> {
    let (text, fraction) = match text.split_once(['.', ',']) {
        None => (text, None),
        Some((text, fraction)) => (text, Some(fraction)),
    };
    let least = if strict { 2 } else { 1 };
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, least, 2)?;
    let minute = parts
        .next()
        .map_or(Some(0), |part| digits(part, least, 2))?;
    let second = parts.next().map(|part| digits(part, least, 2));
    if parts.next().is_some() || (fraction.is_some() && second.is_none()) {
        return None;
    }
    let second = second.unwrap_or(Some(0))?;
    let nanos = fraction.map_or(Some(0), nanos)?;
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)
}

fn nanos(fraction: &str) -> Option<u32> {
    let value = digits(fraction, 1, 9)?;
    let missing = u32::try_from(9 - fraction.len()).ok()?;
    Some(value * 10_u32.pow(missing))
}

/// A time and the offset of its zone in seconds.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    match time.find(['Z', 'z', '+', '-']) {
        None => Some((time, 0)),
        Some(at) => Some((&time[..at], offset_seconds(&time[at..])?)),
    }
}

/// The offset of a zone: `Z`, `+hh`, `+hhmm` or `+hh:mm`.
fn offset_seconds(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, zone) = match zone.strip_prefix('+') {
        Some(zone) => (1, zone),
        None => (-1, zone.strip_prefix('-')?),
    };
    let (hours, minutes) = match zone.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if zone.len() == 4 && zone.is_ascii() => zone.split_at(2),
        None => (zone, "00"),
    };
    let (hours, minutes) = (digits(hours, 2, 2)?, digits(minutes, 2, 2)?);
    let valid = hours <= 18 && minutes < 60;
    valid.then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

/// A number of at least and at most so many digits.
fn digits(text: &str, least: usize, most: usize) -> Option<u32> {
    let valid =
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
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
            ("+12345-01-01", Some(327_403_382_400_000_000)),
            ("-0001-12-31", Some(-62_167_305_600_000_000)),
            ("12345-01-01", None),
            ("Jun 12 1998", None),
            ("1970-01-01T00:00é00", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_date_that_is_shown_reads_as_itself() {
        for micros in [0, 1_500_000, -86_400_000_000, 1_577_934_245_678_901] {
            assert_eq!(parse(&show(micros)), Some(micros));
        }
        assert_eq!(show(1_577_934_245_678_000), "2020-01-02T03:04:05.678Z");
    }
}
