//! The path of single documents: the contract's `evaluate` for each row, and the document interface
//! as plain host functions over Arrow arrays.
//!
//! It runs components that take no batches (of 0.1, or without a kit), and calls of a few rows. The
//! functions also give a guest in a batch what is not in its columns: ids and large texts. The batch
//! path must agree with it, value for value and error for error. Each row is an entry into
//! WebAssembly and each getter a call out of it. That is what it costs: the functions themselves
//! look up a column by its index, and only texts are copied.

use arrow_array::Array;
use wasmtime::component::Linker;
use wasmtime::{Store, StoreContextMut};

use crate::batch::state_at_row;
use crate::columns::Column;
use crate::contract::{DOCUMENT, LOGGING, TEXT_WORDS, document, logging, text_words, types};
use crate::error::Stopped;
use crate::instance::Exports;
use crate::state::{Phase, Reading, State};
use crate::value::Kind;

/// Defines functions of an interface by the methods of the state, at the row that the guest is
/// evaluating.
macro_rules! functions {
    ($instance:expr; $($name:literal => $interface:ident::$method:ident($($argument:ident: $type:ty),*);)*) => {
        $($instance.func_wrap(
            $name,
            |mut store: StoreContextMut<'_, State>, ($($argument,)*): ($($type,)*)| {
                let state = state_at_row(&mut store)?;
                Ok((<State as $interface::Host>::$method(state $(, $argument)*)?,))
            },
        )?;)*
    };
}

/// Adds the interfaces that a guest may call while it evaluates documents.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(DOCUMENT)?;
    functions! { instance;
        "resolve" => document::resolve(path: String, kind: types::Kind);
        "has" => document::has(field: u32);
        "get-boolean" => document::get_boolean(field: u32);
        "get-int64" => document::get_int64(field: u32);
        "get-float64" => document::get_float64(field: u32);
        "get-timestamp" => document::get_timestamp(field: u32);
        "get-text" => document::get_text(field: u32);
        "get-json" => document::get_json(field: u32);
        "boolean-or" => document::boolean_or(field: u32, default: bool);
        "int64-or" => document::int64_or(field: u32, default: i64);
        "float64-or" => document::float64_or(field: u32, default: f64);
        "timestamp-or" => document::timestamp_or(field: u32, default: i64);
        "id" => document::id();
        "score" => document::score();
    }
    let mut instance = linker.instance(TEXT_WORDS)?;
    functions! { instance;
        "length" => text_words::length(field: u32);
        "word" => text_words::word(field: u32, index: u32);
    }
    let mut instance = linker.instance(LOGGING)?;
    instance.func_wrap(
        "log",
        |mut store: StoreContextMut<'_, State>, (level, message): (logging::Level, String)| {
            logging::Host::log(state_at_row(&mut store)?, level, message)
        },
    )
}

/// Evaluates the rows of the current columns, one by one.
pub(crate) fn run(
    exports: &Exports,
    store: &mut Store<State>,
    rows: usize,
) -> wasmtime::Result<()> {
    for row in 0..rows {
        run_row(exports, store, row)?;
    }
    Ok(())
}

/// Evaluates a row of the current columns.
pub(crate) fn run_row(
    exports: &Exports,
    store: &mut Store<State>,
    row: usize,
) -> wasmtime::Result<()> {
    store.data_mut().row = row;
    let result = exports.evaluate(store)?;
    store.data_mut().push(row, result)
}

impl State {
    fn push(
        &mut self,
        row: usize,
        result: Result<types::Value, types::Error>,
    ) -> wasmtime::Result<()> {
        let value = match result {
            Ok(value) => value,
            Err(error) => return self.push_error(row, error),
        };
        match (value, self.sink.returns()) {
            (types::Value::Null, _) => Ok(()),
            (types::Value::Boolean(value), Kind::Boolean) => {
                self.sink.push_word(row, u64::from(value));
                Ok(())
            }
            (types::Value::Int64(value), Kind::Int64)
            | (types::Value::Timestamp(value), Kind::Timestamp) => {
                self.sink.push_word(row, value.cast_unsigned());
                Ok(())
            }
            (types::Value::Float64(value), Kind::Float64) => {
                self.sink.push_word(row, value.to_bits());
                Ok(())
            }
            (types::Value::Text(text), Kind::Text) | (types::Value::Json(text), Kind::Json) => {
                self.query.check()?;
                self.push_text(row, &text)
            }
            (value, _) => {
                let found = crate::value::Value::from(value).kind();
                self.push_wrong_kind(row, &found.map_or(String::new(), |kind| kind.to_string()))
            }
        }
    }

