//! Types of fields: as a mapping names them, and as columns keep their values.

use whittle_host::edits;

/// How a field's values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// `true` or `false`.
    Boolean,
    /// Integers of 64 bits.
    Long,
    /// Floats of 64 bits.
    Double,
    /// Instants, in microseconds since 1970.
    Date,
    /// Texts that are found whole.
    Keyword,
    /// Texts that are found by their words.
    Text,
}

impl FieldType {
    /// The type's name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Long => "long",
            Self::Double => "double",
            Self::Date => "date",
            Self::Keyword => "keyword",
            Self::Text => "text",
        }
    }
}

/// A type as a mapping names it: narrow numbers are kept as wide ones, and keep their range and
/// precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ValueType {
    Boolean,
    Byte,
    Short,
    Integer,
    Long,
    HalfFloat,
    Float,
    Double,
    /// Whole multiples of `1 / factor`.
    ScaledFloat {
        factor: f64,
    },
    Date,
    Keyword,
    Text,
}

impl ValueType {
    pub(super) const NAMES: &str = "`boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object`";

    /// The type with a name; a factor of 1 where that is a parameter of its own.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "byte" => Self::Byte,
            "short" => Self::Short,
            "integer" => Self::Integer,
            "long" => Self::Long,
            "half_float" => Self::HalfFloat,
            "float" => Self::Float,
            "double" => Self::Double,
            "scaled_float" => Self::ScaledFloat { factor: 1.0 },
            "date" => Self::Date,
            "keyword" => Self::Keyword,
            "text" => Self::Text,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Byte => "byte",
            Self::Short => "short",
            Self::Integer => "integer",
            Self::Long => "long",
            Self::HalfFloat => "half_float",
            Self::Float => "float",
            Self::Double => "double",
            Self::ScaledFloat { .. } => "scaled_float",
            Self::Date => "date",
            Self::Keyword => "keyword",
            Self::Text => "text",
        }
    }

    pub(super) fn kept_as(self) -> FieldType {
        match self {
            Self::Boolean => FieldType::Boolean,
            Self::Byte | Self::Short | Self::Integer | Self::Long => FieldType::Long,
            Self::HalfFloat | Self::Float | Self::Double | Self::ScaledFloat { .. } => {
                FieldType::Double
            }
            Self::Date => FieldType::Date,
            Self::Keyword => FieldType::Keyword,
            Self::Text => FieldType::Text,
        }
    }

    /// Whether an integer is within the type's range.
    pub(super) fn has_integer(self, value: i64) -> bool {
        match self {
            Self::Byte => i8::try_from(value).is_ok(),
            Self::Short => i16::try_from(value).is_ok(),
            Self::Integer => i32::try_from(value).is_ok(),
            _ => true,
        }
    }

    /// A number with the type's precision; infinite if it is out of the type's range.
    pub(super) fn rounded(self, value: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "that a float is narrower is the point"
        )]
        match self {
            Self::HalfFloat => half::f16::from_f32(value as f32).to_f64(),
            Self::Float => f64::from(value as f32),
            // As Java rounds: halves up.
            Self::ScaledFloat { factor } => (value * factor + 0.5).floor() / factor,
            _ => value,
        }
    }
}

/// What to do in place of a type that there is not here: one of OpenSearch's, or a misspelt one.
pub(super) fn instead_of(name: &str) -> String {
    let instead = match name {
        "nested" => "use `object`, or a document for each nested object",
        "geo_point" => "use two fields of type `double`",
        "string" | "str" => "use `text` or `keyword`",
        "int" => "use `integer`",
        "number" => "use `long` or `double`",
        "bool" => "use `boolean`",
        "datetime" | "timestamp" => "use `date`",
        "alias" => "query the field itself",
        "ip" | "constant_keyword" | "wildcard" | "version" | "flat_object" | "flattened" => {
            "use `keyword`"
        }
        "date_nanos" => "use `date`, which keeps microseconds",
        "unsigned_long" => "use `long`, or `keyword` for identifiers",
        "integer_range" | "long_range" | "float_range" | "double_range" | "date_range"
        | "ip_range" => "use two fields, one for each end",
        "binary" => "use an `object` with `enabled` false, which stays in the source alone",
        "match_only_text" | "search_as_you_type" | "completion" => "use `text`",
        "token_count" => "use `integer`",
        _ => {
            let known = ValueType::NAMES.split(", ");
            let known = known.map(|known| known.trim_matches('`'));
            let near = known.filter_map(|known| Some((edits(name, known)?, known)));
            return match near.min() {
                Some((1..=2, near)) => format!("did you mean `{near}`?"),
                _ => "use another type".to_owned(),
            };
        }
    };
    instead.to_owned()
}
