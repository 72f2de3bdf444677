//! Aggregations: counts and numbers over all hits of a search, in the shape that users of
//! Elasticsearch know.
//!
//! [`Aggregations::read`] checks a request by itself; [`Aggregations::compile`] gives the fields and
//! formulas that it names their places in the engine, which does the counting. What the engine does
//! not have is refused, never ignored.

mod kinds;
mod udf_values;

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use tantivy::aggregation::agg_req::Aggregations as EngineAggregations;
use tantivy::aggregation::{ValueSourceProvider, ValueSourceRegistry};

pub(crate) use udf_values::UdfValues;

use crate::mapping::{FieldType, Mapping};
use crate::request::object::{Object, wrong};
use crate::request::{Formula, RequestError};
use kinds::Kind;

/// How many aggregations a request may have.
const MOST: usize = 100;

/// How deep they may lie in each other.
const DEEPEST: usize = 8;

/// Aggregations by name, checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregations(Vec<(String, Aggregation)>);

#[derive(Debug, Clone, PartialEq)]
struct Aggregation {
    kind: &'static Kind,
    source: Source,
    /// What the engine is told besides.
    options: Map<String, Json>,
    inside: Aggregations,
}

/// Which values are aggregated.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    /// A field's, by its path.
    Field(String),
    /// What is computed.
    Formula(Formula),
}

/// A formula's values, and whether they are texts.
pub(crate) type Values = (Arc<dyn ValueSourceProvider>, bool);

/// Aggregations, with their fields and formulas in their places.
pub(crate) struct Compiled {
    pub(crate) request: EngineAggregations,
    pub(crate) sources: ValueSourceRegistry,
}

impl Aggregations {
    /// Reads aggregations at a path of a request.
    pub(crate) fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        let mut count = 0;
        Self::read_within(json, path, DEEPEST, &mut count)
    }

    fn read_within(
        json: &Json,
        path: &str,
        depth: usize,
        count: &mut usize,
    ) -> Result<Self, RequestError> {
        let Some(depth) = depth.checked_sub(1) else {
            let (path, limit) = (path.to_owned(), DEEPEST);
            return Err(RequestError::Depth { path, limit });
        };
        let object = Object::read(json, path)?;
        let read = |name: &String| {
            *count += 1;
            let at = object.path(name);
            if *count > MOST {
                let (what, limit) = ("aggregations", MOST);
                return Err(RequestError::TooMany {
                    path: at,
                    what,
                    limit,
                });
            }
            let aggregation = Aggregation::read(object.required(name)?, &at, depth, count)?;
            Ok((name.clone(), aggregation))
        };
        object.keys().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts them in the engine's words. `formula` gives the values of a formula at a path, and their
    /// type.
    ///
    /// # Errors
    ///
    /// Those of `formula`; and, which `refused` tells, texts where there can be none, and options
    /// that the engine does not take.
    pub(crate) fn compile<E>(
        &self,
        mapping: &Mapping,
        mut formula: impl FnMut(&Formula, &str) -> Result<Values, E>,
        refused: impl Fn(String) -> E,
    ) -> Result<Compiled, E> {
        let mut sources = ValueSourceRegistry::default();
        let mut number = 0;
        let mut place = |source: &Source, kind: &Kind, path: &str| -> Result<String, E> {
            let (name, is_text) = match source {
                Source::Field(path) => match mapping.field(path) {
                    // No document has it.
                    None => (path.clone(), false),
                    Some(field) => {
                        let texts = [FieldType::Keyword, FieldType::Text];
                        (field.column.to_owned(), texts.contains(&field.field_type))
                    }
                },
                Source::Formula(of) => {
                    number += 1;
                    let name = format!("computed {number}");
                    let (values, is_text) = formula(of, path)?;
                    sources.register(&name, values);
                    (name, is_text)
                }
            };
            if is_text && !kind.takes_texts {
                let takes = "takes numbers, booleans and dates, and this gives texts";
                return Err(refused(format!("`{path}` {takes}")));
            }
            Ok(name)
        };
        let request = self.in_the_engines_words("aggs", &mut place)?;
        let request = serde_json::from_value(request);
        let request = request.map_err(|error| refused(error.to_string()))?;
        Ok(Compiled { request, sources })
    }

    fn in_the_engines_words<E>(
        &self,
        path: &str,
        place: &mut dyn FnMut(&Source, &Kind, &str) -> Result<String, E>,
    ) -> Result<Json, E> {
        let mut all = Map::new();
        for (name, aggregation) in &self.0 {
            let path = format!("{path}.{name}");
            let at = format!("{path}.{}", aggregation.kind.name);
            let mut options = aggregation.options.clone();
            let field = place(&aggregation.source, aggregation.kind, &at)?;
            options.insert("field".to_owned(), json!(field));
            let mut words = json!({aggregation.kind.name: options});
            if !aggregation.inside.is_empty() {
                let inside = &aggregation.inside;
                words["aggs"] = inside.in_the_engines_words(&format!("{path}.aggs"), place)?;
            }
            all.insert(name.clone(), words);
        }
        Ok(Json::Object(all))
    }
}

impl Aggregation {
    fn read(
        json: &Json,
        path: &str,
        depth: usize,
        count: &mut usize,
    ) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        let mut inside = Aggregations::default();
        let mut kinds = Vec::new();
        for key in object.keys() {
            if key == "aggs" || key == "aggregations" {
                let of = object.required(key)?;
                inside = Aggregations::read_within(of, &object.path(key), depth, count)?;
            } else if let Some(kind) = Kind::named(key) {
                kinds.push(kind);
            } else {
                return Err(RequestError::UnknownKey {
                    path: object.path(key),
                    known: kinds::NAMES,
                });
            }
        }
        let [kind] = kinds[..] else {
            return Err(RequestError::OneKey {
                place: format!("`{path}`"),
                what: "the aggregation's kind",
                found: kinds
                    .iter()
                    .map(|kind| format!("`{}`", kind.name))
                    .collect(),
            });
        };
        if !inside.is_empty() && !kind.has_buckets {
            return Err(RequestError::NoBuckets {
                path: object.path("aggs"),
                kind: kind.name,
            });
        }
        let at = object.path(kind.name);
        let of = Object::read(object.required(kind.name)?, &at)?;
        of.knows(kind.known)?;
        let mut options = Map::new();
        for key in of
            .keys()
            .filter(|key| !kinds::SOURCES.contains(&key.as_str()))
        {
            options.insert(key.clone(), of.required(key)?.clone());
        }
        Ok(Self {
            kind,
            source: Source::read(of, &at)?,
            options,
            inside,
        })
    }
}

impl Source {
    fn read(of: Object<'_>, path: &str) -> Result<Self, RequestError> {
        let given: Vec<&str> = kinds::SOURCES
            .iter()
            .copied()
            .filter(|key| of.get(key).is_some())
            .collect();
        match given[..] {
            ["field"] => {
                let json = of.required("field")?;
                let field = json.as_str().map(str::to_owned);
                let field = field.ok_or_else(|| wrong(&of.path("field"), "a text", json))?;
                Ok(Self::Field(field))
            }
            [name] => {
                let formula = Formula::named(name, of.required(name)?, &of.path(name))?;
                Ok(Self::Formula(formula))
            }
            _ => Err(RequestError::OneOf {
                path: path.to_owned(),
                keys: kinds::SOURCES,
            }),
        }
    }
}
