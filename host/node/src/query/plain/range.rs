//! `range`: values between two bounds.
//!
//! Numbers, dates and keywords are compared in their columns. As in Elasticsearch, a range over a
//! text compares its words, not the whole text. Bounds that no value of the type has are moved to
//! the next that one has: more than 5.5 is 6 or more where values are integers. A date that is not
//! exact is a span, and its bound is the end of it that keeps or leaves out the whole span.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{FastFieldRangeQuery, InvertedIndexRangeQuery, RangeQuery, TermSetQuery};

use super::values::{Number, boolean, constant, double, number, refused, text, whole};
use super::{EngineQuery, Plain, QueryError, none};
use crate::mapping::{FieldType, MappedField};
use crate::query::Limit;
use crate::query::date_math::End;

impl Plain<'_> {
    pub(super) fn range(
        &self,
        name: &str,
        from: Option<&Limit>,
        to: Option<&Limit>,
        path: &str,
    ) -> Result<EngineQuery, QueryError> {
        let Some(field) = self.mapping.field(name) else {
            return Ok(none());
        };
        if from.is_none() && to.is_none() {
            return Ok(self.exists(name));
        }
        let wrong = |limit: &Limit| refused(path, name, field.field_type, &limit.value);
        let numbers = || -> Result<_, QueryError> {
            let read = |limit: &Limit| {
                let number = number(&limit.value).ok_or_else(|| wrong(limit))?;
                Ok((number, limit.included))
            };
            Ok((from.map(read).transpose()?, to.map(read).transpose()?))
        };
        let query: Option<EngineQuery> = match field.field_type {
            FieldType::Boolean => {
                let read = |limit: &Limit| {
                    let value = boolean(&limit.value).ok_or_else(|| wrong(limit))?;
                    Ok((value, limit.included))
                };
                booleans(
                    field,
                    from.map(read).transpose()?,
                    to.map(read).transpose()?,
                )
            }
            FieldType::Long => {
                let (from, to) = numbers()?;
                let first = from.map_or(Some(i64::MIN), |(number, included)| {
                    first_long(number, included)
                });
                let last = to.map_or(Some(i64::MAX), |(number, included)| {
                    last_long(number, included)
                });
                let term = |value| Term::from_field_i64(field.field, value);
                first
                    .zip(last)
                    .and_then(|(first, last)| between(first, last, term))
            }
            FieldType::Double => {
                let (from, to) = numbers()?;
                Some(doubles(field, from, to))
            }
            FieldType::Date => {
                let bounds = self.dates(name, from, to, path)?;
                let term = |micros| Term::from_field_i64(field.field, micros);
                bounds.and_then(|(first, last)| between(first, last, term))
            }
            FieldType::Keyword | FieldType::Text => Some(texts(field, from, to)),
        };
        Ok(query.map_or_else(none, constant))
    }

    /// The first and the last microsecond of a range; `None` where nothing lies in it.
    fn dates(
        &self,
        name: &str,
        from: Option<&Limit>,
        to: Option<&Limit>,
        path: &str,
    ) -> Result<Option<(i64, i64)>, QueryError> {
        let mut bounds = (i64::MIN, i64::MAX);
        if let Some(Limit { value, included }) = from {
            bounds.0 = if *included {
                self.date(name, value, End::First, path)?
            } else {
                self.date(name, value, End::Last, path)?.saturating_add(1)
            };
        }
        if let Some(Limit { value, included }) = to {
            bounds.1 = if *included {
                self.date(name, value, End::Last, path)?
            } else {
                self.date(name, value, End::First, path)?.saturating_sub(1)
            };
        }
        let (first, last) = bounds;
        Ok((first <= last).then_some(bounds))
    }
}

fn in_column(from: Bound<Term>, to: Bound<Term>) -> EngineQuery {
    Box::new(FastFieldRangeQuery::new(from, to))
}

/// A range within a column; `None` where it is empty.
fn between<T: PartialOrd>(first: T, last: T, term: impl Fn(T) -> Term) -> Option<EngineQuery> {
    (first <= last).then(|| in_column(Bound::Included(term(first)), Bound::Included(term(last))))
}

/// The least integer above a number, or from it on.
fn first_long(number: Number, included: bool) -> Option<i64> {
    match number {
        Number::Integer(value) if included => Some(value),
        Number::Integer(value) => value.checked_add(1),
        Number::Float(value) => match whole(value) {
            Some(value) => first_long(Number::Integer(value), included),
            None if value < LEAST_LONG => Some(i64::MIN),
            None => whole(value.ceil()),
        },
    }
}

