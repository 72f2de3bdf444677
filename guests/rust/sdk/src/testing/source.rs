//! A value of a fake document: JSON whose numbers keep their digits, and instants.

use std::fmt;

use serde_json::value::RawValue;

use super::instant;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Null,
    Boolean(bool),
    /// Its digits as they were written.
    Number(String),
    Text(String),
    /// Microseconds since 1970, which JSON has as a text.
    Instant(i64),
    List(Vec<Source>),
    Object(Vec<(String, Source)>),
}

impl Source {
    /// Reads JSON. A key that comes twice in an object is refused, as the host does.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let valid: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut reader = Reader {
            text: valid.get(),
            at: 0,
        };
        reader.value()
    }
}

/// Takes a text apart that is known to be valid JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Source, String> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => {
                let mut elements = Vec::new();
                while self.goes_on(b']') {
                    elements.push(self.value()?);
                }
                Ok(Source::List(elements))
            }
            Some(b'"') => self.string().map(Source::Text),
            _ => Ok(match self.word() {
                "null" => Source::Null,
                "true" => Source::Boolean(true),
                "false" => Source::Boolean(false),
                digits => Source::Number(digits.to_owned()),
            }),
        }
    }

    fn object(&mut self) -> Result<Source, String> {
        let mut members: Vec<(String, Source)> = Vec::new();
        while self.goes_on(b'}') {
            let key = self.string()?;
            // The colon.
            self.peek();
            self.at += 1;
            let value = self.value()?;
            if members.iter().any(|(known, _)| *known == key) {
                return Err(format!("duplicate key `{key}`"));
            }
            members.push((key, value));
        }
        Ok(Source::Object(members))
    }

    /// Steps over the bracket or comma before an element; false if it is the bracket at the end.
    fn goes_on(&mut self, end: u8) -> bool {
        let is_end = self.peek() == Some(end);
        self.at += 1;
        if !is_end && self.peek() == Some(end) {
            // The bracket at the beginning has this one behind it.
            self.at += 1;
            return false;
        }
        !is_end
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let blanks = rest.iter().take_while(|byte| b" \t\n\r".contains(byte));
        self.at += blanks.count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn string(&mut self) -> Result<String, String> {
        self.peek();
        let (start, bytes) = (self.at, self.text.as_bytes());
        self.at += 1;
        while bytes[self.at] != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        serde_json::from_str(&self.text[start..self.at]).map_err(|error| error.to_string())
    }

    /// A number, or a name such as `null`.
    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find([',', ']', '}', ' ', '\t', '\n', '\r']);
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }
}

/// As JSON, without blanks.
impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Number(digits) => formatter.write_str(digits),
            Self::Text(text) => formatter.write_str(&quoted(text)),
            Self::Instant(micros) => formatter.write_str(&quoted(&instant::text(*micros))),
            Self::List(elements) => {
                let elements: Vec<String> = elements.iter().map(Self::to_string).collect();
                write!(formatter, "[{}]", elements.join(","))
            }
            Self::Object(members) => {
                let member = |(key, value): &(String, Self)| format!("{}:{value}", quoted(key));
                let members: Vec<String> = members.iter().map(member).collect();
                write!(formatter, "{{{}}}", members.join(","))
            }
        }
    }
}
