//! What is wrong with an expression: where, and what to write instead.
//!
//! It knows the texts of errors only: who finds one, says where it stands.

use std::fmt;

use sqlparser::tokenizer::Location;
use whittle_host::one_line;

/// Where something stands in an expression's text: lines and columns are counted from 1, columns
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
    /// The text is no expression.
    #[error("expression, {at}: {reason}")]
    Syntax {
        /// Where reading it stopped.
        at: Position,
        /// What was expected there, and what stands there.
        reason: String,
    },
    /// The text is longer than any is.
    #[error("expression: it has {bytes} bytes, but no expression has more than {max}: shorten it")]
    TooLong {
        /// Its length, in bytes.
        bytes: usize,
        /// The longest there may be, in bytes.
        max: usize,
    },
    /// There are more words and signs than in any expression.
    #[error(
        "expression: it has {tokens} words and signs, but no expression has more than {max}: shorten it"
    )]
    TooManyTokens {
        /// How many there are.
        tokens: usize,
        /// The most there may be.
        max: usize,
    },
    /// Things lie in each other too deeply.
    #[error("expression, {at}: it is nested more than {max} levels deep: flatten it")]
    TooDeep {
        /// Where it gets too deep.
        at: Position,
        /// The deepest there may be.
        max: usize,
    },
    /// Evaluating it takes more steps than any may.
    #[error(
        "expression: it takes too many steps to evaluate: split it, or nest fewer `case`, `coalesce` and comparisons of booleans in each other"
    )]
    TooComplex,
    /// No column has this name.
    #[error("expression, {at}: unknown column `{name}`: {hint}")]
    UnknownColumn {
        /// Where it stands.
        at: Position,
        /// The name.
        name: String,
        /// What may have been meant.
        hint: String,
    },
    /// There is no such function.
    #[error("expression, {at}: unknown function `{name}`: {hint}")]
    UnknownFunction {
        /// Where it stands.
        at: Position,
        /// The name.
        name: String,
        /// What may have been meant.
        hint: String,
    },
    /// A function is called with too few or too many arguments.
    #[error("expression, {at}: `{function}` takes {takes}, but is given {given}")]
    Arguments {
        /// Where the call stands.
        at: Position,
        /// The function.
        function: String,
        /// What it takes.
        takes: String,
        /// How many it is given.
        given: usize,
    },
    /// An operand or an argument is of a type that cannot stand there.
    #[error("expression, {at}: {what} is {found}, but {expected}")]
    Type {
        /// Where it stands.
        at: Position,
        /// The operand.
        what: String,
        /// Its type.
        found: &'static str,
        /// What takes which type.
        expected: String,
    },
    /// A literal, or an argument that must be one, has a value that it cannot have.
    #[error("expression, {at}: {reason}")]
    Value {
        /// Where it stands.
        at: Position,
        /// What is wrong with it, and what can be written.
        reason: String,
    },
    /// SQL has it, expressions do not.
    #[error("expression, {at}: {what}: {instead}")]
    Unsupported {
        /// Where it stands.
        at: Position,
        /// What cannot be written.
        what: String,
        /// What can be.
        instead: String,
    },
    /// A value is asked for in a place that takes another type.
    #[error("expression: it gives {found}, but {place} takes {expected}")]
    Returns {
        /// What the expression gives.
        found: &'static str,
        /// Where it stands.
        place: &'static str,
        /// What can stand there.
        expected: &'static str,
    },
}

impl ExpressionError {
    /// With the words of the text, which may be anybody's, without line ends and what else steers a
    /// terminal.
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
            | Self::TooComplex
            | Self::Returns { .. } => Vec::new(),
        };
        for word in words {
            *word = one_line(word);
        }
        self
    }
}
