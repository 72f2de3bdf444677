//! The values of checked nodes as expressions of tantivy's jit, with SQL's nulls.
//!
//! A column that a segment does not have is null in all of its documents, and so is whatever is
//! computed from it: such nulls are resolved here, since the jit cannot infer their types. Numbers
//! are computed in `arithmetic`, and booleans are put together in `truth`. Nodes that are marked
//! as native never get here.

use std::sync::Arc;

use tantivy::jitexpr::ast::Function;

use super::jit::{Builder, Machine, TooComplex, Value};
use super::node::{Comparison, Kind, Node, Operation, Type};

/// A value, or `None` if it is null in every document.
pub(super) type Lowered = Result<Option<Value>, TooComplex>;

/// Lowers nodes for segments that lack some columns.
pub(super) struct Lowering<'a> {
    pub(super) builder: Builder,
    has_column: &'a dyn Fn(&str, Type) -> bool,
}

impl<'a> Lowering<'a> {
    /// The function says whether there is a column of a type.
    pub(super) fn new(has_column: &'a dyn Fn(&str, Type) -> bool) -> Self {
        Self {
            builder: Builder::new(),
            has_column,
        }
    }

    /// A node's value in every document.
    pub(super) fn value(&mut self, node: &Node) -> Lowered {
        let value = match &node.kind {
            Kind::Null => return Ok(None),
            Kind::Boolean(value) => Value::boolean(*value),
            Kind::Long(value) | Kind::Instant(value) => Value::long(*value),
            Kind::Double(value) => Value::double(*value),
            Kind::Text(value) => Value::text(value),
            Kind::Column(name) => {
                let Some(machine) = machine(node.type_) else {
                    return Ok(None);
                };
                if !(self.has_column)(name, node.type_) {
                    return Ok(None);
                }
                Value::column(name, machine)
            }
            Kind::Compute(operation, operands) => {
                return match operation {
                    Operation::Upper => self.text_call(Function::Upper, &operands[0]),
                    Operation::Lower => self.text_call(Function::Lower, &operands[0]),
                    Operation::Concat => self.concat(operands),
                    _ => self.arithmetic(*operation, operands, node.type_),
                };
            }
            Kind::Compare(comparison, left, right) => {
                return self.compare(*comparison, left, right);
            }
            Kind::And(_) | Kind::Or(_) => return self.combination(node).map(Some),
            Kind::Not(operand) => {
                let Some(value) = self.value(operand)? else {
                    return Ok(None);
                };
                self.builder.negate(value)?
            }
            Kind::IsNull(operand) => match self.value(operand)? {
                None => Value::boolean(true),
                Some(value) => {
                    let value = self.builder.finite(value)?;
                    self.builder.is_null(value)?
                }
            },
            Kind::Is(operand, wanted) => self.certain(operand, *wanted)?,
            Kind::Case(branches, otherwise) => return self.case(branches, otherwise),
            Kind::Coalesce(operands) => return self.coalesce(operands),
            Kind::Matches(text, regex) => {
                let Some(text) = self.value(text)? else {
                    return Ok(None);
                };
                return self.matches(text, regex.as_str()).map(Some);
            }
            Kind::Extract(text, regex) => {
                let Some(text) = self.value(text)? else {
                    return Ok(None);
                };
                let nullable = text.nullable;
                // The first group.
                let arguments = vec![text, Value::text(regex.as_str()), Value::group(1)];
                let function = Function::RegexpExtract;
                self.builder
                    .call(function, arguments, Machine::Text, nullable)?
            }
        };
        Ok(Some(value))
    }

