//! Nodes evaluated over a block of documents, a column at a time.
//!
//! PostgreSQL's nulls are Arrow's, and so are its errors: a number out of range, a division by zero.
//! A part of an expression that reads a single column of strings is evaluated once for each string
//! of the column's dictionary, as soon as that is less work. It knows nothing of segments.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder as _, StringBuilder};
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{Array, Float64Array, Int64Array, PrimitiveArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::node::{Comparison, Kind, Node, Operation, Type};
use super::round;
use super::vector::{Text, Truth, Vector, doubles, longs};
use crate::allowance::Allowance;

/// The longest string that is put together, in bytes.
const MAX_TEXT: usize = 256 * 1024;

/// The most bytes of strings that are put together for a block at once.
const MAX_BLOCK_TEXT: usize = 8 << 20;

/// How many strings are searched between two looks at the clock.
const STRINGS_A_LOOK: usize = 64;

/// A block cannot be evaluated as a whole.
#[derive(Debug)]
pub(super) enum Undone {
    /// Its strings take too much memory: take fewer documents.
    TooLarge,
    /// The search has ended.
    Over,
}

type Evaluated<T> = Result<T, Undone>;

/// A column of a block.
#[derive(Debug)]
pub(super) enum Loaded {
    Boolean(Truth),
    /// Longs, and dates in microseconds since 1970.
    Long(Int64Array),
    Double(Float64Array),
    Text(Text),
}

/// Documents, and the columns that a segment has of them, by their names in tantivy.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) rows: usize,
    pub(super) columns: HashMap<Arc<str>, Loaded>,
}

/// What parts of an expression are for each string of a segment's dictionaries, by the addresses of
/// their nodes.
#[derive(Debug, Default)]
pub(super) struct Tables(HashMap<usize, Table>);

#[derive(Debug)]
enum Table {
    /// So many documents were evaluated one by one.
    Counted(usize),
    /// For each string, and last for null.
    Boolean(Truth),
    Long(Int64Array),
    Double(Float64Array),
    Text(Text),
}

/// Evaluates nodes over one block.
pub(super) struct Evaluator<'a> {
    pub(super) block: &'a Block,
    /// `None` while a table is made.
    pub(super) tables: Option<&'a mut Tables>,
    pub(super) allowance: &'a Allowance,
}

