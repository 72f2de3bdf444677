//! What can go wrong in a registry, an error type for each step: register, select, change.

use std::time::Duration;

use super::breaker::BreakerState;
use super::selector::Selector;
use super::sha256::Sha256;
use super::storage::StorageError;
use crate::error::{BindError, Cause, RegisterError, did_you_mean};

/// Why a component cannot be registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// It is not the component that was meant.
    #[error("the component's SHA-256 is {found}, and {expected} was expected")]
    Hash {
        /// What the caller expects.
        expected: Sha256,
        /// What it is.
        found: Sha256,
    },
    /// It is no UDF of this host.
    #[error(transparent)]
    Component(#[from] RegisterError),
    /// A function that needs no arguments cannot be bound.
    #[error("it was tried without arguments, since none is required")]
    Trial(#[source] BindError),
    /// This version is there, with another component.
    #[error(
        "`{name}` {version} is registered already, with the SHA-256 {sha256}: \
         a version never changes, so give the new component a new one"
    )]
    Exists {
        /// The component's name.
        name: String,
        /// Its version.
        version: semver::Version,
        /// The registered component's hash.
        sha256: Sha256,
    },
    /// A function's name belongs to another component.
    #[error("the function `{function}` belongs to `{owner}` already: give it another name")]
    FunctionTaken {
        /// The function.
        function: String,
        /// The component that has it.
        owner: String,
    },
    /// The version was deleted while it was being registered.
    #[error("`{name}` {version} was deleted while it was being registered")]
    Deleted {
        /// The component's name.
        name: String,
        /// Its version.
        version: semver::Version,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a version cannot be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// There is no such version.
    #[error("there is no `{name}` {version}")]
    NoVersion {
        /// The component's name.
        name: String,
        /// The version.
        version: semver::Version,
    },
    /// The version has no such function, or cannot be used at all.
    #[error("`{name}` {version} has no function `{function}`")]
    NoFunction {
        /// The component's name.
        name: String,
        /// Its version.
        version: semver::Version,
        /// The function.
        function: String,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a query gets no function.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// No registered component has such a function.
    #[error("unknown function `{function}`: {}", did_you_mean(function, known))]
    UnknownFunction {
        /// The name in the query.
        function: String,
        /// The functions that there are.
        known: Vec<String>,
    },
    /// No version of the component will do.
    #[error("no version of `{selector}`: there are {}", versions.join(", "))]
    NoVersion {
        /// What the query asks for.
        selector: Selector,
        /// The versions that there are.
        versions: Vec<String>,
    },
    /// Two nodes registered components with a function of one name at the same time.
    #[error(
        "the function `{function}` is in {}: delete it from all but one",
        quoted(components)
    )]
    Ambiguous {
        /// The function.
        function: String,
        /// The components that have it.
        components: Vec<String>,
    },
    /// The version is switched off by hand.
    #[error("function `{function}` cannot be used: {version} is switched off")]
    Disabled {
        /// The function.
        function: String,
        /// The component and its version.
        version: String,
    },
    /// The function is switched off for failing too often.
    #[error(
        "function `{function}` of {version} is switched off, since it failed too often: {}",
        again(*breaker)
    )]
    SwitchedOff {
        /// The function.
        function: String,
        /// The component and its version.
        version: String,
        /// When it is tried again.
        breaker: BreakerState,
    },
    /// The version cannot be used on this node.
    #[error("{version} cannot be used on this node")]
    Unusable {
        /// The component and its version.
        version: String,
        /// What is wrong with it.
        source: Cause,
    },
}

fn again(breaker: BreakerState) -> String {
    match breaker {
        BreakerState::Open { remaining } => {
            // Whole seconds, and never none.
            let seconds = remaining.saturating_sub(Duration::from_nanos(1)).as_secs() + 1;
            format!("it is tried again in {seconds} s")
        }
        BreakerState::Probing => "a query is trying it now".to_owned(),
        BreakerState::Closed => "it is on again".to_owned(),
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" and ")
}
