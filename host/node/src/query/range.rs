//! `range`: values between two bounds.
//!
//! Numbers, dates and keywords are compared in their columns. As in OpenSearch, a range over a
//! text compares its words, not the whole text. Bounds that no value of the type has are moved to
//! the next that one has: more than 5.5 is 6 or more if values are integers. A date that is not
//! exact is a span, and its bound is the end of it that includes or excludes the whole span.

use std::ops::Bound;

use serde_json::Value as Json;
use tantivy::Term;
use tantivy::query::{FastFieldRangeQuery, RangeQuery};

use super::automaton::{Between, Listed};
use super::date_math::{End, zone_seconds};
use super::exists::has_value;
use super::field_terms::{Target, boolean};
use super::native::{NativeQuery, constant, none};
use super::numbers::Number;
use super::parameters::{boolean as flag, boost, optional, scalar, shown};
use super::parse::{Object, Parser, RequestError, of_field, wrong};
use super::watchful::WatchfulQuery;
use super::{Clause, Plan, Planner, QueryError};
use crate::allowance::Allowance;
use crate::dates::{DateFormat, UnknownFormat};
use crate::mapping::FieldType;
use crate::request::path::Path;

/// `{"range": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The field's path.
    pub field: String,
    /// The lower bound.
    pub from: Option<Limit>,
    /// The upper bound.
    pub to: Option<Limit>,
    /// The format of the bounds, if they are dates; by default the field's own.
    pub(crate) format: Option<DateFormat>,
    /// The offset from UTC of dates that do not say theirs, in seconds.
    pub zone_seconds: Option<i64>,
    /// The score.
    pub boost: f32,
}

/// A bound of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The value, to be read as the field's type.
    pub value: Json,
    /// Whether the value itself is within the range.
    pub included: bool,
}

