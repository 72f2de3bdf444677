//! A group of a regular expression.

use std::cell::RefCell;

use regex::{CaptureLocations, Regex, RegexBuilder};
use whittle_guest::Error;

/// How large a compiled pattern may be, in bytes. The class `\w` is some 50 kB, and each
/// time that `{n}` repeats it is as much again.
const COMPILED_BYTES: usize = 4 << 20;

/// How large the tables may grow that a search makes of a pattern as it goes, in bytes.
const CACHE_BYTES: usize = 1 << 20;

/// A compiled pattern, and one of its groups.
pub(crate) struct Group {
    regex: Regex,
    number: usize,
    /// Where the groups of the last match are: made once and not for each text.
    locations: RefCell<CaptureLocations>,
}

impl Group {
    /// A group of a pattern, by the values of the parameters `pattern` and `group`.
    pub(crate) fn new(pattern: &str, number: i64) -> Result<Self, Error> {
        // For its errors, which have the position where those of `regex` draw a picture.
        regex_syntax::parse(pattern).map_err(|error| syntax(pattern, &error))?;
        let regex = RegexBuilder::new(pattern)
            .size_limit(COMPILED_BYTES)
            .dfa_size_limit(CACHE_BYTES)
            .build()
            .map_err(|_| {
                Error::invalid_argument(format!(
                    "parameter `pattern`: compiled, it is larger than {COMPILED_BYTES} bytes"
                ))
            })?;
        let groups = regex.captures_len() - 1;
        let found = usize::try_from(number).ok();
        let found = found.filter(|number| *number <= groups);
        let number = found.ok_or_else(|| {
            Error::invalid_argument(format!(
                "parameter `group`: there is no group {number}: the pattern has {groups}, and 0 is \
                 the whole match"
            ))
        })?;
        let locations = RefCell::new(regex.capture_locations());
        Ok(Self {
            regex,
            number,
            locations,
        })
    }

    /// The group's text in the first match in a text.
    pub(crate) fn of<'a>(&self, text: &'a str) -> Option<&'a str> {
        // To find where the groups are costs more than to find the match.
        if self.number == 0 {
            return self.regex.find(text).map(|found| found.as_str());
        }
        let mut locations = self.locations.borrow_mut();
        self.regex.captures_read(&mut locations, text)?;
        let (start, end) = locations.get(self.number)?;
        Some(&text[start..end])
    }
}

/// A pattern that is none, in one line. Positions are counted in characters, from 1 on.
fn syntax(pattern: &str, error: &regex_syntax::Error) -> Error {
    let (reason, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
        other => (other.to_string(), None),
    };
    let before = span.and_then(|span| pattern.get(..span.start.offset));
    let position = before.map_or(0, |before| before.chars().count()) + 1;
    Error::invalid_argument(format!(
        "parameter `pattern`: at character {position}: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pattern: &str, number: i64) -> String {
        let refused = Group::new(pattern, number).err().expect("it is refused");
        refused.to_string()
    }

    #[test]
    fn a_group_is_that_of_the_first_match() {
        let year = Group::new(r"(\w+) (?<year>\d{4})?", 2).expect("a pattern");
        assert_eq!(year.of("Alien 1979, Aliens 1986"), Some("1979"));
        assert_eq!(year.of("Alien "), None);
        assert_eq!(year.of(""), None);
        let whole = Group::new("é+", 0).expect("a pattern");
        assert_eq!(whole.of("créée"), Some("éé"));
    }

    #[test]
    fn errors_are_one_line_with_the_position() {
        assert_eq!(
            told("é(a", 0),
            "parameter `pattern`: at character 2: unclosed group"
        );
        assert_eq!(
            told("a\nb**\\", 0),
            "parameter `pattern`: at character 6: incomplete escape sequence, reached end of \
             pattern prematurely"
        );
        for pattern in [
            "[b-a]",
            "\\p{Nonsense}",
            "(?-u:\\xff)",
            "(?=a)",
            "\\1",
            "a{2,1}",
        ] {
            assert!(!told(pattern, 0).contains('\n'), "{pattern}");
        }
    }

    #[test]
    fn a_group_that_is_not_there_is_refused() {
        let none =
            "parameter `group`: there is no group 1: the pattern has 0, and 0 is the whole match";
        assert_eq!(told("a", 1), none);
        assert!(Group::new("(a)", 1).is_ok());
        for number in [-1, 2, i64::MIN, i64::MAX] {
            assert!(Group::new("(a)", number).is_err(), "{number}");
        }
    }

    #[test]
    fn what_a_pattern_takes_is_bounded() {
        let expected =
            format!("parameter `pattern`: compiled, it is larger than {COMPILED_BYTES} bytes");
        assert_eq!(told(r"((\w{100}){100}){100}", 0), expected);
        assert!(Group::new(r"\w{1,20} \w{1,20}", 0).is_ok());
        let deep = "(".repeat(1000) + &")".repeat(1000);
        assert!(told(&deep, 0).contains("maximum number of nested"));
    }

    #[test]
    fn time_is_linear_in_the_text() {
        let hard = Group::new("(a*)*b", 1).expect("a pattern");
        assert_eq!(hard.of(&"a".repeat(1_000_000)), None);
    }
}
