//! Conditions with SQL's three truth values, as the jit's two.
//!
//! The jit's AND is null where SQL's is false, and its OR is false where SQL's is null. So a
//! condition is not lowered to what it is, but to whether it is true, or whether it is false: then
//! `and`, `or` and `not` need neither nulls nor a second look at an operand, and a filter costs
//! what the jit's own operators cost. Values of other types are lowered in `lower`.

use std::sync::Arc;

use tantivy::jitexpr::ast::Function;

use super::jit::{Machine, TooComplex, Value};
use super::lower::Lowering;
use super::node::{Comparison, Kind, Node, Type};

impl Lowering<'_> {
    /// True in documents where a condition is what is wanted, and false or null in all others.
    pub(super) fn holds(&mut self, node: &Node, wanted: bool) -> Result<Value, TooComplex> {
        match &node.kind {
            Kind::And(operands) => self.join(operands, wanted, wanted),
            Kind::Or(operands) => self.join(operands, wanted, !wanted),
            Kind::Not(operand) => self.holds(operand, !wanted),
            Kind::Compare(Comparison::NotEqual, left, right) => {
                let kind = Kind::Compare(Comparison::Equal, left.clone(), right.clone());
                self.leaf(&Node::new(kind, Type::Boolean), !wanted)
            }
            Kind::Matches(text, regex) if wanted => match self.value(text)? {
                None => Ok(Value::boolean(false)),
                Some(text) => self.matches_or_false(text, regex.as_str()),
            },
            Kind::Case(branches, otherwise) => {
                let mut chosen = self.holds(otherwise, wanted)?;
                for (condition, value) in branches.iter().rev() {
                    let condition = self.certain(condition, true)?;
                    let value = self.holds(value, wanted)?;
                    chosen = self.builder.choose(condition, value, chosen)?;
                }
                Ok(chosen)
            }
            _ => self.leaf(node, wanted),
        }
    }

    /// True in documents where a condition is what is wanted, and false in all others.
    pub(super) fn certain(&mut self, node: &Node, wanted: bool) -> Result<Value, TooComplex> {
        let holds = self.holds(node, wanted)?;
        self.builder.null_is_false(holds)
    }

    /// The value of an `and` or an `or`, which can be null.
    pub(super) fn combination(&mut self, node: &Node) -> Result<Value, TooComplex> {
        let is_true = self.certain(node, true)?;
        if !node.nullable {
            return Ok(is_true);
        }
        let is_false = self.certain(node, false)?;
        let null = self.builder.null(Machine::Boolean)?;
        let otherwise = self.builder.choose(is_false, Value::boolean(false), null)?;
        self.builder
            .choose(is_true, Value::boolean(true), otherwise)
    }

    /// Whether all or some operands are what is wanted.
    fn join(
        &mut self,
        operands: &[Arc<Node>],
        wanted: bool,
        all: bool,
    ) -> Result<Value, TooComplex> {
        let values = operands
            .iter()
            .map(|operand| self.holds(operand, wanted))
            .collect::<Result<Vec<_>, _>>()?;
        if all {
            return self.builder.strict(Function::And, values, Machine::Boolean);
        }
        let nullable = values.iter().all(|value| value.nullable);
        self.builder
            .call(Function::Or, values, Machine::Boolean, nullable)
    }

    /// A condition that does not combine others.
    fn leaf(&mut self, node: &Node, wanted: bool) -> Result<Value, TooComplex> {
        match self.value(node)? {
            None => Ok(Value::boolean(false)),
            Some(value) if wanted => Ok(value),
            Some(value) => self.builder.negate(value),
        }
    }
}
