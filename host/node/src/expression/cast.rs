//! Casts, checked: `cast(x as bigint)` and `x::bigint`.

use std::sync::Arc;

use sqlparser::ast::{DataType, Expr};

use super::check::Checker;
use super::error::ExpressionError;
use super::kernel::{Kernel, cast};
use super::node::{Kind, Node, Type};
use super::parse::position;

/// The types that a value can be cast to.
const TYPES: &str = "cast to `bigint`, `integer`, `double precision`, `text`, `boolean`, \
     `timestamp`, `date` or `interval`";

impl Checker<'_> {
    pub(super) fn cast(
        &self,
        value: &Expr,
        to: &DataType,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        let operand = self.check(value, depth + 1)?;
        let Some((type_, bits)) = target(to) else {
            return Err(ExpressionError::Unsupported {
                at: position(value),
                what: format!(
                    "casts to `{}` are not supported",
                    to.to_string().to_lowercase()
                ),
                instead: TYPES.to_owned(),
            });
        };
        let from = operand.node.type_;
        let Some(node) = cast(&operand.node, type_) else {
            let to = to.to_string().to_lowercase();
            let remedy = match (from, type_) {
                (Type::Long | Type::Double, Type::Date | Type::Day) => {
                    ": write `to_timestamp(seconds)`"
                }
                (Type::Date | Type::Day | Type::Interval, Type::Long | Type::Double) => {
                    ": write `extract(epoch from …)` for its seconds"
                }
                _ => "",
            };
            return Err(operand.mismatch(format!("it cannot be cast to `{to}`{remedy}")));
        };
        let kernel = match bits {
            16 => Kernel::Long(|row| i16::try_from(row.long(0)).ok().map(i64::from)),
            32 => Kernel::Long(|row| i32::try_from(row.long(0)).ok().map(i64::from)),
            _ => return Ok(node),
        };
        Ok(Node::new(Kind::Call(kernel, vec![node]), type_))
    }
}

/// A type, and of an integer how many bits it has.
fn target(to: &DataType) -> Option<(Type, u32)> {
    Some(match to {
        DataType::BigInt(None) | DataType::Int8(None) | DataType::Int64 => (Type::Long, 64),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => (Type::Long, 32),
        DataType::SmallInt(None) | DataType::Int2(None) => (Type::Long, 16),
        DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Float(_)
        | DataType::Float8
        | DataType::Float64 => (Type::Double, 64),
        DataType::Text | DataType::Varchar(None) | DataType::String(None) => (Type::Text, 0),
        DataType::Boolean | DataType::Bool => (Type::Boolean, 0),
        DataType::Timestamp(None, _) => (Type::Date, 0),
        DataType::Date => (Type::Day, 0),
        DataType::Interval { .. } => (Type::Interval, 0),
        // The parser makes a name of the word if no string follows.
        DataType::Custom(name, _) if name.to_string().eq_ignore_ascii_case("interval") => {
            (Type::Interval, 0)
        }
        _ => return None,
    })
}
