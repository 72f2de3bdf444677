//! From SQL's syntax tree to checked nodes: names become columns, and every operand is of a type
//! that its operator takes.
//!
//! It knows the mapping's columns and SQL's rules of types, and nothing of documents.

use std::cell::RefCell;
use std::sync::Arc;

use sqlparser::ast::{BinaryOperator, CaseWhen, Expr, Ident, UnaryOperator};

use super::arithmetic::{arithmetic, negative};
use super::compare::compare;
use super::error::{ExpressionError, Position};
use super::evaluate::fold;
use super::node::{Comparison, Kind, Node, Operation, Type};
use super::parse::{MAX_DEPTH, position};
use super::{ColumnType, Scope, kernel, literal, names, pattern};
use crate::udf::UdfCall;

/// How deep nodes may be nested: evaluating them recurses.
const MAX_NODE_DEPTH: usize = 256;

/// A checked operand, and where it comes from, for errors.
#[derive(Clone)]
pub(super) struct Operand {
    pub(super) node: Arc<Node>,
    pub(super) at: Position,
    /// A name or a literal as it is written.
    pub(super) text: Option<String>,
}

impl Operand {
    /// The error of an operand whose type does not fit.
    pub(super) fn mismatch(&self, expected: impl Into<String>) -> ExpressionError {
        ExpressionError::Type {
            at: self.at,
            what: self
                .text
                .as_ref()
                .map_or_else(|| "this".to_owned(), |text| format!("`{text}`")),
            found: self.node.type_.name(),
            expected: expected.into(),
        }
    }

    /// Refuses a type other than one, or null.
    pub(super) fn must_be(
        &self,
        type_: Type,
        expected: impl Into<String>,
    ) -> Result<(), ExpressionError> {
        if self.node.type_ == type_ || self.node.type_ == Type::Null {
            Ok(())
        } else {
            Err(self.mismatch(expected))
        }
    }
}

