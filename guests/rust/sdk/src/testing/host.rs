//! The contract's imports over fake documents: what the host gives a component.
//!
//! A call that the contract forbids ends the query; here it panics, with the host's words.

use std::cell::RefCell;

use super::document::{Document, Found};
use super::reading::Types;
use super::value::kind_name;
use crate::batch;
use crate::bindings::whittle::udf::types::{Error, Kind, Value};

/// The handle of the first field.
const FIRST_HANDLE: u32 = 1;

/// Which of a component's exports runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    None,
    Bind,
    Evaluate,
}

/// What the host knows of a function that is bound.
#[derive(Debug, Default)]
pub(super) struct Host {
    pub(super) phase: Phase,
    /// In the order of their handles.
    pub(super) fields: Vec<(String, Kind)>,
    pub(super) documents: Vec<Document>,
    /// Those of the documents that are evaluated together.
    pub(super) types: Types,
    pub(super) logs: Vec<String>,
    /// The results of a batch, and their kind.
    pub(super) results: Vec<Result<Value, Error>>,
    pub(super) returns: Option<Kind>,
    /// The rows that have no value because they failed.
    pub(super) failed: Vec<(u32, Error)>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

/// What `run` returns, with this host in the place of the present one.
pub(super) fn enter<R>(host: &RefCell<Host>, run: impl FnOnce() -> R) -> R {
    /// Puts it back, also after a panic.
    struct Entered<'a>(&'a RefCell<Host>);
    impl Drop for Entered<'_> {
        fn drop(&mut self) {
            HOST.with(|present| present.swap(self.0));
        }
    }
    HOST.with(|present| present.swap(host));
    let _entered = Entered(host);
    run()
}

fn misuse(reason: &str) -> ! {
    panic!("the guest broke the contract: {reason}");
}

const NO_DOCUMENT: &str = "it read a document outside of `evaluate`, where there is none: `prepare` \
                           sees only the parameters";

/// The field of a handle in the current document, read by the getter of a kind, if it has one.
fn read(handle: u32, kind: Option<Kind>) -> Option<Found> {
    let misused = HOST.with_borrow(|host| {
        if host.phase != Phase::Evaluate {
            return Err(NO_DOCUMENT.to_owned());
        }
        let index = handle.checked_sub(FIRST_HANDLE);
        let field = index.and_then(|index| host.fields.get(index as usize));
        let Some((path, resolved)) = field else {
            return Err(format!(
                "it read the field handle {handle}, which no lookup returned: look up the field in \
                 `prepare`"
            ));
        };
        match kind {
            Some(kind) if kind != *resolved => Err(format!(
                "it read the field `{path}` as {}, but resolved it as {}",
                kind_name(kind),
                kind_name(*resolved)
            )),
            _ => {
                let document = &host.documents[batch::row()];
                Ok(host.types.read(document, path, *resolved))
            }
        }
    });
    // Outside of the borrow: a panic may log.
    misused.unwrap_or_else(|reason| misuse(&reason))
}

/// The current document.
fn present<R>(read: impl FnOnce(&Document) -> R) -> R {
    let found = HOST.with_borrow(|host| {
        (host.phase == Phase::Evaluate).then(|| read(&host.documents[batch::row()]))
    });
    found.unwrap_or_else(|| misuse(NO_DOCUMENT))
}

pub(crate) mod document {
    use super::{FIRST_HANDLE, Found, HOST, Kind, Phase, misuse, present, read};

    pub(crate) fn resolve(path: &str, kind: Kind) -> u32 {
        let index = HOST.with_borrow_mut(|host| {
            let field = (path.to_owned(), kind);
            let known = host.fields.iter().position(|known| *known == field);
            (host.phase == Phase::Bind).then(|| {
                known.unwrap_or_else(|| {
                    host.fields.push(field);
                    host.fields.len() - 1
                })
            })
        });
        match index {
            Some(index) => FIRST_HANDLE + u32::try_from(index).expect("the fields are few"),
            None => misuse(
                "it looked up a field outside of `prepare`: look up all fields there, before the \
                 first document",
            ),
        }
    }

    pub(crate) fn has(field: u32) -> bool {
        read(field, None).is_some()
    }

