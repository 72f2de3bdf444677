//! The results of a batch, as the guest gives them. Every length and offset is checked.

use std::ops::Range;

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

use super::{row_in, state_at_row};
use crate::contract::{RESULTS, types};
use crate::error::Stopped;
use crate::flags;
use crate::sink::Sink;
use crate::state::{Phase, State, misuse};
use crate::value::Kind;

type Bytes = WasmList<u8>;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut results = linker.instance(RESULTS)?;
    results.func_wrap(
        "watch",
        |mut store: StoreContextMut<'_, State>, (row,): (WasmList<u32>,)| {
            let state = store.data_mut();
            if state.phase != Phase::Bind {
                return Err(misuse("it called `watch` outside `bind`".to_owned()).into());
            }
            if row.len() != 1 {
                let count = row.len();
                return Err(misuse(format!("it keeps its row in {count} numbers")).into());
            }
            state.batch.watched = Some(row);
            Ok(())
        },
    )?;
    results.func_wrap(
        "at",
        |mut store: StoreContextMut<'_, State>, (row,): (u32,)| {
            let state = store.data_mut();
            go_to(state, "at", row)?;
            Ok(())
        },
    )?;
    results.func_wrap(
        "fail",
        |mut store: StoreContextMut<'_, State>, (row, error): (u32, types::Error)| {
            let state = state_at_row(&mut store)?;
            let row = go_to(state, "fail", row)?;
            state.query.check()?;
            state.push_error(row, error)
        },
    )?;
    results.func_wrap(
        "wrong-kind",
        |mut store: StoreContextMut<'_, State>, (row, found): (u32, types::Kind)| {
            let state = state_at_row(&mut store)?;
            let row = go_to(state, "wrong-kind", row)?;
            state.push_wrong_kind(row, &Kind::from(found).to_string())
        },
    )?;
    results.func_wrap(
        "put",
        |mut store: StoreContextMut<'_, State>,
         (validity, values, offsets): (Option<Bytes>, Bytes, Option<Bytes>)| {
            let state = state_at_row(&mut store)?;
            state.query.check()?;
            let rows = rows(state, "put")?;
            // From here on the guest's row does not count: an error here has a row of its own.
            state.batch.rows = None;
            let given = state.batch.given;
            let lengths = Lengths {
                validity: validity.as_ref().map(Bytes::len),
                values: values.len(),
                offsets: offsets.as_ref().map(Bytes::len),
            };
            let returns = state.sink.returns();
            let count = lengths.rows(returns, rows.len() - given)?;
            let next = rows.start + given..rows.start + given + count;
            match offsets {
                None => numbers(&mut store, next, validity.as_ref(), &values, returns)?,
                Some(offsets) => {
                    texts(&mut store, next, validity.as_ref(), &values, &offsets)?;
                }
            }
            let batch = &mut store.data_mut().batch;
            batch.given = given + count;
            if batch.given < rows.len() {
                batch.rows = Some(rows);
            }
            Ok(())
        },
    )
}

/// The rows that the guest is evaluating.
fn rows(state: &State, function: &str) -> Result<Range<usize>, Stopped> {
    let outside = || misuse(format!("it called `{function}` outside of a batch"));
    state.batch.rows.clone().ok_or_else(outside)
}

/// Moves to a row that the guest names.
fn go_to(state: &mut State, function: &str, row: u32) -> Result<usize, Stopped> {
    let row = row_in(&rows(state, function)?, row)?;
    state.row = row;
    Ok(row)
}

/// The lengths of results in bytes.
struct Lengths {
    validity: Option<usize>,
    values: usize,
    offsets: Option<usize>,
}

impl Lengths {
    /// The number of rows that the results are for, of those that have none yet.
    fn rows(&self, returns: Kind, left: usize) -> Result<usize, Stopped> {
        let Self {
            validity,
            values,
            offsets,
        } = *self;
        let (what, bytes, width) = match (returns, offsets) {
            (Kind::Boolean, None) => ("values", values, 1),
            (Kind::Int64 | Kind::Float64 | Kind::Timestamp, None) => ("values", values, 8),
            (Kind::Text | Kind::Json, Some(offsets)) => {
                // The last offset is the end of the last text.
                let bytes = offsets.checked_sub(4).ok_or_else(|| {
                    misuse(format!(
                        "it gave {offsets} bytes of offsets: too few for one"
                    ))
                })?;
                ("offsets", bytes, 4)
            }
            (_, None) => {
                return Err(misuse(format!(
                    "it gave results of {returns} without offsets"
                )));
            }
            (_, Some(_)) => {
                return Err(misuse(format!("it gave results of {returns} with offsets")));
            }
        };
        let rows = bytes / width;
        if bytes % width != 0 || rows > left {
            return Err(misuse(format!(
                "it gave {bytes} bytes of {what} for {left} rows of {returns}, with {width} for each"
            )));
        }
        match validity {
            Some(bytes) if bytes != rows => Err(misuse(format!(
                "it gave {bytes} bytes of validity for {rows} rows"
            ))),
            _ => Ok(rows),
        }
    }
}

