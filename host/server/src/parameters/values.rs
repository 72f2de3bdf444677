//! What a parameter's value can be, in OpenSearch's words where it is refused.

use std::time::Duration;

use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType};
use utoipa::openapi::{RefOr, Type};
use whittle_host::one_line;
use whittle_node::index::Index;

use super::bad;
use crate::error::ApiError;

/// A type of values.
pub(crate) trait Value: Sized {
    /// The JSON type that the API's description names.
    const TYPE: Type = Type::String;
    /// The only values, where they are few.
    const ONE_OF: &'static [&'static str] = &[];

    /// The value of a parameter that is not given.
    fn absent() -> Self;

    /// # Errors
    ///
    /// 400 for a text that is no such value.
    fn read(name: &'static str, text: &str) -> Result<Self, ApiError>;

    /// The schema for the API's description.
    fn schema() -> RefOr<Schema> {
        let values = (!Self::ONE_OF.is_empty()).then_some(Self::ONE_OF);
        let object = ObjectBuilder::new()
            .schema_type(Self::TYPE)
            .enum_values(values.map(<[_]>::to_vec))
            .build();
        RefOr::T(Schema::Object(object))
    }
}

impl<T: Value> Value for Option<T> {
    fn absent() -> Self {
        None
    }

    fn schema() -> RefOr<Schema> {
        T::schema()
    }

    fn read(name: &'static str, text: &str) -> Result<Self, ApiError> {
        T::read(name, text).map(Some)
    }
}

/// A flag that is off unless it is given; a name without a value sets it.
impl Value for bool {
    fn absent() -> Self {
        false
    }

    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::Boolean, Type::String]);
        let values = [json!(true), json!(false), json!("")];
        let object = ObjectBuilder::new()
            .schema_type(types)
            .enum_values(Some(values));
        RefOr::T(Schema::Object(object.build()))
    }

    fn read(name: &'static str, text: &str) -> Result<Self, ApiError> {
        match text {
            "" | "true" => Ok(true),
            "false" => Ok(false),
            other => Err(bad(format!(
                "Failed to parse value [{}] of parameter [{name}] as only [true] or [false] are \
                 allowed.",
                one_line(other)
            ))),
        }
    }
}

/// A flag that is on unless it is given as `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

impl Default for Switch {
    fn default() -> Self {
        Self(true)
    }
}

impl Value for Switch {
    fn absent() -> Self {
        Self(true)
    }

    fn schema() -> RefOr<Schema> {
        bool::schema()
    }

    fn read(name: &'static str, text: &str) -> Result<Self, ApiError> {
        bool::read(name, text).map(Self)
    }
}

impl Value for u64 {
    fn absent() -> Self {
        0
    }

    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0));
        RefOr::T(Schema::Object(object.build()))
    }

    fn read(name: &'static str, text: &str) -> Result<Self, ApiError> {
        let not_a_number = |_| {
            let text = one_line(text);
            bad(format!(
                "Failed to parse int parameter [{name}] with value [{text}]"
            ))
        };
        let number: i64 = text.parse().map_err(not_a_number)?;
        number
            .try_into()
            .map_err(|_| bad(format!("[{name}] must be 0 or more but was [{number}]")))
    }
}

/// A whole number of 64 bits, which what it is for may bound further.
impl Value for i64 {
    const TYPE: Type = Type::Integer;

    fn absent() -> Self {
        0
    }

    fn read(name: &'static str, text: &str) -> Result<Self, ApiError> {
        text.parse().map_err(|_| {
            let text = one_line(text);
            bad(format!(
                "Failed to parse long parameter [{name}] with value [{text}]"
            ))
        })
    }
}

impl Value for String {
    fn absent() -> Self {
        Self::new()
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        Ok(text.to_owned())
    }
}

/// Names with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct List(pub(crate) Vec<String>);

impl Value for List {
    fn absent() -> Self {
        Self::default()
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        let names = text.split(',').map(str::trim);
        let names = names.filter(|name| !name.is_empty());
        Ok(Self(names.map(str::to_owned).collect()))
    }
}

/// A length of time such as `30s`, `1.5h` or `-1`, which is without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    After(Duration),
    Never,
}

impl Time {
    /// Reads a length of time as OpenSearch writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text == "-1" {
            return Some(Self::Never);
        }
        if text == "0" {
            return Some(Self::After(Duration::ZERO));
        }
        const UNITS: [(&str, f64); 7] = [
            ("nanos", 1e-9),
            ("micros", 1e-6),
            ("ms", 1e-3),
            ("s", 1.0),
            ("m", 60.0),
            ("h", 3600.0),
            ("d", 86_400.0),
        ];
        let (number, seconds) =
            (UNITS.iter()).find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
        let number = number.trim();
        if !number.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let number: f64 = number.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds)
            .ok()
            .map(Self::After)
    }
}

impl Value for Time {
    fn absent() -> Self {
        Self::Never
    }

    fn read(name: &'static str, text: &str) -> Result<Self, ApiError> {
        Self::parse(text).ok_or_else(|| {
            bad(format!(
                "failed to parse setting [{name}] with value [{}] as a time value: unit is missing \
                 or unrecognized",
                one_line(text)
            ))
        })
    }
}

