//! Date patterns as Java's `DateTimeFormatter` has them, as far as they are in everyday use.
//!
//! | letters | what |
//! |---|---|
//! | `y`, `u` | the year: `yyyy` four digits or a sign and more, `yy` from 2000 on |
//! | `M`, `d`, `H`, `h`, `m`, `s` | numbers: two letters two digits, one letter one or two |
//! | `MMM`, `MMMM`, `E` to `EEEE`, `a` | English names of months, of weekdays; AM or PM |
//! | `S` | so many digits of a fraction of a second |
//! | `Z`, `X`, `x` | the offset from UTC; each is read in any of its forms |
//! | `'text'`, `''`, `[...]` | the text, a quote, what may be left out |
//!
//! What a pattern lacks is that of 1970-01-01T00:00:00Z.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike};

use super::{instant, offset_seconds};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// Whether numbers may have fewer digits than letters.
    lenient: bool,
    /// Whether a fraction may have any number of digits.
    any_fraction: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(char),
    Number(Unit, usize),
    Fraction(usize),
    MonthName { whole: bool },
    Weekday { whole: bool },
    HalfOfDay,
    Offset(char, usize),
    Optional(Vec<Part>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    HourOfHalf,
    Minute,
    Second,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// What was read of a date so far.
#[derive(Clone)]
struct Read {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    is_afternoon: Option<bool>,
    minute: u32,
    second: u32,
    nanos: u32,
    offset_seconds: i64,
}

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        let parts = parts(&letters, &mut at, false)?;
        Ok(Self {
            parts,
            lenient: false,
            any_fraction: false,
        })
    }

    /// The pattern, with numbers that may have fewer digits.
    pub(super) fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// The pattern, with fractions of one to nine digits.
    pub(super) fn any_fraction(mut self) -> Self {
        self.any_fraction = true;
        self
    }

    /// Microseconds since 1970.
    pub(super) fn parse(&self, text: &str) -> Option<i64> {
        self.parse_with(text, (0, 0, 0, 0), 0)
    }

    /// The first and the last instant of the day, hour, minute or second that a date says.
    pub(super) fn span(&self, text: &str, zone_seconds: i64) -> Option<(i64, i64)> {
        let first = self.parse_with(text, (0, 0, 0, 0), zone_seconds)?;
        let last = self.parse_with(text, (23, 59, 59, 999_999_999), zone_seconds)?;
        Some((first, last))
    }

    /// Reads a date, which has the parts of a time and the offset from UTC if it says no others.
    fn parse_with(
        &self,
        text: &str,
        (hour, minute, second, nanos): (u32, u32, u32, u32),
        offset_seconds: i64,
    ) -> Option<i64> {
        let mut read = Read {
            year: 1970,
            month: 1,
            day: 1,
            hour,
            is_afternoon: None,
            minute,
            second,
            nanos,
            offset_seconds,
        };
        let rest = self.parse_parts(&self.parts, text, &mut read)?;
        if rest.is_empty() { read.micros() } else { None }
    }

    /// The rest of a text, after the parts.
    fn parse_parts<'t>(
        &self,
        parts: &[Part],
        mut text: &'t str,
        read: &mut Read,
    ) -> Option<&'t str> {
        for part in parts {
            text = self.parse_part(part, text, read)?;
        }
        Some(text)
    }

    fn parse_part<'t>(&self, part: &Part, text: &'t str, read: &mut Read) -> Option<&'t str> {
        match part {
            Part::Literal(letter) => text.strip_prefix(*letter),
            Part::Number(Unit::Year, letters) => self.parse_year(*letters, text, read),
            Part::Number(unit, letters) => {
                let least = if self.lenient { 1 } else { *letters };
                let (value, rest) = number(text, least, 2.max(*letters))?;
                *match unit {
                    Unit::Month => &mut read.month,
                    Unit::Day => &mut read.day,
                    Unit::Minute => &mut read.minute,
                    Unit::Second => &mut read.second,
                    Unit::Year | Unit::Hour | Unit::HourOfHalf => &mut read.hour,
                } = value;
                Some(rest)
            }
            Part::Fraction(digits) => {
                let (least, most) = if self.any_fraction {
                    (1, 9)
                } else {
                    (*digits, *digits)
                };
                let (value, rest) = number(text, least, most)?;
                let missing = u32::try_from(9 + rest.len() - text.len()).ok()?;
                read.nanos = value.checked_mul(10_u32.checked_pow(missing)?)?;
                Some(rest)
            }
            Part::MonthName { whole } => {
                let (month, rest) = name(&MONTHS, *whole, text)?;
                read.month = u32::try_from(month).ok()? + 1;
                Some(rest)
            }
            Part::Weekday { whole } => Some(name(&WEEKDAYS, *whole, text)?.1),
            Part::HalfOfDay => {
                let half = text.get(..2)?.to_ascii_uppercase();
                read.is_afternoon = Some(match half.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                text.get(2..)
            }
            Part::Offset(..) => {
                let is_of_offset =
                    |letter: char| letter.is_ascii_digit() || "+-:Zz".contains(letter);
                let end = text
                    .find(|letter| !is_of_offset(letter))
                    .unwrap_or(text.len());
                read.offset_seconds = offset_seconds(&text[..end])?;
                Some(&text[end..])
            }
            Part::Optional(parts) => {
                let before = read.clone();
                let rest = self.parse_parts(parts, text, read);
                if rest.is_none() {
                    *read = before;
                }
                Some(rest.unwrap_or(text))
            }
        }
    }

    fn parse_year<'t>(&self, letters: usize, text: &'t str, read: &mut Read) -> Option<&'t str> {
        let unsigned = text.strip_prefix(['+', '-']).filter(|_| letters != 2);
        let (value, rest) = match unsigned {
            Some(unsigned) => number(unsigned, letters, 6)?,
            None if self.lenient || letters == 1 => number(text, 1, 6)?,
            None => number(text, letters, letters)?,
        };
        let year = i32::try_from(value).ok()?;
        read.year = match unsigned {
            Some(_) if text.starts_with('-') => -year,
            _ if letters == 2 => 2000 + year,
            _ => year,
        };
        Some(rest)
    }

    /// A date, so many seconds from UTC; `None` if it lies beyond what can be printed.
    pub(super) fn print(&self, micros: i64, offset_seconds: i32) -> Option<String> {
        let offset = FixedOffset::east_opt(offset_seconds)?;
        let instant = instant(micros)?.with_timezone(&offset);
        let mut text = String::new();
        print_parts(&self.parts, &instant, &mut text);
        Some(text)
    }
}

