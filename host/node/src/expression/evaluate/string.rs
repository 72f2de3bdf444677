//! Strings that are made and looked at, within bounds.

use std::sync::Arc;

use arrow_array::Array as _;
use arrow_array::builder::{ArrayBuilder as _, StringBuilder};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::{Evaluated, Evaluator, Undone};
use crate::expression::kernel::MAX_TEXT;
use crate::expression::node::Node;
use crate::expression::vector::{Text, Truth};

/// The most bytes of strings that are put together for a block at once.
const MAX_BLOCK_TEXT: usize = 8 << 20;

/// How many strings are searched between two looks at the clock.
const STRINGS_A_LOOK: usize = 64;

impl Evaluator<'_> {
    pub(super) fn concat(&mut self, operands: &[Arc<Node>]) -> Evaluated<Text> {
        let mut parts = Vec::with_capacity(operands.len());
        for operand in operands {
            parts.push(self.text(operand)?);
        }
        let mut whole = Joined::default();
        for row in 0..self.block.rows {
            let of_row: Option<Vec<&str>> = parts.iter().map(|part| part.value(row)).collect();
            whole.push(of_row.as_deref().unwrap_or_default(), of_row.is_some())?;
        }
        Ok(whole.finish())
    }

    pub(super) fn truths(&self, texts: &Text, holds: impl Fn(&str) -> bool) -> Evaluated<Truth> {
        let mut truths = Vec::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            self.look(row)?;
            truths.push(text.map(&holds));
        }
        Ok(truth(&truths))
    }

    /// Looks at the clock now and then.
    pub(super) fn look(&self, row: usize) -> Evaluated<()> {
        if row % STRINGS_A_LOOK == STRINGS_A_LOOK - 1 {
            self.check()?;
        }
        Ok(())
    }
}

/// Strings that are put together one after the other.
#[derive(Default)]
pub(super) struct Joined(StringBuilder);

impl Joined {
    /// One string of several parts, null if it is too long or not there.
    pub(super) fn push(&mut self, parts: &[&str], is_there: bool) -> Evaluated<()> {
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if !is_there || size > MAX_TEXT {
            self.0.append_null();
            return Ok(());
        }
        if self.0.len() > 0 && self.0.values_slice().len() + size > MAX_BLOCK_TEXT {
            return Err(Undone::TooLarge);
        }
        for part in parts {
            let _ = std::fmt::Write::write_str(&mut self.0, part);
        }
        self.0.append_value("");
        Ok(())
    }

    pub(super) fn finish(mut self) -> Text {
        Text::Rows(self.0.finish())
    }
}

/// Strings that are not too large for a block.
pub(super) fn bounded(text: Text) -> Evaluated<Text> {
    match &text {
        Text::Rows(texts) if texts.len() > 1 && texts.values().len() > MAX_BLOCK_TEXT => {
            Err(Undone::TooLarge)
        }
        _ => Ok(text),
    }
}

pub(super) fn truth(values: &[Option<bool>]) -> Truth {
    let bits = |bit: fn(Option<bool>) -> bool| {
        BooleanBuffer::collect_bool(values.len(), |row| bit(values[row]))
    };
    let valid = NullBuffer::new(bits(|value| value.is_some()));
    Truth::new(&bits(|value| value == Some(true)), Some(&valid))
}
