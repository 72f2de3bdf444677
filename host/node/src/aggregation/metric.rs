//! Metrics: numbers over the values of a bucket's documents.

use serde_json::{Map, Value as Json, json};

use super::digest::Digest;
use super::distinct::Distinct;
use super::format::{Format, shown};
use super::partial::Partial;
use super::read;
use super::result::double;
use crate::request::RequestError;
use crate::request::object::{Object, wrong};

/// Which numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Metric {
    Avg,
    Max,
    Min,
    Sum,
    Stats,
    ExtendedStats {
        /// How many standard deviations the bounds lie from the average.
        sigma: f64,
    },
    ValueCount,
    Cardinality {
        /// Up to how many values the count is exact.
        threshold: usize,
    },
    Percentiles {
        percents: Vec<f64>,
        compression: f64,
        keyed: bool,
    },
}

const PERCENTS: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];

const MOST_PERCENTS: usize = 1_000;

impl Metric {
    pub(super) fn read(name: &str, of: Object<'_>) -> Result<Option<Self>, RequestError> {
        Ok(Some(match name {
            "avg" => Self::Avg,
            "max" => Self::Max,
            "min" => Self::Min,
            "sum" => Self::Sum,
            "stats" => Self::Stats,
            "extended_stats" => {
                let expected = "a number of at least 0";
                let sigma = read::optional(of, "sigma", expected, |json| {
                    json.as_f64().filter(|sigma| *sigma >= 0.0)
                })?;
                let sigma = sigma.unwrap_or(2.0);
                Self::ExtendedStats { sigma }
            }
            "value_count" => Self::ValueCount,
            "cardinality" => {
                let threshold = read::count(of, "precision_threshold")?;
                let threshold = threshold.unwrap_or(3_000).min(40_000) as usize;
                Self::Cardinality { threshold }
            }
            "percentiles" => Self::Percentiles {
                percents: percents(of)?,
                compression: compression(of)?,
                keyed: read::boolean(of, "keyed")?.unwrap_or(true),
            },
            _ => return Ok(None),
        }))
    }

    /// The type's name in an answer with typed keys.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
            Self::Stats => "stats",
            Self::ExtendedStats { .. } => "extended_stats",
            Self::ValueCount => "value_count",
            Self::Cardinality { .. } => "cardinality",
            Self::Percentiles { .. } => "tdigest_percentiles",
        }
    }

    pub(super) fn takes_keywords(&self) -> bool {
        matches!(self, Self::ValueCount | Self::Cardinality { .. })
    }

    /// The numbers of no documents.
    pub(super) fn empty(&self) -> Partial {
        match self {
            Self::ValueCount => Partial::Count(0),
            Self::Cardinality { .. } => Partial::Distinct(Distinct::default()),
            Self::Percentiles { compression, .. } => Partial::Digest(Digest::new(*compression)),
            _ => Partial::Numbers(Numbers::default()),
        }
    }

    /// Whether [`Metric::value`] knows a number by this name; by none where there is one number.
    pub(super) fn has_value(&self, name: Option<&str>) -> bool {
        let Some(name) = name else {
            let many = matches!(
                self,
                Self::Stats | Self::ExtendedStats { .. } | Self::Percentiles { .. }
            );
            return !many;
        };
        match self {
            Self::Stats => STATS.contains(&name),
            Self::ExtendedStats { .. } => STATS.contains(&name) || EXTENDED.contains(&name),
            Self::Percentiles { percents, .. } => name
                .parse()
                .is_ok_and(|percent: f64| percents.contains(&percent)),
            _ => name == "value",
        }
    }

    /// The number that buckets are ordered by.
    pub(super) fn value(&self, partial: &Partial, name: Option<&str>) -> f64 {
        match partial {
            Partial::Count(count) => *count as f64,
            Partial::Distinct(distinct) => distinct.count() as f64,
            Partial::Digest(digest) => {
                let percent = name.and_then(|name| name.parse().ok()).unwrap_or(50.0);
                let value = digest.clone().percentiles(&[percent]);
                value[0].unwrap_or(f64::NAN)
            }
            Partial::Numbers(numbers) => {
                let sigma = match self {
                    Self::ExtendedStats { sigma } => *sigma,
                    _ => 2.0,
                };
                let name = name.filter(|name| *name != "value");
                numbers.value(name.unwrap_or(self.type_name()), sigma)
            }
            Partial::Buckets(_) => f64::NAN,
        }
    }

    /// The answer.
    pub(super) fn finish(&self, partial: Partial, format: &Format) -> Map<String, Json> {
        let mut answer = Map::new();
        match partial {
            Partial::Count(count) => put(&mut answer, "value", json!(count)),
            Partial::Distinct(distinct) => put(&mut answer, "value", json!(distinct.count())),
            Partial::Digest(digest) => self.finish_percentiles(digest, format, &mut answer),
            Partial::Numbers(numbers) => match self {
                Self::Stats => numbers.finish_stats(format, &mut answer),
                Self::ExtendedStats { sigma } => {
                    numbers.finish_stats(format, &mut answer);
                    numbers.finish_extended(*sigma, format, &mut answer);
                }
                _ => {
                    let value = numbers.value(self.type_name(), 0.0);
                    if numbers.count == 0 && *self != Self::Sum {
                        put(&mut answer, "value", Json::Null);
                    } else {
                        put(&mut answer, "value", double(value));
                        put_shown(&mut answer, "value_as_string", value, format);
                    }
                }
            },
            Partial::Buckets(_) => {}
        }
        answer
    }

    fn finish_percentiles(&self, digest: Digest, format: &Format, answer: &mut Map<String, Json>) {
        let Self::Percentiles {
            percents, keyed, ..
        } = self
        else {
            return;
        };
        let values = digest.percentiles(percents);
        let pairs = percents.iter().zip(values);
        let values = if *keyed {
            let mut values = Map::new();
            for (percent, value) in pairs {
                let name = shown(*percent);
                put(&mut values, &name, value.map_or(Json::Null, double));
                if let Some(value) = value {
                    put_shown(&mut values, &format!("{name}_as_string"), value, format);
                }
            }
            Json::Object(values)
        } else {
            let value = |(percent, value): (&f64, Option<f64>)| {
                let mut entry = Map::new();
                put(&mut entry, "key", json!(percent));
                put(&mut entry, "value", value.map_or(Json::Null, double));
                if let Some(value) = value {
                    put_shown(&mut entry, "value_as_string", value, format);
                }
                Json::Object(entry)
            };
            pairs.map(value).collect()
        };
        put(answer, "values", values);
    }
}