/// Checks an expression against what it may name.
pub(super) struct Checker<'a> {
    pub(super) scope: Scope<'a>,
    /// The UDFs so far.
    pub(super) udfs: RefCell<Vec<UdfCall>>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(scope: Scope<'a>) -> Self {
        Self {
            scope,
            udfs: RefCell::default(),
        }
    }

    /// Checks a part of an expression that lies in so many others.
    pub(super) fn check(&self, expr: &Expr, depth: usize) -> Result<Operand, ExpressionError> {
        if depth > 2 * MAX_DEPTH {
            return Err(ExpressionError::TooDeep {
                at: position(expr),
                max: 2 * MAX_DEPTH,
            });
        }
        let node = match expr {
            Expr::Nested(inner) => return self.check(inner, depth + 1),
            Expr::BinaryOp { .. } => return self.chain(expr, depth),
            Expr::Identifier(name) => self.column(std::slice::from_ref(name))?,
            Expr::CompoundIdentifier(names) => self.column(names)?,
            Expr::Value(value) => literal::value(value)?,
            Expr::TypedString(typed) => literal::typed(typed)?,
            Expr::UnaryOp { op, expr: inner } => self.unary(*op, inner, expr, depth)?,
            Expr::IsNull(inner) | Expr::IsUnknown(inner) => self.is_null(inner, depth)?,
            Expr::IsNotNull(inner) | Expr::IsNotUnknown(inner) => {
                Node::not(self.is_null(inner, depth)?)
            }
            Expr::IsTrue(inner) => self.is(inner, true, "is true", depth)?,
            Expr::IsNotTrue(inner) => Node::not(self.is(inner, true, "is not true", depth)?),
            Expr::IsFalse(inner) => self.is(inner, false, "is false", depth)?,
            Expr::IsNotFalse(inner) => Node::not(self.is(inner, false, "is not false", depth)?),
            Expr::IsDistinctFrom(left, right) => Node::not(self.is_same(left, right, depth)?),
            Expr::IsNotDistinctFrom(left, right) => self.is_same(left, right, depth)?,
            Expr::Between {
                expr: inner,
                negated,
                low,
                high,
            } => {
                let value = self.check(inner, depth + 1)?;
                let low = self.check(low, depth + 1)?;
                let high = self.check(high, depth + 1)?;
                let within = vec![
                    compare(Comparison::GreaterOrEqual, "between", &value, &low)?,
                    compare(Comparison::LessOrEqual, "between", &value, &high)?,
                ];
                negate(*negated, Node::new(Kind::And(within), Type::Boolean))
            }
            Expr::InList {
                expr: inner,
                list,
                negated,
            } => {
                let value = self.check(inner, depth + 1)?;
                if list.is_empty() {
                    return Err(ExpressionError::Syntax {
                        at: position(expr),
                        reason: "`in ()` is never true: list values".to_owned(),
                    });
                }
                let equals = list
                    .iter()
                    .map(|item| {
                        let item = self.compared(item, depth + 1)?;
                        compare(Comparison::Equal, "in", &value, &item)
                    })
                    .collect::<Result<_, _>>()?;
                negate(*negated, Node::new(Kind::Or(equals), Type::Boolean))
            }
            Expr::Like {
                negated,
                any: false,
                expr: inner,
                pattern,
                escape_char,
            } => {
                let text = self.check(inner, depth + 1)?;
                negate(
                    *negated,
                    pattern::like("like", &text, pattern, escape_char.as_ref())?,
                )
            }
            Expr::ILike {
                negated,
                any: false,
                expr: inner,
                pattern,
                escape_char,
            } => {
                let text = self.check(inner, depth + 1)?;
                negate(
                    *negated,
                    pattern::like("ilike", &text, pattern, escape_char.as_ref())?,
                )
            }
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(
                operand.as_deref(),
                conditions,
                else_result.as_deref(),
                depth,
            )?,
            Expr::Interval(interval) => literal::interval(interval, position(expr))?,
            Expr::Cast {
                expr: inner,
                data_type,
                format: None,
                ..
            } => self.cast(inner, data_type, depth)?,
            Expr::Ceil { .. }
            | Expr::Extract { .. }
            | Expr::Floor { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Function(_) => self.function(expr, depth)?,
            other => return Err(names::unsupported(other)),
        };
        let at = position(expr);
        let node = bounded(node, at)?;
        let text = match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => Some(expr.to_string()),
            Expr::Value(_) | Expr::TypedString(_) => {
                let text = expr.to_string();
                (text.chars().count() <= 40).then_some(text)
            }
            _ => None,
        };
        Ok(Operand { node, at, text })
    }

    /// Chains of operators are as deep as they are long, so the left operands are not recursed
    /// into; and those of `and`, `or`, `+` and `||` become one node.
    fn chain(&self, expr: &Expr, depth: usize) -> Result<Operand, ExpressionError> {
        let mut links = Vec::new();
        let mut leftmost = expr;
        while let Expr::BinaryOp { left, op, right } = leftmost {
            links.push((op, right));
            leftmost = left;
        }
        let mut links = links.into_iter().rev().peekable();
        let mut result = self.check(leftmost, depth + 1)?;
        // How many operators that are not merged lie in each other.
        let mut nested = depth;
        while let Some((op, right)) = links.next() {
            if let Some((negated, ignores_case)) = matching(op) {
                let matches = pattern::matching(&op.to_string(), &result, right, ignores_case)?;
                result.node = negate(negated, matches);
                result.text = None;
                continue;
            }
            let right_operand = if is_comparison(op) {
                self.compared(right, depth + 1)?
            } else {
                self.check(right, depth + 1)?
            };
            let mut operands = vec![result.clone(), right_operand];
            while merges(op)
                && let Some((_, right)) = links.next_if(|(next, _)| *next == op)
            {
                let operand = self.check(right, depth + 1)?;
                if widens(&operands, &operand) {
                    // The longs before a double are added up as longs.
                    result.node = binary(op, &operands)?;
                    result.text = None;
                    operands = vec![result.clone()];
                }
                operands.push(operand);
            }
            nested += 1;
            if nested > 4 * MAX_DEPTH {
                return Err(ExpressionError::TooDeep {
                    at: position(right),
                    max: 4 * MAX_DEPTH,
                });
            }
            result = Operand {
                node: bounded(binary(op, &operands)?, result.at)?,
                at: result.at,
                text: None,
            };
        }
        Ok(result)
    }

    /// Checks what a value is compared to: a name that is unknown there may be meant as a string.
    fn compared(&self, expr: &Expr, depth: usize) -> Result<Operand, ExpressionError> {
        let mut checked = self.check(expr, depth);
        if let (Expr::Identifier(name), Err(ExpressionError::UnknownColumn { hint, .. })) =
            (expr, &mut checked)
        {
            *hint = format!("{hint}; a string is written '{}'", name.value);
        }
        checked
    }

    fn column(&self, names: &[Ident]) -> Result<Arc<Node>, ExpressionError> {
        let path = names
            .iter()
            .map(|name| name.value.as_str())
            .collect::<Vec<_>>()
            .join(".");
        let Some((name, type_)) = self.scope.columns.column(&path) else {
            return Err(ExpressionError::UnknownColumn {
                at: names
                    .first()
                    .map(|name| name.span.start.into())
                    .unwrap_or_default(),
                hint: names::nearest_column(&path, &self.scope.columns.paths()),
                name: path,
            });
        };
        let type_ = match type_ {
            ColumnType::Boolean => Type::Boolean,
            ColumnType::Long => Type::Long,
            ColumnType::Double => Type::Double,
            ColumnType::Date => Type::Date,
            ColumnType::Text => Type::Text,
        };
        Ok(Node::new(Kind::Column(name.into()), type_))
    }

    fn unary(
        &self,
        op: UnaryOperator,
        inner: &Expr,
        whole: &Expr,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        // `-9223372036854775808` is a long, but the number after its sign is not.
        if op == UnaryOperator::Minus
            && let Expr::Value(value) = inner
            && let Some(negative) = literal::negative(value)?
        {
            return Ok(negative);
        }
        let operand = match op {
            UnaryOperator::Minus | UnaryOperator::Plus | UnaryOperator::Not => {
                self.check(inner, depth + 1)?
            }
            _ => return Err(names::unsupported(whole)),
        };
        match op {
            UnaryOperator::Not => {
                operand.must_be(Type::Boolean, "`not` takes a boolean")?;
                Ok(Node::not(operand.node))
            }
            UnaryOperator::Minus => negative(&operand),
            _ => {
                number(&operand, "+")?;
                Ok(operand.node)
            }
        }
    }

    fn is_null(&self, inner: &Expr, depth: usize) -> Result<Arc<Node>, ExpressionError> {
        let operand = self.check(inner, depth + 1)?;
        Ok(Node::new(Kind::IsNull(operand.node), Type::Boolean))
    }

    fn is(
        &self,
        inner: &Expr,
        wanted: bool,
        name: &str,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        let operand = self.check(inner, depth + 1)?;
        operand.must_be(Type::Boolean, format!("`{name}` takes a boolean"))?;
        Ok(Node::new(Kind::Is(operand.node, wanted), Type::Boolean))
    }

    /// Whether two values are equal or both null, which is never null itself.
    fn is_same(
        &self,
        left: &Expr,
        right: &Expr,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        // The parser takes all that follows for the right one, unlike PostgreSQL.
        if let Expr::BinaryOp {
            op: BinaryOperator::And | BinaryOperator::Or,
            ..
        } = right
        {
            return Err(ExpressionError::Unsupported {
                at: position(left),
                what: "`is distinct from` before `and` or `or` needs parentheses".to_owned(),
                instead: "write `(a is distinct from b) and c`".to_owned(),
            });
        }
        let left = self.check(left, depth + 1)?;
        let right = self.check(right, depth + 1)?;
        let equal = compare(Comparison::Equal, "is distinct from", &left, &right)?;
        let is_null = |operand: &Operand| {
            let kind = Kind::IsNull(operand.node.clone());
            Node::new(kind, Type::Boolean)
        };
        let null = Kind::And(vec![is_null(&left), is_null(&right)]);
        let same = vec![
            Node::new(Kind::Is(equal, true), Type::Boolean),
            Node::new(null, Type::Boolean),
        ];
        Ok(Node::new(Kind::Or(same), Type::Boolean))
    }

    fn case(
        &self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        let operand = operand
            .map(|operand| self.check(operand, depth + 1))
            .transpose()?;
        let mut branches = Vec::with_capacity(conditions.len());
        let mut values = Vec::with_capacity(conditions.len() + 1);
        for CaseWhen { condition, result } in conditions {
            let condition = self.check(condition, depth + 1)?;
            let condition = match &operand {
                Some(operand) => compare(Comparison::Equal, "case", operand, &condition)?,
                None => {
                    condition.must_be(Type::Boolean, "`when` takes a boolean")?;
                    condition.node
                }
            };
            let value = self.check(result, depth + 1)?;
            branches.push((condition, value.node.clone()));
            values.push(value);
        }
        let otherwise = match otherwise {
            None => Node::null(Type::Null),
            Some(otherwise) => {
                values.push(self.check(otherwise, depth + 1)?);
                values.last().expect("just pushed").node.clone()
            }
        };
        let type_ = common_type(&values, "case")?;
        Ok(Node::new(Kind::Case(branches, otherwise), type_))
    }
}

