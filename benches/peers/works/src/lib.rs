//! The functions of `make peers` in Rust: native code and every guest in Rust compute with these, and differ
//! in how they get documents and give values alone.

#[path = "../../../../guests/rust/string-distance/src/pattern.rs"]
mod pattern;
mod pieces;

use serde::{Deserialize, Serialize};

pub use pattern::Pattern;
pub use pieces::{Group, Member, business_days, score};

/// A function with its constants, as `{"work": ..., "parameters": {...}}`.
#[derive(Deserialize)]
struct Request {
    work: String,
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    target: String,
    max_distance: usize,
    pattern: String,
    path: String,
    equals: String,
}

/// A function that is ready to be evaluated. The comments of `whittle_peer::Work` say what each computes.
#[derive(Default)]
#[expect(missing_docs, reason = "they are the works")]
pub enum Function {
    #[default]
    Noop,
    Score,
    Distance(Pattern),
    Regex(Group),
    Json(Member),
    BusinessDays,
}

/// A value of a function, for hosts that take any.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Output {
    Null,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

/// A document, as an engine hands it over. Fields are numbered as in [`Function::fields`].
pub trait Document {
    /// A number, or `None` without a value.
    fn number(&self, field: usize) -> Option<f64>;

    /// A number, or another one without a value.
    #[inline]
    fn number_or(&self, field: usize, other: f64) -> f64 {
        self.number(field).unwrap_or(other)
    }

    /// A text, or `None` without a value.
    fn text(&self, field: usize) -> Option<impl AsRef<str>>;
}

impl Function {
    /// The function of a request: `{"work": ..., "parameters": {...}}`.
    ///
    /// # Errors
    ///
    /// Where there is no such work, and where a pattern is not well formed.
    pub fn new(request: &str) -> Result<Self, String> {
        let request = serde_json::from_str(request).map_err(|error| error.to_string())?;
        let Request { work, parameters } = request;
        Ok(match &*work {
            "noop" => Self::Noop,
            "score" | "score-nulls" => Self::Score,
            "distance" => Self::Distance(Pattern::new(&parameters.target, parameters.max_distance)),
            "regex" => {
                Self::Regex(Group::new(&parameters.pattern).map_err(|error| error.to_string())?)
            }
            "json" => Self::Json(Member::new(&parameters.path, parameters.equals)),
            "business-days" => Self::BusinessDays,
            other => return Err(format!("there is no work `{other}`")),
        })
    }

    /// The fields that it reads.
    pub fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Noop => &[],
            Self::Score => &["price", "rating", "popularity"],
            Self::Distance(_) | Self::Regex(_) => &["title"],
            Self::Json(_) => &["data"],
            Self::BusinessDays => &["start", "end"],
        }
    }

    /// Evaluates it for a document. A text that is missing matches nothing.
    #[inline]
    pub fn evaluate(&mut self, document: &impl Document) -> Output {
        let number = |field| document.number_or(field, 0.0);
        match self {
            Self::Noop => Output::Boolean(true),
            Self::Score => Output::Number(score(number(0), number(1), number(2))),
            Self::Distance(pattern) => {
                let text = document.text(0);
                Output::Boolean(text.is_some_and(|text| pattern.matches(text.as_ref())))
            }
            Self::Regex(group) => {
                let text = document.text(0);
                let found = text.as_ref().and_then(|text| group.find(text.as_ref()));
                found.map_or(Output::Null, |found| Output::Text(found.to_owned()))
            }
            Self::Json(member) => {
                let text = document.text(0);
                Output::Boolean(text.is_some_and(|text| member.matches(text.as_ref())))
            }
            Self::BusinessDays => {
                Output::Integer(business_days(number(0) as i64, number(1) as i64))
            }
        }
    }
}
