//! The host's own columns.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use whittle_peer::{Rows, Work};

/// A column of the rows.
pub enum Column {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<String>),
}

/// The columns with their names.
pub(crate) fn columns(rows: &Rows) -> Result<Vec<(String, Column)>> {
    let column = |name: &String| -> Result<(String, Column)> {
        let column = match rows.work {
            Work::Distance | Work::Regex | Work::Json => Column::Texts(rows.strings(name)?),
            Work::Noop | Work::Score | Work::ScoreNulls | Work::BusinessDays => {
                Column::Numbers(rows.numbers(name)?)
            }
        };
        Ok((name.clone(), column))
    };
    rows.columns.keys().map(column).collect()
}

impl Column {
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Numbers(numbers) => numbers[row],
            Self::Texts(_) => None,
        }
    }

    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Numbers(_) => None,
            Self::Texts(texts) => Some(&texts[row]),
        }
    }
}

/// A row of the columns by their names.
pub struct Row {
    pub(crate) columns: Arc<HashMap<String, Column>>,
    pub(crate) row: usize,
}