impl Clause for Range {
    const NAME: &'static str = "range";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &[
            "gt",
            "gte",
            "lt",
            "lte",
            "from",
            "to",
            "include_lower",
            "include_upper",
            "format",
            "time_zone",
            "relation",
            "boost",
        ];
        of_field(json, path, None, KNOWN, |field, object| {
            // A field has points, for which these are the same.
            let expected = "\"intersects\", \"within\" or \"contains\"";
            optional(object, "relation", expected, |json| {
                let relation = json.as_str()?.to_ascii_lowercase();
                ["intersects", "within", "contains"]
                    .contains(&relation.as_str())
                    .then_some(())
            })?;
            Ok(Self {
                field,
                from: limit(object, ["gt", "gte", "from", "include_lower"])?,
                to: limit(object, ["lt", "lte", "to", "include_upper"])?,
                format: format(object)?,
                zone_seconds: time_zone(object)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(&self.field, path.key(&self.field))? {
            None => none(),
            Some(target) if target.field.field_type != FieldType::Date && self.format.is_some() => {
                return Err(target.needs("`date`", "format", "remove it"));
            }
            Some(target)
                if target.field.field_type != FieldType::Date && self.zone_seconds.is_some() =>
            {
                return Err(target.needs("`date`", "time_zone", "remove it"));
            }
            Some(target) if self.from.is_none() && self.to.is_none() => has_value(target.field),
            Some(target) => self.within(target)?.map_or_else(none, constant),
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// A bound, under one of three keys; null is none.
fn limit(
    object: Object<'_>,
    [excluding, including, either, includes]: [&str; 4],
) -> Result<Option<Limit>, RequestError> {
    let includes = flag(object, includes, true)?;
    let mut limit = None;
    for (key, included) in [(excluding, false), (including, true), (either, includes)] {
        match object.get(key) {
            None | Some(Json::Null) => {}
            Some(json) if limit.is_some() => {
                let expected = "left out, since the same side already has a bound";
                return Err(wrong(&object.path(key), expected, json));
            }
            Some(_) => {
                let value = scalar(object, key)?;
                limit = Some(Limit { value, included });
            }
        }
    }
    Ok(limit)
}

fn format(object: Object<'_>) -> Result<Option<DateFormat>, RequestError> {
    if object.get("format").is_none() {
        return Ok(None);
    }
    let format = DateFormat::named(&object.text("format")?);
    let refused = |error: UnknownFormat| RequestError::DateFormat {
        path: object.path("format"),
        reason: error.to_string(),
    };
    format.map(Some).map_err(refused)
}

fn time_zone(object: Object<'_>) -> Result<Option<i64>, RequestError> {
    let expected = "\"UTC\" or an offset from UTC such as \"+01:00\"";
    optional(object, "time_zone", expected, |json| {
        zone_seconds(json.as_str()?)
    })
}

impl Range {
    /// Documents with a value between the bounds, of which there is one at least; `None` if no
    /// value of the type lies between them.
    fn within(&self, target: Target<'_>) -> Result<Option<NativeQuery>, QueryError> {
        let field = target.field.field;
        let booleans = |limit: &Option<Limit>| {
            read(limit, |limit| {
                boolean(&limit.value).ok_or_else(|| target.refused(&limit.value))
            })
        };
        let numbers = |limit: &Option<Limit>| {
            read(limit, |limit| {
                Number::read(&limit.value).ok_or_else(|| target.refused(&limit.value))
            })
        };
        Ok(match target.field.field_type {
            FieldType::Boolean => {
                let (from, to) = (booleans(&self.from)?, booleans(&self.to)?);
                let values = [false, true].into_iter();
                let values = values.filter(|value| is_within(*value, from, to));
                let terms = values.map(|value| Term::from_field_bool(field, value));
                let terms = terms.map(|term| term.serialized_value_bytes().to_vec());
                let terms: Vec<Vec<u8>> = terms.collect();
                (!terms.is_empty())
                    .then(|| Box::new(target.accepted(Listed::new(terms))) as NativeQuery)
            }
            FieldType::Long => {
                let (from, to) = (numbers(&self.from)?, numbers(&self.to)?);
                let first = from.map_or(Some(i64::MIN), |(number, included)| {
                    number.first_long(included)
                });
                let last = to.map_or(Some(i64::MAX), |(number, included)| {
                    number.last_long(included)
                });
                longs(target, first, last)
            }
            FieldType::Date => {
                let zone_seconds = self.zone_seconds.unwrap_or_default();
                let options = target.date_options(self.format.as_ref(), zone_seconds);
                let date = |limit: &Limit, end| target.date(&limit.value, end, options);
                let first = match &self.from {
                    None => Some(i64::MIN),
                    Some(limit) if limit.included => Some(date(limit, End::First)?),
                    Some(limit) => date(limit, End::Last)?.checked_add(1),
                };
                let last = match &self.to {
                    None => Some(i64::MAX),
                    Some(limit) if limit.included => Some(date(limit, End::Last)?),
                    Some(limit) => date(limit, End::First)?.checked_sub(1),
                };
                longs(target, first, last)
            }
            FieldType::Double => {
                let (from, to) = (numbers(&self.from)?, numbers(&self.to)?);
                // tantivy has two zeros, of which the negative comes first.
                Some(in_column(
                    double(target, from, [-0.0, 0.0]),
                    double(target, to, [0.0, -0.0]),
                    target.allowance,
                ))
            }
            FieldType::Keyword | FieldType::Text => {
                let text = |limit: &Option<Limit>| {
                    bound(limit.as_ref().map(|limit| {
                        let term = target.text_term(&shown(&limit.value));
                        (term, limit.included)
                    }))
                };
                let (from, to) = (text(&self.from), text(&self.to));
                Some(if target.field.field_type == FieldType::Text {
                    // The column has whole texts.
                    let bytes = |term: Term| term.serialized_value_bytes().to_vec();
                    let (from, to) = (from.map(bytes), to.map(bytes));
                    let between = Between { from, to };
                    Box::new(target.accepted(between))
                } else {
                    Box::new(RangeQuery::new(from, to))
                })
            }
        })
    }
}

/// A bound of another type, and whether it is included.
fn read<T>(
    limit: &Option<Limit>,
    read: impl FnOnce(&Limit) -> Result<T, QueryError>,
) -> Result<Option<(T, bool)>, QueryError> {
    let limit = limit.as_ref();
    limit
        .map(|limit| Ok((read(limit)?, limit.included)))
        .transpose()
}

fn is_within(value: bool, from: Option<(bool, bool)>, to: Option<(bool, bool)>) -> bool {
    let above = from.is_none_or(|(from, included)| value & !from || included && value == from);
    let below = to.is_none_or(|(to, included)| !value & to || included && value == to);
    above && below
}

fn longs(target: Target<'_>, first: Option<i64>, last: Option<i64>) -> Option<NativeQuery> {
    let (first, last) = first.zip(last).filter(|(first, last)| first <= last)?;
    let term = |value| Term::from_field_i64(target.field.field, value);
    Some(in_column(
        Bound::Included(term(first)),
        Bound::Included(term(last)),
        target.allowance,
    ))
}

/// The bound of a double; zero is the first of `zeros` if it is included, else the second.
fn double(target: Target<'_>, limit: Option<(Number, bool)>, zeros: [f64; 2]) -> Bound<Term> {
    bound(limit.map(|(number, included)| {
        // A float's bounds have its precision, as in OpenSearch; a scaled float's lie between its
        // values.
        let value = match target.field.type_name() {
            "scaled_float" => number.double(),
            _ => target.field.rounded(number.double()),
        };
        let value = match value {
            0.0 if included => zeros[0],
            0.0 => zeros[1],
            value => value,
        };
        (Term::from_field_f64(target.field.field, value), included)
    }))
}

fn bound(limit: Option<(Term, bool)>) -> Bound<Term> {
    match limit {
        None => Bound::Unbounded,
        Some((term, true)) => Bound::Included(term),
        Some((term, false)) => Bound::Excluded(term),
    }
}

fn in_column(from: Bound<Term>, to: Bound<Term>, allowance: &Allowance) -> NativeQuery {
    // It looks through the column for the first document, which may be far.
    WatchfulQuery::begins(Box::new(FastFieldRangeQuery::new(from, to)), allowance)
}

/// Documents with a value from one to another, in the column, each with the score 1.
pub(super) fn between(first: Term, last: Term, allowance: &Allowance) -> NativeQuery {
    let (first, last) = (Bound::Included(first), Bound::Included(last));
    constant(in_column(first, last, allowance))
}
