//! Doubles computed from numbers, as expressions of tantivy's jit.
//!
//! Longs beside doubles are widened. Longs computed from longs are native: all that is left here
//! is the least and the greatest of them. Other nodes are lowered in `lower`.

use std::sync::Arc;

use tantivy::jitexpr::ast::Function;

use super::jit::{Machine, TooComplex, Value};
use super::lower::{Lowered, Lowering};
use super::node::{Node, Operation, Type};

impl Lowering<'_> {
    /// The value of an operation whose result is of a type.
    pub(super) fn arithmetic(
        &mut self,
        operation: Operation,
        operands: &[Arc<Node>],
        type_: Type,
    ) -> Lowered {
        if matches!(operation, Operation::Least | Operation::Greatest) {
            return self.extreme(operation, operands, type_);
        }
        let Some(mut values) = self.all(operands)? else {
            return Ok(None);
        };
        let builder = &mut self.builder;
        let machine = Machine::Double;
        let value = match operation {
            Operation::Add | Operation::Subtract | Operation::Multiply => {
                let function = match operation {
                    Operation::Add => Function::Add,
                    Operation::Subtract => Function::Subtract,
                    _ => Function::Multiply,
                };
                let values = builder.doubles(values)?;
                builder.strict(function, values, machine)?
            }
            Operation::Divide => self.divide(values)?,
            Operation::Abs => {
                // The jit takes the type of ABS from its surroundings, and prefers longs.
                let value = builder.double(values.remove(0))?;
                let absolute = builder.strict(Function::Abs, vec![value], machine)?;
                let finite = absolute.finite;
                let arguments = vec![absolute, Value::long(1)];
                let mut quotient = builder.strict(Function::Divide, arguments, machine)?;
                quotient.finite = finite;
                quotient
            }
            Operation::Sqrt => {
                let value = builder.widened(values.remove(0))?;
                builder.call(Function::Sqrt, vec![value], machine, true)?
            }
            Operation::Power => {
                // A number that is not finite can have a finite power.
                let exponent = builder.finite(values.remove(1))?;
                let exponent = builder.widened(exponent)?;
                let base = builder.finite(values.remove(0))?;
                let base = builder.widened(base)?;
                builder.call(Function::Pow, vec![base, exponent], machine, true)?
            }
            Operation::Remainder
            | Operation::Floor
            | Operation::Ceil
            | Operation::Round(_)
            | Operation::Least
            | Operation::Greatest
            | Operation::Upper
            | Operation::Lower
            | Operation::Concat
            | Operation::Length
            | Operation::Show => unreachable!("these are native, or lowered elsewhere"),
        };
        Ok(Some(value))
    }

    /// A quotient in doubles, null if the divisor is 0.
    fn divide(&mut self, mut values: Vec<Value>) -> Result<Value, TooComplex> {
        // By a number that is not finite, the quotient would be 0.
        let divisor = self.builder.finite(values.remove(1))?;
        let divisor = self.builder.widened(divisor)?;
        let dividend = self.builder.widened(values.remove(0))?;
        let arguments = vec![dividend, divisor];
        self.builder
            .call(Function::Divide, arguments, Machine::Double, true)
    }

    /// The least or the greatest of the values that are not null.
    fn extreme(&mut self, operation: Operation, operands: &[Arc<Node>], type_: Type) -> Lowered {
        let doubles = type_ == Type::Double;
        let (function, worst) = match (operation, doubles) {
            (Operation::Least, false) => (Function::Min, Value::long(i64::MAX)),
            (Operation::Least, true) => (Function::Min, Value::double(f64::MAX)),
            (_, false) => (Function::Max, Value::long(i64::MIN)),
            (_, true) => (Function::Max, Value::double(f64::MIN)),
        };
        let machine = if doubles {
            Machine::Double
        } else {
            Machine::Long
        };
        let mut values = Vec::with_capacity(operands.len());
        for operand in operands {
            if let Some(value) = self.value(operand)? {
                values.push(self.builder.finite(value)?);
            }
        }
        let builder = &mut self.builder;
        if values.len() < 2 {
            return Ok(values.pop());
        }
        let mut nulls = Vec::new();
        let nullable = values.iter().all(|value| value.nullable);
        let mut candidates = Vec::with_capacity(values.len());
        for value in values {
            if !value.nullable {
                candidates.push(value);
                continue;
            }
            // In place of null, the value that loses against every other.
            let again = builder.again(&value)?;
            let is_null = builder.is_null(again)?;
            if nullable {
                nulls.push(builder.again(&is_null)?);
            }
            candidates.push(builder.choose(is_null, worst.clone(), value)?);
        }
        if doubles {
            candidates = builder.doubles(candidates)?;
        }
        let extreme = builder.call(function, candidates, machine, false)?;
        if !nullable {
            return Ok(Some(extreme));
        }
        let all_null = builder.strict(Function::And, nulls, Machine::Boolean)?;
        self.choose(all_null, None, Some(extreme))
    }
}
