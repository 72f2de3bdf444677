//! Aggregations of a request, checked by themselves.

use serde_json::Value as Json;

use super::filters::FiltersRequest;
use super::histogram::{DateHistogramRequest, HistogramRequest};
use super::metric::Metric;
use super::range::RangeRequest;
use super::read;
use super::terms::TermsRequest;
use crate::expression::ColumnType;
use crate::query::date_math::zone_seconds;
use crate::request::Formula;
use crate::request::RequestError;
use crate::request::object::{Object, at_most, wrong};

/// How many aggregations a request may have.
const MOST: usize = 100;

/// How deep they may lie in each other.
const DEEPEST: usize = 8;

/// Aggregations by name, checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregations(pub(super) Vec<Aggregation>);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Aggregation {
    pub(super) name: String,
    /// What comes back as it is.
    pub(super) meta: Option<Json>,
    pub(super) kind: Kind,
    pub(super) inside: Aggregations,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Metric(Metric, ValuesRequest),
    Terms(TermsRequest, ValuesRequest),
    Histogram(HistogramRequest, ValuesRequest),
    DateHistogram(DateHistogramRequest, ValuesRequest),
    Range(RangeRequest, ValuesRequest),
    Missing(ValuesRequest),
    Global,
    Filters(FiltersRequest),
}

/// Which values are aggregated, and how they are shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ValuesRequest {
    pub(super) source: Source,
    pub(super) missing: Option<Json>,
    /// The type of a field that the index does not have.
    pub(super) value_type: Option<ColumnType>,
    pub(super) format: Option<String>,
    /// The offset from UTC of dates that do not say theirs, and of days.
    pub(super) zone_seconds: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// A field's, by its path.
    Field(String),
    /// What is computed.
    Formula(Formula),
}

/// The kinds, in the order of their names.
const KINDS: &[&str] = &[
    "aggs",
    "avg",
    "cardinality",
    "date_histogram",
    "date_range",
    "extended_stats",
    "filter",
    "filters",
    "global",
    "histogram",
    "max",
    "meta",
    "min",
    "missing",
    "percentiles",
    "range",
    "stats",
    "sum",
    "terms",
    "value_count",
];

/// Aggregations that run over the buckets of others.
const PIPELINES: &[&str] = &[
    "avg_bucket",
    "bucket_script",
    "bucket_selector",
    "bucket_sort",
    "cumulative_sum",
    "derivative",
    "extended_stats_bucket",
    "max_bucket",
    "min_bucket",
    "moving_avg",
    "moving_fn",
    "percentiles_bucket",
    "serial_diff",
    "stats_bucket",
    "sum_bucket",
];

/// Others that OpenSearch has, and what does the same or comes near.
const ABSENT: &[(&str, &str)] = &[
    ("adjacency_matrix", "use `filters`"),
    (
        "auto_date_histogram",
        "use `date_histogram` with an interval",
    ),
    ("children", "keep parent and children in one document"),
    ("composite", "use `terms` inside `terms`"),
    ("diversified_sampler", "use a query that samples"),
    (
        "geo_bounds",
        "use `min` and `max` of latitude and longitude",
    ),
    ("geo_centroid", "use `avg` of latitude and longitude"),
    ("geo_distance", "use `range` over a `wasm_udf`"),
    ("geohash_grid", "use `terms` over a `wasm_udf`"),
    ("geotile_grid", "use `terms` over a `wasm_udf`"),
    ("ip_range", "use `range` over a `wasm_udf`"),
    ("matrix_stats", "use `extended_stats`"),
    ("median_absolute_deviation", "use `percentiles`"),
    (
        "multi_terms",
        "use `terms` inside `terms`, or over an `expression`",
    ),
    (
        "nested",
        "objects in a list are one object here: aggregate their fields",
    ),
    ("parent", "keep parent and children in one document"),
    (
        "percentile_ranks",
        "use `range`, whose counts give the ranks",
    ),
    ("rare_terms", "use `terms` ordered by `_count` ascending"),
    (
        "reverse_nested",
        "objects in a list are one object here: aggregate their fields",
    ),
    ("sampler", "use a query that samples"),
    ("scripted_metric", "use a metric over a `wasm_udf`"),
    (
        "significant_terms",
        "use `terms` twice, the second within `global`",
    ),
    ("significant_text", "use `terms` over a keyword field"),
    (
        "top_hits",
        "search again with the bucket's key in the query",
    ),
    ("top_metrics", "use `max` or `min`"),
    ("variable_width_histogram", "use `histogram` or `range`"),
    ("weighted_avg", "use `sum` over an `expression`, twice"),
];

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
        let Some(left) = depth.checked_sub(1) else {
            let (path, limit) = (path.to_owned(), DEEPEST);
            return Err(RequestError::Depth { path, limit });
        };
        let object = Object::read(json, path)?;
        let read = |name: &String| {
            *count += 1;
            let at = object.path(name);
            at_most(*count, MOST, "aggregations", &at)?;
            if name.is_empty() || name.contains(['[', ']', '>']) {
                let reason = "an aggregation's name is not empty and has none of `[`, `]` and `>`";
                return Err(refused(at, reason));
            }
            Aggregation::read(name, object.required(name)?, &at, left, count)
        };
        object.keys().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn refused(path: String, reason: impl Into<String>) -> RequestError {
    let reason = reason.into();
    RequestError::Aggregation { path, reason }
}

