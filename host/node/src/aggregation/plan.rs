//! Aggregations over the fields of an index: what the request names, found.

use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::columnar::MonotonicallyMappableToU64 as _;
use tantivy::query::Weight;

use super::error::AggregationError;
use super::format::Format;
use super::histogram::{DateHistogram, Histogram};
use super::metric::Metric;
use super::range::Range;
use super::request::{Aggregation, Aggregations, Kind, Source, ValuesRequest};
use super::terms::Terms;
use super::values::{Input, Missing, Values};
use crate::dates::{self, DateFormat};
use crate::expression::ColumnType;
use crate::mapping::{FieldType, Mapping};
use crate::query::date_math::{self, End};
use crate::query::{DateOptions, Query};
use crate::request::Formula;
use crate::request::object::cut;
use crate::search::formula::Computable;

/// An aggregation, ready to run on any segment.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) name: String,
    pub(super) meta: Option<Json>,
    pub(super) type_name: &'static str,
    pub(super) values: Values,
    pub(super) op: Op,
    pub(super) inside: Vec<Arc<Plan>>,
}

/// What is done with the values.
pub(super) enum Op {
    Metric(Metric),
    Terms(Terms),
    Histogram(Histogram),
    DateHistogram(DateHistogram),
    Range(Range),
    /// One bucket of the documents without values.
    Missing,
    /// One bucket of all documents, whether they are hits or not.
    Global,
    /// A bucket of the documents that match each query.
    Filters(super::filters::Filters),
}

impl std::fmt::Debug for Op {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Op")
    }
}

impl Op {
    /// Whether it makes one bucket, which has no key.
    pub(super) fn is_one_bucket(&self) -> bool {
        match self {
            Self::Missing | Self::Global => true,
            Self::Filters(filters) => filters.one,
            _ => false,
        }
    }
}

/// What compiles formulas and queries at paths of the request.
pub(crate) trait Sources {
    /// Why it cannot.
    type Error: From<AggregationError>;

    /// A formula's values; they are not JSON.
    fn formula(&mut self, formula: &Formula, path: &str) -> Result<Computable, Self::Error>;

    /// A query's matches; there are no scores.
    fn filter(&mut self, query: &Query, path: &str) -> Result<Arc<dyn Weight>, Self::Error>;
}

/// The index that aggregations are planned for, at a time.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) mapping: &'a Mapping,
    /// In microseconds since 1970.
    now: i64,
}

impl Aggregations {
    /// Finds the fields and formulas that the aggregations name, for a search at a time in
    /// microseconds since 1970.
    ///
    /// # Errors
    ///
    /// Those of `sources`; fields whose values an aggregation does not take; options that do not
    /// go with them.
    pub(crate) fn plan<S: Sources>(
        &self,
        mapping: &Mapping,
        now: i64,
        sources: &mut S,
    ) -> Result<Vec<Arc<Plan>>, S::Error> {
        self.plan_at("aggs", Context { mapping, now }, sources)
    }

    fn plan_at<S: Sources>(
        &self,
        path: &str,
        context: Context<'_>,
        sources: &mut S,
    ) -> Result<Vec<Arc<Plan>>, S::Error> {
        let plan = |aggregation: &Aggregation| {
            let path = format!("{path}.{}", cut(&aggregation.name));
            aggregation.plan(&path, context, sources).map(Arc::new)
        };
        self.0.iter().map(plan).collect()
    }
}

