//! Constants: what is the same for all documents is computed once, when the expression is read.

use std::sync::Arc;

use super::{Block, Evaluated, Evaluator};
use crate::allowance::Allowance;
use crate::expression::node::{Kind, Node, Type};
use crate::expression::vector::Text;

/// A node, or the value that it has for all documents.
pub(in crate::expression) fn fold(node: Arc<Node>) -> Arc<Node> {
    if !node.is_foldable() {
        return node;
    }
    match value(&node) {
        Ok(value) => Node::new(value.unwrap_or(Kind::Null), node.type_),
        // It is too large to be kept.
        Err(_) => node,
    }
}

fn value(node: &Arc<Node>) -> Evaluated<Option<Kind>> {
    use arrow_array::Array as _;
    let block = Block {
        rows: 1,
        ..Block::default()
    };
    let allowance = Allowance::unlimited();
    let mut evaluator = Evaluator::new(&block, None, &allowance);
    Ok(match node.type_ {
        Type::Null => None,
        Type::Boolean => evaluator.boolean(node)?.value(0).map(Kind::Boolean),
        Type::Long => {
            let longs = evaluator.long(node)?;
            longs.is_valid(0).then(|| Kind::Long(longs.value(0)))
        }
        Type::Date | Type::Day => {
            let dates = evaluator.long(node)?;
            dates.is_valid(0).then(|| Kind::Instant(dates.value(0)))
        }
        Type::Double => {
            let doubles = evaluator.double(node)?;
            doubles.is_valid(0).then(|| Kind::Double(doubles.value(0)))
        }
        Type::Interval => evaluator.interval(node)?.value(0).map(Kind::Interval),
        Type::Text => {
            let text: Text = evaluator.text(node)?;
            text.value(0).map(|text| Kind::Text(text.into()))
        }
    })
}
