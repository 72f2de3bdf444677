//! Errors, a type for each step in the life of a UDF: start an engine, register, bind, evaluate.
//!
//! Variants carry the data that a data node needs to report them in its own form (a status code, an
//! SQL error); their messages are written for people. A guest's words are bounded and in quotes.

use std::sync::Arc;
use std::time::Duration;

use crate::likeness::edits;
use crate::limits::LimitExceeded;
use crate::lines::SourceLine;
use crate::value::Kind;
use crate::words::one_line;

/// Why an [`Engine`](crate::Engine) cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Wasmtime does not support the machine or the configuration.
    #[error("wasmtime cannot start on this machine")]
    Wasmtime(#[source] Cause),
    /// The thread that enforces deadlines cannot be started.
    #[error("cannot start the thread that enforces deadlines")]
    Ticker(#[source] std::io::Error),
}

/// Why a component cannot be a UDF of this host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The component is larger than the engine's [`Limits`](crate::Limits).
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The bytes are not a valid component.
    #[error("not a valid WebAssembly component: {reason}")]
    Invalid {
        /// What the validator found, and where.
        reason: String,
    },
    /// The bytes are a core module.
    #[error(
        "this is a core WebAssembly module, not a component: build the project with `whittle build DIR`"
    )]
    CoreModule,
    /// The component does not export `whittle:udf/functions` of this version.
    #[error("the component does not export `{expected}`: {found}; {advice}")]
    World {
        /// The export that is missing.
        expected: &'static str,
        /// A list of its exports.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// The component has an import that this host does not offer.
    #[error("the component imports `{import}`, {reason}")]
    Import {
        /// The import's name.
        import: String,
        /// Why the import is refused.
        reason: &'static str,
    },
    /// The component's types are not those of the contract.
    #[error("the component does not fit the contract `whittle:udf@0.1.0`")]
    Contract(#[source] Cause),
    /// Wasmtime cannot compile it.
    #[error("the component cannot be compiled")]
    Compile(#[source] Cause),
    /// `describe` or a start function was stopped.
    #[error("the component could not be described")]
    Describe(#[source] Stopped),
    /// The manifest that `describe` returned breaks a rule.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// A rule for manifests that a component broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid manifest: {place}: {problem}")]
pub struct ManifestError {
    /// Where in the manifest, such as ``parameter `target` of function `string_distance` ``.
    pub place: String,
    /// How it breaks the rule.
    pub problem: String,
}

/// Why a function cannot be bound to a query's arguments.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The component has no such function.
    #[error("unknown function `{function}`: {}", did_you_mean(function, known))]
    UnknownFunction {
        /// The name in the query.
        function: String,
        /// The component's functions.
        known: Vec<String>,
    },
    /// An argument does not fit the manifest.
    #[error("function `{function}`")]
    Argument {
        /// The function.
        function: String,
        /// Which parameter, and why.
        source: ArgumentError,
    },
    /// The guest refused the arguments.
    #[error("function `{function}` refused its arguments: \"{message}\"")]
    Refused {
        /// The function.
        function: String,
        /// The guest's words.
        message: String,
    },
    /// The guest failed, and does not blame the arguments.
    #[error("function `{function}` failed in `prepare`: \"{message}\"")]
    Failed {
        /// The function.
        function: String,
        /// The guest's words.
        message: String,
    },
    /// `bind` was stopped.
    #[error("function `{function}` could not be bound")]
    Stopped {
        /// The function.
        function: String,
        /// The reason.
        source: Stopped,
    },
}

/// Why an argument does not fit its parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// The function has no such parameter.
    #[error("unknown parameter `{parameter}`: {}", did_you_mean(parameter, known))]
    Unknown {
        /// The name in the query.
        parameter: String,
        /// The function's parameters.
        known: Vec<String>,
    },
    /// A required parameter has no argument.
    #[error("missing parameter `{parameter}` ({kind}){}{description}", if description.is_empty() { "" } else { ": " })]
    Missing {
        /// The parameter.
        parameter: String,
        /// Its kind.
        kind: Kind,
        /// Its description in the manifest.
        description: String,
    },
    /// A parameter has two arguments.
    #[error("parameter `{parameter}` is given twice")]
    Twice {
        /// The parameter.
        parameter: String,
    },
    /// The argument is of another kind, or out of its range.
    #[error(
        "parameter `{parameter}` is {expected}, but {found} was given{}",
        accepted(*expected)
    )]
    Kind {
        /// The parameter.
        parameter: String,
        /// The parameter's kind.
        expected: Kind,
        /// The argument in the query.
        found: String,
    },
}

