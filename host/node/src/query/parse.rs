//! From JSON to the tree of clauses: limits of the tree, and the shapes that clauses share.
//!
//! Knows nothing of any index: what is refused here is wrong for all of them.

use serde_json::Value as Json;

use super::{NAMES, Query};
pub(super) use crate::request::RequestError;
pub(super) use crate::request::object::{Object, at_most, cut, wrong};
use crate::request::path::Path;

/// How deep clauses may be nested.
const DEPTH: usize = 64;

/// How many clauses a query may have in all, without those that hold others.
const MOST_CLAUSES: usize = 1_024;

/// How many values `terms` and `ids` may list.
const MOST_VALUES: usize = 65_536;

/// Clauses of OpenSearch that Whittle does not have, and what to use instead.
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
    /// Parses and checks a query at a path of the request.
    ///
    /// # Errors
    ///
    /// A clause or a key that is unknown or missing, a value of a wrong type, and more clauses
    /// than allowed.
    pub(crate) fn parse<'a>(json: &Json, path: impl Into<Path<'a>>) -> Result<Self, RequestError> {
        Parser::default().clause(json, path.into())
    }
}

/// Parses the clauses of one query.
#[derive(Default)]
pub(super) struct Parser {
    clauses: usize,
    depth: usize,
}

impl Parser {
    /// A clause, as an object whose one key is the clause's name.
    pub(super) fn clause(&mut self, json: &Json, path: Path<'_>) -> Result<Query, RequestError> {
        // As in OpenSearch, a clause that holds others does not count beside them.
        let before = self.clauses;
        if before >= MOST_CLAUSES {
            return Err(RequestError::Clauses {
                path: path.to_string(),
                limit: MOST_CLAUSES,
            });
        }
        if self.depth >= DEPTH {
            return Err(RequestError::Depth {
                path: path.to_string(),
                limit: DEPTH,
            });
        }
        let object = Object::read(json, path)?;
        let (name, json) = object.only("the clause's name")?;
        let path = object.at(name);
        self.depth += 1;
        let clause =
            Query::named(name, self, json, path).unwrap_or_else(|| Err(absent(name, path)));
        self.depth -= 1;
        self.clauses = self.clauses.max(before + 1);
        clause
    }

    /// A clause, or a list of them; empty if there is no such key.
    pub(super) fn clauses(
        &mut self,
        object: Object<'_>,
        key: &str,
    ) -> Result<Vec<Query>, RequestError> {
        let path = object.at(key);
        match object.get(key) {
            None => Ok(Vec::new()),
            Some(Json::Array(list)) => {
                let clauses = list.iter().enumerate();
                clauses
                    .map(|(number, json)| self.clause(json, path.item(number)))
                    .collect()
            }
            Some(json @ Json::Object(_)) => Ok(vec![self.clause(json, path)?]),
            Some(other) => {
                let expected = "a clause or a list of clauses";
                Err(wrong(&path.to_string(), expected, other))
            }
        }
    }

    /// A required clause.
    pub(super) fn inner(
        &mut self,
        object: Object<'_>,
        key: &str,
    ) -> Result<Box<Query>, RequestError> {
        let clause = self.clause(object.required(key)?, object.at(key))?;
        Ok(Box::new(clause))
    }

    /// A clause; every document if there is no such key.
    pub(super) fn inner_or_all(
        &mut self,
        object: Object<'_>,
        key: &str,
    ) -> Result<Box<Query>, RequestError> {
        match object.get(key) {
            None => Ok(Box::default()),
            Some(_) => self.inner(object, key),
        }
    }
}

fn absent(name: &str, path: Path<'_>) -> RequestError {
    let path = path.to_string();
    match ABSENT_CLAUSES.iter().find(|(absent, _)| *absent == name) {
        Some((_, instead)) => RequestError::NoSuchClause {
            path,
            clause: name.to_owned(),
            instead,
        },
        None => RequestError::UnknownKey { path, known: NAMES },
    }
}

/// Parses `{"field": {...}}`, or `{"field": value}` in which a scalar stands for the member
/// `short`.
pub(super) fn of_field<T>(
    json: &Json,
    path: Path<'_>,
    short: Option<&'static str>,
    known: &'static [&'static str],
    parse: impl FnOnce(String, Object<'_>) -> Result<T, RequestError>,
) -> Result<T, RequestError> {
    let outer = Object::read(json, path)?;
    let (field, inner) = outer.only("the field")?;
    let path = outer.at(field);
    match short {
        Some(short) if !inner.is_object() => {
            // The error on a list names the field, not a member that nobody wrote.
            let long = serde_json::json!({ short: super::parameters::as_scalar(inner, path)? });
            parse(field.to_owned(), Object::read(&long, path)?)
        }
        Some(_) | None => {
            let object = Object::read(inner, path)?;
            super::parameters::knows(object, known)?;
            parse(field.to_owned(), object)
        }
    }
}

/// A required list of values.
pub(super) fn values<T>(
    object: Object<'_>,
    key: &str,
    parse: impl Fn(&Json, Path<'_>) -> Result<T, RequestError>,
) -> Result<Vec<T>, RequestError> {
    let (json, path) = (object.required(key)?, object.at(key));
    let Json::Array(values) = json else {
        return Err(wrong(&path.to_string(), "a list", json));
    };
    if values.len() > MOST_VALUES {
        return Err(RequestError::Terms {
            path: path.to_string(),
            found: values.len(),
            limit: MOST_VALUES,
        });
    }
    let values = values.iter().enumerate();
    values
        .map(|(number, json)| parse(json, path.item(number)))
        .collect()
}