    macro_rules! getters {
        ($($get:ident: $type:ty => $kind:ident, $found:ident;)*) => {
            $(pub(crate) fn $get(field: u32) -> Option<$type> {
                match read(field, Some(Kind::$kind)) {
                    Some(Found::$found(value)) => Some(value),
                    _ => None,
                }
            })*
        };
    }

    getters! {
        get_boolean: bool => Boolean, Boolean;
        get_int64: i64 => Int64, Int64;
        get_float64: f64 => Float64, Float64;
        get_timestamp: i64 => Timestamp, Int64;
        get_text: String => Text, Text;
        get_json: String => Json, Text;
    }

    pub(crate) fn boolean_or(field: u32, default: bool) -> bool {
        get_boolean(field).unwrap_or(default)
    }

    pub(crate) fn int64_or(field: u32, default: i64) -> i64 {
        get_int64(field).unwrap_or(default)
    }

    pub(crate) fn float64_or(field: u32, default: f64) -> f64 {
        get_float64(field).unwrap_or(default)
    }

    pub(crate) fn timestamp_or(field: u32, default: i64) -> i64 {
        get_timestamp(field).unwrap_or(default)
    }

    pub(crate) fn id() -> String {
        present(|document| document.id_or_none().to_owned())
    }

    pub(crate) fn score() -> f64 {
        present(super::Document::score_or_one)
    }
}

pub(crate) mod logging {
    use super::HOST;
    use crate::Level;

    pub(crate) fn log(level: Level, message: &str) {
        let level = match level {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        HOST.with_borrow_mut(|host| host.logs.push(format!("{level}: {message}")));
    }
}

pub(crate) mod results {
    use super::{Error, HOST, Kind, Value};

    /// The host has the row from `batch::row`.
    pub(crate) fn watch(_row: &[u32]) {}

    pub(crate) fn fail(row: u32, error: &Error) {
        HOST.with_borrow_mut(|host| host.failed.push((row, error.clone())));
    }

    pub(crate) fn wrong_kind(row: u32, found: Kind) {
        HOST.with_borrow_mut(|host| {
            let declared = host.returns.expect("a batch is evaluated");
            let error = super::wrong_kind(declared, found);
            host.failed.push((row, error.into()));
        });
    }

    pub(crate) fn put(validity: Option<&[u8]>, values: &[u8], offsets: Option<&[u8]>) {
        HOST.with_borrow_mut(|host| {
            let kind = host.returns.expect("a batch is evaluated");
            let rows = match offsets {
                Some(offsets) => offsets.len() / 4 - 1,
                None if kind == Kind::Boolean => values.len(),
                None => values.len() / 8,
            };
            for index in 0..rows {
                let row = host.results.len() as u32;
                let failed = host.failed.iter().find(|(failed, _)| *failed == row);
                let is_valid = validity.is_none_or(|validity| validity[index] != 0);
                host.results.push(match failed {
                    Some((_, error)) => Err(error.clone()),
                    None if is_valid => Ok(value(kind, index, values, offsets)),
                    None => Ok(Value::Null),
                });
            }
        });
    }

    fn value(kind: Kind, index: usize, values: &[u8], offsets: Option<&[u8]>) -> Value {
        let word = || {
            let bytes = values[index * 8..].first_chunk().expect("eight bytes");
            i64::from_le_bytes(*bytes)
        };
        let text = || {
            let offsets = offsets.expect("texts have offsets");
            let offset = |index: usize| {
                let bytes = offsets[index * 4..].first_chunk().expect("four bytes");
                u32::from_le_bytes(*bytes) as usize
            };
            let bytes = values[offset(index)..offset(index + 1)].to_vec();
            String::from_utf8(bytes).expect("it was a text")
        };
        match kind {
            Kind::Boolean => Value::Boolean(values[index] != 0),
            Kind::Int64 => Value::Int64(word()),
            Kind::Float64 => Value::Float64(f64::from_bits(word().cast_unsigned())),
            Kind::Timestamp => Value::Timestamp(word()),
            Kind::Text => Value::Text(text()),
            Kind::Json => Value::Json(text()),
        }
    }
}

/// The error of a document for which a function returned another kind than it declares.
pub(super) fn wrong_kind(declared: Kind, found: Kind) -> crate::Error {
    let (declared, found) = (kind_name(declared), kind_name(found));
    crate::Error::failed(format!("declared {declared}, but returned {found}"))
}
