//! An expression after its types were checked: every column is known, every operand fits.
//!
//! It knows neither SQL's text nor tantivy. A node notes, when it is made, what lies below it, so
//! that trees whose parts are shared many times over are never walked.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use regex::Regex;

use super::interval::Interval;
use super::kernel::Kernel;

/// The type of a part of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// The literal `null`, which fits everywhere.
    Null,
    Boolean,
    Long,
    Double,
    /// An instant, in microseconds since 1970.
    Date,
    /// A day without a time, as the microseconds since 1970 at its start.
    Day,
    /// A span of time, which is no value of a document.
    Interval,
    Text,
}

impl Type {
    /// The type with an article, for errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Long | Self::Double => "a number",
            Self::Date | Self::Day => "a date",
            Self::Interval => "an interval",
            Self::Text => "text",
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Long | Self::Double)
    }

    pub(super) fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::Day)
    }

    /// The type that values of both have: a long beside a double is widened, and a day beside an
    /// instant is one at midnight.
    pub(super) fn common(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Null, type_) | (type_, Self::Null) => Some(type_),
            (left, right) if left == right => Some(left),
            (left, right) if left.is_number() && right.is_number() => Some(Self::Double),
            (left, right) if left.is_date() && right.is_date() => Some(Self::Date),
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
    /// -1, 0 or 1.
    Sign,
    Sqrt,
    Floor,
    Ceil,
    /// To so many decimal places.
    Round(i64),
    /// The same, towards zero.
    Truncate(i64),
    /// The least of those that are not null.
    Least,
    /// The greatest of those that are not null.
    Greatest,
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
    /// Microseconds since 1970, of a date or a day.
    Instant(i64),
    Interval(Interval),
    /// A column, by its name in tantivy.
    Column(Arc<str>),
    Compute(Operation, Vec<Arc<Node>>),
    /// A function of operands none of which is null.
    Call(Kernel, Vec<Arc<Node>>),
    /// A UDF, by its number in the expression.
    Udf(usize),
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
}

impl Kind {
    /// The nodes below.
    fn operands(&self) -> Vec<&Arc<Node>> {
        match self {
            Self::Null
            | Self::Boolean(_)
            | Self::Long(_)
            | Self::Double(_)
            | Self::Text(_)
            | Self::Instant(_)
            | Self::Interval(_)
            | Self::Column(_)
            | Self::Udf(_) => Vec::new(),
            Self::Compute(_, operands)
            | Self::Call(_, operands)
            | Self::And(operands)
            | Self::Or(operands)
            | Self::Coalesce(operands) => operands.iter().collect(),
            Self::Compare(_, left, right) => vec![left, right],
            Self::Not(operand)
            | Self::IsNull(operand)
            | Self::Is(operand, _)
            | Self::Matches(operand, _) => vec![operand],
            Self::Case(branches, otherwise) => {
                let branches = branches.iter();
                let mut operands: Vec<_> = branches.flat_map(|(when, then)| [when, then]).collect();
                operands.push(otherwise);
                operands
            }
        }
    }
}

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) type_: Type,
    /// The columns below.
    reads: Reads,
    /// How deep nodes lie in each other.
    pub(super) depth: usize,
    /// Whether a UDF is called below.
    pub(super) calls: bool,
}

/// The columns that a node reads.
#[derive(Clone, Debug, Default)]
enum Reads {
    #[default]
    Nothing,
    /// One column of strings, by its name in tantivy.
    Text(Arc<str>),
    /// Others, or several.
    More,
}

impl Reads {
    fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Nothing, other) => other.clone(),
            (reads, Self::Nothing) => reads,
            (Self::Text(one), Self::Text(other)) if one == *other => Self::Text(one),
            _ => Self::More,
        }
    }
}

impl Node {
    pub(super) fn new(kind: Kind, type_: Type) -> Arc<Self> {
        let (mut calls, mut depth) = (matches!(kind, Kind::Udf(_)), 0);
        let mut reads = match &kind {
            Kind::Column(name) if type_ == Type::Text => Reads::Text(Arc::clone(name)),
            Kind::Column(_) | Kind::Udf(_) => Reads::More,
            _ => Reads::Nothing,
        };
        for operand in kind.operands() {
            calls |= operand.calls;
            depth = depth.max(operand.depth);
            reads = reads.and(&operand.reads);
        }
        Arc::new(Self {
            kind,
            type_,
            reads,
            depth: depth + 1,
            calls,
        })
    }

    /// A null of a type.
    pub(super) fn null(type_: Type) -> Arc<Self> {
        Self::new(Kind::Null, type_)
    }

    pub(super) fn not(operand: Arc<Self>) -> Arc<Self> {
        Self::new(Kind::Not(operand), Type::Boolean)
    }

    /// The only column that something is computed from, by its name in tantivy, if it has strings.
    pub(super) fn only_text(&self) -> Option<&Arc<str>> {
        match (&self.kind, &self.reads) {
            (Kind::Column(_), _) => None,
            (_, Reads::Text(name)) => Some(name),
            (_, Reads::Nothing | Reads::More) => None,
        }
    }

    /// Whether it is a value, in a column or for all documents.
    fn is_value(&self) -> bool {
        matches!(
            self.kind,
            Kind::Null
                | Kind::Boolean(_)
                | Kind::Long(_)
                | Kind::Double(_)
                | Kind::Text(_)
                | Kind::Instant(_)
                | Kind::Interval(_)
                | Kind::Column(_)
        )
    }

    /// Whether it is the same for all documents.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.reads, Reads::Nothing)
    }

    /// Whether it is computed, but the same for all documents.
    pub(super) fn is_foldable(&self) -> bool {
        self.is_constant() && !self.is_value()
    }

    /// Whether it is computed in more than one place, so that its values are kept.
    pub(super) fn is_shared(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1 && !self.is_value()
    }

    /// What the parts that call UDFs cost a document, by their addresses; `of` is the cost of a UDF.
    /// A part that is shared counts wherever it is used.
    pub(super) fn costs(&self, of: &[u64]) -> HashMap<usize, u64> {
        let mut costs = HashMap::new();
        self.add_costs(of, &mut costs);
        costs
    }

    fn add_costs(&self, of: &[u64], costs: &mut HashMap<usize, u64>) -> u64 {
        if !self.calls {
            return 0;
        }
        let address = std::ptr::from_ref(self).addr();
        if let Some(known) = costs.get(&address) {
            return *known;
        }
        let mut cost = match self.kind {
            Kind::Udf(number) => of.get(number).copied().unwrap_or_default(),
            _ => 0,
        };
        for operand in self.kind.operands() {
            cost = cost.saturating_add(operand.add_costs(of, costs));
        }
        costs.insert(address, cost);
        cost
    }

    /// The columns, by their names in tantivy, and their types.
    pub(super) fn columns(&self) -> Vec<(Arc<str>, Type)> {
        let mut columns = Vec::new();
        let mut seen = HashSet::new();
        self.find_columns(&mut seen, &mut columns);
        columns
    }

    fn find_columns(&self, seen: &mut HashSet<*const Self>, columns: &mut Vec<(Arc<str>, Type)>) {
        // Parts may be shared many times over.
        if !seen.insert(std::ptr::from_ref(self)) {
            return;
        }
        if let Kind::Column(name) = &self.kind
            && columns.iter().all(|(known, _)| known != name)
        {
            columns.push((Arc::clone(name), self.type_));
        }
        for operand in self.kind.operands() {
            operand.find_columns(seen, columns);
        }
    }
}