impl Aggregation {
    fn plan<S: Sources>(
        &self,
        path: &str,
        context: Context<'_>,
        sources: &mut S,
    ) -> Result<Plan, S::Error> {
        let inside = self
            .inside
            .plan_at(&format!("{path}.aggs"), context, sources)?;
        let at = format!("{path}.{}", self.kind.name());
        let values = match self.kind.values() {
            Some(of) => of.plan(&at, &self.kind, context, sources)?,
            None => Values::nothing(),
        };
        let (op, type_name) = match &self.kind {
            Kind::Metric(metric, _) => (Op::Metric(metric.clone()), metric.type_name()),
            Kind::Terms(request, _) => {
                let type_name = match (&values.input, values.value_type) {
                    (Input::Nothing, _) if values.missing.is_none() => "umterms",
                    (_, ColumnType::Text) => "sterms",
                    (_, ColumnType::Double) => "dterms",
                    _ => "lterms",
                };
                let terms = request.plan(&values, &inside, &at, context)?;
                (Op::Terms(terms), type_name)
            }
            Kind::Histogram(request, _) => {
                let histogram = request.plan(&inside, &at)?;
                (Op::Histogram(histogram), "histogram")
            }
            Kind::DateHistogram(request, _) => {
                let histogram = request.plan(&values, &inside, &at, context)?;
                (Op::DateHistogram(histogram), "date_histogram")
            }
            Kind::Range(request, _) => {
                let range = request.plan(&values, &at, context)?;
                (Op::Range(range), self.kind.name())
            }
            Kind::Missing(_) => (Op::Missing, "missing"),
            Kind::Global => (Op::Global, "global"),
            Kind::Filters(request) => {
                let filters = request.plan(&at, sources)?;
                (Op::Filters(filters), self.kind.name())
            }
        };
        Ok(Plan {
            name: self.name.clone(),
            meta: self.meta.clone(),
            type_name,
            values,
            op,
            inside,
        })
    }
}

impl Values {
    fn nothing() -> Self {
        Self {
            input: Input::Nothing,
            value_type: ColumnType::Double,
            missing: None,
            format: Format::Raw,
        }
    }
}

/// Fields that OpenSearch has and this node does not keep by document.
const META_FIELDS: &[&str] = &[
    "_ignored",
    "_index",
    "_nested_path",
    "_primary_term",
    "_routing",
    "_seq_no",
    "_source",
];

impl ValuesRequest {
    fn plan<S: Sources>(
        &self,
        path: &str,
        kind: &Kind,
        context: Context<'_>,
        sources: &mut S,
    ) -> Result<Values, S::Error> {
        let (mut input, mut value_type) = match &self.source {
            Source::Formula(formula) => {
                let computable = sources.formula(formula, path)?;
                let value_type = computable.value_type().unwrap_or(ColumnType::Text);
                (Input::Formula(computable), value_type)
            }
            Source::Field(field) => self.field(field, path, kind, context)?,
        };
        if value_type == ColumnType::Text && !kind.takes_keywords() {
            let path = path.to_owned();
            return Err(AggregationError::Keywords { path }.into());
        }
        let format = self.format(path, value_type, kind, context)?;
        let mut missing = None;
        if let Some(json) = &self.missing {
            let at = format!("{path}.missing");
            let number = super::read::number(json);
            // A fraction in place of a long makes all of them doubles.
            if value_type == ColumnType::Long
                && number.is_some_and(|number| number.fract() != 0.0)
                && let Input::Column(_, as_doubles) = &mut input
            {
                *as_doubles = true;
                value_type = ColumnType::Double;
            }
            missing = Some(context.value(json, value_type, &format, &at)?);
        }
        Ok(Values {
            input,
            value_type,
            missing,
            format,
        })
    }

    fn field(
        &self,
        field: &str,
        path: &str,
        kind: &Kind,
        context: Context<'_>,
    ) -> Result<(Input, ColumnType), AggregationError> {
        let column = |name: &str| Input::Column(name.to_owned(), false);
        if field == crate::mapping::ID {
            return Ok((column(field), ColumnType::Text));
        }
        if META_FIELDS.contains(&field) {
            let (path, field) = (path.to_owned(), field.to_owned());
            return Err(AggregationError::NoDocValues { path, field });
        }
        let Some(found) = context.mapping.field(field) else {
            let value_type = self.value_type.unwrap_or(match kind {
                kind if kind.takes_keywords() => ColumnType::Text,
                Kind::DateHistogram(..) => ColumnType::Date,
                Kind::Range(range, _) if range.dates => ColumnType::Date,
                _ => ColumnType::Double,
            });
            return Ok((Input::Nothing, value_type));
        };
        if !found.has_doc_values() {
            let (path, field) = (path.to_owned(), field.to_owned());
            return Err(AggregationError::NoDocValues { path, field });
        }
        let value_type = match found.field_type {
            FieldType::Boolean => ColumnType::Boolean,
            FieldType::Long => ColumnType::Long,
            FieldType::Double => ColumnType::Double,
            FieldType::Date => ColumnType::Date,
            FieldType::Keyword => ColumnType::Text,
            FieldType::Text => {
                let (path, field) = (path.to_owned(), field.to_owned());
                return Err(AggregationError::AnalyzedText { path, field });
            }
        };
        Ok((column(found.column), value_type))
    }