fn percents(of: Object<'_>) -> Result<Vec<f64>, RequestError> {
    let Some(json) = of.get("percents") else {
        return Ok(PERCENTS.to_vec());
    };
    let path = of.path("percents");
    let list = json.as_array();
    let list = list.ok_or_else(|| wrong(&path, "a list of numbers", json))?;
    if list.is_empty() || list.len() > MOST_PERCENTS {
        let reason = format!("give from 1 to {MOST_PERCENTS} numbers");
        return Err(RequestError::Aggregation { path, reason });
    }
    let percent = |(number, json): (usize, &Json)| {
        let percent = json
            .as_f64()
            .filter(|percent| (0.0..=100.0).contains(percent));
        let expected = "a number from 0 to 100";
        percent.ok_or_else(|| wrong(&format!("{path}[{number}]"), expected, json))
    };
    let percents = list.iter().enumerate().map(percent);
    let mut percents: Vec<f64> = percents.collect::<Result<_, _>>()?;
    percents.sort_by(f64::total_cmp);
    percents.dedup();
    Ok(percents)
}

fn compression(of: Object<'_>) -> Result<f64, RequestError> {
    let Some(json) = of.get("tdigest") else {
        return Ok(100.0);
    };
    let path = of.path("tdigest");
    let options = Object::read(json, &path)?;
    options.knows(&["compression"])?;
    let expected = "a number from 20 to 1,000";
    let compression = read::optional(options, "compression", expected, |json| {
        let compression = json.as_f64()?;
        (20.0..=1_000.0)
            .contains(&compression)
            .then_some(compression)
    })?;
    Ok(compression.unwrap_or(100.0))
}

/// What stats are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    count: u64,
    sum: Sum,
    squares: Sum,
    min: f64,
    max: f64,
}

