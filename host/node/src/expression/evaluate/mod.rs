//! Nodes evaluated over a block of documents, a column at a time.
//!
//! PostgreSQL's nulls are Arrow's, and so are its errors: a number out of range, a division by zero.
//! A part of an expression that reads a single column of strings is evaluated once for each string
//! of the column's dictionary, as soon as that is less work; one that is used several times, once
//! for each block. UDFs see only the documents that the conditions before them leave. It knows
//! nothing of segments.

mod alternative;
mod call;
mod fold;
mod number;
mod string;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array as _, Float64Array, Int64Array, UInt32Array};
use arrow_buffer::BooleanBuffer;
use tantivy::{DocId, Score};

use super::node::{Comparison, Kind, Node, Operation, Type};
use super::round;
use super::vector::{Intervals, Text, Truth, Values, Vector, doubles, longs};
use crate::allowance::Allowance;
use crate::udf::SegmentCall;
pub(super) use fold::fold;
use number::{by_value, compare, compare_mixed, map};
use string::bounded;

/// A block cannot be evaluated as a whole.
#[derive(Debug)]
pub(super) enum Undone {
    /// Its strings take too much memory: take fewer documents.
    TooLarge,
    /// The search has ended.
    Over,
    /// A UDF has ended the search, and has the reason.
    Failed,
}

pub(super) type Evaluated<T> = Result<T, Undone>;

/// Documents, and the columns that a segment has of them, by their names in tantivy.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    pub(super) rows: usize,
    pub(super) columns: HashMap<Arc<str>, Values>,
    /// The documents and their scores, for UDFs.
    pub(super) documents: &'a [DocId],
    pub(super) scores: &'a [Score],
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
    Known(Values),
}

/// What an expression keeps from one block of a segment to the next.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) tables: Tables,
    pub(super) udfs: Vec<SegmentCall>,
    /// What the parts that call UDFs cost a document, by the addresses of their nodes.
    pub(super) costs: HashMap<usize, u64>,
}

/// Evaluates nodes over one block.
pub(super) struct Evaluator<'a> {
    block: &'a Block<'a>,
    /// `None` while a table is made, and for constants.
    kept: Option<&'a mut Kept>,
    allowance: &'a Allowance,
    /// The values of nodes that are used several times, by their addresses and the selection that
    /// they were computed in.
    shared: HashMap<(usize, u32), Values>,
    selection: Selection,
    /// How many selections there were.
    selections: u32,
}

/// The rows that UDFs are called for.
#[derive(Clone, Debug, Default)]
struct Selection {
    number: u32,
    /// The selections that it lies within.
    within: Vec<u32>,
    /// `None` if they are all.
    rows: Option<BooleanBuffer>,
}

/// The values of a type of nodes.
pub(super) trait Valued: Vector {
    fn of(values: &Values) -> Option<&Self>;

    fn into_values(self) -> Values;

    fn null(rows: usize) -> Self;

    /// Computes a node, whose values are not known yet.
    fn compute(evaluator: &mut Evaluator<'_>, node: &Arc<Node>) -> Evaluated<Self>;
}

macro_rules! valued {
    ($type:ty, $variant:ident, $null:expr, $compute:ident) => {
        impl Valued for $type {
            fn of(values: &Values) -> Option<&Self> {
                match values {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }

            fn into_values(self) -> Values {
                Values::$variant(self)
            }

            fn null(rows: usize) -> Self {
                $null(rows)
            }

            fn compute(evaluator: &mut Evaluator<'_>, node: &Arc<Node>) -> Evaluated<Self> {
                evaluator.$compute(node)
            }
        }
    };
}

valued!(Truth, Boolean, Truth::null, boolean_of);
valued!(Int64Array, Long, Int64Array::new_null, long_of);
valued!(Float64Array, Double, Float64Array::new_null, double_of);
valued!(Text, Text, Text::null, text_of);
valued!(
    Intervals,
    Interval,
    |rows| Intervals::constant(None, rows),
    interval_of
);

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        block: &'a Block<'a>,
        kept: Option<&'a mut Kept>,
        allowance: &'a Allowance,
    ) -> Self {
        Self {
            block,
            kept,
            allowance,
            shared: HashMap::new(),
            selection: Selection::default(),
            selections: 0,
        }
    }

