//! The host's columns, and the functions by which a module reads the current document: those of the module
//! `host` that `guests/core` imports.

use anyhow::{Context, Result};
use wasmtime::{Caller, Error, Linker, Memory, Store};
use whittle_peer::{Rows, Work};

/// The columns, the current row, and the module's memory once there is one.
pub(crate) struct Documents {
    columns: Vec<(String, Column)>,
    pub(crate) row: usize,
    pub(crate) memory: Option<Memory>,
}

enum Column {
    Numbers(Vec<Option<f64>>),
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

impl Documents {
    pub(crate) fn new(rows: &Rows) -> Result<Self> {
        let column = |name: &String| -> Result<(String, Column)> {
            let column = match rows.work {
                Work::Noop | Work::Score | Work::ScoreNulls => Column::Numbers(rows.numbers(name)?),
                Work::Distance | Work::Regex | Work::Json => Column::Texts(rows.strings(name)?),
                Work::BusinessDays => Column::Integers(rows.days(name)?),
            };
            Ok((name.clone(), column))
        };
        let columns = rows.columns.keys().map(column).collect::<Result<_>>()?;
        Ok(Self {
            columns,
            row: 0,
            memory: None,
        })
    }

    fn column(&self, field: u32) -> Option<&Column> {
        self.columns.get(field as usize).map(|(_, column)| column)
    }
}

type DocumentsCaller<'a> = Caller<'a, Documents>;

/// Offers the functions. A handle is the number of a column.
pub(crate) fn add_to_linker(linker: &mut Linker<Documents>) -> wasmtime::Result<()> {
    linker.func_wrap("host", "field", field)?;
    linker.func_wrap(
        "host",
        "number",
        |caller: DocumentsCaller<'_>, field: u32, other: f64| {
            let documents = caller.data();
            match documents.column(field) {
                Some(Column::Numbers(numbers)) => Ok(numbers[documents.row].unwrap_or(other)),
                _ => Err(Error::msg("no such field of numbers")),
            }
        },
    )?;
    linker.func_wrap(
        "host",
        "integer",
        |caller: DocumentsCaller<'_>, field: u32, _other: i64| {
            let documents = caller.data();
            match documents.column(field) {
                Some(Column::Integers(integers)) => Ok(integers[documents.row]),
                _ => Err(Error::msg("no such field of integers")),
            }
        },
    )?;
    linker.func_wrap("host", "text", text)?;
    Ok(())
}

fn field(caller: DocumentsCaller<'_>, name: u32, length: u32) -> wasmtime::Result<u32> {
    let memory = caller
        .data()
        .memory
        .ok_or_else(|| Error::msg("no memory"))?;
    let name = memory
        .data(&caller)
        .get(name as usize..)
        .and_then(|name| name.get(..length as usize));
    let mut columns = caller.data().columns.iter();
    let field = columns.position(|(column, _)| Some(column.as_bytes()) == name);
    field
        .map(|field| field as u32)
        .ok_or_else(|| Error::msg("no such field"))
}

/// Copies a text into a buffer if it fits, and gives its length.
fn text(
    mut caller: DocumentsCaller<'_>,
    field: u32,
    buffer: u32,
    capacity: u32,
) -> wasmtime::Result<u32> {
    let memory = caller
        .data()
        .memory
        .ok_or_else(|| Error::msg("no memory"))?;
    let (memory, documents) = memory.data_and_store_mut(&mut caller);
    let Some(Column::Texts(texts)) = documents.column(field) else {
        return Err(Error::msg("no such field of texts"));
    };
    let text = &texts[documents.row];
    if text.len() <= capacity as usize {
        let buffer = memory
            .get_mut(buffer as usize..)
            .and_then(|buffer| buffer.get_mut(..text.len()));
        buffer
            .ok_or_else(|| Error::msg("out of bounds"))?
            .copy_from_slice(text.as_bytes());
    }
    Ok(text.len() as u32)
}

/// The text at an address (the high 32 bits) of a length (the low ones); none for -1.
pub(crate) fn text_at(store: &Store<Documents>, place: i64) -> Result<Option<String>> {
    if place == -1 {
        return Ok(None);
    }
    let (address, length) = ((place >> 32) as usize, place as u32 as usize);
    let memory = store.data().memory.context("no memory")?;
    let text = memory
        .data(store)
        .get(address..)
        .and_then(|text| text.get(..length));
    Ok(Some(
        std::str::from_utf8(text.context("out of bounds")?)?.to_owned(),
    ))
}