impl Evaluator<'_> {
    /// A node of type `Boolean`.
    pub(super) fn boolean(&mut self, node: &Node) -> Evaluated<Truth> {
        let by_term = self.by_term(
            node,
            |table| match table {
                Table::Boolean(truth) => Some(truth),
                _ => None,
            },
            Table::Boolean,
            |evaluator, node| evaluator.boolean_of(node),
        )?;
        by_term.map_or_else(|| self.boolean_of(node), Ok)
    }

    fn boolean_of(&mut self, node: &Node) -> Evaluated<Truth> {
        Ok(match &node.kind {
            Kind::Boolean(value) => Truth::constant(*value, self.block.rows),
            Kind::Column(name) => match self.block.columns.get(name) {
                Some(Loaded::Boolean(truth)) => truth.clone(),
                _ => Truth::null(self.block.rows),
            },
            Kind::Compare(comparison, left, right) => self.compare(*comparison, left, right)?,
            Kind::And(operands) => self.junction(operands, Truth::and)?,
            Kind::Or(operands) => self.junction(operands, Truth::or)?,
            Kind::Not(operand) => self.boolean(operand)?.not(),
            Kind::IsNull(operand) => {
                let valid = match operand.type_ {
                    Type::Null => BooleanBuffer::new_unset(self.block.rows),
                    Type::Boolean => self.boolean(operand)?.valid(),
                    Type::Long | Type::Date => self.long(operand)?.valid(),
                    Type::Double => self.double(operand)?.valid(),
                    Type::Text => self.text(operand)?.valid(),
                };
                Truth::new(&!&valid, None)
            }
            Kind::Is(operand, wanted) => self.boolean(operand)?.is(*wanted),
            Kind::Matches(text, regex) => {
                let text = self.text(text)?;
                self.truths(&text, |text| regex.is_match(text))?
            }
            _ => self.alternative(node, Truth::null, Self::boolean)?,
        })
    }

    /// A node of type `Long` or `Date`.
    pub(super) fn long(&mut self, node: &Node) -> Evaluated<Int64Array> {
        let by_term = self.by_term(
            node,
            |table| match table {
                Table::Long(longs) => Some(longs),
                _ => None,
            },
            Table::Long,
            |evaluator, node| evaluator.long_of(node),
        )?;
        by_term.map_or_else(|| self.long_of(node), Ok)
    }

    fn long_of(&mut self, node: &Node) -> Evaluated<Int64Array> {
        Ok(match &node.kind {
            Kind::Long(value) | Kind::Instant(value) => longs(*value, self.block.rows),
            Kind::Column(name) => match self.block.columns.get(name) {
                Some(Loaded::Long(values)) => values.clone(),
                _ => Int64Array::new_null(self.block.rows),
            },
            Kind::Compute(operation, operands) => match operation {
                Operation::Add => self.fold(operands, Self::long, i64::checked_add)?,
                Operation::Subtract => self.fold(operands, Self::long, i64::checked_sub)?,
                Operation::Multiply => self.fold(operands, Self::long, i64::checked_mul)?,
                Operation::Divide => self.fold(operands, Self::long, i64::checked_div)?,
                // The least long has a remainder by -1, though no quotient.
                Operation::Remainder => self.fold(operands, Self::long, |one, other| {
                    (other != 0).then(|| one.wrapping_rem(other))
                })?,
                Operation::Abs => map(&self.long(&operands[0])?, i64::checked_abs),
                Operation::Round(places) => {
                    let places = *places;
                    map(&self.long(&operands[0])?, |value| {
                        round::long(value, places)
                    })
                }
                Operation::Length => {
                    let text = self.text(&operands[0])?;
                    let length = |text: &str| i64::try_from(text.chars().count()).ok();
                    text.iter().map(|text| text.and_then(length)).collect()
                }
                _ => self.alternative(node, Int64Array::new_null, Self::long)?,
            },
            _ => self.alternative(node, Int64Array::new_null, Self::long)?,
        })
    }

    /// A node of type `Double`, or of type `Long` beside one.
    pub(super) fn double(&mut self, node: &Node) -> Evaluated<Float64Array> {
        if node.type_ == Type::Long {
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQL rounds longs beside doubles"
            )]
            return Ok(self.long(node)?.unary(|value| value as f64));
        }
        let by_term = self.by_term(
            node,
            |table| match table {
                Table::Double(doubles) => Some(doubles),
                _ => None,
            },
            Table::Double,
            |evaluator, node| evaluator.double_of(node),
        )?;
        by_term.map_or_else(|| self.double_of(node), Ok)
    }

    fn double_of(&mut self, node: &Node) -> Evaluated<Float64Array> {
        Ok(match &node.kind {
            Kind::Double(value) => doubles(*value, self.block.rows),
            Kind::Column(name) => match self.block.columns.get(name) {
                Some(Loaded::Double(values)) => values.clone(),
                _ => Float64Array::new_null(self.block.rows),
            },
            Kind::Compute(operation, operands) => match operation {
                Operation::Add => self.fold_doubles(operands, |one, other| one + other)?,
                Operation::Subtract => self.fold_doubles(operands, |one, other| one - other)?,
                Operation::Multiply => self.fold_doubles(operands, |one, other| one * other)?,
                // By zero, neither is finite.
                Operation::Divide => self.fold_doubles(operands, |one, other| one / other)?,
                Operation::Remainder => self.fold_doubles(operands, |one, other| one % other)?,
                Operation::Power => self.fold_doubles(operands, f64::powf)?,
                Operation::Abs => self.map_doubles(operands, f64::abs)?,
                Operation::Sqrt => self.map_doubles(operands, f64::sqrt)?,
                Operation::Floor => self.map_doubles(operands, f64::floor)?,
                Operation::Ceil => self.map_doubles(operands, f64::ceil)?,
                Operation::Round(0) => self.map_doubles(operands, f64::round_ties_even)?,
                Operation::Round(places) => {
                    let places = *places;
                    self.map_doubles(operands, move |value| round::double(value, places))?
                }
                _ => self.alternative(node, Float64Array::new_null, Self::double)?,
            },
            _ => self.alternative(node, Float64Array::new_null, Self::double)?,
        })
    }

    /// A node of type `Text`.
    pub(super) fn text(&mut self, node: &Node) -> Evaluated<Text> {
        let by_term = self.by_term(
            node,
            |table| match table {
                Table::Text(text) => Some(text),
                _ => None,
            },
            Table::Text,
            |evaluator, node| evaluator.text_of(node),
        )?;
        by_term.map_or_else(|| self.text_of(node), Ok)
    }

    fn text_of(&mut self, node: &Node) -> Evaluated<Text> {
        Ok(match &node.kind {
            Kind::Text(text) => Text::Constant(Arc::clone(text), self.block.rows),
            Kind::Column(name) => match self.block.columns.get(name) {
                Some(Loaded::Text(text)) => text.clone(),
                _ => Text::null(self.block.rows),
            },
            Kind::Compute(Operation::Upper, operands) => {
                let text = self.text(&operands[0])?;
                self.texts(&text, |text, upper| cased(text, char::to_uppercase, upper))?
            }
            Kind::Compute(Operation::Lower, operands) => {
                let text = self.text(&operands[0])?;
                self.texts(&text, |text, lower| cased(text, char::to_lowercase, lower))?
            }
            Kind::Compute(Operation::Concat, operands) => self.concat(operands)?,
            Kind::Compute(Operation::Show, operands) => {
                let operand = &operands[0];
                Text::Rows(if operand.type_ == Type::Double {
                    let numbers = self.double(operand)?;
                    let shown = numbers.iter().map(|number| number.map(show));
                    shown.collect()
                } else {
                    let numbers = self.long(operand)?;
                    let shown = numbers
                        .iter()
                        .map(|number| number.map(|number| number.to_string()));
                    shown.collect()
                })
            }
            Kind::Extract(text, regex) => {
                let text = self.text(text)?;
                self.texts(&text, |text, group| {
                    // The pattern matches every string.
                    let groups = regex.captures(text);
                    if let Some(found) = groups.and_then(|groups| groups.get(1)) {
                        group.push_str(found.as_str());
                    }
                })?
            }
            _ => {
                let text = self.alternative(node, Text::null, Self::text)?;
                bounded(text)?
            }
        })
    }

    /// The values by the strings of the only column that a node reads, if they are known.
    fn by_term<T: Vector>(
        &mut self,
        node: &Node,
        of: fn(&Table) -> Option<&T>,
        kept: fn(T) -> Table,
        evaluate: fn(&mut Evaluator<'_>, &Node) -> Evaluated<T>,
    ) -> Evaluated<Option<T>> {
        let (Some(tables), Some(name)) = (&mut self.tables, node.only_text()) else {
            return Ok(None);
        };
        let Some(Loaded::Text(Text::Terms(ordinals, terms))) = self.block.columns.get(name) else {
            return Ok(None);
        };
        let table = tables.0.entry(std::ptr::from_ref(node).addr());
        let table = table.or_insert(Table::Counted(0));
        if let Table::Counted(rows) = table {
            *rows += self.block.rows;
            if *rows < terms.len() {
                return Ok(None);
            }
            let count = u32::try_from(terms.len()).map_err(|_| Undone::TooLarge)?;
            let all: UInt32Array = (0..count).map(Some).chain([None]).collect();
            let all = Text::Terms(all, Arc::clone(terms));
            let block = Block {
                rows: all.len(),
                columns: HashMap::from([(Arc::clone(name), Loaded::Text(all))]),
            };
            let mut evaluator = Evaluator {
                block: &block,
                tables: None,
                allowance: self.allowance,
            };
            match evaluate(&mut evaluator, node) {
                Ok(values) => *table = kept(values),
                // One by one, then.
                Err(Undone::TooLarge) => {
                    *table = Table::Counted(0);
                    return Ok(None);
                }
                Err(Undone::Over) => return Err(Undone::Over),
            }
        }
        let null = u32::try_from(terms.len()).map_err(|_| Undone::TooLarge)?;
        let rows: Vec<u32> = ordinals
            .iter()
            .map(|ordinal| ordinal.unwrap_or(null))
            .collect();
        Ok(of(table).map(|values| values.take(&rows)))
    }

    fn compare(&mut self, comparison: Comparison, left: &Node, right: &Node) -> Evaluated<Truth> {
        Ok(match left.type_.common(right.type_) {
            Some(Type::Long | Type::Date) => {
                compare(comparison, &self.long(left)?, &self.long(right)?)
            }
            Some(Type::Double) => compare(comparison, &self.double(left)?, &self.double(right)?),
            Some(Type::Text) => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                let pairs = left.iter().zip(right.iter());
                let truths: Vec<Option<bool>> = pairs
                    .map(|(left, right)| Some(comparison.holds(left?.cmp(right?))))
                    .collect();
                truth(&truths)
            }
            Some(Type::Boolean) => {
                let (left, right) = (self.boolean(left)?, self.boolean(right)?);
                let pairs = (0..self.block.rows).map(|row| (left.value(row), right.value(row)));
                let truths: Vec<Option<bool>> = pairs
                    .map(|(left, right)| Some(comparison.holds(left?.cmp(&right?))))
                    .collect();
                truth(&truths)
            }
            Some(Type::Null) | None => Truth::null(self.block.rows),
        })
    }

    fn junction(
        &mut self,
        operands: &[Arc<Node>],
        join: fn(&Truth, &Truth) -> Truth,
    ) -> Evaluated<Truth> {
        let mut all = self.boolean(&operands[0])?;
        for operand in &operands[1..] {
            self.check()?;
            all = join(&all, &self.boolean(operand)?);
        }
        Ok(all)
    }

    /// A node that is one of several values of its type: the first that fits, or the best.
    fn alternative<T: Alternative>(
        &mut self,
        node: &Node,
        null: fn(usize) -> T,
        evaluate: fn(&mut Self, &Node) -> Evaluated<T>,
    ) -> Evaluated<T> {
        self.check()?;
        let rows = self.block.rows;
        Ok(match &node.kind {
            Kind::Case(branches, otherwise) => {
                let mut vectors = Vec::with_capacity(branches.len() + 1);
                vectors.push(evaluate(self, otherwise)?);
                let mut numbers = vec![0; rows];
                for (condition, value) in branches.iter().rev() {
                    let number = u32::try_from(vectors.len()).map_err(|_| Undone::TooLarge)?;
                    for row in self.boolean(condition)?.yes().set_indices() {
                        numbers[row] = number;
                    }
                    vectors.push(evaluate(self, value)?);
                }
                T::choose(&vectors, &numbers)
            }
            Kind::Coalesce(operands) => {
                let mut vectors = Vec::with_capacity(operands.len());
                for operand in operands {
                    vectors.push(evaluate(self, operand)?);
                }
                let last = vectors.len() - 1;
                let first = |row| {
                    let valid = vectors.iter().position(|vector| vector.is_valid(row));
                    u32::try_from(valid.unwrap_or(last)).unwrap_or(0)
                };
                let numbers: Vec<u32> = (0..rows).map(first).collect();
                T::choose(&vectors, &numbers)
            }
            Kind::Compute(operation @ (Operation::Least | Operation::Greatest), operands) => {
                let mut vectors = Vec::with_capacity(operands.len());
                for operand in operands {
                    vectors.push(evaluate(self, operand)?);
                }
                let least = *operation == Operation::Least;
                let best = |row| {
                    let valid = (0..vectors.len()).filter(|at| vectors[*at].is_valid(row));
                    let best = valid.reduce(|best, next| {
                        let order = T::compare(&vectors[next], &vectors[best], row);
                        let wins = if least { order.is_lt() } else { order.is_gt() };
                        if wins { next } else { best }
                    });
                    u32::try_from(best.unwrap_or(0)).unwrap_or(0)
                };
                let numbers: Vec<u32> = (0..rows).map(best).collect();
                T::choose(&vectors, &numbers)
            }
            _ => null(rows),
        })
    }

    /// From left to right, and null if one step is.
    fn fold<T: ArrowPrimitiveType>(
        &mut self,
        operands: &[Arc<Node>],
        evaluate: fn(&mut Self, &Node) -> Evaluated<PrimitiveArray<T>>,
        step: impl Fn(T::Native, T::Native) -> Option<T::Native> + Copy,
    ) -> Evaluated<PrimitiveArray<T>> {
        let mut all = evaluate(self, &operands[0])?;
        for operand in &operands[1..] {
            self.check()?;
            all = zip(&all, &evaluate(self, operand)?, step);
        }
        Ok(all)
    }

    fn fold_doubles(
        &mut self,
        operands: &[Arc<Node>],
        step: impl Fn(f64, f64) -> f64 + Copy,
    ) -> Evaluated<Float64Array> {
        let mut all = self.double(&operands[0])?;
        for operand in &operands[1..] {
            self.check()?;
            let other = self.double(operand)?;
            let pairs = all.values().iter().zip(other.values());
            let values = pairs.map(|(one, other)| step(*one, *other)).collect();
            all = finite(values, NullBuffer::union(all.nulls(), other.nulls()));
        }
        Ok(all)
    }

    fn map_doubles(
        &mut self,
        operands: &[Arc<Node>],
        map: impl Fn(f64) -> f64,
    ) -> Evaluated<Float64Array> {
        let operand = self.double(&operands[0])?;
        let values = operand.values().iter().map(|value| map(*value)).collect();
        Ok(finite(values, operand.nulls().cloned()))
    }

    fn concat(&mut self, operands: &[Arc<Node>]) -> Evaluated<Text> {
        let mut parts = Vec::with_capacity(operands.len());
        for operand in operands {
            parts.push(self.text(operand)?);
        }
        let mut whole = Joined::default();
        for row in 0..self.block.rows {
            let of_row: Option<Vec<&str>> = parts.iter().map(|part| part.value(row)).collect();
            whole.push(of_row.as_deref().unwrap_or_default(), of_row.is_some())?;
        }
        Ok(whole.finish())
    }

    /// Strings made of strings.
    fn texts(&self, texts: &Text, mut write: impl FnMut(&str, &mut String)) -> Evaluated<Text> {
        let mut made = Joined::default();
        let mut buffer = String::new();
        for (row, text) in texts.iter().enumerate() {
            self.look(row)?;
            buffer.clear();
            if let Some(text) = text {
                write(text, &mut buffer);
            }
            made.push(&[&buffer], text.is_some())?;
        }
        Ok(made.finish())
    }

    fn truths(&self, texts: &Text, holds: impl Fn(&str) -> bool) -> Evaluated<Truth> {
        let mut truths = Vec::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            self.look(row)?;
            truths.push(text.map(&holds));
        }
        Ok(truth(&truths))
    }

    fn look(&self, row: usize) -> Evaluated<()> {
        if row % STRINGS_A_LOOK == STRINGS_A_LOOK - 1 {
            self.check()?;
        }
        Ok(())
    }

    fn check(&self) -> Evaluated<()> {
        if self.allowance.is_over() {
            return Err(Undone::Over);
        }
        Ok(())
    }
}

