//! What is wrong with an expression, at which position, and what to write instead.

use std::fmt;

use sqlparser::tokenizer::Location;
use whittle_host::one_line;

/// A position in an expression's text: lines and columns are counted from 1, columns
/// in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column in the line.
    pub column: u64,
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self {
            line: location.line.max(1),
            column: location.column.max(1),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 | 1 => write!(formatter, "column {}", self.column),
            line => write!(formatter, "line {line}, column {}", self.column),
        }
    }
}

/// Why an expression cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// The text is not an expression.
    #[error("expression, {at}: {reason}")]
    Syntax {
        /// The position at which parsing stopped.
        at: Position,
        /// What was expected there, and what was found.
        reason: String,
    },
    /// The text is too long.
    #[error("expression: it has {bytes} bytes, but at most {max} are allowed: shorten it")]
    TooLong {
        /// Its length, in bytes.
        bytes: usize,
        /// The most that are allowed, in bytes.
        max: usize,
    },
    /// There are too many words and signs.
    #[error(
        "expression: it has {tokens} words and signs, but at most {max} are allowed: shorten it"
    )]
    TooManyTokens {
        /// How many there are.
        tokens: usize,
        /// The most that are allowed.
        max: usize,
    },
    /// It is nested too deeply.
    #[error("expression, {at}: it is nested more than {max} levels deep: flatten it")]
    TooDeep {
        /// The position at which it gets too deep.
        at: Position,
        /// The deepest that is allowed.
        max: usize,
    },
    /// No column has this name.
    #[error("expression, {at}: unknown column `{name}`: {hint}")]
    UnknownColumn {
        /// Its position.
        at: Position,
        /// The name.
        name: String,
        /// What was probably meant.
        hint: String,
    },
    /// No function has this name.
    #[error("expression, {at}: unknown function `{name}`: {hint}")]
    UnknownFunction {
        /// Its position.
        at: Position,
        /// The name.
        name: String,
        /// What was probably meant.
        hint: String,
    },
    /// A function is called with too few or too many arguments.
    #[error("expression, {at}: `{function}` takes {takes}, but has {given}")]
    Arguments {
        /// The call's position.
        at: Position,
        /// The function.
        function: String,
        /// What it takes.
        takes: String,
        /// How many it has.
        given: usize,
    },
    /// An operand or an argument is of the wrong type.
    #[error("expression, {at}: {what} is {found}, but {expected}")]
    Type {
        /// Its position.
        at: Position,
        /// The operand.
        what: String,
        /// Its type.
        found: &'static str,
        /// What takes which type.
        expected: String,
    },
    /// A literal, or an argument that must be one, has an invalid value.
    #[error("expression, {at}: {reason}")]
    Value {
        /// Its position.
        at: Position,
        /// What is wrong with it, and what to write.
        reason: String,
    },
    /// Expressions do not support this part of SQL.
    #[error("expression, {at}: {what}: {instead}")]
    Unsupported {
        /// Its position.
        at: Position,
        /// What is not supported.
        what: String,
        /// What to write instead.
        instead: String,
    },
    /// An expression is used in a place that takes another type.
    #[error("expression: it gives {found}, but {place} takes {expected}")]
    Returns {
        /// What the expression gives.
        found: &'static str,
        /// Its position.
        place: &'static str,
        /// What the place takes.
        expected: &'static str,
    },
}

impl ExpressionError {
    /// Without line ends and other control characters, which words of the text may contain.
    pub(super) fn in_one_line(mut self) -> Self {
        let words: Vec<&mut String> = match &mut self {
            Self::Syntax { reason, .. } | Self::Value { reason, .. } => vec![reason],
            Self::UnknownColumn { name, hint, .. } | Self::UnknownFunction { name, hint, .. } => {
                vec![name, hint]
            }
            Self::Arguments { function, .. } => vec![function],
            Self::Type { what, expected, .. } => vec![what, expected],
            Self::Unsupported { what, instead, .. } => vec![what, instead],
            Self::TooLong { .. }
            | Self::TooManyTokens { .. }
            | Self::TooDeep { .. }
            | Self::Returns { .. } => Vec::new(),
        };
        for word in words {
            *word = one_line(word);
        }
        self
    }
}
