//! Errors of calls, as DataFusion passes them on: one message with all of its causes.

use std::error::Error;

use datafusion::error::DataFusionError;
use whittle_host::{
    ArgumentError, BindError, EvaluateError, Function, Parameter, SelectError, nearest_name,
    with_causes,
};

/// Why a call of a UDF in SQL failed. DataFusion passes it on as [`DataFusionError::External`].
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The function cannot be selected.
    Select(SelectError),
    /// The arguments do not fit, or the guest refuses them.
    Bind(BindError),
    /// The function failed for a row, or was stopped.
    Evaluate(EvaluateError),
    /// No function has this name.
    Unknown {
        /// The name in the statement.
        function: String,
        /// The most similar name of a function, if one is similar.
        nearest: Option<String>,
    },
    /// The plan came from another process, and this one does not have the component.
    Elsewhere {
        /// The function.
        function: String,
        /// The component's name.
        component: String,
        /// The component's version.
        version: semver::Version,
    },
    /// An argument does not fit what the function does with it.
    Argument {
        /// The function.
        function: String,
        /// The parameter, if the reason is about one.
        parameter: Option<String>,
        /// The reason.
        problem: String,
    },
}

impl CallError {
    pub(crate) fn unknown<'n>(function: &str, known: impl Iterator<Item = &'n String>) -> Self {
        Self::Unknown {
            function: function.to_owned(),
            nearest: nearest_name(function, known).map(str::to_owned),
        }
    }

    pub(crate) fn argument(function: &str, problem: impl Into<String>) -> Self {
        Self::Argument {
            function: function.to_owned(),
            parameter: None,
            problem: problem.into(),
        }
    }

    pub(crate) fn parameter_of(
        function: &str,
        parameter: &str,
        problem: impl Into<String>,
    ) -> Self {
        Self::Argument {
            function: function.to_owned(),
            parameter: Some(parameter.to_owned()),
            problem: problem.into(),
        }
    }

    pub(crate) fn missing(function: &Function, parameter: &Parameter) -> Self {
        let Parameter { name, kind, .. } = parameter;
        Self::argument(
            &function.name,
            format!("missing parameter `{name}` ({kind})"),
        )
    }

    /// The parameter that the error is about.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::Argument { parameter, .. } => parameter.as_deref(),
            Self::Bind(BindError::Argument {
                source:
                    ArgumentError::Unknown { parameter, .. }
                    | ArgumentError::Missing { parameter, .. }
                    | ArgumentError::Twice { parameter }
                    | ArgumentError::Kind { parameter, .. },
                ..
            }) => Some(parameter),
            _ => None,
        }
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Select(error) => formatter.write_str(&with_causes(error)),
            Self::Bind(error) => formatter.write_str(&with_causes(error)),
            Self::Evaluate(EvaluateError::Document {
                function,
                document,
                message,
            }) => write!(
                formatter,
                "function `{function}` failed for row {document}: {message}"
            ),
            Self::Evaluate(EvaluateError::Stopped {
                function,
                document,
                source,
            }) => write!(
                formatter,
                "function `{function}` was stopped at row {document}: {}",
                with_causes(source)
            ),
            Self::Evaluate(error) => formatter.write_str(&with_causes(error)),
            Self::Unknown { function, nearest } => {
                write!(formatter, "unknown function `{function}`")?;
                match nearest {
                    Some(nearest) => write!(formatter, ": did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
            Self::Elsewhere {
                function,
                component,
                version,
            } => write!(
                formatter,
                "function `{function}` cannot run here: this process does not have the component \
                 `{component}` {version}"
            ),
            Self::Argument {
                function, problem, ..
            } => {
                write!(formatter, "function `{function}`: {problem}")
            }
        }
    }
}

/// The message already has the causes, since DataFusion shows the message only.
impl Error for CallError {}

impl From<CallError> for DataFusionError {
    fn from(error: CallError) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<SelectError> for CallError {
    fn from(error: SelectError) -> Self {
        Self::Select(error)
    }
}

impl From<BindError> for CallError {
    fn from(error: BindError) -> Self {
        Self::Bind(error)
    }
}

impl From<EvaluateError> for CallError {
    fn from(error: EvaluateError) -> Self {
        Self::Evaluate(error)
    }
}