/// Vectors whose values have an order.
trait Alternative: Vector {
    /// The order of the values of two vectors in a row in which both have one.
    fn compare(one: &Self, other: &Self, row: usize) -> std::cmp::Ordering;
}

impl Alternative for Truth {
    fn compare(one: &Self, other: &Self, row: usize) -> std::cmp::Ordering {
        one.value(row).cmp(&other.value(row))
    }
}

impl Alternative for Int64Array {
    fn compare(one: &Self, other: &Self, row: usize) -> std::cmp::Ordering {
        one.value(row).cmp(&other.value(row))
    }
}

impl Alternative for Float64Array {
    fn compare(one: &Self, other: &Self, row: usize) -> std::cmp::Ordering {
        let order = one.value(row).partial_cmp(&other.value(row));
        order.unwrap_or(std::cmp::Ordering::Equal)
    }
}

impl Alternative for Text {
    fn compare(one: &Self, other: &Self, row: usize) -> std::cmp::Ordering {
        one.value(row).cmp(&other.value(row))
    }
}

/// Strings that are put together one after the other.
#[derive(Default)]
struct Joined(StringBuilder);

impl Joined {
    /// One string of several parts, null if it is too long or not there.
    fn push(&mut self, parts: &[&str], is_there: bool) -> Evaluated<()> {
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if !is_there || size > MAX_TEXT {
            self.0.append_null();
            return Ok(());
        }
        if self.0.len() > 0 && self.0.values_slice().len() + size > MAX_BLOCK_TEXT {
            return Err(Undone::TooLarge);
        }
        for part in parts {
            let _ = std::fmt::Write::write_str(&mut self.0, part);
        }
        self.0.append_value("");
        Ok(())
    }