    fn format(
        &self,
        path: &str,
        value_type: ColumnType,
        kind: &Kind,
        context: Context<'_>,
    ) -> Result<Format, AggregationError> {
        let dates = value_type == ColumnType::Date || kind.makes_dates(self.format.is_some());
        if let (false, Some(format)) = (dates, &self.format) {
            return Err(AggregationError::Value {
                path: format!("{path}.format"),
                expected: "left out, since only dates have formats here",
                found: cut(&format!("{format:?}")),
            });
        }
        if !dates {
            return Ok(match value_type {
                ColumnType::Boolean => Format::Boolean,
                _ => Format::Raw,
            });
        }
        let asked = self.format.as_ref().map(|format| {
            DateFormat::named(format).map_err(|reason| AggregationError::Format {
                path: format!("{path}.format"),
                reason: reason.to_string(),
            })
        });
        let field = match &self.source {
            Source::Field(field) => context.mapping.field(field),
            Source::Formula(_) => None,
        };
        let of_field = field.and_then(|field| field.date_format().cloned());
        Ok(Format::Date {
            format: asked.transpose()?.or(of_field).unwrap_or_default(),
            zone_seconds: self.zone_seconds,
        })
    }
}

impl Context<'_> {
    /// A value that the request has in place of one of a field.
    pub(super) fn value(
        self,
        json: &Json,
        value_type: ColumnType,
        format: &Format,
        path: &str,
    ) -> Result<Missing, AggregationError> {
        let (value, expected) = match value_type {
            ColumnType::Text => {
                let text = match json {
                    Json::String(text) => Some(text.clone()),
                    Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
                    _ => None,
                };
                (text.map(Missing::Text), "a text")
            }
            ColumnType::Boolean => {
                let value = match json {
                    Json::Bool(value) => Some(*value),
                    Json::String(text) => text.parse().ok(),
                    other => other.as_f64().map(|number| number != 0.0),
                };
                let number = value.map(|value| Missing::Number(value.to_u64()));
                (number, "true or false")
            }
            ColumnType::Long => {
                let number = match json {
                    Json::String(text) => text.parse().ok(),
                    other => other.as_i64(),
                };
                let float = || super::read::number(json).filter(|number| number.fract() == 0.0);
                let number = number.or_else(|| float().map(|number| number as i64));
                let number = number.map(|number| Missing::Number(number.to_u64()));
                (number, "a whole number")
            }
            ColumnType::Double => {
                let number = super::read::number(json);
                let number = number.map(|number| Missing::Number(number.to_u64()));
                (number, "a number")
            }
            ColumnType::Date => {
                let millis = self.millis(json, format, path)?;
                return Ok(Missing::Number(millis.to_u64()));
            }
        };
        value.ok_or_else(|| AggregationError::Value {
            path: path.to_owned(),
            expected,
            found: cut(&json.to_string()),
        })
    }

    /// An instant, in milliseconds since 1970: those themselves, or a date in a format.
    pub(super) fn millis(
        self,
        json: &Json,
        format: &Format,
        path: &str,
    ) -> Result<i64, AggregationError> {
        let default = DateFormat::default();
        let (format, zone_seconds) = match format {
            Format::Date {
                format,
                zone_seconds,
            } => (format, *zone_seconds),
            Format::Raw | Format::Boolean => (&default, 0),
        };
        let millis = match json {
            Json::String(text) => {
                // Formats read dates in UTC.
                let by_format = (zone_seconds == 0).then(|| format.parse(text)).flatten();
                let options = DateOptions {
                    zone_seconds,
                    ..DateOptions::default()
                };
                let math = || date_math::instant(text, self.now, End::First, options).ok();
                by_format.or_else(math).map(dates::to_millis)
            }
            Json::Number(number) => {
                let float = || number.as_f64().map(|number| number as i64);
                number.as_i64().or_else(float)
            }
            _ => None,
        };
        millis.ok_or_else(|| AggregationError::Value {
            path: path.to_owned(),
            expected: "a date, date math or milliseconds since 1970",
            found: cut(&json.to_string()),
        })
    }
}