fn numbers(
    store: &mut StoreContextMut<'_, State>,
    rows: Range<usize>,
    validity: Option<&Bytes>,
    values: &Bytes,
    returns: Kind,
) -> wasmtime::Result<()> {
    // The sink leaves the store for as long as the guest's memory, which is in it too, is read.
    let empty = Sink::new(returns);
    let mut sink = std::mem::replace(&mut store.data_mut().sink, empty);
    let result = (|| {
        let validity = validity.map(|bytes| bytes.as_le_slice(&*store));
        let values = values.as_le_slice(&*store);
        check_flags("validity", validity.unwrap_or_default())?;
        if returns == Kind::Boolean {
            check_flags("value", values)?;
        }
        sink.put_numbers(rows, validity, values);
        Ok(())
    })();
    store.data_mut().sink = sink;
    result
}

/// Checks that bytes are 0 or 1.
fn check_flags(what: &str, flags: &[u8]) -> wasmtime::Result<()> {
    // Without an early end, so that it is vectorised.
    if flags.iter().fold(0, |all, flag| all | flag) <= 1 {
        return Ok(());
    }
    let row = flags.iter().position(|flag| *flag > 1).unwrap_or_default();
    let flag = flags[row];
    Err(misuse(format!(
        "the {what} that it gave for row {row} is {flag}, neither 0 nor 1"
    ))
    .into())
}

/// The results of a function that returns texts.
struct Texts<'a> {
    validity: Option<&'a [u8]>,
    bytes: &'a [u8],
    /// Four bytes for each row, and four more.
    offsets: &'a [u8],
}

fn texts(
    store: &mut StoreContextMut<'_, State>,
    rows: Range<usize>,
    validity: Option<&Bytes>,
    values: &Bytes,
    offsets: &Bytes,
) -> wasmtime::Result<()> {
    let given = Texts {
        validity: validity.map(|bytes| bytes.as_le_slice(&*store)),
        bytes: values.as_le_slice(&*store),
        offsets: offsets.as_le_slice(&*store),
    };
    check_flags("validity", given.validity.unwrap_or_default())?;
    let state = store.data();
    let may_be_array = state.sink.returns() == Kind::Text && !state.sink.any_failed();
    if let Some(array) = may_be_array.then(|| given.array()).flatten()
        && store.data_mut().push_texts(rows.clone(), array)
    {
        return Ok(());
    }
    // A host function's memory is in the store, which the rows change.
    let copy = |bytes: &Bytes| bytes.as_le_slice(&*store).to_vec();
    let validity = validity.map(copy);
    let (bytes, offsets) = (copy(values), copy(offsets));
    let given = Texts {
        validity: validity.as_deref(),
        bytes: &bytes,
        offsets: &offsets,
    };
    given.put(store.data_mut(), rows)
}

impl Texts<'_> {
    /// The texts as an array; `None` if one of them is not a text.
    fn array(&self) -> Option<StringArray> {
        let (offsets, _) = self.offsets.as_chunks::<4>();
        let offsets: Vec<i32> = offsets.iter().map(|end| i32::from_le_bytes(*end)).collect();
        let grow = offsets
            .windows(2)
            .fold(true, |all, pair| all & (pair[0] <= pair[1]));
        if !grow || *offsets.first()? < 0 {
            return None;
        }
        let nulls = self
            .validity
            .map(|bytes| NullBuffer::new(flags::to_bits(bytes)));
        let offsets = OffsetBuffer::new(offsets.into());
        StringArray::try_new(offsets, Buffer::from(self.bytes), nulls).ok()
    }

    /// Stores the text of each row, and stops at the first row whose text is invalid or exceeds a limit.
    fn put(&self, state: &mut State, rows: Range<usize>) -> wasmtime::Result<()> {
        let offset = |index: usize| {
            let mut offset = [0; 4];
            offset.copy_from_slice(&self.offsets[index * 4..][..4]);
            u32::from_le_bytes(offset) as usize
        };
        for (index, row) in rows.enumerate() {
            state.row = row;
            let (start, end) = (offset(index), offset(index + 1));
            let text = self.bytes.get(start..end).ok_or_else(|| {
                let length = self.bytes.len();
                misuse(format!(
                    "the text that it gave for row {index} is at the bytes {start} to {end} of {length}"
                ))
            })?;
            if self.validity.is_some_and(|validity| validity[index] == 0) {
                continue;
            }
            let text = std::str::from_utf8(text).map_err(|error| {
                misuse(format!(
                    "the text that it gave for row {index} is not UTF-8: {error}"
                ))
            })?;
            if !state.sink.has_failed(row) {
                state.push_text(row, text)?;
            }
        }
        Ok(())
    }
}