impl Aggregation {
    fn read(
        name: &str,
        json: &Json,
        path: &str,
        depth: usize,
        count: &mut usize,
    ) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        let mut inside = None;
        let mut meta = None;
        let mut kinds = Vec::new();
        for key in object.keys() {
            let (at, of) = (object.path(key), object.required(key)?);
            match key.as_str() {
                "aggs" | "aggregations" if inside.is_some() => {
                    let keys = ["aggs", "aggregations"];
                    return Err(RequestError::Together { keys });
                }
                "aggs" | "aggregations" => {
                    inside = Some(Aggregations::read_within(of, &at, depth, count)?);
                }
                "meta" if of.is_object() => meta = Some(of.clone()),
                "meta" => return Err(wrong(&at, "an object", of)),
                kind if KINDS.contains(&kind) => kinds.push(kind),
                kind if PIPELINES.contains(&kind) => {
                    let reason = "there are no pipeline aggregations: compute it from the buckets of the answer";
                    return Err(refused(at, reason));
                }
                kind => {
                    let absent = ABSENT.iter().find(|(name, _)| *name == kind);
                    return Err(match absent {
                        Some((_, instead)) => {
                            refused(at, format!("there is no such aggregation here: {instead}"))
                        }
                        None => RequestError::UnknownKey {
                            path: at,
                            known: KINDS,
                        },
                    });
                }
            }
        }
        let [kind] = kinds[..] else {
            return Err(RequestError::OneKey {
                place: format!("`{path}`"),
                what: "the aggregation's kind",
                found: kinds.iter().map(|kind| format!("`{kind}`")).collect(),
            });
        };
        let at = object.path(kind);
        let top = depth == DEEPEST - 1;
        let kind = Kind::read(kind, object.required(kind)?, &at, top)?;
        let inside = inside.unwrap_or_default();
        if !inside.is_empty() && matches!(kind, Kind::Metric(..)) {
            return Err(RequestError::NoBuckets {
                path: object.path("aggs"),
                kind: kind.name(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            meta,
            kind,
            inside,
        })
    }
}

impl Kind {
    fn read(name: &str, json: &Json, path: &str, top: bool) -> Result<Self, RequestError> {
        if let Some(filters) = FiltersRequest::read(name, json, path)? {
            return Ok(Self::Filters(filters));
        }
        let of = Object::read(json, path)?;
        if name == "global" {
            of.knows(&[])?;
            if !top {
                let reason = "`global` cannot lie inside another aggregation: put it at the top";
                return Err(refused(path.to_owned(), reason));
            }
            return Ok(Self::Global);
        }
        of.knows(known(name))?;
        let values = ValuesRequest::read(of, path)?;
        if let Some(metric) = Metric::read(name, of)? {
            return Ok(Self::Metric(metric, values));
        }
        Ok(match name {
            "terms" => Self::Terms(TermsRequest::read(of)?, values),
            "histogram" => Self::Histogram(HistogramRequest::read(of)?, values),
            "date_histogram" => {
                let request = DateHistogramRequest::read(of, values.zone_seconds)?;
                Self::DateHistogram(request, values)
            }
            "range" | "date_range" => {
                Self::Range(RangeRequest::read(of, name == "date_range")?, values)
            }
            _ => Self::Missing(values),
        })
    }

