use std::fmt;

use crate::bindings::whittle::udf::types;

/// Why a function could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The arguments are wrong: the query must change. The text names the parameter.
    InvalidArgument(String),
    /// This document could not be handled, for the reason that the text gives.
    Failed(String),
}

impl Error {
    /// The arguments are wrong; `message` names the parameter.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::InvalidArgument(message.into())
    }

    /// This document could not be handled, for the reason that `message` gives.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::InvalidArgument(message) | Self::Failed(message)) = self;
        formatter.write_str(message)
    }
}

impl std::error::Error for Error {}

/// [`Error::Failed`].
impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::failed(message)
    }
}

/// [`Error::Failed`].
impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidArgument(message) => Self::InvalidArgument(message),
            Error::Failed(message) => Self::Failed(message),
        }
    }
}