impl Read {
    fn micros(self) -> Option<i64> {
        let hour = match self.is_afternoon {
            None => self.hour,
            Some(afternoon) if (1..=12).contains(&self.hour) => {
                self.hour % 12 + if afternoon { 12 } else { 0 }
            }
            Some(_) => return None,
        };
        let day = NaiveDate::from_ymd_opt(self.year, self.month, self.day)?;
        let time = NaiveTime::from_hms_nano_opt(hour, self.minute, self.second, self.nanos)?;
        day.and_time(time)
            .and_utc()
            .timestamp_micros()
            .checked_sub(self.offset_seconds.checked_mul(1_000_000)?)
    }
}

/// Reads the parts of a pattern up to its end, or to the end of what may be left out.
fn parts(letters: &[char], at: &mut usize, is_optional: bool) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while let Some(&letter) = letters.get(*at) {
        let run = letters[*at..]
            .iter()
            .take_while(|other| **other == letter)
            .count();
        match letter {
            '\'' => quoted(letters, at, &mut parts)?,
            '[' => {
                *at += 1;
                parts.push(Part::Optional(self::parts(letters, at, true)?));
            }
            ']' if is_optional => {
                *at += 1;
                return Ok(parts);
            }
            _ if letter.is_ascii_alphabetic() => {
                parts.push(part(letter, run)?);
                *at += run;
            }
            '{' | '}' | '#' | ']' => return Err(format!("`{letter}` is reserved: quote it")),
            _ => {
                parts.push(Part::Literal(letter));
                *at += 1;
            }
        }
    }
    if is_optional {
        return Err("a `[` is not closed".to_owned());
    }
    Ok(parts)
}

