//! What must hold of a document's columns for a boolean expression to be true, in a form that an
//! index can answer.
//!
//! An expression sees the first value of a field and an index all of them, so that these conditions
//! are necessary, but not sufficient. It knows nothing of indexes.

use std::sync::Arc;

use super::node::{Comparison, Kind, Node, Type};

/// A condition on one column, by its name in tantivy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Necessary {
    /// A long or a date lies between two, which are included.
    Longs(Arc<str>, i64, i64),
    /// A double lies between two, which are included.
    Doubles(Arc<str>, f64, f64),
    /// A string is one of several.
    Texts(Arc<str>, Vec<Arc<str>>),
}

impl Necessary {
    /// Whether few documents have it, as a rule: it names the values.
    pub(crate) fn is_selective(&self) -> bool {
        match self {
            Self::Longs(_, first, last) => first == last,
            Self::Doubles(_, first, last) => first.to_bits() == last.to_bits(),
            Self::Texts(..) => true,
        }
    }
}

/// The conditions that must all hold, and whether there are others besides.
pub(super) fn necessary(node: &Node) -> (Vec<Necessary>, bool) {
    let (mut conditions, mut has_more) = (Vec::new(), false);
    collect(node, &mut conditions, &mut has_more);
    (conditions, has_more)
}

fn collect(node: &Node, conditions: &mut Vec<Necessary>, has_more: &mut bool) {
    if let Kind::And(operands) = &node.kind {
        for operand in operands {
            collect(operand, conditions, has_more);
        }
        return;
    }
    match condition(node) {
        Some(condition) => conditions.push(condition),
        None => *has_more = true,
    }
}

fn condition(node: &Node) -> Option<Necessary> {
    match &node.kind {
        Kind::Compare(comparison, left, right) => compared(*comparison, left, right)
            .or_else(|| compared(comparison.flipped(), right, left)),
        // `in` lists strings so.
        Kind::Or(operands) => {
            let mut operands = operands.iter().map(|operand| match condition(operand) {
                Some(Necessary::Texts(column, texts)) => Some((column, texts)),
                _ => None,
            });
            let (column, mut all) = operands.next()??;
            for operand in operands {
                let (other, texts) = operand?;
                if other != column {
                    return None;
                }
                all.extend(texts);
            }
            Some(Necessary::Texts(column, all))
        }
        _ => None,
    }
}

/// A column that is compared to a value.
fn compared(comparison: Comparison, column: &Node, value: &Node) -> Option<Necessary> {
    let Kind::Column(name) = &column.kind else {
        return None;
    };
    let name = Arc::clone(name);
    match (column.type_, &value.kind) {
        (Type::Long | Type::Date, Kind::Long(value) | Kind::Instant(value)) => {
            let value = *value;
            let (first, last) = match comparison {
                Comparison::Equal => (value, value),
                Comparison::Less => (i64::MIN, value.checked_sub(1)?),
                Comparison::LessOrEqual => (i64::MIN, value),
                Comparison::Greater => (value.checked_add(1)?, i64::MAX),
                Comparison::GreaterOrEqual => (value, i64::MAX),
                Comparison::NotEqual => return None,
            };
            Some(Necessary::Longs(name, first, last))
        }
        (Type::Double, Kind::Long(_) | Kind::Double(_)) => {
            let (below, above) = match value.kind {
                Kind::Double(value) => (value, value),
                Kind::Long(value) => around(value),
                _ => return None,
            };
            let (first, last) = match comparison {
                Comparison::Equal => (below, above),
                Comparison::Less | Comparison::LessOrEqual => (f64::MIN, above),
                Comparison::Greater | Comparison::GreaterOrEqual => (below, f64::MAX),
                Comparison::NotEqual => return None,
            };
            // An index has two zeros, of which the negative comes first.
            let first = if first == 0.0 { -0.0 } else { first };
            let last = if last == 0.0 { 0.0 } else { last };
            Some(Necessary::Doubles(name, first, last))
        }
        (Type::Text, Kind::Text(text)) if comparison == Comparison::Equal => {
            Some(Necessary::Texts(name, vec![Arc::clone(text)]))
        }
        _ => None,
    }
}

/// Doubles of which one is not above a long, and one not below.
fn around(long: i64) -> (f64, f64) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "its neighbours are taken beyond 2^53"
    )]
    let rounded = long as f64;
    if long.unsigned_abs() <= 1 << 53 {
        (rounded, rounded)
    } else {
        (rounded.next_down(), rounded.next_up())
    }
}
