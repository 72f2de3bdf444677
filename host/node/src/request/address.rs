//! Parameters of the address, set on a request that was read from the body. They come before the
//! body's, as in OpenSearch.

use serde_json::Value as Json;

use super::error::RequestError;
use super::fields;
use super::object::{flag, wrong};
use super::several::search_type;
use super::source::{SourceFilter, names};
use super::{SearchRequest, StoredFields, page, sort, timeout, unsupported};

impl SearchRequest {
    /// The parameters of a search that [`SearchRequest::set`] takes. Some are known and refused.
    pub const PARAMETERS: &[&'static str] = &[
        "_source",
        "_source_exclude",
        "_source_excludes",
        "_source_include",
        "_source_includes",
        "analyze_wildcard",
        "analyzer",
        "default_operator",
        "df",
        "docvalue_fields",
        "explain",
        "from",
        "lenient",
        "q",
        "scroll",
        "search_pipeline",
        "search_type",
        "seq_no_primary_term",
        "size",
        "sort",
        "stats",
        "stored_fields",
        "suggest_field",
        "suggest_mode",
        "suggest_size",
        "suggest_text",
        "terminate_after",
        "timeout",
        "track_scores",
        "track_total_hits",
        "version",
    ];

    /// The same of a count.
    pub const COUNT_PARAMETERS: &[&'static str] = &[
        "analyze_wildcard",
        "analyzer",
        "default_operator",
        "df",
        "lenient",
        "min_score",
        "q",
        "terminate_after",
    ];

    /// Sets a parameter of the address; false if a search has no such parameter. Call
    /// [`SearchRequest::check`] after the last.
    ///
    /// # Errors
    ///
    /// A value of a wrong type, and what is not supported.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, RequestError> {
        let json = Json::from(value);
        let is_set = || match value {
            // `?version` is `?version=true`.
            "" => Ok(true),
            _ => flag(&json).ok_or_else(|| wrong(name, "true or false", &json)),
        };
        match name {
            "from" => self.from = page::count_of(name, &json)?,
            "size" => self.size = page::count_of(name, &json)?,
            "min_score" => {
                let score = value.parse().map_err(|_| wrong(name, "a number", &json))?;
                self.min_score = Some(score);
            }
            "search_type" => search_type(&json, name)?,
            "sort" => self.sort = sort::parse(value)?,
            "_source" => self.source = SourceFilter::parse(value)?,
            "_source_includes" | "_source_include" => self.source.include(value)?,
            "_source_excludes" | "_source_exclude" => self.source.exclude(value)?,
            "stored_fields" => self.set_stored_fields(StoredFields::of(&names(value))?),
            "docvalue_fields" => {
                self.docvalue_fields = fields::patterns(names(value))?;
            }
            "track_scores" => self.track_scores = is_set()?,
            "track_total_hits" if value.is_empty() => self.track_total_hits = true,
            "track_total_hits" => self.set_track_total_hits(&json)?,
            "timeout" => self.timeout = timeout(&json)?,
            "version" => self.version = is_set()?,
            "seq_no_primary_term" => self.seq_no_primary_term = is_set()?,
            _ => return unsupported::refuse_parameter(name, value),
        }
        Ok(true)
    }
}
