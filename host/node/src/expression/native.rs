//! Expressions evaluated document by document, with whole numbers that are exact.
//!
//! Tantivy's jit divides longs as doubles and lets them wrap around, so what is beyond it (see
//! [`Node::native`]) runs here, as do expressions that are too large to compile. A node becomes a
//! closure over a segment's columns. PostgreSQL's nulls are `None`, and so are its errors.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::{Column, DynamicColumn, HasAssociatedColumnType};
use tantivy::index::SegmentReader;
use tantivy::{DocId, Result};

use super::node::{Kind, Node, Operation, Type};
use super::{round, segment};

/// The longest string that is put together, in bytes: the jit has the same limit.
const MAX_TEXT: usize = 256 * 1024;

/// How many strings of a column are kept at hand.
const MAX_CACHED: usize = 8 * 1024;

/// A value in each document of a segment.
pub(super) type Get<T> = Box<dyn Fn(DocId) -> Option<T> + Send>;

/// Opens nodes over a segment's columns.
pub(super) struct Native<'a>(pub(super) &'a SegmentReader);

impl Native<'_> {
    /// A node of type `Boolean`.
    pub(super) fn boolean(&self, node: &Node) -> Result<Get<bool>> {
        Ok(match &node.kind {
            Kind::Boolean(value) => constant(*value),
            Kind::Column(name) => self.column(name, node.type_)?,
            Kind::Compare(comparison, left, right) => {
                let comparison = *comparison;
                match left.type_.common(right.type_) {
                    Some(Type::Long | Type::Date) => {
                        compare(self.long(left)?, self.long(right)?, move |order| {
                            comparison.holds(order)
                        })
                    }
                    Some(Type::Double) => {
                        compare(self.double(left)?, self.double(right)?, move |order| {
                            comparison.holds(order)
                        })
                    }
                    Some(Type::Text) => {
                        compare(self.text(left)?, self.text(right)?, move |order| {
                            comparison.holds(order)
                        })
                    }
                    Some(Type::Boolean) => {
                        compare(self.boolean(left)?, self.boolean(right)?, move |order| {
                            comparison.holds(order)
                        })
                    }
                    Some(Type::Null) | None => null(),
                }
            }
            Kind::And(operands) => self.junction(operands, false)?,
            Kind::Or(operands) => self.junction(operands, true)?,
            Kind::Not(operand) => {
                let operand = self.boolean(operand)?;
                Box::new(move |document| operand(document).map(|value| !value))
            }
            Kind::IsNull(operand) => {
                let is_null: Box<dyn Fn(DocId) -> bool + Send> = match operand.type_ {
                    Type::Null => Box::new(|_| true),
                    Type::Boolean => is_null(self.boolean(operand)?),
                    Type::Long | Type::Date => is_null(self.long(operand)?),
                    Type::Double => is_null(self.double(operand)?),
                    Type::Text => is_null(self.text(operand)?),
                };
                Box::new(move |document| Some(is_null(document)))
            }
            Kind::Is(operand, wanted) => {
                let (operand, wanted) = (self.boolean(operand)?, *wanted);
                Box::new(move |document| Some(operand(document) == Some(wanted)))
            }
            Kind::Matches(text, regex) => {
                let (text, regex) = (self.text(text)?, regex.clone());
                Box::new(move |document| Some(regex.is_match(&text(document)?)))
            }
            _ => self.alternative(node, Self::boolean)?,
        })
    }

    /// A node of type `Long` or `Date`.
    pub(super) fn long(&self, node: &Node) -> Result<Get<i64>> {
        Ok(match &node.kind {
            Kind::Long(value) | Kind::Instant(value) => constant(*value),
            Kind::Column(name) => self.column(name, node.type_)?,
            Kind::Compute(operation, operands) => {
                let step: fn(i64, i64) -> Option<i64> = match operation {
                    Operation::Add => i64::checked_add,
                    Operation::Subtract => i64::checked_sub,
                    Operation::Multiply => i64::checked_mul,
                    Operation::Divide => i64::checked_div,
                    // The least long has a remainder by -1, though no quotient.
                    Operation::Remainder => {
                        |one, other| (other != 0).then(|| one.wrapping_rem(other))
                    }
                    Operation::Abs => return self.map(operands, Self::long, i64::checked_abs),
                    Operation::Round(places) => {
                        let places = *places;
                        let round = move |value| round::long(value, places);
                        return self.map(operands, Self::long, round);
                    }
                    Operation::Length => {
                        let text = self.text(&operands[0])?;
                        return Ok(Box::new(move |document| {
                            i64::try_from(text(document)?.chars().count()).ok()
                        }));
                    }
                    _ => return self.alternative(node, Self::long),
                };
                self.fold(operands, Self::long, step)?
            }
            _ => self.alternative(node, Self::long)?,
        })
    }

    /// A node of type `Double`, or of type `Long` beside one.
    pub(super) fn double(&self, node: &Node) -> Result<Get<f64>> {
        if node.type_ == Type::Long {
            let long = self.long(node)?;
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQL rounds longs beside doubles"
            )]
            return Ok(Box::new(move |document| {
                long(document).map(|value| value as f64)
            }));
        }
        Ok(match &node.kind {
            Kind::Double(value) => constant(*value),
            Kind::Column(name) => self.column(name, node.type_)?,
            Kind::Compute(operation, operands) => {
                let step: fn(f64, f64) -> f64 = match operation {
                    Operation::Add => |one, other| one + other,
                    Operation::Subtract => |one, other| one - other,
                    Operation::Multiply => |one, other| one * other,
                    // By zero, neither is finite.
                    Operation::Divide => |one, other| one / other,
                    Operation::Remainder => |one, other| one % other,
                    Operation::Power => f64::powf,
                    Operation::Abs => return self.map_double(operands, f64::abs),
                    Operation::Sqrt => return self.map_double(operands, f64::sqrt),
                    Operation::Floor => return self.map_double(operands, f64::floor),
                    Operation::Ceil => return self.map_double(operands, f64::ceil),
                    Operation::Round(0) => {
                        return self.map_double(operands, f64::round_ties_even);
                    }
                    Operation::Round(places) => {
                        let places = *places;
                        return self
                            .map_double(operands, move |value| round::double(value, places));
                    }
                    _ => return self.alternative(node, Self::double),
                };
                self.fold(operands, Self::double, move |one, other| {
                    finite(step(one, other))
                })?
            }
            _ => self.alternative(node, Self::double)?,
        })
    }

    /// A node of type `Text`.
    pub(super) fn text(&self, node: &Node) -> Result<Get<Arc<str>>> {
        Ok(match &node.kind {
            Kind::Text(text) => constant(text.clone()),
            Kind::Column(name) => self.text_column(name)?,
            Kind::Compute(Operation::Upper, operands) => {
                self.map(operands, Self::text, |text| {
                    cased(&text, char::to_uppercase)
                })?
            }
            Kind::Compute(Operation::Lower, operands) => {
                self.map(operands, Self::text, |text| {
                    cased(&text, char::to_lowercase)
                })?
            }
            Kind::Compute(Operation::Concat, operands) => {
                let operands = self.all(operands, Self::text)?;
                Box::new(move |document| {
                    let mut whole = String::new();
                    for operand in &operands {
                        whole.push_str(&operand(document)?);
                    }
                    bounded(whole)
                })
            }
            Kind::Compute(Operation::Show, operands) => {
                let operand = &operands[0];
                if operand.type_ == Type::Double {
                    let number = self.double(operand)?;
                    Box::new(move |document| Some(show(number(document)?).into()))
                } else {
                    let number = self.long(operand)?;
                    Box::new(move |document| Some(number(document)?.to_string().into()))
                }
            }
            Kind::Extract(text, regex) => {
                let (text, regex) = (self.text(text)?, regex.clone());
                Box::new(move |document| {
                    let text = text(document)?;
                    let groups = regex.captures(&text);
                    // The pattern matches every string.
                    Some(groups?.get(1)?.as_str().into())
                })
            }
            _ => self.alternative(node, Self::text)?,
        })
    }

    /// A node that is one of several values of its type: the first that fits, or the best.
    fn alternative<T: PartialOrd + 'static>(
        &self,
        node: &Node,
        open: fn(&Self, &Node) -> Result<Get<T>>,
    ) -> Result<Get<T>> {
        Ok(match &node.kind {
            Kind::Case(branches, otherwise) => {
                let branches = branches
                    .iter()
                    .map(|(condition, value)| Ok((self.boolean(condition)?, open(self, value)?)))
                    .collect::<Result<Vec<_>>>()?;
                let otherwise = open(self, otherwise)?;
                Box::new(move |document| {
                    let mut branches = branches.iter();
                    match branches.find(|(condition, _)| condition(document) == Some(true)) {
                        Some((_, value)) => value(document),
                        None => otherwise(document),
                    }
                })
            }
            Kind::Coalesce(operands) => {
                let operands = self.all(operands, open)?;
                Box::new(move |document| operands.iter().find_map(|operand| operand(document)))
            }
            Kind::Compute(operation @ (Operation::Least | Operation::Greatest), operands) => {
                let operands = self.all(operands, open)?;
                let least = *operation == Operation::Least;
                Box::new(move |document| {
                    let present = operands.iter().filter_map(|operand| operand(document));
                    present.reduce(|best, next| {
                        let wins = if least { next < best } else { next > best };
                        if wins { next } else { best }
                    })
                })
            }
            _ => null(),
        })
    }

    /// Whether one operand has a value, which decides, or none has and none is null.
    fn junction(&self, operands: &[Arc<Node>], decisive: bool) -> Result<Get<bool>> {
        let operands = self.all(operands, Self::boolean)?;
        Ok(Box::new(move |document| {
            let mut all = Some(!decisive);
            for operand in &operands {
                match operand(document) {
                    Some(value) if value == decisive => return Some(decisive),
                    Some(_) => {}
                    None => all = None,
                }
            }
            all
        }))
    }

    fn all<T>(
        &self,
        nodes: &[Arc<Node>],
        open: fn(&Self, &Node) -> Result<Get<T>>,
    ) -> Result<Vec<Get<T>>> {
        nodes.iter().map(|node| open(self, node)).collect()
    }

    fn map<T: 'static>(
        &self,
        operands: &[Arc<Node>],
        open: fn(&Self, &Node) -> Result<Get<T>>,
        map: impl Fn(T) -> Option<T> + Send + 'static,
    ) -> Result<Get<T>> {
        let operand = open(self, &operands[0])?;
        Ok(Box::new(move |document| operand(document).and_then(&map)))
    }

    fn map_double(
        &self,
        operands: &[Arc<Node>],
        map: impl Fn(f64) -> f64 + Send + 'static,
    ) -> Result<Get<f64>> {
        self.map(operands, Self::double, move |value| finite(map(value)))
    }

    /// From left to right, and null where one step is.
    fn fold<T: 'static>(
        &self,
        operands: &[Arc<Node>],
        open: fn(&Self, &Node) -> Result<Get<T>>,
        step: impl Fn(T, T) -> Option<T> + Send + 'static,
    ) -> Result<Get<T>> {
        let first = open(self, &operands[0])?;
        let rest = self.all(&operands[1..], open)?;
        Ok(Box::new(move |document| {
            rest.iter().try_fold(first(document)?, |value, operand| {
                step(value, operand(document)?)
            })
        }))
    }

    fn column<T>(&self, name: &str, type_: Type) -> Result<Get<T>>
    where
        T: HasAssociatedColumnType + Send + Sync + 'static,
        DynamicColumn: Into<Option<Column<T>>>,
    {
        if !segment::has_column(self.0, name, type_) {
            return Ok(null());
        }
        Ok(match self.0.fast_fields().column_opt::<T>(name)? {
            Some(column) => Box::new(move |document| column.first(document)),
            None => null(),
        })
    }

    fn text_column(&self, name: &str) -> Result<Get<Arc<str>>> {
        if !segment::has_column(self.0, name, Type::Text) {
            return Ok(null());
        }
        let Some(column) = self.0.fast_fields().str(name)? else {
            return Ok(null());
        };
        let cached = RefCell::new(HashMap::new());
        Ok(Box::new(move |document| {
            let ordinal = column.ords().first(document)?;
            let mut cached = cached.borrow_mut();
            if let Some(text) = cached.get(&ordinal) {
                return Some(Arc::clone(text));
            }
            let mut text = String::new();
            // A dictionary that cannot be read has no strings, as elsewhere.
            if !column.ord_to_str(ordinal, &mut text).ok()? {
                return None;
            }
            if cached.len() == MAX_CACHED {
                cached.clear();
            }
            let text = Arc::<str>::from(text);
            cached.insert(ordinal, Arc::clone(&text));
            Some(text)
        }))
    }
}

