//! Numbers computed of numbers, as the engine's expressions.
//!
//! Longs are computed as longs, and doubles as doubles, which longs beside them are widened to.
//! It knows SQL's arithmetic and the engine's functions; nodes are lowered in `lower`.

use std::sync::Arc;

use tantivy::jitexpr::ast::Function;

use super::engine::{Machine, TooComplex, Value};
use super::lower::{Lowered, Lowering};
use super::node::{Node, Operation, Type};

impl Lowering<'_> {
    /// What an operation gives that has a result of a type.
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
        let doubles = type_ == Type::Double;
        let machine = if doubles {
            Machine::Double
        } else {
            Machine::Long
        };
        let builder = &mut self.builder;
        let value = match operation {
            Operation::Add | Operation::Subtract | Operation::Multiply => {
                let function = match operation {
                    Operation::Add => Function::Add,
                    Operation::Subtract => Function::Subtract,
                    _ => Function::Multiply,
                };
                if doubles {
                    values = builder.doubles(values)?;
                }
                builder.strict(function, values, machine)?
            }
            Operation::Divide => {
                let quotient = self.divide(values)?;
                if doubles {
                    quotient
                } else {
                    self.truncate(quotient)?
                }
            }
            Operation::Remainder => self.remainder(values, doubles)?,
            Operation::Abs => {
                let value = values.remove(0);
                if doubles {
                    // The engine takes the type of ABS from its surroundings, and prefers longs.
                    let value = builder.double(value)?;
                    let absolute = builder.strict(Function::Abs, vec![value], machine)?;
                    let finite = absolute.finite;
                    let arguments = vec![absolute, Value::long(1)];
                    let mut quotient = builder.strict(Function::Divide, arguments, machine)?;
                    quotient.finite = finite;
                    quotient
                } else {
                    builder.strict(Function::Abs, vec![value], machine)?
                }
            }
            Operation::Sqrt => {
                let value = builder.widened(values.remove(0))?;
                builder.call(Function::Sqrt, vec![value], Machine::Double, true)?
            }
            Operation::Power => {
                // Of a number that is not finite, a finite one can become.
                let exponent = builder.finite(values.remove(1))?;
                let exponent = builder.widened(exponent)?;
                let base = builder.finite(values.remove(0))?;
                let base = builder.widened(base)?;
                builder.call(Function::Pow, vec![base, exponent], Machine::Double, true)?
            }
            // These give longs of doubles too, which are widened where they meet doubles. A double
            // can be a column of longs here, as in `least(a, x)` where there is no `x`.
            Operation::Floor | Operation::Ceil => {
                let function = match operation {
                    Operation::Floor => Function::Floor,
                    _ => Function::Ceil,
                };
                let value = builder.double(values.remove(0))?;
                builder.call(function, vec![value], Machine::Long, true)?
            }
            Operation::Round(places) => {
                if doubles {
                    values = vec![builder.double(values.remove(0))?];
                }
                let machine = if places > 0 {
                    Machine::Double
                } else {
                    Machine::Long
                };
                values.push(Value::long(places));
                builder.call(Function::Round, values, machine, true)?
            }
            Operation::Least
            | Operation::Greatest
            | Operation::Upper
            | Operation::Lower
            | Operation::Concat => unreachable!("these are lowered elsewhere"),
        };
        Ok(Some(value))
    }

    /// A quotient in doubles, null where the divisor is 0.
    fn divide(&mut self, mut values: Vec<Value>) -> Result<Value, TooComplex> {
        // By a number that is not finite, the quotient would be 0.
        let divisor = self.builder.finite(values.remove(1))?;
        let divisor = self.builder.widened(divisor)?;
        let dividend = self.builder.widened(values.remove(0))?;
        let arguments = vec![dividend, divisor];
        self.builder
            .call(Function::Divide, arguments, Machine::Double, true)
    }

    /// A double without its decimal places, as a long. One of the two terms is 0.
    fn truncate(&mut self, value: Value) -> Result<Value, TooComplex> {
        let builder = &mut self.builder;
        let again = builder.again(&value)?;
        let floor = builder.strict(Function::Floor, vec![again], Machine::Long)?;
        let ceil = builder.strict(Function::Ceil, vec![value], Machine::Long)?;
        let above = vec![floor, Value::long(0)];
        let above = builder.strict(Function::Max, above, Machine::Long)?;
        let below = vec![ceil, Value::long(0)];
        let below = builder.strict(Function::Min, below, Machine::Long)?;
        builder.strict(Function::Add, vec![above, below], Machine::Long)
    }

    /// A remainder that has the dividend's sign, as SQL's: the engine's has the divisor's.
    fn remainder(&mut self, mut values: Vec<Value>, doubles: bool) -> Result<Value, TooComplex> {
        let builder = &mut self.builder;
        let divisor = builder.finite(values.remove(1))?;
        let divisor = builder.widened(divisor)?;
        let dividend = builder.widened(values.remove(0))?;
        let again = builder.again(&dividend)?;
        let zero = builder.double(Value::double(0.0))?;
        let negative = builder.strict(Function::Lt, vec![again, zero], Machine::Boolean)?;
        let negative = builder.null_is_false(negative)?;
        let sign = builder.choose(negative, Value::double(-1.0), Value::double(1.0))?;
        let dividend = builder.strict(Function::Abs, vec![dividend], Machine::Double)?;
        let divisor = builder.strict(Function::Abs, vec![divisor], Machine::Double)?;
        let arguments = vec![dividend, divisor];
        let remainder = builder.call(Function::IntMod, arguments, Machine::Double, true)?;
        let finite = remainder.finite;
        let arguments = vec![remainder, sign];
        let mut remainder = builder.strict(Function::Multiply, arguments, Machine::Double)?;
        if doubles {
            remainder.finite = finite;
            Ok(remainder)
        } else {
            builder.strict(Function::Floor, vec![remainder], Machine::Long)
        }
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
            // In place of null stands what no other value loses against.
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
