//! Scalar expressions of SQL over an index's columns, such as
//! `price * (1 - discount) > 100 and sqrt(rating) >= 2`: filters, scores, sort keys, computed
//! fields and sources of aggregations.
//!
//! An expression is parsed, checked against the columns' types, and evaluated over blocks of
//! documents, a column at a time: over the same columns that UDFs get, and UDFs may be called in
//! it. It knows nothing of queries, of requests, or of how the mapping comes by its columns.
//!
//! PostgreSQL says what it means, nulls included. If PostgreSQL would stop with an error, the value
//! is null in that document: a division by zero, the root of a negative number, a number out of
//! range, a bad cast. Longs divided by longs are longs, truncated. If a field has several values, an
//! expression sees the first. `docs/QUERIES.md` lists the departures.

mod arithmetic;
mod call;
mod cast;
mod check;
mod compare;
mod error;
mod evaluate;
mod filter;
mod functions;
mod interval;
mod kernel;
mod literal;
mod moment;
mod names;
mod necessary;
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

use serde_json::{Map, Value as Json};
use tantivy::query::Query;
use whittle_host::{Kind, Parameter};

use crate::allowance::Allowance;
use crate::columns::Dictionaries;
use crate::udf::UdfCall;
use check::Checker;
pub use error::{ExpressionError, Position};
pub(crate) use filter::Filter;
pub(crate) use necessary::Necessary;
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

/// The UDFs that an expression may call.
pub(crate) trait Functions {
    /// The function of a name, which may have versions.
    ///
    /// # Errors
    ///
    /// It cannot be used.
    fn find(&self, name: &str) -> Result<Signature, Unusable>;

    /// A call of a function that was found, with its arguments by the names of its parameters.
    ///
    /// # Errors
    ///
    /// It cannot be used.
    fn call(&self, name: &str, arguments: Map<String, Json>) -> Result<UdfCall, Unusable>;
}

/// Why a UDF cannot be used.
pub(crate) enum Unusable {
    /// No UDF has this name; these are the known ones.
    Unknown(Vec<String>),
    /// Another reason.
    Other(String),
}

/// What a UDF takes and gives.
#[derive(Debug)]
pub(crate) struct Signature {
    /// In order.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Kind,
}

/// What an expression may name.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) columns: &'a dyn Columns,
    /// `None` if it may call no UDFs.
    pub(crate) functions: Option<&'a dyn Functions>,
    /// The time that `now()` is, in microseconds since 1970.
    pub(crate) now: i64,
}

/// An expression, type-checked and ready to run on any segment.
#[derive(Clone, Debug)]
pub struct Expression {
    program: Program,
    returns: ColumnType,
}

/// What runs.
#[derive(Clone, Debug)]
struct Program {
    node: Arc<Node>,
    udfs: Vec<UdfCall>,
    dictionaries: Dictionaries,
    allowance: Allowance,
}

impl Program {
    /// What its UDFs cost a document, in nanoseconds, if they are all called.
    fn cost(&self) -> u64 {
        self.udfs.iter().map(UdfCall::cost_ns).sum()
    }
}

/// What the dictionaries of an expression that belongs to no index may take, in bytes.
const DICTIONARY_BYTES: usize = 64 << 20;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// The text is not a valid expression in this scope.
    pub(crate) fn parse(text: &str, scope: Scope<'_>) -> Result<Self, ExpressionError> {
        Self::read(text, scope).map_err(ExpressionError::in_one_line)
    }

    fn read(text: &str, scope: Scope<'_>) -> Result<Self, ExpressionError> {
        let expr = parse::parse(text)?;
        let checker = Checker::new(scope);
        let node = checker.check(&expr, 0)?.node;
        let returns = match node.type_ {
            Type::Boolean => ColumnType::Boolean,
            Type::Long => ColumnType::Long,
            Type::Double => ColumnType::Double,
            Type::Date | Type::Day => ColumnType::Date,
            Type::Text => ColumnType::Text,
            Type::Interval => {
                return Err(ExpressionError::Value {
                    at: parse::position(&expr),
                    reason: "no value of a document is an interval: write `extract(epoch from …)` \
                             for its seconds"
                        .to_owned(),
                });
            }
            Type::Null => {
                return Err(ExpressionError::Value {
                    at: parse::position(&expr),
                    reason: "the expression is null in every document: name a column".to_owned(),
                });
            }
        };
        Ok(Self {
            program: Program {
                node,
                udfs: checker.udfs.into_inner(),
                dictionaries: Dictionaries::new(DICTIONARY_BYTES),
                allowance: Allowance::unlimited(),
            },
            returns,
        })
    }

    /// The UDFs that it calls.
    pub(crate) fn udfs(&self) -> &[UdfCall] {
        &self.program.udfs
    }

    /// The same with an index's dictionaries, and within what a search may take.
    pub(crate) fn within(self, dictionaries: &Dictionaries, allowance: &Allowance) -> Self {
        let program = Program {
            dictionaries: dictionaries.clone(),
            allowance: allowance.clone(),
            ..self.program
        };
        Self { program, ..self }
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
            Ok(Filter(self.program.clone()))
        } else {
            Err(self.misplaced("a filter", "a boolean, such as a comparison"))
        }
    }

    /// What must hold of every document for which a boolean expression is true, and whether that
    /// is less than the expression says.
    pub(crate) fn necessary(&self) -> (Vec<Necessary>, bool) {
        necessary::necessary(&self.program.node)
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
        ExpressionValues {
            program: self.program.clone(),
            returns: self.returns,
        }
    }

    fn misplaced(&self, place: &'static str, expected: &'static str) -> ExpressionError {
        ExpressionError::Returns {
            found: self.program.node.type_.name(),
            place,
            expected,
        }
    }
}
