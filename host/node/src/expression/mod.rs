//! Scalar expressions of SQL over an index's columns, such as
//! `price * (1 - discount) > 100 and sqrt(rating) >= 2`: filters, scores, sort keys, computed
//! fields and sources of aggregations.
//!
//! An expression is parsed, checked against the columns' types, and evaluated over blocks of
//! documents, a column at a time: over the same columns that UDFs get. It knows nothing of queries,
//! of requests, or of how the mapping comes by its columns.
//!
//! PostgreSQL says what it means, nulls included. If PostgreSQL would stop with an error, the value
//! is null in that document: a division by zero, the root of a negative number, a number out of
//! range. Longs divided by longs are longs, truncated. If a field has several values, an expression
//! sees the first.
//!
//! Departures: `%` takes doubles too; a double that is too small to be told from zero is zero;
//! `upper` and `lower` map characters one to one; strings are compared by their bytes; a string
//! that is put together is null if it takes more than 256 KiB.

mod check;
mod error;
mod evaluate;
mod filter;
mod functions;
mod literal;
mod names;
mod node;
mod parse;
mod pattern;
mod round;
mod segment;
#[cfg(test)]
mod tests;
mod values;
mod vector;

use std::sync::Arc;

use tantivy::query::Query;

use crate::allowance::Allowance;
use crate::columns::Dictionaries;
use check::Checker;
pub use error::{ExpressionError, Position};
pub(crate) use filter::Filter;
use node::{Node, Type};
pub use values::{ExpressionValues, Numbers, Scalars};

/// The type of a column as expressions see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// True or false.
    Boolean,
    /// Whole numbers of 64 bits, in a tantivy column of type `i64`.
    Long,
    /// Numbers, in a tantivy column of type `f64`.
    Double,
    /// Instants: microseconds since 1970, in a tantivy column of type `i64`.
    Date,
    /// Strings, each of which is one value.
    Text,
}

/// The columns that an expression may name.
pub trait Columns {
    /// The name in tantivy and the type of the column at a path.
    fn column(&self, path: &str) -> Option<(String, ColumnType)>;

    /// All paths, for the error on an unknown one.
    fn paths(&self) -> Vec<String>;
}

/// An expression, type-checked and ready to run on any segment.
#[derive(Clone, Debug)]
pub struct Expression {
    node: Arc<Node>,
    returns: ColumnType,
    dictionaries: Dictionaries,
    allowance: Allowance,
}

/// What the dictionaries of an expression that belongs to no index may take, in bytes.
const DICTIONARY_BYTES: usize = 64 << 20;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// The text is not a valid expression over these columns.
    pub fn parse(text: &str, columns: &dyn Columns) -> Result<Self, ExpressionError> {
        Self::read(text, columns).map_err(ExpressionError::in_one_line)
    }

    fn read(text: &str, columns: &dyn Columns) -> Result<Self, ExpressionError> {
        let expr = parse::parse(text)?;
        let node = Checker { columns }.check(&expr, 0)?.node;
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
        Ok(Self {
            node,
            returns,
            dictionaries: Dictionaries::new(DICTIONARY_BYTES),
            allowance: Allowance::unlimited(),
        })
    }

    /// The same with an index's dictionaries, and within what a search may take.
    pub(crate) fn within(self, dictionaries: &Dictionaries, allowance: &Allowance) -> Self {
        Self {
            dictionaries: dictionaries.clone(),
            allowance: allowance.clone(),
            ..self
        }
    }

    /// The type of its values.
    pub fn returns(&self) -> ColumnType {
        self.returns
    }

    /// The query of the documents for which a boolean expression is true, with a score of 1.
    ///
    /// # Errors
    ///
    /// The expression is not a boolean.
    pub fn predicate(&self) -> Result<Box<dyn Query>, ExpressionError> {
        self.filter().map(Filter::into_query)
    }

    /// The documents for which a boolean expression is true, as a clause that is computed.
    ///
    /// # Errors
    ///
    /// The expression is not a boolean.
    pub(crate) fn filter(&self) -> Result<Filter, ExpressionError> {
        if self.returns == ColumnType::Boolean {
            Ok(Filter {
                node: Arc::clone(&self.node),
                dictionaries: self.dictionaries.clone(),
                allowance: self.allowance.clone(),
            })
        } else {
            Err(self.misplaced("a filter", "a boolean, such as a comparison"))
        }
    }

    /// Its values, if the expression gives numbers.
    ///
    /// # Errors
    ///
    /// It gives something else.
    pub fn numbers(&self) -> Result<ExpressionValues, ExpressionError> {
        match self.returns {
            ColumnType::Long | ColumnType::Double => Ok(self.values()),
            ColumnType::Boolean | ColumnType::Date | ColumnType::Text => {
                Err(self.misplaced("a score", "a number"))
            }
        }
    }

    /// Its values.
    pub fn values(&self) -> ExpressionValues {
        ExpressionValues::new(
            &self.node,
            self.returns,
            &self.dictionaries,
            &self.allowance,
        )
    }

    fn misplaced(&self, place: &'static str, expected: &'static str) -> ExpressionError {
        ExpressionError::Returns {
            found: self.node.type_.name(),
            place,
            expected,
        }
    }
}
