//! From JSON to the tree of clauses: which clauses there are, how deep and how many they may be.
//!
//! A clause more is a line in [`Reader::clause`] and a function in [`leaf`] or [`compound`].
//! Knows nothing of any index: what is checked here is wrong for all of them.

mod compound;
mod function;
mod leaf;
mod values;

use serde_json::Value as Json;

use super::Query;
use crate::request::RequestError;
use crate::request::object::Object;

/// How deep clauses may lie in each other.
const DEPTH: usize = 64;

/// How many clauses a query may have in all.
const MOST_CLAUSES: usize = 1_024;

const CLAUSES: &[&str] = &[
    "bool",
    "boosting",
    "constant_score",
    "dis_max",
    "exists",
    "expression",
    "expression_score",
    "fuzzy",
    "ids",
    "match",
    "match_all",
    "match_none",
    "match_phrase",
    "match_phrase_prefix",
    "multi_match",
    "prefix",
    "range",
    "regexp",
    "term",
    "terms",
    "wasm_udf",
    "wildcard",
];

/// Clauses of Elasticsearch and OpenSearch that there are not, and what to use.
const ABSENT_CLAUSES: &[(&str, &str)] = &[
    ("combined_fields", "`multi_match`"),
    ("distance_feature", "`expression_score`"),
    ("function_score", "`expression_score` or `wasm_udf`"),
    ("geo_bounding_box", "`wasm_udf`"),
    ("geo_distance", "`wasm_udf`"),
    ("geo_polygon", "`wasm_udf`"),
    ("geo_shape", "`wasm_udf`"),
    ("has_child", "one document for parent and children"),
    ("has_parent", "one document for parent and children"),
    ("intervals", "`match_phrase` with `slop`"),
    ("knn", "`wasm_udf`"),
    ("match_bool_prefix", "`match_phrase_prefix`"),
    ("more_like_this", "`match`"),
    (
        "nested",
        "`bool`: fields of objects are searched by their dotted paths",
    ),
    ("parent_id", "`term`"),
    ("percolate", "a search for each query"),
    ("pinned", "`ids` in a `bool`"),
    ("query_string", "`bool` and `match`"),
    ("rank_feature", "`expression_score`"),
    ("script", "`expression` or `wasm_udf`"),
    ("script_score", "`expression_score` or `wasm_udf`"),
    ("semantic", "`wasm_udf`"),
    ("simple_query_string", "`bool` and `match`"),
    ("span_first", "`match_phrase`"),
    ("span_multi", "`match_phrase_prefix`"),
    ("span_near", "`match_phrase` with `slop`"),
    ("span_not", "`match_phrase`"),
    ("span_or", "`match_phrase` in a `bool`"),
    ("span_term", "`term`"),
    ("sparse_vector", "`wasm_udf`"),
    ("terms_set", "`bool` with `minimum_should_match`"),
    ("type", "a field of the documents"),
    ("wrapper", "the query itself"),
];

impl Query {
    /// Reads and checks a query that stands at `path` of a request.
    ///
    /// # Errors
    ///
    /// A clause or a key that is unknown or missing, a value of a wrong type, and more clauses
    /// than there may be.
    pub fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        Reader::default().clause(json, path)
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    read: usize,
    depth: usize,
}

impl Reader {
    fn clause(&mut self, json: &Json, path: &str) -> Result<Query, RequestError> {
        self.read += 1;
        if self.read > MOST_CLAUSES {
            return Err(RequestError::TooMany {
                path: path.to_owned(),
                what: "clauses in all",
                limit: MOST_CLAUSES,
            });
        }
        if self.depth >= DEPTH {
            return Err(RequestError::Depth {
                path: path.to_owned(),
                limit: DEPTH,
            });
        }
        let object = Object::read(json, path)?;
        let (name, json) = object.only("the clause's name")?;
        self.depth += 1;
        let clause = self.named(name, json, &object.path(name));
        self.depth -= 1;
        clause
    }

    fn named(&mut self, name: &str, json: &Json, path: &str) -> Result<Query, RequestError> {
        match name {
            "bool" => self.bool(json, path),
            "boosting" => self.boosting(json, path),
            "constant_score" => self.constant_score(json, path),
            "dis_max" => self.dis_max(json, path),
            "exists" => leaf::exists(json, path),
            "expression" => compound::expression(json, path),
            "expression_score" => self.expression_score(json, path),
            "fuzzy" => leaf::fuzzy(json, path),
            "ids" => leaf::ids(json, path),
            "match" => leaf::matches(json, path),
            "match_all" => leaf::match_all(json, path),
            "match_none" => leaf::match_none(json, path),
            "match_phrase" => leaf::match_phrase(json, path),
            "match_phrase_prefix" => leaf::match_phrase_prefix(json, path),
            "multi_match" => leaf::multi_match(json, path),
            "prefix" => leaf::prefix(json, path),
            "range" => leaf::range(json, path),
            "regexp" => leaf::regexp(json, path),
            "term" => leaf::term(json, path),
            "terms" => leaf::terms(json, path),
            "wasm_udf" => self.wasm_udf(json, path),
            "wildcard" => leaf::wildcard(json, path),
            _ => Err(absent(name, path)),
        }
    }
}

fn absent(name: &str, path: &str) -> RequestError {
    match ABSENT_CLAUSES.iter().find(|(absent, _)| *absent == name) {
        Some((_, instead)) => RequestError::NoSuchClause {
            path: path.to_owned(),
            clause: name.to_owned(),
            instead,
        },
        None => RequestError::UnknownKey {
            path: path.to_owned(),
            known: CLAUSES,
        },
    }
}

#[cfg(test)]
mod tests;