/// A node that is not nested too deeply, and a value if it is the same for all documents.
fn bounded(node: Arc<Node>, at: Position) -> Result<Arc<Node>, ExpressionError> {
    if node.depth > MAX_NODE_DEPTH {
        return Err(ExpressionError::TooDeep {
            at,
            max: MAX_NODE_DEPTH,
        });
    }
    Ok(fold(node))
}

/// The one type of all operands, which are alternatives.
pub(super) fn common_type(operands: &[Operand], name: &str) -> Result<Type, ExpressionError> {
    let mut common = Type::Null;
    for operand in operands {
        common = common.common(operand.node.type_).ok_or_else(|| {
            operand.mismatch(format!(
                "`{name}` gives {} before: its values must be of one type",
                common.name()
            ))
        })?;
    }
    Ok(common)
}

/// Refuses all but numbers.
pub(super) fn number(operand: &Operand, name: &str) -> Result<(), ExpressionError> {
    if operand.node.type_.is_number() || operand.node.type_ == Type::Null {
        Ok(())
    } else {
        Err(operand.mismatch(format!("`{name}` takes numbers")))
    }
}

fn negate(negated: bool, node: Arc<Node>) -> Arc<Node> {
    if negated { Node::not(node) } else { node }
}

/// Whether a chain of an operator is one node.
fn merges(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Plus
            | BinaryOperator::StringConcat
    )
}

