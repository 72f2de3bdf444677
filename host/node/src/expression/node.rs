//! An expression after its types were checked: every column is known, every operand fits.
//!
//! It knows neither SQL's text nor the engine. A node counts, when it is made, what lies below
//! it, so that nobody walks a tree whose parts are shared many times over.

use std::sync::Arc;

/// The type of a part of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// The literal `null`, which fits everywhere.
    Null,
    Boolean,
    Long,
    Double,
    Date,
    Text,
}

impl Type {
    /// The type with an article, as errors tell it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Long | Self::Double => "a number",
            Self::Date => "a date",
            Self::Text => "text",
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Long | Self::Double)
    }

    /// The type that values of both have: a long beside a double is widened.
    pub(super) fn common(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Null, type_) | (type_, Self::Null) => Some(type_),
            (left, right) if left == right => Some(left),
            (left, right) if left.is_number() && right.is_number() => Some(Self::Double),
            _ => None,
        }
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// The comparison that is true of two values where this one is false.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }
}

/// What is computed of values, null if one of them is null (but for `Least` and `Greatest`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Abs,
    Sqrt,
    Power,
    Floor,
    Ceil,
    /// To so many decimal places.
    Round(i64),
    /// The least of those that are not null.
    Least,
    /// The greatest of those that are not null.
    Greatest,
    Upper,
    Lower,
    Concat,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    Null,
    Boolean(bool),
    Long(i64),
    /// Finite.
    Double(f64),
    Text(Arc<str>),
    /// Microseconds since 1970.
    Instant(i64),
    /// A column, by the engine's name.
    Column(Arc<str>),
    Compute(Operation, Vec<Arc<Node>>),
    Compare(Comparison, Arc<Node>, Arc<Node>),
    And(Vec<Arc<Node>>),
    Or(Vec<Arc<Node>>),
    Not(Arc<Node>),
    IsNull(Arc<Node>),
    /// Whether a boolean is this very one, and not null.
    Is(Arc<Node>, bool),
    /// The value beside the first condition that is true.
    Case(Vec<(Arc<Node>, Arc<Node>)>, Arc<Node>),
    /// The first that is not null.
    Coalesce(Vec<Arc<Node>>),
    /// Whether a text matches a regular expression.
    Matches(Arc<Node>, Arc<str>),
    /// The first group of a regular expression that matches every text.
    Extract(Arc<Node>, Arc<str>),
}

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) type_: Type,
    /// Whether it can be null in some document.
    pub(super) nullable: bool,
    /// Whether a date is in it.
    pub(super) dates: bool,
    /// How many nodes there are, each as often as it is used.
    pub(super) size: u64,
}

impl Node {
    pub(super) fn new(kind: Kind, type_: Type) -> Arc<Self> {
        let mut below = Below::default();
        let nullable = match &kind {
            Kind::Null | Kind::Column(_) => true,
            Kind::Boolean(_)
            | Kind::Long(_)
            | Kind::Double(_)
            | Kind::Text(_)
            | Kind::Instant(_) => false,
            Kind::Compute(operation, operands) => {
                let nullable = below.all(operands);
                match operation {
                    Operation::Least | Operation::Greatest => {
                        operands.iter().all(|operand| operand.nullable)
                    }
                    Operation::Add | Operation::Subtract | Operation::Multiply => {
                        nullable || type_ == Type::Double
                    }
                    // Null in place of an error: a division by zero, a root of a negative
                    // number, a double that is no longer finite, a text that is too long.
                    _ => true,
                }
            }
            Kind::Compare(_, left, right) => below.one(left) | below.one(right),
            Kind::And(operands) | Kind::Or(operands) => below.all(operands),
            Kind::Not(operand) | Kind::Matches(operand, _) | Kind::Extract(operand, _) => {
                below.one(operand)
            }
            Kind::IsNull(operand) | Kind::Is(operand, _) => {
                below.one(operand);
                false
            }
            Kind::Case(branches, otherwise) => {
                let mut nullable = below.one(otherwise);
                for (condition, value) in branches {
                    below.one(condition);
                    nullable |= below.one(value);
                }
                nullable
            }
            Kind::Coalesce(operands) => {
                below.all(operands);
                operands.iter().all(|operand| operand.nullable)
            }
        };
        Arc::new(Self {
            nullable,
            dates: below.dates || type_ == Type::Date,
            size: below.size.saturating_add(1),
            kind,
            type_,
        })
    }

    /// A null of a type.
    pub(super) fn null(type_: Type) -> Arc<Self> {
        Self::new(Kind::Null, type_)
    }

    pub(super) fn not(operand: Arc<Self>) -> Arc<Self> {
        Self::new(Kind::Not(operand), Type::Boolean)
    }
}

/// What is counted of the nodes below one.
#[derive(Default)]
struct Below {
    size: u64,
    dates: bool,
}

impl Below {
    /// Counts a node, and tells whether it can be null.
    fn one(&mut self, node: &Node) -> bool {
        self.size = self.size.saturating_add(node.size);
        self.dates |= node.dates;
        node.nullable
    }

    fn all(&mut self, nodes: &[Arc<Node>]) -> bool {
        nodes
            .iter()
            .fold(false, |nullable, node| self.one(node) | nullable)
    }
}