fn part(letter: char, count: usize) -> Result<Part, String> {
    let number = |unit, most: usize| {
        let fits = count <= most;
        fits.then_some(Part::Number(unit, count))
    };
    let part = match letter {
        'y' | 'u' => number(Unit::Year, 6),
        'M' | 'L' if count <= 2 => number(Unit::Month, 2),
        'M' | 'L' if count <= 4 => Some(Part::MonthName { whole: count == 4 }),
        'd' => number(Unit::Day, 2),
        'H' => number(Unit::Hour, 2),
        'h' => number(Unit::HourOfHalf, 2),
        'm' => number(Unit::Minute, 2),
        's' => number(Unit::Second, 2),
        'S' if count <= 9 => Some(Part::Fraction(count)),
        'E' if count <= 4 => Some(Part::Weekday { whole: count == 4 }),
        'a' if count == 1 => Some(Part::HalfOfDay),
        'Z' | 'X' | 'x' if count <= 3 => Some(Part::Offset(letter, count)),
        _ => None,
    };
    part.ok_or_else(|| {
        let letters = String::from(letter).repeat(count.min(10));
        format!("the pattern letter `{letters}` is not supported")
    })
}

fn quoted(letters: &[char], at: &mut usize, parts: &mut Vec<Part>) -> Result<(), String> {
    *at += 1;
    if letters.get(*at) == Some(&'\'') {
        parts.push(Part::Literal('\''));
        *at += 1;
        return Ok(());
    }
    while let Some(&letter) = letters.get(*at) {
        *at += 1;
        match (letter, letters.get(*at)) {
            ('\'', Some('\'')) => *at += 1,
            ('\'', _) => return Ok(()),
            _ => {}
        }
        parts.push(Part::Literal(letter));
    }
    Err("a quote is not closed".to_owned())
}

/// A number at the beginning of a text, of so many digits, and the rest.
fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let digits = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if digits < least {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// Which of some names a text begins with, and the rest.
fn name<'t>(names: &[&str], whole: bool, text: &'t str) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(number, name)| {
        let name = if whole { name } else { &name[..3] };
        let start = text.get(..name.len())?;
        start
            .eq_ignore_ascii_case(name)
            .then(|| (number, &text[name.len()..]))
    })
}

fn print_parts(parts: &[Part], instant: &DateTime<FixedOffset>, text: &mut String) {
    for part in parts {
        match part {
            Part::Literal(letter) => text.push(*letter),
            Part::Number(Unit::Year, letters) => print_year(instant.year(), *letters, text),
            Part::Number(unit, letters) => {
                let value = match unit {
                    Unit::Month => instant.month(),
                    Unit::Day => instant.day(),
                    Unit::Year | Unit::Hour => instant.hour(),
                    Unit::HourOfHalf => instant.hour12().1,
                    Unit::Minute => instant.minute(),
                    Unit::Second => instant.second(),
                };
                text.push_str(&format!("{value:0letters$}"));
            }
            Part::Fraction(digits) => {
                text.push_str(&format!("{:09}", instant.nanosecond())[..*digits]);
            }
            Part::MonthName { whole } => {
                let name = MONTHS[instant.month0() as usize];
                text.push_str(if *whole { name } else { &name[..3] });
            }
            Part::Weekday { whole } => {
                let name = WEEKDAYS[instant.weekday().num_days_from_monday() as usize];
                text.push_str(if *whole { name } else { &name[..3] });
            }
            Part::HalfOfDay => text.push_str(if instant.hour12().0 { "PM" } else { "AM" }),
            Part::Offset(letter, letters) => {
                let seconds = instant.offset().local_minus_utc();
                let form = match (letter, letters) {
                    ('X', _) if seconds == 0 => "Z",
                    ('X' | 'x', 1) if seconds % 3_600 == 0 => "%#z",
                    ('X' | 'x', 3) => "%:z",
                    _ => "%z",
                };
                text.push_str(&instant.format(form).to_string());
            }
            Part::Optional(parts) => print_parts(parts, instant, text),
        }
    }
}

