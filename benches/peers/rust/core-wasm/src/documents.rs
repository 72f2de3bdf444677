//! The host's columns, and the functions by which a module reads the current document.

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
    Texts(Vec<Option<String>>),
}

impl Documents {
    pub(crate) fn new(rows: &Rows) -> Result<Self> {
        let column = |name: &String| -> Result<(String, Column)> {
            let column = match rows.work {
                Work::Distance | Work::Regex | Work::Json => {
                    let texts = rows.texts(name)?.into_iter();
                    Column::Texts(texts.map(|text| text.map(str::to_owned)).collect())
                }
                Work::Noop | Work::Score | Work::ScoreNulls | Work::BusinessDays => {
                    Column::Numbers(rows.numbers(name)?)
                }
            };
            Ok((name.clone(), column))
        };
        let columns = rows.columns.keys().map(column).collect::<Result<_>>()?;
        Ok(Self { columns, row: 0, memory: None })
    }

    fn number(&self, field: u32) -> Option<f64> {
        match self.columns.get(field as usize)? {
            (_, Column::Numbers(numbers)) => numbers[self.row],
            (_, Column::Texts(_)) => None,
        }
    }

    fn text(&self, field: u32) -> Option<&str> {
        match self.columns.get(field as usize)? {
            (_, Column::Numbers(_)) => None,
            (_, Column::Texts(texts)) => texts[self.row].as_deref(),
        }
    }
}

type DocumentsCaller<'a> = Caller<'a, Documents>;

/// The functions that the guest declares, in `guests/core-wasm`.
pub(crate) fn add_to_linker(linker: &mut Linker<Documents>) -> Result<()> {
    linker.func_wrap("documents", "resolve", resolve)?;
    linker.func_wrap("documents", "has", |caller: DocumentsCaller<'_>, field: u32| {
        u32::from(caller.data().number(field).is_some())
    })?;
    linker.func_wrap("documents", "number_or", |caller: DocumentsCaller<'_>, field: u32, other: f64| {
        caller.data().number(field).unwrap_or(other)
    })?;
    linker.func_wrap("documents", "text", text)?;
    Ok(())
}

fn resolve(caller: DocumentsCaller<'_>, path: u32, length: u32) -> wasmtime::Result<u32> {
    let memory = caller.data().memory.ok_or_else(|| Error::msg("no memory"))?;
    let path = memory.data(&caller).get(path as usize..).and_then(|path| path.get(..length as usize));
    let mut names = caller.data().columns.iter();
    let field = names.position(|(name, _)| Some(name.as_bytes()) == path);
    field.map(|field| field as u32).ok_or_else(|| Error::msg("no such field"))
}

/// Copies a text to an address if there is room, and gives its length; -1 without a text.
fn text(mut caller: DocumentsCaller<'_>, field: u32, to: u32, capacity: u32) -> wasmtime::Result<i32> {
    let memory = caller.data().memory.ok_or_else(|| Error::msg("no memory"))?;
    let (memory, documents) = memory.data_and_store_mut(&mut caller);
    let Some(text) = documents.text(field) else {
        return Ok(-1);
    };
    if text.len() <= capacity as usize {
        let place = memory.get_mut(to as usize..).and_then(|place| place.get_mut(..text.len()));
        place.ok_or_else(|| Error::msg("out of bounds"))?.copy_from_slice(text.as_bytes());
    }
    Ok(text.len() as i32)
}

/// The text at an address (the low 32 bits) of a length (the high ones); none for -1.
pub(crate) fn text_at(store: &Store<Documents>, place: i64) -> Result<Option<String>> {
    if place == -1 {
        return Ok(None);
    }
    let (address, length) = (place as u32 as usize, (place >> 32) as usize);
    let memory = store.data().memory.context("no memory")?;
    let text = memory.data(store).get(address..).and_then(|text| text.get(..length));
    Ok(Some(std::str::from_utf8(text.context("out of bounds")?)?.to_owned()))
}
