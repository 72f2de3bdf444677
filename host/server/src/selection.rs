//! Which indexes a request is about: names, patterns, and what is left out of them.

use std::sync::Arc;

use axum::http::StatusCode;
use utoipa::openapi::Type;
use whittle_host::one_line;
use whittle_node::index::Index;

use crate::error::ApiError;
use crate::failures::{no_index, unavailable};
use crate::indexes::Entry;
use crate::node::Node;
use crate::parameters::{Switch, Value, bad, parameters};
use crate::presentation::filter_path::glob;

parameters! {
    /// What indexes a name or pattern may select.
    Indices {
        /// Whether names of indexes that do not exist are left out, by default false.
        ignore_unavailable: bool = "ignore_unavailable",
        /// Whether patterns may match nothing, by default true.
        allow_no_indices: Switch = "allow_no_indices",
        /// What patterns match: `open` and `all` are all indexes of this node; `closed`, `hidden`
        /// and `none` are no index of it. By default `open`.
        expand_wildcards: Expand = "expand_wildcards",
    }
}

/// What patterns match. All indexes of a node are open, and none is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Expand {
    /// All indexes.
    #[default]
    Open,
    /// Only indexes of other kinds.
    Nothing,
    /// Patterns are names.
    Never,
}

impl Value for Expand {
    const TYPE: Type = Type::String;

    fn absent() -> Self {
        Self::Open
    }

    fn read(_: &'static str, text: &str) -> Result<Self, ApiError> {
        let mut expand = Self::Nothing;
        for kind in text.split(',').map(str::trim) {
            match kind {
                "open" | "all" => expand = Self::Open,
                "closed" | "hidden" => {}
                "none" => expand = Self::Never,
                other => {
                    let other = one_line(other);
                    return Err(bad(format!("No valid expand wildcard value [{other}]")));
                }
            }
        }
        Ok(expand)
    }
}

/// How many names and patterns a request may have.
const MOST_NAMES: usize = 1_024;

/// Indexes with their names, in the order of the names. They may not be open.
pub(crate) type Selected = Vec<(String, Arc<Entry>)>;

impl Indices {
    /// The indexes of a list of names and patterns with commas between them. `_all`, `*` and the
    /// empty text are all of them; after a pattern, `-` before a name or pattern leaves it out.
    ///
    /// # Errors
    ///
    /// 404 for a name that no index has, and for a pattern without indexes if it must have some;
    /// 400 for what can never be a name.
    pub(crate) fn select(&self, node: &Node, expression: &str) -> Result<Selected, ApiError> {
        if expression.split(',').count() > MOST_NAMES {
            return Err(bad(format!(
                "a request names up to {MOST_NAMES} indexes: use a pattern"
            )));
        }
        let all = node.indexes();
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        let chosen = self.choose(&names, expression)?;
        let mut selected: Selected = Vec::new();
        for (is_chosen, pair) in chosen.into_iter().zip(all) {
            if is_chosen {
                selected.push(pair);
            }
        }
        Ok(selected)
    }

    /// Which of the names an expression selects.
    fn choose(&self, names: &[&str], expression: &str) -> Result<Vec<bool>, ApiError> {
        let mut chosen = vec![false; names.len()];
        let mut after_pattern = false;
        for part in expression.split(',').map(str::trim) {
            let (pattern, adds) = match part.strip_prefix('-') {
                Some(pattern) if after_pattern => (pattern, false),
                _ => (part, true),
            };
            let is_all = matches!(pattern, "_all" | "*" | "");
            let is_pattern = is_all || pattern.contains('*');
            if is_pattern && self.expand_wildcards != Expand::Never {
                after_pattern = true;
                let mut found = false;
                if self.expand_wildcards == Expand::Open {
                    for (name, chosen) in names.iter().zip(&mut chosen) {
                        if is_all || glob(pattern.as_bytes(), name.as_bytes()) {
                            *chosen = adds;
                            found = true;
                        }
                    }
                }
                if !found && adds && !self.allow_no_indices.0 {
                    return Err(no_index(part));
                }
            } else if let Some(number) = names.iter().position(|name| *name == pattern) {
                chosen[number] = adds;
            } else if pattern.starts_with('_') && !is_all {
                return Err(not_a_name(pattern));
            } else if adds && !self.ignore_unavailable {
                return Err(no_index(pattern));
            }
        }
        if !self.allow_no_indices.0 && !chosen.contains(&true) {
            return Err(no_index(expression));
        }
        Ok(chosen)
    }
}

