//! The parameters of a request's address.
//!
//! Those that clients send as a matter of course, and that change nothing here, are taken; one that
//! nobody knows is refused, as OpenSearch does, since it was meant for something.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use whittle_host::one_line;

use crate::error::ApiError;

/// What is taken everywhere.
const EVERYWHERE: &[&str] = &[
    "error_trace",
    "filter_path",
    "format",
    "human",
    "pretty",
    "source_content_type",
];

/// What changes nothing on a single node.
const WITHOUT_EFFECT: &[&str] = &[
    "allow_no_indices",
    "allow_partial_search_results",
    "batched_reduce_size",
    "ccs_minimize_roundtrips",
    "cluster_manager_timeout",
    "expand_wildcards",
    "ignore_throttled",
    "ignore_unavailable",
    "local",
    "master_timeout",
    "max_concurrent_searches",
    "max_concurrent_shard_requests",
    "preference",
    "realtime",
    "request_cache",
    "require_alias",
    "rest_total_hits_as_int",
    "retry_on_conflict",
    "routing",
    "search_type",
    "timeout",
    "typed_keys",
    "wait_for_active_shards",
    "wait_for_completion",
];

/// The parameters of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Refuses parameters that nobody knows, `known` being those of the route.
    ///
    /// # Errors
    ///
    /// 400 with the parameter's name.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, ApiError> {
        let all = |name: &&String| {
            let name = name.as_str();
            ![EVERYWHERE, WITHOUT_EFFECT, known]
                .iter()
                .any(|names| names.contains(&name))
        };
        match self.0.keys().find(all) {
            None => Ok(self),
            Some(name) => Err(bad(format!(
                "request contains unrecognized parameter: [{}]",
                one_line(name)
            ))),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A flag, which is set where it stands without a value.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("" | "true") => Ok(true),
            Some(other) => Err(bad(format!(
                "parameter [{name}] must be true or false, but is [{}]",
                one_line(other)
            ))),
        }
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let number = |text: &str| {
            text.parse().map_err(|_| {
                let text = one_line(text);
                bad(format!(
                    "parameter [{name}] must be a whole number, but is [{text}]"
                ))
            })
        };
        self.get(name).map(number).transpose()
    }

    /// Whether what is written is to be shown to searches before the answer.
    pub(crate) fn refresh(&self) -> Result<bool, ApiError> {
        match self.get("refresh") {
            Some("wait_for") => Ok(true),
            _ => self.flag("refresh"),
        }
    }
}

fn bad(reason: String) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "illegal_argument_exception",
        reason,
    )
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Query::<BTreeMap<String, String>>::from_request_parts(parts, state).await;
        read.map(|Query(parameters)| Self(parameters))
            .map_err(|error| bad(one_line(&error.body_text())))
    }
}