    /// The values of several nodes, or `None` if one of them is always null.
    pub(super) fn all(&mut self, nodes: &[Arc<Node>]) -> Result<Option<Vec<Value>>, TooComplex> {
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(value) = self.value(node)? else {
                return Ok(None);
            };
            values.push(value);
        }
        Ok(Some(values))
    }

    /// One of two values, each of which may be null in every document.
    pub(super) fn choose(
        &mut self,
        condition: Value,
        yes: Option<Value>,
        no: Option<Value>,
    ) -> Lowered {
        let chosen = match (yes, no) {
            (None, None) => return Ok(None),
            (Some(yes), Some(no)) => self.builder.choose(condition, yes, no)?,
            (Some(yes), None) => {
                let no = self.builder.null(yes.machine)?;
                self.builder.choose(condition, yes, no)?
            }
            // The jit knows the length of a string only if it knows the type of the first one.
            (None, Some(no)) => {
                let condition = self.builder.negate(condition)?;
                let yes = self.builder.null(no.machine)?;
                self.builder.choose(condition, no, yes)?
            }
        };
        Ok(Some(chosen))
    }

    fn compare(&mut self, comparison: Comparison, left: &Node, right: &Node) -> Lowered {
        let doubles = left.type_ == Type::Double || right.type_ == Type::Double;
        let (Some(mut left), Some(mut right)) = (self.value(left)?, self.value(right)?) else {
            return Ok(None);
        };
        // The jit would compare a double to a long exactly; SQL makes a double of the long.
        if doubles {
            left = self.builder.finite(left)?;
            left = self.builder.double(left)?;
            right = self.builder.finite(right)?;
            right = self.builder.double(right)?;
        }
        let function = match comparison {
            Comparison::Equal | Comparison::NotEqual => Function::Eq,
            Comparison::Less => Function::Lt,
            Comparison::LessOrEqual => Function::LtEq,
            Comparison::Greater => Function::Gt,
            Comparison::GreaterOrEqual => Function::GtEq,
        };
        let value = self
            .builder
            .strict(function, vec![left, right], Machine::Boolean)?;
        if comparison == Comparison::NotEqual {
            // The jit's NEQ is true of nulls.
            return self.builder.negate(value).map(Some);
        }
        Ok(Some(value))
    }

    fn case(&mut self, branches: &[(Arc<Node>, Arc<Node>)], otherwise: &Node) -> Lowered {
        let mut chosen = self.value(otherwise)?;
        for (condition, value) in branches.iter().rev() {
            let condition = self.certain(condition, true)?;
            let value = self.value(value)?;
            chosen = self.choose(condition, value, chosen)?;
        }
        Ok(chosen)
    }

    fn coalesce(&mut self, operands: &[Arc<Node>]) -> Lowered {
        let mut chosen: Option<Value> = None;
        for operand in operands.iter().rev() {
            let Some(value) = self.value(operand)? else {
                continue;
            };
            let value = self.builder.finite(value)?;
            chosen = match chosen {
                Some(rest) if value.nullable => {
                    let again = self.builder.again(&value)?;
                    let is_null = self.builder.is_null(again)?;
                    let nullable = rest.nullable;
                    let mut both = self.builder.choose(is_null, rest, value)?;
                    both.nullable = nullable;
                    Some(both)
                }
                _ => Some(value),
            };
        }
        Ok(chosen)
    }

    fn text_call(&mut self, function: Function, operand: &Node) -> Lowered {
        let Some(value) = self.value(operand)? else {
            return Ok(None);
        };
        // Null if the string is too long for the jit.
        self.builder
            .call(function, vec![value], Machine::Text, true)
            .map(Some)
    }

    fn concat(&mut self, operands: &[Arc<Node>]) -> Lowered {
        let Some(mut values) = self.all(operands)? else {
            return Ok(None);
        };
        if values.len() == 1 {
            return Ok(values.pop());
        }
        // With nothing between them; empty ones count.
        let mut arguments = vec![Value::text(""), Value::text("false")];
        arguments.append(&mut values);
        self.builder
            .call(Function::Concat, arguments, Machine::Text, true)
            .map(Some)
    }

    /// Whether a string matches: the jit says false of null.
    fn matches(&mut self, text: Value, regex: &str) -> Result<Value, TooComplex> {
        let again = self.builder.again(&text)?;
        let matches = self.matches_or_false(again, regex)?;
        if !text.nullable {
            return Ok(matches);
        }
        let is_null = self.builder.is_null(text)?;
        let present = self.builder.negate(is_null)?;
        let null = self.builder.null(Machine::Boolean)?;
        self.builder.choose(present, matches, null)
    }

    pub(super) fn matches_or_false(
        &mut self,
        text: Value,
        regex: &str,
    ) -> Result<Value, TooComplex> {
        let arguments = vec![text, Value::text(regex)];
        self.builder
            .call(Function::RegexpLike, arguments, Machine::Boolean, false)
    }
}

/// The jit's type for columns of a type.
fn machine(type_: Type) -> Option<Machine> {
    match type_ {
        Type::Boolean => Some(Machine::Boolean),
        Type::Long | Type::Date => Some(Machine::Long),
        Type::Double => Some(Machine::Double),
        Type::Text => Some(Machine::Text),
        Type::Null => None,
    }
}