/// The greatest integer below a number, or up to it.
fn last_long(number: Number, included: bool) -> Option<i64> {
    match number {
        Number::Integer(value) if included => Some(value),
        Number::Integer(value) => value.checked_sub(1),
        Number::Float(value) => match whole(value) {
            Some(value) => last_long(Number::Integer(value), included),
            None if value >= -LEAST_LONG => Some(i64::MAX),
            None => whole(value.floor()),
        },
    }
}

/// The least integer of 64 bits; its negative is the first that is too large.
const LEAST_LONG: f64 = -9_223_372_036_854_775_808.0;

fn doubles(
    field: MappedField<'_>,
    from: Option<(Number, bool)>,
    to: Option<(Number, bool)>,
) -> EngineQuery {
    let term = |value| Term::from_field_f64(field.field, value);
    // The engine has two zeros, of which the negative comes first.
    let from = from.map_or(Bound::Unbounded, |(number, included)| {
        match (double(number), included) {
            (0.0, true) => Bound::Included(term(-0.0)),
            (0.0, false) => Bound::Excluded(term(0.0)),
            (value, true) => Bound::Included(term(value)),
            (value, false) => Bound::Excluded(term(value)),
        }
    });
    let to = to.map_or(Bound::Unbounded, |(number, included)| {
        match (double(number), included) {
            (0.0, true) => Bound::Included(term(0.0)),
            (0.0, false) => Bound::Excluded(term(-0.0)),
            (value, true) => Bound::Included(term(value)),
            (value, false) => Bound::Excluded(term(value)),
        }
    });
    in_column(from, to)
}

fn booleans(
    field: MappedField<'_>,
    from: Option<(bool, bool)>,
    to: Option<(bool, bool)>,
) -> Option<EngineQuery> {
    let within = |value: &bool| {
        let above = from.is_none_or(|(limit, included)| {
            value.cmp(&limit).is_gt() || included && *value == limit
        });
        let below = to.is_none_or(|(limit, included)| {
            value.cmp(&limit).is_lt() || included && *value == limit
        });
        above && below
    };
    let values = [false, true].into_iter().filter(within);
    let terms: Vec<Term> = values
        .map(|value| Term::from_field_bool(field.field, value))
        .collect();
    (!terms.is_empty()).then(|| Box::new(TermSetQuery::new(terms)) as EngineQuery)
}

fn texts(field: MappedField<'_>, from: Option<&Limit>, to: Option<&Limit>) -> EngineQuery {
    let bound = |limit: Option<&Limit>| {
        limit.map_or(Bound::Unbounded, |Limit { value, included }| {
            let term = Term::from_field_text(field.field, &text(value));
            if *included {
                Bound::Included(term)
            } else {
                Bound::Excluded(term)
            }
        })
    };
    let (from, to) = (bound(from), bound(to));
    if field.field_type == FieldType::Text {
        // The column has whole texts.
        Box::new(InvertedIndexRangeQuery::new(from, to))
    } else {
        Box::new(RangeQuery::new(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_move_to_the_next_integer() {
        use Number::{Float, Integer};
        let largest_float = Float(9_223_372_036_854_774_784.0);
        for (number, from, above, to, below) in [
            (Integer(5), Some(5), Some(6), Some(5), Some(4)),
            (Float(5.0), Some(5), Some(6), Some(5), Some(4)),
            (Float(5.5), Some(6), Some(6), Some(5), Some(5)),
            (Float(-5.5), Some(-5), Some(-5), Some(-6), Some(-6)),
            (
                Integer(i64::MAX),
                Some(i64::MAX),
                None,
                Some(i64::MAX),
                Some(i64::MAX - 1),
            ),
            (
                Integer(i64::MIN),
                Some(i64::MIN),
                Some(i64::MIN + 1),
                Some(i64::MIN),
                None,
            ),
            (
                largest_float,
                Some(i64::MAX - 1_023),
                Some(i64::MAX - 1_022),
                Some(i64::MAX - 1_023),
                Some(i64::MAX - 1_024),
            ),
            (
                Float(-LEAST_LONG),
                None,
                None,
                Some(i64::MAX),
                Some(i64::MAX),
            ),
            (Float(1e300), None, None, Some(i64::MAX), Some(i64::MAX)),
            (Float(-1e300), Some(i64::MIN), Some(i64::MIN), None, None),
        ] {
            assert_eq!(first_long(number, true), from, "{number:?}");
            assert_eq!(first_long(number, false), above, "{number:?}");
            assert_eq!(last_long(number, true), to, "{number:?}");
            assert_eq!(last_long(number, false), below, "{number:?}");
        }
    }
}
