//! Errors of the SQL engine in one line, with their position in the text that the user wrote.

use std::borrow::Cow;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use datafusion::common::Span;
use datafusion::error::DataFusionError;

use super::statement;
use crate::setup;

/// The text of some statements, and where it is.
#[derive(Debug)]
pub(super) struct Source {
    /// `None`: the command line or the prompt.
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
}

/// The message of an error of the engine, without its position.
pub(super) fn message(error: &DataFusionError) -> String {
    error.find_root().message().into_owned()
}

impl Source {
    /// The text of a file; `-` is standard input.
    pub(super) fn file(path: PathBuf) -> Result<Self> {
        let text = String::from_utf8(setup::read_or_stdin(&path)?);
        Ok(Self {
            text: text.with_context(|| path.display().to_string())?,
            path: (!setup::is_stdin(&path)).then_some(path),
        })
    }

    /// The engine's error as that of the command: its position, and its message without the name of
    /// the engine's component.
    pub(super) fn mistake(&self, error: &DataFusionError) -> anyhow::Error {
        self.placed(error, &self.found(error).0)
    }

    /// This message, at the position of the engine's error.
    pub(super) fn placed(&self, error: &DataFusionError, message: &str) -> anyhow::Error {
        let position = self.found(error).1;
        let path = self.path.as_ref().map(|path| path.display());
        match (path, position) {
            (None, None) => anyhow!("{message}"),
            (None, Some((line, column))) => anyhow!("line {line}, column {column}: {message}"),
            (Some(path), None) => anyhow!("{path}: {message}"),
            (Some(path), Some((line, column))) => anyhow!("{path}:{line}:{column}: {message}"),
        }
    }

    fn found<'a>(&self, error: &'a DataFusionError) -> (Cow<'a, str>, Option<(u64, u64)>) {
        let root = error.find_root();
        if let DataFusionError::SQL(parser, _) = root {
            let (message, position) = statement::position(parser, &self.text);
            return (Cow::Owned(message), Some(position));
        }
        let position = span(error).map(|span| (span.start.line, span.start.column));
        (root.message(), position)
    }
}

/// The position of an error, which other errors may hold: Arrow's, and those that several streams share.
pub(super) fn span(error: &DataFusionError) -> Option<Span> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let shared = error.downcast_ref::<Arc<DataFusionError>>();
        let engine = error.downcast_ref().or(shared.map(|error| &**error));
        if let Some(DataFusionError::Diagnostic(diagnostic, _)) = engine {
            return diagnostic.span;
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use datafusion::common::{Diagnostic, Location};

    use super::*;

    #[test]
    fn a_mistake_names_its_file_and_position() {
        let start = Location { line: 2, column: 8 };
        let diagnostic = Diagnostic::new_error("", Some(Span::new(start, start)));
        let plain = DataFusionError::Plan("no such column".to_owned());
        let placed = DataFusionError::Plan("no such column".to_owned())
            .with_diagnostic(diagnostic)
            .context("in a context");
        let told = |path: Option<&str>, error: &DataFusionError| {
            let source = Source {
                path: path.map(PathBuf::from),
                text: String::new(),
            };
            source.mistake(error).to_string()
        };
        assert_eq!(told(None, &plain), "no such column");
        assert_eq!(told(None, &placed), "line 2, column 8: no such column");
        assert_eq!(told(Some("a.sql"), &plain), "a.sql: no such column");
        assert_eq!(told(Some("a.sql"), &placed), "a.sql:2:8: no such column");
    }
}
