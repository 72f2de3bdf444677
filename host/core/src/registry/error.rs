//! Errors of a registry, a type for each operation: register, select, change.

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
    /// Its hash is not the expected one.
    #[error("the component's SHA-256 is {found}, but {expected} was expected")]
    Hash {
        /// The hash that the caller expects.
        expected: Sha256,
        /// The hash of the component.
        found: Sha256,
    },
    /// It is not a UDF for this host.
    #[error(transparent)]
    Component(#[from] RegisterError),
    /// A function that needs no arguments cannot be bound.
    #[error("trial without arguments failed")]
    Trial(#[source] BindError),
    /// The version exists, with another component.
    #[error(
        "`{name}` {version} is already registered with another component (SHA-256 {sha256}): \
         give the new component a new version"
    )]
    Exists {
        /// The component's name.
        name: String,
        /// Its version.
        version: semver::Version,
        /// The registered component's hash.
        sha256: Sha256,
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
    #[error("`{name}` {version} is not registered")]
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

/// Why no function can be selected for a query.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// No registered component has such a function.
    #[error("unknown function `{function}`: {}", did_you_mean(function, known))]
    UnknownFunction {
        /// The name in the query.
        function: String,
        /// The functions of the registry.
        known: Vec<String>,
    },
    /// No version of the component matches.
    #[error("no version matches `{selector}`: registered are {}", versions.join(", "))]
    NoVersion {
        /// The selector in the query.
        selector: Selector,
        /// The versions of the component.
        versions: Vec<String>,
    },
    /// The name says only the function, and several components have one of this name.
    #[error(
        "several components have a function `{function}`: use {}",
        qualified(components, function)
    )]
    Ambiguous {
        /// The function.
        function: String,
        /// The components that have it.
        components: Vec<String>,
    },
    /// The version is disabled.
    #[error("function `{function}` cannot be used: {version} is disabled")]
    Disabled {
        /// The function.
        function: String,
        /// The component and its version.
        version: String,
    },
    /// The function is switched off because it failed too often.
    #[error(
        "function `{function}` of {version} is switched off because it failed too often: {}",
        again(*breaker)
    )]
    SwitchedOff {
        /// The function.
        function: String,
        /// The component and its version.
        version: String,
        /// The state of its circuit breaker.
        breaker: BreakerState,
    },
    /// Trials of the function are refused because they kept running out of time.
    #[error(
        "trials of function `{function}` of {version} are refused because they kept running out \
         of time: {}",
        again(*breaker)
    )]
    TrialsRefused {
        /// The function.
        function: String,
        /// The component and its version.
        version: String,
        /// The state of the circuit breaker of its trials.
        breaker: BreakerState,
    },
    /// The version cannot be used on this node.
    #[error("{version} cannot be used on this node")]
    Unusable {
        /// The component and its version.
        version: String,
        /// The reason.
        source: Cause,
    },
}

fn again(breaker: BreakerState) -> String {
    match breaker {
        BreakerState::Open { remaining } => {
            // Whole seconds, rounded up.
            let seconds = remaining.saturating_sub(Duration::from_nanos(1)).as_secs() + 1;
            format!("try again in {seconds} s")
        }
        BreakerState::Probing => "one query tries it now, try again later".to_owned(),
        BreakerState::Closed => "it is on again, try again".to_owned(),
    }
}

fn qualified(components: &[String], function: &str) -> String {
    let names = components.iter();
    let names: Vec<String> = names.map(|name| format!("`{name}.{function}`")).collect();
    names.join(" or ")
}