    fn finish(mut self) -> Text {
        Text::Rows(self.0.finish())
    }
}

/// Strings that are not too large for a block.
fn bounded(text: Text) -> Evaluated<Text> {
    match &text {
        Text::Rows(texts) if texts.len() > 1 && texts.values().len() > MAX_BLOCK_TEXT => {
            Err(Undone::TooLarge)
        }
        _ => Ok(text),
    }
}

fn truth(values: &[Option<bool>]) -> Truth {
    let bits = |bit: fn(Option<bool>) -> bool| {
        BooleanBuffer::collect_bool(values.len(), |row| bit(values[row]))
    };
    let valid = NullBuffer::new(bits(|value| value.is_some()));
    Truth::new(&bits(|value| value == Some(true)), Some(&valid))
}

/// Two columns of numbers compared. Both zeros are equal, and no number is infinite.
fn compare<T: ArrowPrimitiveType>(
    comparison: Comparison,
    left: &PrimitiveArray<T>,
    right: &PrimitiveArray<T>,
) -> Truth
where
    T::Native: PartialOrd,
{
    let (one, other) = (left.values(), right.values());
    let rows = left.len();
    let compare = |holds: fn(&T::Native, &T::Native) -> bool| {
        BooleanBuffer::collect_bool(rows, |row| holds(&one[row], &other[row]))
    };
    let values = match comparison {
        Comparison::Equal => compare(PartialEq::eq),
        Comparison::NotEqual => compare(PartialEq::ne),
        Comparison::Less => compare(PartialOrd::lt),
        Comparison::LessOrEqual => compare(PartialOrd::le),
        Comparison::Greater => compare(PartialOrd::gt),
        Comparison::GreaterOrEqual => compare(PartialOrd::ge),
    };
    let valid = NullBuffer::union(left.nulls(), right.nulls());
    Truth::new(&values, valid.as_ref())
}