fn null<T>() -> Get<T> {
    Box::new(|_| None)
}

fn constant<T: Clone + Send + 'static>(value: T) -> Get<T> {
    Box::new(move |_| Some(value.clone()))
}

fn is_null<T: 'static>(value: Get<T>) -> Box<dyn Fn(DocId) -> bool + Send> {
    Box::new(move |document| value(document).is_none())
}

fn compare<T: PartialOrd + 'static>(
    left: Get<T>,
    right: Get<T>,
    holds: impl Fn(std::cmp::Ordering) -> bool + Send + 'static,
) -> Get<bool> {
    Box::new(move |document| {
        let order = left(document)?.partial_cmp(&right(document)?)?;
        Some(holds(order))
    })
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A double in the fewest digits, as PostgreSQL writes it: very large and very small ones have an
/// exponent.
fn show(number: f64) -> String {
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) if !(-4..15).contains(&exponent) => format!("{digits}e{exponent:+03}"),
            _ => number.to_string(),
        },
        None => scientific,
    }
}

fn bounded(text: String) -> Option<Arc<str>> {
    (text.len() <= MAX_TEXT).then(|| text.into())
}

/// Characters that would become several stay as they are.
fn cased<I: ExactSizeIterator<Item = char>>(
    text: &str,
    to: impl Fn(char) -> I,
) -> Option<Arc<str>> {
    let one = |letter| {
        let mut mapped = to(letter);
        match (mapped.len(), mapped.next()) {
            (1, Some(mapped)) => mapped,
            _ => letter,
        }
    };
    bounded(text.chars().map(one).collect())
}