    /// The result of `read` for the field's column at the current row.
    fn read<T>(
        &self,
        field: u32,
        reading: Reading,
        read: impl FnOnce(&Column, usize) -> Option<T>,
    ) -> wasmtime::Result<Option<T>> {
        let column = self.column(field).filter(|column| match reading {
            Reading::Kind(kind) => column.kind() == kind,
            Reading::TextWords => column.kind().is_text(),
            Reading::Any => true,
        });
        match column {
            Some(column) => Ok(read(column, self.row)),
            None => Err(self.misused(field, reading).into()),
        }
    }

    /// The id and score of a document, which are not fields.
    fn evaluating(&mut self) -> Result<(), Stopped> {
        if self.phase == Phase::Evaluate {
            self.note_asked();
            return Ok(());
        }
        Err(self.misused(0, Reading::Any))
    }
}

impl document::Host for State {
    fn resolve(&mut self, path: String, kind: types::Kind) -> wasmtime::Result<u32> {
        self.resolve_field(path, kind.into())
    }

    fn has(&mut self, field: u32) -> wasmtime::Result<bool> {
        let has = self.read(field, Reading::Any, |column, row| Some(column.has(row)))?;
        Ok(has.unwrap_or(false))
    }

    fn get_boolean(&mut self, field: u32) -> wasmtime::Result<Option<bool>> {
        self.read(
            field,
            Reading::Kind(Kind::Boolean),
            |column, row| match column {
                Column::Boolean(array) if array.is_valid(row) => Some(array.value(row)),
                _ => None,
            },
        )
    }

    fn get_int64(&mut self, field: u32) -> wasmtime::Result<Option<i64>> {
        self.read(
            field,
            Reading::Kind(Kind::Int64),
            |column, row| match column {
                Column::Int64(array) if array.is_valid(row) => Some(array.value(row)),
                _ => None,
            },
        )
    }

    fn get_float64(&mut self, field: u32) -> wasmtime::Result<Option<f64>> {
        self.read(
            field,
            Reading::Kind(Kind::Float64),
            |column, row| match column {
                Column::Float64(array) if array.is_valid(row) => Some(array.value(row)),
                _ => None,
            },
        )
    }

    fn get_timestamp(&mut self, field: u32) -> wasmtime::Result<Option<i64>> {
        self.read(
            field,
            Reading::Kind(Kind::Timestamp),
            |column, row| match column {
                Column::Timestamp(array) if array.is_valid(row) => Some(array.value(row)),
                _ => None,
            },
        )
    }

    fn get_text(&mut self, field: u32) -> wasmtime::Result<Option<String>> {
        let reading = Reading::Kind(Kind::Text);
        self.read(field, reading, |column, row| {
            column.text(row).map(str::to_owned)
        })
    }

    fn get_json(&mut self, field: u32) -> wasmtime::Result<Option<String>> {
        let reading = Reading::Kind(Kind::Json);
        self.read(field, reading, |column, row| {
            column.text(row).map(str::to_owned)
        })
    }

    fn boolean_or(&mut self, field: u32, default: bool) -> wasmtime::Result<bool> {
        Ok(self.get_boolean(field)?.unwrap_or(default))
    }

    fn int64_or(&mut self, field: u32, default: i64) -> wasmtime::Result<i64> {
        Ok(self.get_int64(field)?.unwrap_or(default))
    }

    fn float64_or(&mut self, field: u32, default: f64) -> wasmtime::Result<f64> {
        Ok(self.get_float64(field)?.unwrap_or(default))
    }

    fn timestamp_or(&mut self, field: u32, default: i64) -> wasmtime::Result<i64> {
        Ok(self.get_timestamp(field)?.unwrap_or(default))
    }

    fn id(&mut self) -> wasmtime::Result<String> {
        self.evaluating()?;
        Ok(State::id(self))
    }

    fn score(&mut self) -> wasmtime::Result<f64> {
        self.evaluating()?;
        Ok(match &self.columns.score {
            Column::Float64(array) if array.is_valid(self.row) => array.value(self.row),
            _ => 1.0,
        })
    }
}

impl text_words::Host for State {
    fn length(&mut self, field: u32) -> wasmtime::Result<i64> {
        let length = self.read(field, Reading::TextWords, |column, row| {
            column
                .text(row)
                .map(|text| i64::try_from(text.len()).unwrap_or(i64::MAX))
        })?;
        Ok(length.unwrap_or(-1))
    }

    fn word(&mut self, field: u32, index: u32) -> wasmtime::Result<u64> {
        let word = self.read(field, Reading::TextWords, |column, row| {
            let rest = column.text(row)?.as_bytes().get(index as usize * 8..)?;
            let mut word = [0; 8];
            let count = rest.len().min(8);
            word[..count].copy_from_slice(&rest[..count]);
            Some(u64::from_le_bytes(word))
        })?;
        Ok(word.unwrap_or(0))
    }
}
