//! Scalar expressions of SQL over an index's columns, such as
//! `price * (1 - discount) > 100 and sqrt(rating) >= 2`: filters, scores, sort keys, computed
//! fields and sources of aggregations.
//!
//! An expression is parsed, checked against the columns' types, and compiled to machine code for
//! each kind of segment by the engine. It sees one document: it knows nothing of queries, of
//! requests, or of how the mapping comes by its columns.
//!
//! What it means is what PostgreSQL says, nulls included, and where that would stop with an error,
//! the value is null in that document: a division by zero, the root of a negative number, a number
//! that is no longer finite. Longs divided by longs are longs, without the decimal places. Of a
//! field with several values, an expression sees the first.
//!
//! Departures: longs that overflow wrap around; `/` and `%` of longs are exact below 2^53 only;
//! `floor`, `ceil` and `round` to whole numbers give null from 2^63 on; `round` rounds halves of
//! doubles away from zero; a double that is too small to be told from zero is zero; `upper` and
//! `lower` map characters one to one; texts are compared by their bytes; a text that is put
//! together is null where it takes more than 256 KiB.

mod arithmetic;
mod check;
mod dates;
mod engine;
mod error;
mod filter;
mod functions;
mod literal;
mod lower;
mod names;
mod node;
mod parse;
mod pattern;
mod scalars;
mod segment;
#[cfg(test)]
mod tests;
mod truth;
mod values;

use std::cell::RefCell;
use std::sync::Arc;

use tantivy::query::Query;

use check::Checker;
pub use error::{ExpressionError, Position};
use filter::Condition;
use lower::Lowering;
use node::{Node, Type};
pub use scalars::Scalars;
pub use values::{ExpressionValues, Numbers};

/// The type of a column as expressions see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// True or false.
    Boolean,
    /// Whole numbers of 64 bits, in a column of the engine's type `i64`.
    Long,
    /// Numbers, in a column of the engine's type `f64`.
    Double,
    /// Instants, in a column of the engine's type for dates.
    Date,
    /// Texts, each of which is one value.
    Text,
}

/// The columns that an expression may name.
pub trait Columns {
    /// The engine's own name and the type of the column at a path.
    fn column(&self, path: &str) -> Option<(String, ColumnType)>;

    /// All paths, for the error on an unknown one.
    fn paths(&self) -> Vec<String>;
}

/// An expression, type-checked and ready to run on any segment.
#[derive(Clone, Debug)]
pub struct Expression {
    node: Arc<Node>,
    returns: ColumnType,
    /// The first date in it, and where.
    date: Option<(Position, String)>,
    /// The condition that it is true, if it is a boolean.
    condition: Option<Condition>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// The text is no expression, or none over these columns.
    pub fn parse(text: &str, columns: &dyn Columns) -> Result<Self, ExpressionError> {
        Self::read(text, columns).map_err(ExpressionError::in_one_line)
    }

    fn read(text: &str, columns: &dyn Columns) -> Result<Self, ExpressionError> {
        let expr = parse::parse(text)?;
        let checker = Checker {
            columns,
            date: RefCell::new(None),
        };
        let node = checker.check(&expr, 0)?.node;
        let returns = match node.type_ {
            Type::Boolean => ColumnType::Boolean,
            Type::Long => ColumnType::Long,
            Type::Double => ColumnType::Double,
            Type::Date => ColumnType::Date,
            Type::Text => ColumnType::Text,
            Type::Null => {
                return Err(ExpressionError::Value {
                    at: parse::position(&expr),
                    reason: "the expression is null in every document: name a column".to_owned(),
                });
            }
        };
        let mut expression = Self {
            node,
            returns,
            date: checker.date.into_inner(),
            condition: None,
        };
        if returns == ColumnType::Boolean {
            let condition = Condition::new(&expression.node, true);
            expression.condition = Some(condition.map_err(|_| expression.misplaced_date())?);
        } else if expression.node.dates {
            return Err(expression.misplaced_date());
        }
        expression.check_size(returns == ColumnType::Boolean)?;
        Ok(expression)
    }

    /// The type of its values.
    pub fn returns(&self) -> ColumnType {
        self.returns
    }

    /// The query of the documents for which a boolean expression is true, with a score of 1.
    ///
    /// # Errors
    ///
    /// The expression is no boolean.
    pub fn predicate(&self) -> Result<Box<dyn Query>, ExpressionError> {
        match &self.condition {
            Some(condition) => Ok(condition.query()),
            None => Err(ExpressionError::Returns {
                found: self.node.type_.name(),
                place: "a filter",
                expected: "a boolean, such as a comparison",
            }),
        }
    }

    /// Its values, of an expression that gives numbers.
    ///
    /// # Errors
    ///
    /// It gives something else, or as [`Expression::values`].
    pub fn numbers(&self) -> Result<ExpressionValues, ExpressionError> {
        match self.returns {
            ColumnType::Long | ColumnType::Double => self.values(),
            ColumnType::Boolean | ColumnType::Date | ColumnType::Text => {
                Err(ExpressionError::Returns {
                    found: self.node.type_.name(),
                    place: "a score",
                    expected: "a number",
                })
            }
        }
    }

    /// Its values.
    ///
    /// # Errors
    ///
    /// Dates are compared in it, which only filters can, or the value of a condition takes too many
    /// steps.
    pub fn values(&self) -> Result<ExpressionValues, ExpressionError> {
        if self.node.dates {
            return Err(self.misplaced_date());
        }
        self.check_size(false)?;
        Ok(ExpressionValues {
            node: self.node.clone(),
            returns: self.returns,
        })
    }

    fn misplaced_date(&self) -> ExpressionError {
        let (at, text) = self.date.clone().unwrap_or_default();
        let error = ExpressionError::Unsupported {
            at,
            what: format!("the date `{text}` cannot stand here"),
            instead: "dates are compared in filters, under `and`, `or` and `not`".to_owned(),
        };
        error.in_one_line()
    }

    /// Refuses what segments would refuse: one that has all columns takes the most steps.
    fn check_size(&self, as_filter: bool) -> Result<(), ExpressionError> {
        let mut lowering = Lowering::new(&|_, _| true);
        let lowered = if as_filter {
            lowering.holds(&self.node, true).map(drop)
        } else {
            lowering.value(&self.node).map(drop)
        };
        lowered.map_err(|engine::TooComplex| ExpressionError::TooComplex)
    }
}
