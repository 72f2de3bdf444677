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

/// A text as microseconds since 1970-01-01T00:00:00 UTC. Without a zone it is in UTC.
pub(super) fn parsed(text: &str) -> Option<i64> {
    let mut reader = Reader(text.trim());
    let year = reader.number(4)?;
    reader.take('-')?;
    let month = reader.number(2)?;
    reader.take('-')?;
    let day = reader.number(2)?;
    let days = days(year, month, day);
    if date(days) != (year, month, day) {
        return None;
    }
    let mut seconds = days * 86_400;
    let mut microseconds = 0;
    if reader
        .take('T')
        .or_else(|| reader.take('t'))
        .or_else(|| reader.take(' '))
        .is_some()
    {
        let hour = reader.number(2)?;
        reader.take(':')?;
        let minute = reader.number(2)?;
        let second = match reader.take(':') {
            Some(()) => reader.number(2)?,
            None => 0,
        };
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        seconds += hour * 3600 + minute * 60 + second;
        if reader.take('.').is_some() {
            microseconds = reader.fraction()?;
        }
        seconds -= reader.zone()?;
    }
    reader
        .0
        .is_empty()
        .then_some(seconds * 1_000_000 + microseconds)
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn take(&mut self, character: char) -> Option<()> {
        self.0 = self.0.strip_prefix(character)?;
        Some(())
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

    /// The digits of a fraction of a second, in microseconds: what is finer is dropped.
    fn fraction(&mut self) -> Option<i64> {
        let end = self
            .0
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        let digits = digits.get(..6).unwrap_or(digits);
        let padded = format!("{digits:0<6}");
        if digits.is_empty() {
            None
        } else {
            padded.parse().ok()
        }
    }

    /// The offset of a zone, in seconds.
    fn zone(&mut self) -> Option<i64> {
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
        Some(sign * (hours * 3600 + minutes * 60))
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