/// A step for each row, null if it fails.
fn zip<T: ArrowPrimitiveType>(
    one: &PrimitiveArray<T>,
    other: &PrimitiveArray<T>,
    step: impl Fn(T::Native, T::Native) -> Option<T::Native>,
) -> PrimitiveArray<T> {
    let nulls = NullBuffer::union(one.nulls(), other.nulls());
    let pairs = one.values().iter().zip(other.values());
    stepped(pairs.map(|(one, other)| step(*one, *other)), nulls)
}

fn map(operand: &Int64Array, step: impl Fn(i64) -> Option<i64>) -> Int64Array {
    let values = operand.values().iter();
    stepped::<Int64Type>(values.map(|value| step(*value)), operand.nulls().cloned())
}

fn stepped<T: ArrowPrimitiveType>(
    steps: impl ExactSizeIterator<Item = Option<T::Native>>,
    nulls: Option<NullBuffer>,
) -> PrimitiveArray<T> {
    let mut failed = Vec::new();
    let values: Vec<T::Native> = steps
        .enumerate()
        .map(|(row, value)| {
            value.unwrap_or_else(|| {
                failed.push(row);
                T::Native::default()
            })
        })
        .collect();
    if failed.is_empty() {
        return PrimitiveArray::new(values.into(), nulls);
    }
    let mut valid = vec![true; values.len()];
    for row in failed {
        valid[row] = false;
    }
    let nulls = NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::from(valid)));
    PrimitiveArray::new(values.into(), nulls)
}

/// Doubles, of which those that are not finite are null.
fn finite(values: Vec<f64>, nulls: Option<NullBuffer>) -> Float64Array {
    let nulls = if values
        .iter()
        .fold(true, |all, value| all & value.is_finite())
    {
        nulls
    } else {
        let finite = BooleanBuffer::collect_bool(values.len(), |row| values[row].is_finite());
        NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::new(finite)))
    };
    PrimitiveArray::<Float64Type>::new(values.into(), nulls)
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

/// Characters that would become several stay as they are.
fn cased<I: ExactSizeIterator<Item = char>>(
    text: &str,
    to: impl Fn(char) -> I,
    cased: &mut String,
) {
    for letter in text.chars() {
        let mut mapped = to(letter);
        cased.push(match (mapped.len(), mapped.next()) {
            (1, Some(mapped)) => mapped,
            _ => letter,
        });
    }
}
