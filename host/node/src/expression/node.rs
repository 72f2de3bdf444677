//! An expression after its types were checked: every column is known, every operand fits.
//!
//! It knows neither SQL's text nor tantivy. A node counts, when it is made, what lies below
//! it, so that trees whose parts are shared many times over are never walked.

use std::cmp::Ordering;
use std::sync::Arc;

use regex::Regex;

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
    /// The type with an article, for errors.
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
    /// The comparison of the same two values the other way round.
    pub(super) fn flipped(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// Whether it is true of two values in an order.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
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
    /// The characters of a string.
    Length,
    /// A number as it is written.
    Show,
}

impl Operation {
    /// Whether tantivy's jit cannot compute it as it is meant.
    fn is_native(self, type_: Type) -> bool {
        match self {
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Abs => {
                type_ != Type::Double
            }
            Self::Remainder
            | Self::Floor
            | Self::Ceil
            | Self::Round(_)
            | Self::Length
            | Self::Show => true,
            // The jit computes the extremes of numbers only.
            Self::Least | Self::Greatest => matches!(type_, Type::Boolean | Type::Text),
            Self::Sqrt | Self::Power | Self::Upper | Self::Lower | Self::Concat => false,
        }
    }
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
    /// A column, by its name in tantivy.
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
    Matches(Arc<Node>, Regex),
    /// The first group of a regular expression that matches every text.
    Extract(Arc<Node>, Regex),
}

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) type_: Type,
    /// Whether it can be null in some document.
    pub(super) nullable: bool,
    /// Whether something in it is beyond tantivy's jit, which computes longs as doubles or lets them
    /// wrap around, and has rounding of its own.
    pub(super) native: bool,
    /// How deep nodes lie in each other.
    pub(super) depth: usize,
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
                below.all(operands);
                below.native |= operation.is_native(type_);
                match operation {
                    Operation::Least | Operation::Greatest => {
                        operands.iter().all(|operand| operand.nullable)
                    }
                    // Null in place of an error: a division by zero, a root of a negative
                    // number, a number out of range, a string that is too long.
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
            native: below.native,
            depth: below.depth + 1,
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
    depth: usize,
    native: bool,
}

impl Below {
    /// Counts a node, and tells whether it can be null.
    fn one(&mut self, node: &Node) -> bool {
        self.size = self.size.saturating_add(node.size);
        self.depth = self.depth.max(node.depth);
        self.native |= node.native;
        node.nullable
    }

    fn all(&mut self, nodes: &[Arc<Node>]) -> bool {
        nodes
            .iter()
            .fold(false, |nullable, node| self.one(node) | nullable)
    }
}
