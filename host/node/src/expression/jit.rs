//! Expressions of tantivy's jit, built within a budget and with known types.
//!
//! The jit infers types, and widens longs to doubles, with holes: a call that gives longs (`MAX`)
//! in place of a double is compiled to an instruction of mixed types, and a double literal that is
//! whole is taken for a long. So everything built here states its type, and is widened before it
//! meets doubles. This module knows nothing of SQL.

use tantivy::jitexpr::ast::{Function, Literal, UntypedExpr};
use tantivy::jitexpr::types::VarType;

/// The most calls, variables and literals: more of them take too long to compile.
const MAX_STEPS: usize = 8 * 1024;

/// How deep calls may be nested: the jit recurses.
const MAX_DEPTH: usize = 160;

/// More decimal places than any double has: rounding to them changes nothing.
const ALL_PLACES: i64 = 400;

/// The expression is too large for the jit.
#[derive(Debug)]
pub(super) struct TooComplex;

/// The type of an expression as the jit sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    Boolean,
    Long,
    Double,
    /// A double that the jit would rather take for a long: a whole literal.
    WholeDouble,
    Text,
}

/// An expression of the jit.
#[derive(Clone)]
pub(super) struct Value {
    expr: UntypedExpr,
    pub(super) machine: Machine,
    /// Whether it can be null.
    pub(super) nullable: bool,
    /// Whether it cannot be a double that is not finite.
    pub(super) finite: bool,
    depth: usize,
    steps: usize,
}

impl Value {
    pub(super) fn into_expr(self) -> UntypedExpr {
        self.expr
    }

    /// The jit widens literals and columns without fault.
    fn is_call(&self) -> bool {
        matches!(self.expr, UntypedExpr::FnCall { .. })
    }

    fn leaf(expr: UntypedExpr, machine: Machine, nullable: bool) -> Self {
        Self {
            expr,
            machine,
            nullable,
            finite: true,
            depth: 1,
            steps: 1,
        }
    }

    pub(super) fn column(name: &str, machine: Machine) -> Self {
        Self::leaf(UntypedExpr::variable(name), machine, true)
    }

    pub(super) fn boolean(value: bool) -> Self {
        Self::leaf(UntypedExpr::literal(value), Machine::Boolean, false)
    }

    pub(super) fn long(value: i64) -> Self {
        Self::leaf(UntypedExpr::literal(value), Machine::Long, false)
    }

    /// A finite double.
    pub(super) fn double(value: f64) -> Self {
        let literal = Literal::try_from(value).expect("literals are checked to be finite");
        let types = literal.types();
        let machine = if types.contains(VarType::I64) || types.contains(VarType::U64) {
            Machine::WholeDouble
        } else {
            Machine::Double
        };
        Self::leaf(UntypedExpr::Literal(literal), machine, false)
    }

    /// The number of a group of a regular expression.
    pub(super) fn group(number: u64) -> Self {
        Self::leaf(UntypedExpr::literal(number), Machine::Long, false)
    }

    pub(super) fn text(value: &str) -> Self {
        Self::leaf(UntypedExpr::literal(value), Machine::Text, false)
    }
}

