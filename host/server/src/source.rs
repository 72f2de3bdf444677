//! `_source`: which parts of a stored document an answer has, digit for digit.

use axum::http::StatusCode;
use serde::Deserialize;
use whittle_node::SourceFilter;

use crate::error::ApiError;
use crate::parameters::{List, bad, parameters};
use crate::scalars::Object;

pub(crate) use whittle_node::Source;

parameters! {
    /// Which parts of a document come back.
    SourceParameters {
        /// `true`, `false`, or the fields that come back: dotted paths with commas between, in
        /// which `*` is any text.
        source: Option<String> = "_source",
        /// The fields that come back.
        includes: Option<List> = "_source_includes",
        /// The fields that do not come back.
        excludes: Option<List> = "_source_excludes",
        /// `_none_` leaves the source out; fields are not stored apart from it.
        stored_fields: Option<List> = "stored_fields",
    }
}

/// `_source` as bodies have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "`_source` must be true, false, a field, a list of fields, or an object with \
                 `includes` and `excludes`"
)]
pub(crate) enum SourceGiven {
    Whether(bool),
    Field(String),
    Fields(Vec<String>),
    Patterns(Object<Patterns>),
}

/// `_source` as an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patterns {
    #[serde(default, alias = "include")]
    includes: OneOrMore,
    #[serde(default, alias = "exclude")]
    excludes: OneOrMore,
}

/// A name, or a list of names.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    pub(crate) fn into_list(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::More(names) => names,
        }
    }
}

impl SourceGiven {
    /// # Errors
    ///
    /// 400 for too many patterns.
    pub(crate) fn filter(self) -> Result<SourceFilter, ApiError> {
        match self {
            Self::Whether(true) => Ok(SourceFilter::All),
            Self::Whether(false) => Ok(SourceFilter::None),
            Self::Field(field) => fields(vec![field], Vec::new()),
            Self::Fields(names) => fields(names, Vec::new()),
            Self::Patterns(Object(Patterns { includes, excludes })) => {
                fields(includes.into_list(), excludes.into_list())
            }
        }
    }
}

fn fields(includes: Vec<String>, excludes: Vec<String>) -> Result<SourceFilter, ApiError> {
    const MOST: usize = SourceFilter::MOST_PATTERNS;
    if includes.len().max(excludes.len()) > MOST {
        return Err(bad(format!(
            "`_source`: too many patterns; the limit is {MOST}"
        )));
    }
    Ok(SourceFilter::Fields { includes, excludes })
}

impl SourceParameters {
    /// What comes back; `None` if nothing is said.
    ///
    /// # Errors
    ///
    /// 400 for stored fields, which indexes do not have.
    pub(crate) fn filter(&self) -> Result<Option<SourceFilter>, ApiError> {
        let without_source = match &self.stored_fields {
            None => false,
            Some(List(names)) if *names == ["_none_"] => true,
            Some(List(names)) if names.iter().all(|name| name == "_source") => false,
            Some(_) => {
                let reason = "stored_fields: fields are not stored apart from the source; use \
                              _source_includes";
                return Err(bad(reason));
            }
        };
        let List(mut includes) = self.includes.clone().unwrap_or_default();
        let List(excludes) = self.excludes.clone().unwrap_or_default();
        match self.source.as_deref() {
            Some("false") => return Ok(Some(SourceFilter::None)),
            Some("true" | "") | None => {}
            Some(names) => includes.extend(names.split(',').map(str::to_owned)),
        }
        if !includes.is_empty() || !excludes.is_empty() {
            return fields(includes, excludes).map(Some);
        }
        Ok(match self.source {
            Some(_) => Some(SourceFilter::All),
            None if without_source => Some(SourceFilter::None),
            None => None,
        })
    }
}

/// What a stored document takes with what a filter leaves of it, in bytes.
pub(crate) fn filtered_bytes(stored: &[u8]) -> u64 {
    3 * stored.len() as u64
}

/// What a filter leaves of a stored document. Reserve [`filtered_bytes`] first.
///
/// # Errors
///
/// 500 if what is stored is not JSON.
pub(crate) fn filtered(stored: &[u8], filter: &SourceFilter) -> Result<Option<Source>, ApiError> {
    Source::filtered(stored, filter)
        .map_err(|error| ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", &error))
}
