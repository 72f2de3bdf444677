//! Timestamps as texts, as the host reads them: ISO 8601 and RFC 3339.

const DAY: i64 = 86_400_000_000;

/// Microseconds since 1970-01-01T00:00:00 UTC as a text.
pub(super) fn text(microseconds: i64) -> String {
    let (year, month, day) = date(microseconds.div_euclid(DAY));
    let rest = microseconds.rem_euclid(DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if fraction == 0 {
        String::new()
    } else {
        format!(".{fraction:06}")
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// How a text is a date in a field of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// OpenSearch's `strict_date_optional_time`.
    Optional,
    /// `2024/02/29`, with a time after a blank or without one.
    Slashes,
}

/// The years that the host has.
const YEARS: std::ops::RangeInclusive<i64> = -262_143..=262_142;

/// Reads a date of a field: microseconds since 1970.
pub(super) fn micros(form: Form, text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let separator = if form == Form::Optional { '-' } else { '/' };
    let year = reader.year()?;
    let (mut month, mut day) = (1, 1);
    let mut is_day = false;
    if reader.take(separator).is_some() {
        month = reader.number(2)?;
        if reader.take(separator).is_some() {
            (day, is_day) = (reader.number(2)?, true);
        }
    }
    let days = day_of(year, month, day)?;
    let (mut seconds, mut micros) = (days * 86_400, 0);
    match form {
        Form::Optional => {
            if reader.take('T').is_some() {
                let hour = reader.number(2)?;
                let mut time = [hour, 0, 0];
                for part in &mut time[1..] {
                    if reader.take(':').is_none() {
                        break;
                    }
                    *part = reader.number(2)?;
                }
                let has_seconds = text.matches(':').count() >= 2;
                let is_fraction = reader.take('.').or_else(|| reader.take(',')).is_some();
                if is_fraction {
                    let digits = reader.digits();
                    let fits = has_seconds && (1..=9).contains(&digits.len());
                    micros = fits.then(|| fraction(digits))?;
                }
                seconds += second_of(time, 59)? - reader.zone(18, 59)?;
            }
        }
        Form::Slashes if !is_day => return None,
        Form::Slashes => {
            if reader.take(' ').is_some() {
                let hour = reader.number(2)?;
                reader.take(':')?;
                let minute = reader.number(2)?;
                reader.take(':')?;
                seconds += second_of([hour, minute, reader.number(2)?], 59)?;
            }
        }
    }
    reader.0.is_empty().then_some(seconds * 1_000_000 + micros)
}

/// Reads milliseconds since 1970, whose fraction is left out, as microseconds.
pub(super) fn millis(digits: &str) -> Option<i64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_number = is_digits(whole.strip_prefix('-').unwrap_or(whole)) && is_digits(fraction);
    let whole: i64 = whole.parse().ok().filter(|_| is_number)?;
    whole.checked_mul(1_000)
}

/// Reads a text as a timestamp, as the contract has it: microseconds since 1970. A leap second is the
/// first second of the next minute. A time without colons has no fraction, and a blank before its
/// offset.
pub(super) fn parsed(text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let year = reader.number(4)?;
    reader.take('-')?;
    let month = reader.number(2)?;
    reader.take('-')?;
    let day = reader.number(2)?;
    let mut seconds = day_of(year, month, day)? * 86_400;
    let mut microseconds = 0;
    if reader.0.is_empty() {
        return Some(seconds * 1_000_000);
    }
    ['T', 't', ' ']
        .iter()
        .find_map(|separator| reader.take(*separator))?;
    let hour = reader.number(2)?;
    let has_colons = reader.take(':').is_some();
    let minute = reader.number(2)?;
    if has_colons {
        reader.take(':')?;
    }
    seconds += second_of([hour, minute, reader.number(2)?], 60)?;
    if has_colons && reader.take('.').is_some() {
        let digits = reader.digits();
        microseconds = (!digits.is_empty()).then(|| fraction(digits))?;
    }
    let blank = reader.0.trim_start();
    let is_offset = blank.starts_with(['+', '-']);
    if is_offset && (has_colons || blank.len() < reader.0.len()) {
        reader.0 = blank;
    } else if is_offset {
        return None;
    }
    seconds -= reader.zone(23, 99).filter(|offset| offset.abs() < 86_400)?;
    reader
        .0
        .is_empty()
        .then_some(seconds * 1_000_000 + microseconds)
}

/// The days since 1970 of a day, if there is one.
fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_month = (1..=12).contains(&month) && YEARS.contains(&year);
    let days = is_month.then(|| days(year, month, day))?;
    (date(days) == (year, month, day)).then_some(days)
}

/// The second of a day.
fn second_of([hour, minute, second]: [i64; 3], last: i64) -> Option<i64> {
    let is_time = hour < 24 && minute < 60 && second <= last;
    is_time.then_some(hour * 3600 + minute * 60 + second)
}

/// The microseconds of a fraction of a second.
fn fraction(digits: &str) -> i64 {
    let digits = digits.get(..6).unwrap_or(digits);
    format!("{digits:0<6}").parse().unwrap_or_default()
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn take(&mut self, character: char) -> Option<()> {
        self.0 = self.0.strip_prefix(character)?;
        Some(())
    }

    /// All digits from here on.
    fn digits(&mut self) -> &'a str {
        let end = self.0.find(|c: char| !c.is_ascii_digit());
        let (digits, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        digits
    }

    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let number = self.0.get(..digits)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[digits..];
        number.parse().ok()
    }

    /// Four digits, or a sign and four to six.
    fn year(&mut self) -> Option<i64> {
        let sign = match (self.take('+'), self.take('-')) {
            (None, None) => return self.number(4),
            (Some(()), _) => 1,
            (None, Some(())) => -1,
        };
        let digits = self.digits();
        let year: i64 = digits.parse().ok()?;
        (4..=6).contains(&digits.len()).then_some(sign * year)
    }

    /// The offset of a zone in seconds; none at the end of the text is 0.
    fn zone(&mut self, most_hours: i64, most_minutes: i64) -> Option<i64> {
        if self.0.is_empty() || self.take('Z').or_else(|| self.take('z')).is_some() {
            return Some(0);
        }
        let sign = match self.take('+') {
            Some(()) => 1,
            None => self.take('-').map(|()| -1)?,
        };
        let hours = self.number(2)?;
        let minutes = match self.take(':') {
            Some(()) => self.number(2)?,
            None if self.0.is_empty() => 0,
            None => self.number(2)?,
        };
        let is_offset = hours <= most_hours && minutes <= most_minutes;
        is_offset.then_some(sign * (hours * 3600 + minutes * 60))
    }
}

// Of Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, in eras of
// 400 years.

fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_iso_8601_and_rfc_3339() {
        for (text, expected) in [
            ("1970-01-02", Some(DAY)),
            ("1970-01-01T00:00:01Z", Some(1_000_000)),
            ("1970-01-01 00:00:00.5", Some(500_000)),
            ("1970-01-01T02:00:00+02:00", Some(0)),
            ("1969-12-31T23:59:59.9999995-0000", Some(-1)),
            ("2024-02-29", Some(1_709_164_800_000_000)),
            ("2023-02-29", None),
            ("1970-01-01T24:00:00Z", None),
            ("Jun 12 1998", None),
            ("", None),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for microseconds in [0, -1, 1_709_209_825_250_000, -62_135_596_800_000_000] {
            assert_eq!(parsed(&text(microseconds)), Some(microseconds));
        }
        assert_eq!(text(1_709_209_825_250_000), "2024-02-29T12:30:25.250000Z");
    }
}