/// Whether an operand makes a double of what is a long so far.
fn widens(operands: &[Operand], next: &Operand) -> bool {
    let long = |operand: &Operand| operand.node.type_ == Type::Long;
    let double = |operand: &Operand| operand.node.type_ == Type::Double;
    double(next) && operands.iter().any(long) && !operands.iter().any(double)
}

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    )
}

/// An operand as a string.
pub(super) fn as_text(operand: &Operand, name: &str) -> Result<Arc<Node>, ExpressionError> {
    let text = kernel::cast(&operand.node, Type::Text);
    text.ok_or_else(|| operand.mismatch(format!("`{name}` takes no intervals")))
}

/// Whether an operator matches a regular expression, and if so, whether it is negated and ignores
/// case.
fn matching(op: &BinaryOperator) -> Option<(bool, bool)> {
    Some(match op {
        BinaryOperator::PGRegexMatch => (false, false),
        BinaryOperator::PGRegexIMatch => (false, true),
        BinaryOperator::PGRegexNotMatch => (true, false),
        BinaryOperator::PGRegexNotIMatch => (true, true),
        _ => return None,
    })
}

fn binary(op: &BinaryOperator, operands: &[Operand]) -> Result<Arc<Node>, ExpressionError> {
    let name = op.to_string().to_lowercase();
    let comparison = match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        BinaryOperator::And | BinaryOperator::Or => {
            for operand in operands {
                operand.must_be(Type::Boolean, format!("`{name}` takes booleans"))?;
            }
            let nodes = nodes(operands);
            let kind = match op {
                BinaryOperator::And => Kind::And(nodes),
                _ => Kind::Or(nodes),
            };
            return Ok(Node::new(kind, Type::Boolean));
        }
        BinaryOperator::StringConcat => {
            let is_string =
                |operand: &Operand| matches!(operand.node.type_, Type::Text | Type::Null);
            if !operands.iter().take(2).any(is_string) {
                return Err(operands[0].mismatch("one side of `||` must be a string"));
            }
            let texts = operands
                .iter()
                .map(|operand| as_text(operand, "||"))
                .collect::<Result<_, _>>()?;
            let kind = Kind::Compute(Operation::Concat, texts);
            return Ok(Node::new(kind, Type::Text));
        }
        BinaryOperator::Plus => return arithmetic(Operation::Add, &name, operands),
        BinaryOperator::Minus => return arithmetic(Operation::Subtract, &name, operands),
        BinaryOperator::Multiply => return arithmetic(Operation::Multiply, &name, operands),
        BinaryOperator::Divide => return arithmetic(Operation::Divide, &name, operands),
        BinaryOperator::Modulo => return arithmetic(Operation::Remainder, &name, operands),
        _ => {
            return Err(ExpressionError::Unsupported {
                at: operands[0].at,
                what: format!("the operator `{name}` is not supported"),
                instead: names::OPERATORS.to_owned(),
            });
        }
    };
    compare(comparison, &name, &operands[0], &operands[1])
}

/// An operation whose result is of its operands' type.
pub(super) fn computed(
    operation: Operation,
    name: &str,
    operands: &[Operand],
) -> Result<Arc<Node>, ExpressionError> {
    let type_ = common_type(operands, name)?;
    Ok(Node::new(Kind::Compute(operation, nodes(operands)), type_))
}

pub(super) fn nodes(operands: &[Operand]) -> Vec<Arc<Node>> {
    operands
        .iter()
        .map(|operand| operand.node.clone())
        .collect()
}
