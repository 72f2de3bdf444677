//! What the functions consist of.

use regex::{CaptureLocations, Regex};
use serde_json::Value;

/// The weighted sum of a document's three numbers.
#[inline]
pub fn score(price: f64, rating: f64, popularity: f64) -> f64 {
    0.3 * price + 0.5 * rating + 0.2 * popularity
}

/// The first group of a regular expression.
pub struct Group {
    regex: Regex,
    /// Where the groups of the last match are: made once, and not for each text.
    locations: CaptureLocations,
}

impl Group {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// Where it is not well formed.
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        let regex = Regex::new(pattern)?;
        let locations = regex.capture_locations();
        Ok(Self { regex, locations })
    }

    /// The group's text in the first match in a text.
    #[inline]
    pub fn find<'text>(&mut self, text: &'text str) -> Option<&'text str> {
        self.regex.captures_read(&mut self.locations, text)?;
        let (start, end) = self.locations.get(1)?;
        Some(&text[start..end])
    }
}

/// Member names, and the text that the value there has to be.
pub struct Member {
    /// A JSON pointer.
    pointer: String,
    equals: String,
}

impl Member {
    /// The member at a path such as `$.seller.country`.
    pub fn new(path: &str, equals: String) -> Self {
        Self {
            pointer: path.trim_start_matches('$').replace('.', "/"),
            equals,
        }
    }

    /// Whether a JSON text has the value. One that is not JSON does not.
    #[inline]
    pub fn matches(&self, text: &str) -> bool {
        let value: Option<Value> = serde_json::from_str(text).ok();
        let value = value
            .as_ref()
            .and_then(|value| value.pointer(&self.pointer));
        value.and_then(Value::as_str) == Some(&self.equals)
    }
}

/// How many days from `start` (included) to `end` (not included) are neither Saturdays nor Sundays.
#[inline]
pub fn business_days(start: i64, end: i64) -> i64 {
    weekdays_before(end) - weekdays_before(start)
}

/// Weekdays before a day, from a day on that is the same for all.
#[inline]
fn weekdays_before(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    let day = day + 3;
    5 * day.div_euclid(7) + day.rem_euclid(7).min(5)
}