    /// A node of type `Boolean`.
    pub(super) fn boolean(&mut self, node: &Arc<Node>) -> Evaluated<Truth> {
        self.get(node)
    }

    /// A node of type `Long`, `Date` or `Day`.
    pub(super) fn long(&mut self, node: &Arc<Node>) -> Evaluated<Int64Array> {
        self.get(node)
    }

    /// A node of type `Double`, or of type `Long` beside one.
    pub(super) fn double(&mut self, node: &Arc<Node>) -> Evaluated<Float64Array> {
        if node.type_ == Type::Long {
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQL rounds longs beside doubles"
            )]
            return Ok(self.long(node)?.unary(|value| value as f64));
        }
        self.get(node)
    }

    /// A node of type `Text`.
    pub(super) fn text(&mut self, node: &Arc<Node>) -> Evaluated<Text> {
        self.get(node)
    }

    /// A node of type `Interval`.
    pub(super) fn interval(&mut self, node: &Arc<Node>) -> Evaluated<Intervals> {
        self.get(node)
    }

    /// A node of any type.
    fn values(&mut self, node: &Arc<Node>) -> Evaluated<Values> {
        Ok(match node.type_ {
            Type::Boolean | Type::Null => Values::Boolean(self.boolean(node)?),
            Type::Long | Type::Date | Type::Day => Values::Long(self.long(node)?),
            Type::Double => Values::Double(self.double(node)?),
            Type::Interval => Values::Interval(self.interval(node)?),
            Type::Text => Values::Text(self.text(node)?),
        })
    }

    /// The values of a node, which may be known.
    fn get<T: Valued>(&mut self, node: &Arc<Node>) -> Evaluated<T> {
        if !node.is_shared() {
            return self.by_term(node);
        }
        let address = Arc::as_ptr(node).addr();
        let Selection { number, within, .. } = &self.selection;
        // What is known of more rows is known of these.
        let mut selections = std::iter::once(number).chain(within);
        let known = selections.find_map(|number| self.shared.get(&(address, *number)));
        if let Some(known) = known.and_then(T::of) {
            return Ok(known.clone());
        }
        let key = (address, *number);
        let values: T = self.by_term(node)?;
        self.shared.insert(key, values.clone().into_values());
        Ok(values)
    }

    /// The values by the strings of the only column that a node reads, if they are known.
    fn by_term<T: Valued>(&mut self, node: &Arc<Node>) -> Evaluated<T> {
        let (Some(kept), Some(name)) = (&mut self.kept, node.only_text()) else {
            return T::compute(self, node);
        };
        let Some(Values::Text(Text::Terms(ordinals, terms))) = self.block.columns.get(name) else {
            return T::compute(self, node);
        };
        let table = kept.tables.0.entry(Arc::as_ptr(node).addr());
        let table = table.or_insert(Table::Counted(0));
        if let Table::Counted(rows) = table {
            *rows += self.block.rows;
            if *rows < terms.len() {
                return T::compute(self, node);
            }
            let count = u32::try_from(terms.len()).map_err(|_| Undone::TooLarge)?;
            let all: UInt32Array = (0..count).map(Some).chain([None]).collect();
            let all = Text::Terms(all, Arc::clone(terms));
            let block = Block {
                rows: all.len(),
                columns: HashMap::from([(Arc::clone(name), Values::Text(all))]),
                ..Block::default()
            };
            let mut evaluator = Evaluator::new(&block, None, self.allowance);
            match T::compute(&mut evaluator, node) {
                Ok(values) => *table = Table::Known(values.into_values()),
                // One by one, then.
                Err(Undone::TooLarge) => {
                    *table = Table::Counted(0);
                    return T::compute(self, node);
                }
                Err(undone) => return Err(undone),
            }
        }
        let known = match table {
            Table::Known(values) => T::of(values),
            Table::Counted(_) => None,
        };
        let null = u32::try_from(terms.len()).map_err(|_| Undone::TooLarge)?;
        let rows: Vec<u32> = ordinals
            .iter()
            .map(|ordinal| ordinal.unwrap_or(null))
            .collect();
        match known {
            Some(values) => Ok(values.take(&rows)),
            None => T::compute(self, node),
        }
    }

    fn boolean_of(&mut self, node: &Arc<Node>) -> Evaluated<Truth> {
        Ok(match &node.kind {
            Kind::Boolean(value) => Truth::constant(*value, self.block.rows),
            Kind::Column(name) => self.column(name),
            Kind::Compare(comparison, left, right) => self.compare(*comparison, left, right)?,
            Kind::And(operands) => self.junction(operands, true)?,
            Kind::Or(operands) => self.junction(operands, false)?,
            Kind::Not(operand) => self.boolean(operand)?.not(),
            Kind::IsNull(operand) => {
                let valid = match operand.type_ {
                    Type::Null => BooleanBuffer::new_unset(self.block.rows),
                    _ => self.values(operand)?.valid(),
                };
                Truth::new(&!&valid, None)
            }
            Kind::Is(operand, wanted) => self.boolean(operand)?.is(*wanted),
            Kind::Matches(text, regex) => {
                let text = self.text(text)?;
                self.truths(&text, |text| regex.is_match(text))?
            }
            Kind::Call(kernel, operands) => self.call_boolean(*kernel, operands)?,
            Kind::Udf(number) => self.udf_boolean(*number)?,
            _ => self.alternative(node, Self::boolean)?,
        })
    }

    fn long_of(&mut self, node: &Arc<Node>) -> Evaluated<Int64Array> {
        Ok(match &node.kind {
            Kind::Long(value) | Kind::Instant(value) => longs(*value, self.block.rows),
            Kind::Column(name) => self.column(name),
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
                Operation::Sign => map(&self.long(&operands[0])?, |value| Some(value.signum())),
                Operation::Round(places) => {
                    let places = *places;
                    map(&self.long(&operands[0])?, |value| {
                        round::long(value, places)
                    })
                }
                Operation::Truncate(places) => {
                    let places = *places;
                    map(&self.long(&operands[0])?, |value| {
                        Some(round::cut_long(value, places))
                    })
                }
                _ => self.alternative(node, Self::long)?,
            },
            Kind::Call(kernel, operands) => self.call_long(*kernel, operands)?,
            Kind::Udf(number) => self.udf_long(*number)?,
            _ => self.alternative(node, Self::long)?,
        })
    }

    fn double_of(&mut self, node: &Arc<Node>) -> Evaluated<Float64Array> {
        Ok(match &node.kind {
            Kind::Double(value) => doubles(*value, self.block.rows),
            Kind::Column(name) => self.column(name),
            Kind::Compute(operation, operands) => match operation {
                Operation::Add => self.fold_doubles(operands, |one, other| one + other)?,
                Operation::Subtract => self.fold_doubles(operands, |one, other| one - other)?,
                Operation::Multiply => self.fold_doubles(operands, |one, other| one * other)?,
                // By zero, neither is finite.
                Operation::Divide => self.fold_doubles(operands, |one, other| one / other)?,
                Operation::Remainder => self.fold_doubles(operands, |one, other| one % other)?,
                Operation::Abs => self.map_doubles(operands, f64::abs)?,
                Operation::Sign => self.map_doubles(operands, super::kernel::sign)?,
                Operation::Sqrt => self.map_doubles(operands, f64::sqrt)?,
                Operation::Floor => self.map_doubles(operands, f64::floor)?,
                Operation::Ceil => self.map_doubles(operands, f64::ceil)?,
                Operation::Round(0) => self.map_doubles(operands, f64::round_ties_even)?,
                Operation::Round(places) => {
                    let places = *places;
                    self.map_doubles(operands, move |value| round::double(value, places))?
                }
                Operation::Truncate(0) => self.map_doubles(operands, f64::trunc)?,
                Operation::Truncate(places) => {
                    let places = *places;
                    self.map_doubles(operands, move |value| round::cut_double(value, places))?
                }
                _ => self.alternative(node, Self::double)?,
            },
            Kind::Call(kernel, operands) => self.call_double(*kernel, operands)?,
            Kind::Udf(number) => self.udf_double(*number)?,
            _ => self.alternative(node, Self::double)?,
        })
    }

    fn text_of(&mut self, node: &Arc<Node>) -> Evaluated<Text> {
        Ok(match &node.kind {
            Kind::Text(text) => Text::Constant(Arc::clone(text), self.block.rows),
            Kind::Column(name) => self.column(name),
            Kind::Compute(Operation::Concat, operands) => self.concat(operands)?,
            Kind::Call(kernel, operands) => self.call_text(*kernel, operands)?,
            Kind::Udf(number) => self.udf_text(*number)?,
            _ => bounded(self.alternative(node, Self::text)?)?,
        })
    }

    fn interval_of(&mut self, node: &Arc<Node>) -> Evaluated<Intervals> {
        Ok(match &node.kind {
            Kind::Interval(interval) => Intervals::constant(Some(*interval), self.block.rows),
            Kind::Call(kernel, operands) => self.call_interval(*kernel, operands)?,
            _ => self.alternative(node, Self::interval)?,
        })
    }

    /// A column, which is null if the segment does not have it.
    fn column<T: Valued>(&self, name: &str) -> T {
        let column = self.block.columns.get(name).and_then(T::of);
        column.cloned().unwrap_or_else(|| T::null(self.block.rows))
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: &Arc<Node>,
        right: &Arc<Node>,
    ) -> Evaluated<Truth> {
        let rows = self.block.rows;
        Ok(match left.type_.common(right.type_) {
            Some(Type::Long | Type::Date | Type::Day) => {
                compare(comparison, &self.long(left)?, &self.long(right)?)
            }
            Some(Type::Double) => match (left.type_, right.type_) {
                (Type::Long, Type::Double) => {
                    compare_mixed(comparison, &self.long(left)?, &self.double(right)?)
                }
                (Type::Double, Type::Long) => {
                    let flipped = comparison.flipped();
                    compare_mixed(flipped, &self.long(right)?, &self.double(left)?)
                }
                _ => compare(comparison, &self.double(left)?, &self.double(right)?),
            },
            Some(Type::Text) => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                by_value(
                    comparison,
                    rows,
                    |row| left.value(row),
                    |row| right.value(row),
                )
            }
            Some(Type::Boolean) => {
                let (left, right) = (self.boolean(left)?, self.boolean(right)?);
                by_value(
                    comparison,
                    rows,
                    |row| left.value(row),
                    |row| right.value(row),
                )
            }
            Some(Type::Interval) => {
                let (left, right) = (self.interval(left)?, self.interval(right)?);
                by_value(
                    comparison,
                    rows,
                    |row| left.value(row),
                    |row| right.value(row),
                )
            }
            Some(Type::Null) | None => Truth::null(rows),
        })
    }

    /// Conditions of which all (`and`) or any have to be true. Those that call UDFs come last, the
    /// cheapest of them first, for the rows that the others leave open.
    fn junction(&mut self, operands: &[Arc<Node>], all: bool) -> Evaluated<Truth> {
        let join = |joined: Option<Truth>, operand: Truth| match joined {
            None => operand,
            Some(joined) if all => joined.and(&operand),
            Some(joined) => joined.or(&operand),
        };
        let (mut calling, plain): (Vec<_>, Vec<_>) = operands.iter().partition(|node| node.calls);
        if let Some(kept) = &self.kept {
            calling.sort_by_key(|node| kept.costs.get(&Arc::as_ptr(node).addr()));
        }
        let mut joined = None;
        for operand in plain {
            self.check()?;
            joined = Some(join(joined, self.boolean(operand)?));
        }
        for operand in calling {
            let decided = joined.as_ref();
            let decided = decided.map(|truth| if all { truth.no() } else { truth.yes() });
            let operand = match decided {
                None => self.boolean(operand)?,
                Some(decided) => self.among(&!decided, |evaluator| evaluator.boolean(operand))?,
            };
            joined = Some(join(joined, operand));
        }
        Ok(joined.unwrap_or_else(|| Truth::constant(all, self.block.rows)))
    }

    /// Evaluates with UDFs called for some rows only; in the others, what calls them is null.
    fn among<T>(
        &mut self,
        rows: &BooleanBuffer,
        evaluate: impl FnOnce(&mut Self) -> Evaluated<T>,
    ) -> Evaluated<T> {
        let rows = match &self.selection.rows {
            None => rows.clone(),
            Some(selected) => selected & rows,
        };
        let number = self.selections + 1;
        self.selections = number;
        let mut within = self.selection.within.clone();
        within.push(self.selection.number);
        let selection = Selection {
            number,
            within,
            rows: Some(rows),
        };
        let outer = std::mem::replace(&mut self.selection, selection);
        let evaluated = evaluate(self);
        self.selection = outer;
        evaluated
    }

    fn check(&self) -> Evaluated<()> {
        if self.allowance.is_over() {
            return Err(Undone::Over);
        }
        Ok(())
    }
}