/// Why an evaluation ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The function failed for a document, under [`OnError::Fail`](crate::OnError::Fail).
    #[error("function `{function}` failed for document `{document}`: {message}")]
    Document {
        /// The function.
        function: String,
        /// The document's id.
        document: String,
        /// The error message; words from the guest are in quotes.
        message: String,
    },
    /// A trap, an exhausted budget or a cancellation.
    #[error("function `{function}` was stopped at document `{document}`")]
    Stopped {
        /// The function.
        function: String,
        /// The id of the document that was being evaluated.
        document: String,
        /// The reason.
        source: Stopped,
    },
    /// A column of the batch cannot be read as the kind that the function asked for.
    #[error("column `{column}` cannot be read as {kind}")]
    Column {
        /// The column, or the dotted path into it.
        column: String,
        /// The kind asked for.
        kind: Kind,
        /// Arrow's error.
        source: arrow_schema::ArrowError,
    },
    /// An earlier call ended the query; bind the function again.
    #[error("function `{function}` has already been stopped: bind it again")]
    Ended {
        /// The function.
        function: String,
    },
}

/// Why guest code was stopped. This ends the query.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// A limit of the budget was exceeded.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The query was cancelled.
    #[error("the query was cancelled")]
    Cancelled,
    /// The guest trapped.
    #[error("{}", trapped(reason, message.as_deref(), line.as_deref()))]
    Trap {
        /// Wasmtime's name for the trap.
        reason: String,
        /// The last error that the guest logged in the call that trapped: a panic's message, in
        /// languages that cannot catch one.
        message: Option<String>,
        /// The line that was running, if the component has its lines.
        line: Option<Box<SourceLine>>,
    },
    /// The guest called the host in a way that the contract forbids.
    #[error("the guest broke the contract: {reason}{}", clause(line.as_deref()))]
    Misuse {
        /// What the guest did.
        reason: String,
        /// The line that was running, if the component has its lines.
        line: Option<Box<SourceLine>>,
    },
    /// All of the engine's instances were in use for as long as a query may wait for one.
    #[error(
        "the engine is busy: its {instances} instances are in use, and none became free within {} ms",
        waited.as_millis()
    )]
    Busy {
        /// The maximum number of instances at once.
        instances: u32,
        /// How long it waited.
        waited: Duration,
    },
    /// Wasmtime failed, but not with a trap.
    #[error("wasmtime failed")]
    Wasmtime(#[source] Cause),
}

/// Wasmtime's name for the trap in which panics and aborts end.
const UNREACHABLE: &str = "wasm `unreachable` instruction executed";

/// Wasmtime's names for the traps in which a recursion that is too deep ends: of the calls, and of
/// local variables on a stack of the guest's own, at the start of its memory.
const OVERFLOW: &str = "call stack exhausted";
const OUT_OF_BOUNDS: &str = "out of bounds memory access";

fn trapped(reason: &str, message: Option<&str>, line: Option<&SourceLine>) -> String {
    let at = clause(line);
    match message {
        // Most panics name their line.
        Some(message) if reason == UNREACHABLE && line.is_some_and(|line| line.is_in(message)) => {
            format!("the guest panicked: \"{message}\"")
        }
        Some(message) if reason == UNREACHABLE => format!("the guest panicked: \"{message}\"{at}"),
        Some(message) => format!("the guest trapped: {reason}{at}, after it logged \"{message}\""),
        None => format!("the guest trapped: {reason}{at}{}", advice(reason, line)),
    }
}

