//! Some rows of a batch, evaluated as a batch of their own.

use std::collections::HashMap;

use arrow_array::UInt32Array;
use arrow_array::cast::AsArray;
use arrow_schema::ArrowError;
use arrow_select::take::take;

use crate::columns::Column;
use crate::error::Stopped;
use crate::instance::{Instance, RunError};
use crate::sink::Outcome;
use crate::state::Columns;

/// What the function gave for some rows as a batch, by their indices.
pub(super) struct Evaluated {
    pub(super) outcomes: HashMap<usize, Outcome>,
    pub(super) ended: bool,
    pub(super) stopped: Option<(usize, Stopped)>,
}

/// Evaluates some rows of the current columns as a batch, whose results and errors do not count.
pub(super) fn evaluate(instance: &mut Instance, rows: &[usize]) -> Result<Evaluated, ArrowError> {
    let state = instance.state_mut();
    let some = state.columns.take(rows, |row| state.sink.position(row))?;
    let all = std::mem::replace(&mut state.columns, some);
    let alone = state.sink.alone(rows.len());
    let sink = std::mem::replace(&mut state.sink, alone);
    let run = instance.run(rows.len());
    let state = instance.state_mut();
    state.columns = all;
    // Its position was one of these rows'.
    state.forget_error();
    let mut alone = std::mem::replace(&mut state.sink, sink);
    let ended = run.is_err();
    let outcomes = if ended {
        alone.errors()
    } else {
        alone.outcomes()
    };
    let stopped = match run {
        // The query ends with a document's error when its row is reached.
        Ok(()) | Err(RunError::Document(_)) => None,
        Err(RunError::Stopped(stopped)) => Some((state.row, stopped)),
    };
    Ok(Evaluated {
        outcomes,
        ended,
        stopped,
    })
}

impl Columns {
    /// Some rows. Documents without ids get their positions.
    fn take(&self, rows: &[usize], position: impl Fn(usize) -> u64) -> Result<Self, ArrowError> {
        let indices: UInt32Array = rows.iter().map(|row| u32::try_from(*row).ok()).collect();
        let id = match &self.id {
            Column::Missing(_) => {
                let positions = rows.iter().map(|row| Some(position(*row).to_string()));
                Column::Text(positions.collect())
            }
            ids => ids.take(&indices)?,
        };
        let fields = self.fields.iter().map(|column| column.take(&indices));
        Ok(Self {
            id,
            score: self.score.take(&indices)?,
            fields: fields.collect::<Result<_, _>>()?,
        })
    }
}

impl Column {
    fn take(&self, rows: &UInt32Array) -> Result<Self, ArrowError> {
        Ok(match self {
            Self::Missing(kind) => Self::Missing(*kind),
            Self::Boolean(array) => Self::Boolean(take(array, rows, None)?.as_boolean().clone()),
            Self::Int64(array) => Self::Int64(take(array, rows, None)?.as_primitive().clone()),
            Self::Float64(array) => Self::Float64(take(array, rows, None)?.as_primitive().clone()),
            Self::Text(array) => Self::Text(take(array, rows, None)?.as_string().clone()),
            Self::Timestamp(array) => {
                Self::Timestamp(take(array, rows, None)?.as_primitive().clone())
            }
            Self::Json(array) => Self::Json(take(array, rows, None)?.as_string().clone()),
        })
    }
}