/// A sum that carries what rounding loses (Kahan's).
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let corrected = value - self.lost;
        let sum = self.value + corrected;
        let lost = (sum - self.value) - corrected;
        // Where the sum is no longer finite there is nothing to correct.
        self.lost = if lost.is_finite() { lost } else { 0.0 };
        self.value = sum;
    }

    fn merge(&mut self, other: Self) {
        self.add(other.value);
        self.add(-other.lost);
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            count: 0,
            sum: Sum::default(),
            squares: Sum::default(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

const STATS: &[&str] = &["count", "min", "max", "avg", "sum"];

const EXTENDED: &[&str] = &[
    "sum_of_squares",
    "variance",
    "variance_population",
    "variance_sampling",
    "std_deviation",
    "std_deviation_population",
    "std_deviation_sampling",
    "std_upper",
    "std_lower",
    "std_upper_population",
    "std_lower_population",
    "std_upper_sampling",
    "std_lower_sampling",
];

/// Bounds as they are called in an answer and in an order.
const BOUNDS: [(&str, &str); 6] = [
    ("upper", "std_upper"),
    ("lower", "std_lower"),
    ("upper_population", "std_upper_population"),
    ("lower_population", "std_lower_population"),
    ("upper_sampling", "std_upper_sampling"),
    ("lower_sampling", "std_lower_sampling"),
];

impl Numbers {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum.add(value);
        self.squares.add(value * value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    fn value(&self, name: &str, sigma: f64) -> f64 {
        let count = self.count as f64;
        let sum = self.sum.value;
        let squares = self.squares.value;
        let deviations = (squares - sum * sum / count).max(0.0);
        let population = if self.count == 0 {
            f64::NAN
        } else {
            deviations / count
        };
        let sampling = if self.count < 2 {
            f64::NAN
        } else {
            deviations / (count - 1.0)
        };
        let avg = sum / count;
        match name {
            "count" => count,
            "min" => self.min,
            "max" => self.max,
            "sum" => sum,
            "sum_of_squares" => squares,
            "variance" | "variance_population" => population,
            "variance_sampling" => sampling,
            "std_deviation" | "std_deviation_population" => population.sqrt(),
            "std_deviation_sampling" => sampling.sqrt(),
            "std_upper" | "std_upper_population" => avg + population.sqrt() * sigma,
            "std_lower" | "std_lower_population" => avg - population.sqrt() * sigma,
            "std_upper_sampling" => avg + sampling.sqrt() * sigma,
            "std_lower_sampling" => avg - sampling.sqrt() * sigma,
            _ => avg,
        }
    }

    fn finish_stats(&self, format: &Format, answer: &mut Map<String, Json>) {
        put(answer, "count", json!(self.count));
        for name in ["min", "max", "avg", "sum"] {
            let value = if self.count == 0 && name != "sum" {
                Json::Null
            } else {
                double(self.value(name, 0.0))
            };
            put(answer, name, value);
        }
        if self.count > 0 {
            for name in ["min", "max", "avg", "sum"] {
                let shown_name = format!("{name}_as_string");
                put_shown(answer, &shown_name, self.value(name, 0.0), format);
            }
        }
    }

    fn finish_extended(&self, sigma: f64, format: &Format, answer: &mut Map<String, Json>) {
        let value = |name: &str| {
            if self.count == 0 {
                Json::Null
            } else {
                double(self.value(name, sigma))
            }
        };
        let numbers = &EXTENDED[..EXTENDED.len() - BOUNDS.len()];
        for name in numbers {
            put(answer, name, value(name));
        }
        let bounds = BOUNDS.map(|(name, of)| (name.to_owned(), value(of)));
        let bounds: Map<String, Json> = bounds.into_iter().collect();
        put(answer, "std_deviation_bounds", Json::Object(bounds));
        if self.count == 0 || *format == Format::Raw {
            return;
        }
        for name in numbers {
            let shown_name = format!("{name}_as_string");
            put_shown(answer, &shown_name, self.value(name, sigma), format);
        }
        let mut bounds = Map::new();
        for (name, of) in BOUNDS {
            put_shown(&mut bounds, name, self.value(of, sigma), format);
        }
        put(
            answer,
            "std_deviation_bounds_as_string",
            Json::Object(bounds),
        );
    }
}

pub(super) fn put(object: &mut Map<String, Json>, name: &str, value: Json) {
    object.insert(name.to_owned(), value);
}

/// A number as its field shows it, where that is not as a number.
pub(super) fn put_shown(object: &mut Map<String, Json>, name: &str, value: f64, format: &Format) {
    if let Some(shown) = format.show(value) {
        put(object, name, json!(shown));
    }
}
