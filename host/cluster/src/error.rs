//! What can go wrong, and how its reason reaches the client.
//!
//! Ballista sends the debug form of an error from executors to clients, inside of texts of its own.
//! So an error of ours has a debug form that [`plain`] finds in such a text again.

use std::error::Error;
use std::fmt;

use datafusion::error::DataFusionError;

use crate::address::SchedulerError;
use crate::components::ComponentError;

/// Why a scheduler or an executor cannot start, or has ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A directory cannot be created.
    #[error("cannot create the directory {path}")]
    Directory {
        /// The directory.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The threads for tasks cannot be started.
    #[error("cannot start the threads for tasks")]
    Threads {
        /// The system's error.
        source: std::io::Error,
    },
    /// The scheduler cannot be used.
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
    /// Ballista failed.
    #[error("{0}")]
    Ballista(String),
}

/// Why a query cannot run on a cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    #[error(
        "table `{table}` cannot be read on a cluster: tables are files that the scheduler and all \
         executors reach (Parquet, CSV, NDJSON or Arrow)"
    )]
    Table { table: String },
    #[error(
        "function `{function}` cannot run on a cluster, since its component is in no registry: add it \
         with `whittle registry add` to the one that the executors use"
    )]
    NotRegistered { function: String },
    #[error(transparent)]
    Component(#[from] ComponentError),
    #[error("{0}")]
    Failed(String),
}

const BEGIN: &str = "[whittle: ";
const END: &str = " :whittle]";

/// An error whose debug form is its text between marks.
struct Marked(QueryError);

impl fmt::Debug for Marked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{BEGIN}{}{END}", self.0)
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The text already has the causes.
impl Error for Marked {}

/// An error that clients can find in the texts of Ballista.
pub(crate) fn marked(error: QueryError) -> DataFusionError {
    DataFusionError::External(Box::new(Marked(error)))
}

/// The reason in a text of Ballista: one of ours, or the engine's on a plan. `None` if it is another one.
pub(crate) fn plain(text: &str) -> Option<String> {
    if let Some((_, rest)) = text.split_once(BEGIN) {
        let (reason, _) = rest.split_once(END)?;
        return Some(reason.to_owned());
    }
    let (_, planning) = text.split_once("Error planning job")?;
    // The innermost error of a debug form: `Context("...", NotImplemented("..."))`.
    let (_, reason) = planning.rsplit_once("(\"")?;
    let (reason, _) = reason.rsplit_once("\")")?;
    Some(reason.replace("\\\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_found_in_the_texts_around_it() {
        let error = marked(QueryError::Failed("row 3: \"no\" [title]".to_owned()));
        let text = format!("Job 5 failed: Task failed: DataFusionError({error:?})");
        let reason = plain(&text);
        assert_eq!(reason.as_deref(), Some("row 3: \"no\" [title]"));
        let text = "Job 5 failed: Error planning job 5: DataFusionError(Context(\"UPDATE operation on \
            table 'films'\", NotImplemented(\"UPDATE not supported for \\\"Base\\\" table\")))";
        let reason = plain(text);
        assert_eq!(
            reason.as_deref(),
            Some("UPDATE not supported for \"Base\" table")
        );
        assert_eq!(plain("Job 5 failed: out of memory"), None);
    }
}