/// Builds calls.
pub(super) struct Builder {
    steps_left: usize,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            steps_left: MAX_STEPS,
        }
    }

    /// A call of values of types that fit.
    pub(super) fn call(
        &mut self,
        function: Function,
        arguments: Vec<Value>,
        machine: Machine,
        nullable: bool,
    ) -> Result<Value, TooComplex> {
        let depth = 1 + arguments
            .iter()
            .map(|argument| argument.depth)
            .max()
            .unwrap_or(0);
        let steps = 1 + arguments
            .iter()
            .map(|argument| argument.steps)
            .sum::<usize>();
        if depth > MAX_DEPTH || steps > self.steps_left {
            return Err(TooComplex);
        }
        let overflows = matches!(
            function,
            Function::Add
                | Function::Subtract
                | Function::Multiply
                | Function::Divide
                | Function::Pow
        );
        let finite = machine != Machine::Double
            || !overflows && arguments.iter().all(|argument| argument.finite);
        let arguments = arguments.into_iter().map(Value::into_expr).collect();
        let expr = UntypedExpr::new_fn_call(function, arguments)
            .expect("every call is written with the arguments that its function takes");
        Ok(Value {
            expr,
            machine,
            nullable,
            finite,
            depth,
            steps,
        })
    }

    /// A call that is null if one of its arguments is.
    pub(super) fn strict(
        &mut self,
        function: Function,
        arguments: Vec<Value>,
        machine: Machine,
    ) -> Result<Value, TooComplex> {
        let nullable = arguments.iter().any(|argument| argument.nullable);
        self.call(function, arguments, machine, nullable)
    }

    /// Uses a value once more.
    pub(super) fn again(&mut self, value: &Value) -> Result<Value, TooComplex> {
        self.steps_left = self.steps_left.checked_sub(value.steps).ok_or(TooComplex)?;
        Ok(value.clone())
    }

    /// A value that a function which computes in doubles takes.
    pub(super) fn widened(&mut self, value: Value) -> Result<Value, TooComplex> {
        if value.machine == Machine::Long && value.is_call() {
            let nullable = value.nullable;
            let places = Value::long(ALL_PLACES);
            self.call(
                Function::Round,
                vec![value, places],
                Machine::Double,
                nullable,
            )
        } else {
            Ok(value)
        }
    }

    /// A value that the jit takes for a double in every place.
    pub(super) fn double(&mut self, value: Value) -> Result<Value, TooComplex> {
        match value.machine {
            Machine::Long if value.is_call() => self.widened(value),
            Machine::Long | Machine::WholeDouble => {
                let arguments = vec![value, Value::long(1)];
                let quotient = self.strict(Function::Divide, arguments, Machine::Double)?;
                Ok(Value {
                    finite: true,
                    ..quotient
                })
            }
            _ => Ok(value),
        }
    }

    /// A value with null in place of what is not finite. Needed only if a finite value could be
    /// computed from one that is not.
    pub(super) fn finite(&mut self, value: Value) -> Result<Value, TooComplex> {
        if value.finite {
            return Ok(value);
        }
        // 0 of a finite number, and NaN, which has no root, of any other.
        let again = self.again(&value)?;
        let arguments = vec![again, Value::double(0.0)];
        let zero = self.strict(Function::Multiply, arguments, Machine::Double)?;
        let zero = self.call(Function::Sqrt, vec![zero], Machine::Double, true)?;
        let sum = self.strict(Function::Add, vec![value, zero], Machine::Double)?;
        Ok(Value {
            finite: true,
            ..sum
        })
    }

    /// Values with which the jit computes in doubles: one that it takes for a double is enough,
    /// if the others are not calls that give longs.
    pub(super) fn doubles(&mut self, values: Vec<Value>) -> Result<Vec<Value>, TooComplex> {
        let mut values = values
            .into_iter()
            .map(|value| self.widened(value))
            .collect::<Result<Vec<_>, _>>()?;
        if !values.iter().any(|value| value.machine == Machine::Double) {
            let whole = |value: &Value| value.machine == Machine::WholeDouble;
            let index = values.iter().position(whole).unwrap_or(0);
            values[index] = self.double(values[index].clone())?;
        }
        Ok(values)
    }

    /// A null whose type the jit knows.
    pub(super) fn null(&mut self, machine: Machine) -> Result<Value, TooComplex> {
        let none = || Value::leaf(UntypedExpr::Literal(Literal::None), machine, true);
        match machine {
            Machine::Boolean => {
                let arguments = vec![none(), Value::boolean(true)];
                self.call(Function::Eq, arguments, machine, true)
            }
            Machine::Double | Machine::WholeDouble => {
                let arguments = vec![Value::long(0), Value::long(0)];
                let null = self.call(Function::Divide, arguments, Machine::Double, true)?;
                Ok(Value {
                    finite: true,
                    ..null
                })
            }
            Machine::Long | Machine::Text => Ok(none()),
        }
    }

    /// One of two values of one type; the condition is never null.
    pub(super) fn choose(
        &mut self,
        condition: Value,
        yes: Value,
        no: Value,
    ) -> Result<Value, TooComplex> {
        debug_assert!(!condition.nullable, "a null condition hides both values");
        let machine = match (yes.machine, no.machine) {
            (one, other) if one == other => one,
            _ => Machine::Double,
        };
        let nullable = yes.nullable || no.nullable;
        let (yes, no) = if machine == Machine::Double {
            let yes = self.alternative(yes)?;
            let no = self.alternative(no)?;
            let mut values = self.doubles(vec![yes, no])?;
            let no = values.remove(1);
            (values.remove(0), no)
        } else {
            (yes, no)
        };
        self.call(Function::If, vec![condition, yes, no], machine, nullable)
    }

    /// One of two values that are doubles: in place of a double, the jit's IF refuses a column of
    /// longs.
    fn alternative(&mut self, value: Value) -> Result<Value, TooComplex> {
        match value.expr {
            UntypedExpr::Literal(_) => Ok(value),
            _ => self.double(value),
        }
    }

    /// Whether a value is null.
    pub(super) fn is_null(&mut self, value: Value) -> Result<Value, TooComplex> {
        if value.nullable {
            self.call(Function::IsNull, vec![value], Machine::Boolean, false)
        } else {
            Ok(Value::boolean(false))
        }
    }

    /// The negation of a boolean, null where it is null.
    pub(super) fn negate(&mut self, value: Value) -> Result<Value, TooComplex> {
        if value.nullable {
            let arguments = vec![value, Value::boolean(false)];
            self.call(Function::Eq, arguments, Machine::Boolean, true)
        } else {
            self.call(Function::Not, vec![value], Machine::Boolean, false)
        }
    }

    /// A boolean with false in place of null.
    pub(super) fn null_is_false(&mut self, value: Value) -> Result<Value, TooComplex> {
        if value.nullable {
            // The jit's OR is null only if all of its operands are.
            let arguments = vec![value, Value::boolean(false)];
            self.call(Function::Or, arguments, Machine::Boolean, false)
        } else {
            Ok(value)
        }
    }
}