fn print_year(year: i32, letters: usize, text: &mut String) {
    let digits = year.unsigned_abs();
    if letters == 2 {
        text.push_str(&format!("{:02}", digits % 100));
        return;
    }
    if year < 0 {
        text.push('-');
    } else if letters >= 4 && digits.to_string().len() > letters {
        text.push('+');
    }
    text.push_str(&format!("{digits:0letters$}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_and_printed() {
        for (pattern, text) in [
            ("yyyy-MM-dd HH:mm:ss", "2020-01-02 03:04:05"),
            ("yyyy-MM-dd HH:mm:ss.SSS", "2020-01-02 03:04:05.678"),
            ("d/M/yy", "2/1/20"),
            ("dd MMM uuuu", "02 Jan 2020"),
            ("EEEE, d MMMM y", "Thursday, 2 January 2020"),
            ("MM/dd/yyyy hh:mm:ss a", "01/02/2020 03:04:05 PM"),
            ("yyyyMMdd'T'HHmmssX", "20200102T030405Z"),
            (
                "yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx",
                "2020-01-02T03:04:05.678901+00:00",
            ),
            ("dd/MMM/yyyy:HH:mm:ss Z", "02/Jan/2020:03:04:05 +0000"),
            ("h 'o''clock' a", "3 o'clock AM"),
            ("yyyy", "+12345"),
            ("yyyy", "-0044"),
        ] {
            let read = Pattern::new(pattern).expect("a pattern");
            let micros = read
                .parse(text)
                .unwrap_or_else(|| panic!("{pattern}: {text}"));
            assert_eq!(read.print(micros, 0).as_deref(), Some(text), "{pattern}");
        }
    }

    #[test]
    fn a_date_of_another_form_is_not_read() {
        for (pattern, text) in [
            ("yyyy-MM-dd", "2020-1-2"),
            ("yyyy-MM-dd", "2020-01-02T"),
            ("yyyy-MM-dd", "2020-02-30"),
            ("yyyy-MM-dd", "12020-01-02"),
            ("HH:mm", "24:00"),
            ("SSS", "12"),
            ("dd MMM", "02 Foo"),
            ("hh a", "13 PM"),
            ("dd MMM", "02 é"),
        ] {
            assert_eq!(
                Pattern::new(pattern).expect("a pattern").parse(text),
                None,
                "{text}"
            );
        }
        let optional = Pattern::new("yyyy-MM-dd[ HH:mm[:ss]]").expect("a pattern");
        assert_eq!(optional.parse("1970-01-01"), Some(0));
        assert_eq!(optional.parse("1970-01-01 00:01"), Some(60_000_000));
        assert_eq!(optional.parse("1970-01-01 00:01:02"), Some(62_000_000));
        assert_eq!(optional.parse("1970-01-01 00:"), None);
    }

    #[test]
    fn rejects_patterns_with_their_reason() {
        let error = |pattern: &str| Pattern::new(pattern).expect_err("it is refused");
        insta::assert_snapshot!(error("YYYY"), @"the pattern letter `YYYY` is not supported");
        insta::assert_snapshot!(error("yyyy'T"), @"a quote is not closed");
        insta::assert_snapshot!(error("yyyy[-MM"), @"a `[` is not closed");
        insta::assert_snapshot!(error("yyyy}"), @"`}` is reserved: quote it");
    }
}