    /// The name in a request.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Metric(Metric::Percentiles { .. }, _) => "percentiles",
            Self::Metric(metric, _) => metric.type_name(),
            Self::Terms(..) => "terms",
            Self::Histogram(..) => "histogram",
            Self::DateHistogram(..) => "date_histogram",
            Self::Range(range, _) if range.dates => "date_range",
            Self::Range(..) => "range",
            Self::Missing(_) => "missing",
            Self::Global => "global",
            Self::Filters(filters) if filters.one => "filter",
            Self::Filters(_) => "filters",
        }
    }

    pub(super) fn values(&self) -> Option<&ValuesRequest> {
        match self {
            Self::Metric(_, values)
            | Self::Terms(_, values)
            | Self::Histogram(_, values)
            | Self::DateHistogram(_, values)
            | Self::Range(_, values)
            | Self::Missing(values) => Some(values),
            Self::Global | Self::Filters(_) => None,
        }
    }

    pub(super) fn takes_keywords(&self) -> bool {
        match self {
            Self::Metric(metric, _) => metric.takes_keywords(),
            Self::Terms(..) | Self::Missing(_) => true,
            _ => false,
        }
    }

    /// Whether numbers are dates to it; some only where a format was asked for.
    pub(super) fn makes_dates(&self, has_format: bool) -> bool {
        match self {
            Self::Range(range, _) => range.dates,
            Self::DateHistogram(..) => has_format,
            _ => false,
        }
    }
}

/// The options of a kind.
fn known(name: &str) -> &'static [&'static str] {
    match name {
        "missing" => &["field", "expression", "wasm_udf"],
        "extended_stats" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "sigma",
        ],
        "cardinality" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "precision_threshold",
        ],
        "percentiles" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "percents",
            "keyed",
            "tdigest",
        ],
        "terms" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "value_type",
            "size",
            "shard_size",
            "min_doc_count",
            "shard_min_doc_count",
            "order",
            "include",
            "exclude",
            "show_term_doc_count_error",
            "collect_mode",
            "execution_hint",
        ],
        "histogram" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "interval",
            "offset",
            "min_doc_count",
            "extended_bounds",
            "hard_bounds",
            "keyed",
            "order",
        ],
        "date_histogram" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "time_zone",
            "calendar_interval",
            "fixed_interval",
            "interval",
            "offset",
            "min_doc_count",
            "extended_bounds",
            "hard_bounds",
            "keyed",
            "order",
        ],
        "range" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "ranges",
            "keyed",
        ],
        "date_range" => &[
            "field",
            "expression",
            "wasm_udf",
            "missing",
            "format",
            "time_zone",
            "ranges",
            "keyed",
        ],
        _ => &["field", "expression", "wasm_udf", "missing", "format"],
    }
}

/// What values come from: one of these.
const SOURCES: &[&str] = &["field", "expression", "wasm_udf"];

impl ValuesRequest {
    fn read(of: Object<'_>, path: &str) -> Result<Self, RequestError> {
        let zone = read::text(of, "time_zone")?.map(|zone| {
            zone_seconds(&zone).ok_or_else(|| {
                let expected = "`UTC` or a fixed offset such as `+01:00`";
                wrong(&of.path("time_zone"), expected, &Json::String(zone))
            })
        });
        let expected = "one of `string`, `long`, `double`, `number`, `date` and `boolean`";
        let value_type = read::optional(of, "value_type", expected, |json| {
            Some(match json.as_str()? {
                "string" => ColumnType::Text,
                "long" => ColumnType::Long,
                "double" | "number" => ColumnType::Double,
                "date" => ColumnType::Date,
                "boolean" => ColumnType::Boolean,
                _ => return None,
            })
        })?;
        Ok(Self {
            source: Source::read(of, path)?,
            missing: of.get("missing").filter(|json| !json.is_null()).cloned(),
            value_type,
            format: read::text(of, "format")?,
            zone_seconds: zone.transpose()?.unwrap_or(0),
        })
    }
}

impl Source {
    fn read(of: Object<'_>, path: &str) -> Result<Self, RequestError> {
        let given: Vec<&str> = SOURCES
            .iter()
            .copied()
            .filter(|key| of.get(key).is_some())
            .collect();
        match given[..] {
            ["field"] => of.text("field").map(Self::Field),
            [name] => {
                let formula = Formula::named(name, of.required(name)?, &of.path(name))?;
                Ok(Self::Formula(formula))
            }
            _ => Err(RequestError::OneOf {
                path: path.to_owned(),
                keys: SOURCES,
            }),
        }
    }
}