/// When searches see what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Refresh {
    /// After the next refresh.
    #[default]
    False,
    /// Before the answer.
    True,
    /// Before the answer, which waits for a refresh; here one is made.
    WaitFor,
}

impl Refresh {
    /// Whether searches see it before the answer.
    pub(crate) fn before_the_answer(self) -> bool {
        self != Self::False
    }

    /// Makes a refresh before the answer, if there is to be one.
    ///
    /// # Errors
    ///
    /// If it fails; what was written stands all the same.
    pub(crate) fn make(self, index: &Index) -> Result<(), ApiError> {
        match self.before_the_answer() {
            true => Ok(index.refresh()?),
            false => Ok(()),
        }
    }

    /// Whether the answer says that the write made a refresh.
    pub(crate) fn is_forced(self) -> bool {
        self == Self::True
    }
}

impl Value for Refresh {
    const ONE_OF: &'static [&'static str] = &["true", "false", "wait_for"];

    fn absent() -> Self {
        Self::False
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        match text {
            "" | "true" => Ok(Self::True),
            "false" => Ok(Self::False),
            "wait_for" => Ok(Self::WaitFor),
            other => {
                let other = one_line(other);
                Err(bad(format!("Unknown value for refresh: [{other}].")))
            }
        }
    }
}

/// How many copies of an index's shard must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActiveShards {
    All,
    Number(u64),
}

impl Default for ActiveShards {
    fn default() -> Self {
        Self::Number(1)
    }
}

impl ActiveShards {
    /// How many of an index with so many replicas.
    pub(crate) fn copies(self, replicas: u64) -> u64 {
        match self {
            Self::All => 1 + replicas,
            Self::Number(copies) => copies,
        }
    }
}

impl Value for ActiveShards {
    fn absent() -> Self {
        Self::default()
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Number).map_err(|_| {
            let text = one_line(text);
            bad(format!("cannot parse ActiveShardCount[{text}]"))
        })
    }
}

/// Whether a document may replace another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpType {
    Index,
    Create,
}

impl Value for OpType {
    const ONE_OF: &'static [&'static str] = &["index", "create"];

    fn absent() -> Self {
        Self::Index
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        match text.to_ascii_lowercase().as_str() {
            "index" => Ok(Self::Index),
            "create" => Ok(Self::Create),
            _ => Err(bad(format!(
                "opType must be 'create' or 'index', found: [{}]",
                one_line(text)
            ))),
        }
    }
}

/// Who numbers the versions of a document: the node alone, here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct VersionType;

impl Value for VersionType {
    const ONE_OF: &'static [&'static str] = &["internal"];

    fn absent() -> Self {
        Self
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        match text {
            "internal" => Ok(Self),
            "external" | "external_gt" | "external_gte" => Err(bad(format!(
                "version_type [{text}] is not supported: this node numbers versions itself; use \
                 if_seq_no and if_primary_term"
            ))),
            other => Err(bad(format!("No version type match [{}]", one_line(other)))),
        }
    }
}

/// The health of a cluster or an index, the better ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    #[default]
    Green,
    Yellow,
    Red,
}

impl Health {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

impl Value for Health {
    const ONE_OF: &'static [&'static str] = &["green", "yellow", "red"];

    fn absent() -> Self {
        Self::Green
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        match text.to_ascii_lowercase().as_str() {
            "green" => Ok(Self::Green),
            "yellow" => Ok(Self::Yellow),
            "red" => Ok(Self::Red),
            _ => Err(bad(format!(
                "unknown cluster health status [{}]",
                one_line(text)
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lengths_of_time() {
        let millis = |text| match Time::parse(text) {
            Some(Time::After(time)) => time.as_millis() as i64,
            Some(Time::Never) => -1,
            None => -2,
        };
        let read = ["0", "-1", "250ms", "1.5s", "2M", "1h", "1d", "5000micros"].map(millis);
        assert_eq!(read, [0, -1, 250, 1_500, 120_000, 3_600_000, 86_400_000, 5]);
        for text in ["", "5", "s", "-3s", "1 week", "1e400s", "infs"] {
            assert_eq!(millis(text), -2, "{text}");
        }
    }

    #[test]
    fn refuses_values_that_are_not_of_the_type() {
        fn refused<T: Value + std::fmt::Debug>(name: &'static str, text: &str) -> String {
            T::read(name, text)
                .expect_err("it is refused")
                .reason()
                .to_owned()
        }
        insta::assert_snapshot!(refused::<u64>("size", "-1"), @"[size] must be 0 or more but was [-1]");
        insta::assert_snapshot!(refused::<u64>("size", "1.0"), @"Failed to parse int parameter [size] with value [1.0]");
        insta::assert_snapshot!(refused::<Time>("timeout", "5"), @"failed to parse setting [timeout] with value [5] as a time value: unit is missing or unrecognized");
        insta::assert_snapshot!(refused::<OpType>("op_type", "delete"), @"opType must be 'create' or 'index', found: [delete]");
        insta::assert_snapshot!(refused::<VersionType>("version_type", "external"), @"version_type [external] is not supported: this node numbers versions itself; use if_seq_no and if_primary_term");
        insta::assert_snapshot!(refused::<Health>("wait_for_status", "blue"), @"unknown cluster health status [blue]");
        insta::assert_snapshot!(refused::<ActiveShards>("wait_for_active_shards", "some"), @"cannot parse ActiveShardCount[some]");
    }
}