/// What to do about a trap.
fn advice(reason: &str, line: Option<&SourceLine>) -> &'static str {
    match line {
        Some(line) if line.recursive && reason == OUT_OF_BOUNDS => {
            ", which calls itself: if its local variables filled the stack, limit the depth or use a \
             loop"
        }
        Some(line) if line.recursive && reason == OVERFLOW => {
            ", which calls itself: limit the depth, or use a loop"
        }
        Some(_) if reason == UNREACHABLE => ", where it aborted or exited: return an error instead",
        _ if reason == OVERFLOW => ": limit the depth of the recursion, or use a loop",
        _ => "",
    }
}

fn clause(line: Option<&SourceLine>) -> String {
    line.map_or_else(String::new, |line| format!(", {line}"))
}

impl Stopped {
    /// The same, at the line that was running.
    pub(crate) fn at(mut self, running: Option<SourceLine>) -> Self {
        if let Self::Limit(LimitExceeded { line, .. })
        | Self::Trap { line, .. }
        | Self::Misuse { line, .. } = &mut self
        {
            *line = running.map(Box::new);
        }
        self
    }
}

/// The accepted forms of an argument, where the name of its kind does not say them.
fn accepted(kind: Kind) -> &'static str {
    match kind {
        Kind::Timestamp => {
            ": give a date and time such as \"2024-01-31T12:00:00Z\", a date such as \"2024-01-31\", \
             or an integer, the microseconds since 1970-01-01T00:00:00Z"
        }
        Kind::Boolean | Kind::Int64 | Kind::Float64 | Kind::Text | Kind::Json => "",
    }
}

/// An error of a library that is not part of our interface.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Cause {
    text: Arc<str>,
}

impl Cause {
    /// Keeps an error's message as one line; the alternate form of a library's error type includes
    /// its causes.
    pub(crate) fn new(error: impl std::fmt::Display) -> Self {
        Self {
            text: one_line(&format!("{error:#}")).into(),
        }
    }

    /// Keeps the messages of an error and of its causes as one line.
    #[cfg(feature = "registry")]
    pub(crate) fn chain(error: &dyn std::error::Error) -> Self {
        Self::new(with_causes(error))
    }
}

/// The messages of an error and of its causes, for those who show one text.
///
/// ```
/// use whittle_host::{Selector, with_causes};
///
/// let error = "@".parse::<Selector>().unwrap_err();
/// assert!(with_causes(&error).starts_with(&error.to_string()));
/// ```
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let texts = std::iter::successors(Some(error), |error| error.source());
    texts
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// Suggests the known names that are most similar to a wrong one, or lists all if none is similar.
pub(crate) fn did_you_mean(wrong: &str, known: &[String]) -> String {
    let mut near: Vec<(usize, &String)> = known
        .iter()
        .filter_map(|name| Some((edits(wrong, name)?, name)))
        .filter(|(distance, name)| *distance <= name.len().max(wrong.len()) / 3)
        .collect();
    near.sort();
    let (lead, names): (_, Vec<&String>) = if near.is_empty() {
        ("expected one of", known.iter().collect())
    } else {
        (
            "did you mean",
            near.into_iter().map(|(_, name)| name).collect(),
        )
    };
    if names.is_empty() {
        return "there are none".to_owned();
    }
    if let ("expected one of", [only]) = (lead, names.as_slice()) {
        return format!("expected `{only}`");
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let end = if lead == "did you mean" { "?" } else { "" };
    format!("{lead} {}{end}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn suggests_similar_names_or_lists_all() {
        let known = ["string_distance", "string_length"].map(str::to_owned);
        assert_eq!(
            did_you_mean("string_distanse", &known),
            "did you mean `string_distance`?"
        );
        assert_eq!(
            did_you_mean("price", &known),
            "expected one of `string_distance`, `string_length`"
        );
        assert_eq!(
            did_you_mean("price", &known[..1]),
            "expected `string_distance`"
        );
        assert_eq!(did_you_mean("price", &[]), "there are none");
    }
}