/// One index, which is opened if it is not: for threads for blocking work.
///
/// # Errors
///
/// 404 if it does not exist; 400 for what can never be a name; 503 if it cannot be opened.
pub(crate) fn one(node: &Node, name: &str) -> Result<Index, ApiError> {
    match node.index(name) {
        Some(entry) => entry.open().map_err(|error| unavailable(name, error)),
        None if name.starts_with('_') => Err(not_a_name(name)),
        None => Err(no_index(name)),
    }
}

fn not_a_name(name: &str) -> ApiError {
    let name = one_line(name);
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "invalid_index_name_exception",
        format!("Invalid index name [{name}], must not start with '_'."),
    )
    .in_index(name)
    .with_uuid("_na_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["films", "logs-1", "logs-2", "other"];

    fn chosen(indices: &Indices, expression: &str) -> Result<Vec<&'static str>, String> {
        let chosen = indices.choose(&NAMES, expression);
        let chosen = chosen.map_err(|error| error.reason().to_owned())?;
        let pairs = NAMES.into_iter().zip(chosen);
        Ok(pairs
            .filter_map(|(name, chosen)| chosen.then_some(name))
            .collect())
    }

    #[test]
    fn names_and_patterns_select_indexes() {
        let indices = Indices::default();
        for (expression, expected) in [
            ("films", &["films"][..]),
            ("films,other", &["films", "other"]),
            ("logs-*", &["logs-1", "logs-2"]),
            ("*s*,-logs-1", &["films", "logs-2"]),
            ("_all", &NAMES),
            ("*", &NAMES),
            ("", &NAMES),
            ("*,-logs-*,-films", &["other"]),
            ("nothing*", &[]),
        ] {
            assert_eq!(
                chosen(&indices, expression).as_deref(),
                Ok(expected),
                "{expression}"
            );
        }
    }

    #[test]
    fn what_does_not_exist_is_refused_unless_it_may_be_missing() {
        let indices = Indices::default();
        let refused = |expression| chosen(&indices, expression).expect_err("it is refused");
        insta::assert_snapshot!(refused("films,none"), @"no such index [none]");
        insta::assert_snapshot!(refused("-films"), @"no such index [-films]");
        insta::assert_snapshot!(refused("_films"), @"Invalid index name [_films], must not start with '_'.");
        let lenient = Indices {
            ignore_unavailable: true,
            ..Indices::default()
        };
        assert_eq!(chosen(&lenient, "films,none"), Ok(vec!["films"]));
        let strict = Indices {
            allow_no_indices: Switch(false),
            ..Indices::default()
        };
        let refused = chosen(&strict, "films,nothing*").expect_err("it is refused");
        insta::assert_snapshot!(refused, @"no such index [nothing*]");
    }

    #[test]
    fn patterns_match_what_they_are_told_to() {
        let read = |text| Expand::read("expand_wildcards", text);
        assert_eq!(read("open,hidden"), Ok(Expand::Open));
        assert_eq!(read("all"), Ok(Expand::Open));
        assert_eq!(read("closed"), Ok(Expand::Nothing));
        let unknown = read("some").expect_err("it is refused");
        insta::assert_snapshot!(unknown.reason(), @"No valid expand wildcard value [some]");
        let closed = Indices {
            expand_wildcards: Expand::Nothing,
            ..Indices::default()
        };
        assert_eq!(chosen(&closed, "logs-*,films"), Ok(vec!["films"]));
        let never = Indices {
            expand_wildcards: Expand::Never,
            ..Indices::default()
        };
        let refused = chosen(&never, "logs-*").expect_err("it is refused");
        insta::assert_snapshot!(refused, @"no such index [logs-*]");
    }
}
