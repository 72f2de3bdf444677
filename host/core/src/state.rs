//! The data in a guest's store: one instance of one UDF for one query.
//!
//! All host functions work on it. So the errors that a guest sees (an unknown handle, an exceeded
//! limit) are decided here, once. It does not know how the guest is entered.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::StringArray;

use crate::batch::Present;
use crate::columns::{Column, FieldUse};
use crate::contract::{logging, types};
use crate::cpu::CpuClock;
use crate::distinct::Asked;
use crate::error::Stopped;
use crate::limits::{LimitExceeded, Limits};
use crate::lines::Lines;
use crate::memory::Memory;
use crate::query::QueryContext;
use crate::sink::{Failed, Sink};
use crate::value::Kind;

/// The handle of the first field. A guest that forgot to resolve a field passes zero.
pub(crate) const FIRST_HANDLE: u32 = 1;

/// The data of a guest's store.
pub(crate) struct State {
    /// The row of the current columns that the guest is evaluating.
    pub(crate) row: usize,
    pub(crate) udf: Arc<str>,
    pub(crate) query: QueryContext,
    pub(crate) limits: Arc<Limits>,
    pub(crate) phase: Phase,
    pub(crate) fields: Vec<FieldUse>,
    pub(crate) columns: Columns,
    /// The part of the columns that the guest has, on the batch path.
    pub(crate) batch: Present,
    /// What evaluations asked of the host besides fields.
    pub(crate) asked: Asked,
    pub(crate) sink: Sink,
    pub(crate) memory: Memory,
    /// The lines of the guest's source.
    pub(crate) lines: Option<Lines>,
    cpu: CpuClock,
    /// The last error that the guest logged, and the position at that time.
    error_logged: Option<(Phase, u64, String)>,
    /// Created when the guest first uses it.
    #[cfg(feature = "wasi")]
    pub(crate) wasi: Option<Box<crate::wasi::Wasi>>,
}

/// Which of the guest's exports is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Describe,
    Bind,
    Evaluate,
}

/// The current piece of a batch.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) id: Column,
    pub(crate) score: Column,
    /// In the order in which the guest resolved them.
    pub(crate) fields: Vec<Column>,
}

impl Columns {
    pub(crate) fn none() -> Self {
        Self {
            id: Column::Missing(Kind::Text),
            score: Column::Missing(Kind::Float64),
            fields: Vec::new(),
        }
    }

    /// Releases the arrays, but keeps the allocation for the next ones.
    pub(crate) fn clear(&mut self) {
        self.id = Column::Missing(Kind::Text);
        self.score = Column::Missing(Kind::Float64);
        self.fields.clear();
    }
}

/// A way to read a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// With the getter of a kind.
    Kind(Kind),
    /// With `has`, `id` or `score`, which have no kind.
    Any,
    /// In words, as text or json.
    TextWords,
}

impl State {
    pub(crate) fn new(
        udf: Arc<str>,
        query: QueryContext,
        limits: Arc<Limits>,
        phase: Phase,
    ) -> Self {
        Self {
            row: 0,
            udf,
            memory: Memory::new(query.clone()),
            query,
            limits,
            phase,
            fields: Vec::new(),
            columns: Columns::none(),
            batch: Present::default(),
            asked: Asked::default(),
            sink: Sink::new(Kind::Boolean),
            lines: None,
            cpu: CpuClock::default(),
            error_logged: None,
            #[cfg(feature = "wasi")]
            wasi: None,
        }
    }

    /// The epoch has advanced while the guest runs: fails if the query is over.
    pub(crate) fn tick(&mut self) -> Result<(), Stopped> {
        self.query.add_cpu_time(self.cpu.tick());
        self.query.check()
    }

    /// A call into the guest has ended after `elapsed` of wall-clock time.
    pub(crate) fn leave(&mut self, elapsed: Duration) {
        self.query.add_cpu_time(self.cpu.leave(elapsed));
    }

    /// The handle of a field, new or known.
    pub(crate) fn resolve_field(&mut self, path: String, kind: Kind) -> wasmtime::Result<u32> {
        self.query.check()?;
        if self.phase != Phase::Bind {
            return Err(misuse(LATE_FIELD.to_owned()).into());
        }
        let limits = &self.limits;
        LimitExceeded::check("path_bytes", "bytes", limits.path_bytes, path.len())
            .map_err(Stopped::from)?;
        let field = FieldUse { path, kind };
        let index = match self.fields.iter().position(|known| *known == field) {
            Some(index) => index,
            None => {
                let count = self.fields.len() + 1;
                LimitExceeded::check("fields", "fields", limits.fields, count)
                    .map_err(Stopped::from)?;
                self.fields.push(field);
                count - 1
            }
        };
        Ok(FIRST_HANDLE + u32::try_from(index)?)
    }

    /// The column of a handle in the current piece.
    pub(crate) fn column(&self, handle: u32) -> Option<&Column> {
        self.columns
            .fields
            .get(handle.checked_sub(FIRST_HANDLE)? as usize)
    }

    /// The error for a field that cannot be read in this way.
    pub(crate) fn misused(&self, handle: u32, reading: Reading) -> Stopped {
        if self.phase != Phase::Evaluate {
            return misuse(NO_DOCUMENT.to_owned());
        }
        let field = handle
            .checked_sub(FIRST_HANDLE)
            .and_then(|index| self.fields.get(index as usize));
        let Some(FieldUse { path, kind }) = field else {
            return misuse(format!(
                "it read the field handle {handle}, which no lookup returned: look up the field in \
                 `prepare`"
            ));
        };
        let path = self.query.bounded(path);
        misuse(match reading {
            Reading::Kind(read) => {
                format!("it read the field `{path}` as {read}, but resolved it as {kind}")
            }
            Reading::TextWords => {
                format!("it read the field `{path}` in words, but resolved it as {kind}")
            }
            Reading::Any => {
                format!("it read the field `{path}` in a way that its kind does not allow")
            }
        })
    }

    /// Stores a text or JSON result.
    pub(crate) fn push_text(&mut self, row: usize, text: &str) -> wasmtime::Result<()> {
        self.query.take_result(text.len()).map_err(Stopped::from)?;
        if self.sink.returns() == Kind::Json && !crate::arguments::is_json(text) {
            let message = format!(
                "returned a text that is not JSON: \"{}\"",
                self.query.bounded(text)
            );
            return Ok(self.fail(row, message)?);
        }
        Ok(self.sink.push_text(row, text).map_err(Stopped::from)?)
    }

    /// Stores text results of rows, none of which has failed. `false`, and nothing is stored, if a
    /// limit may be exceeded.
    pub(crate) fn push_texts(&mut self, rows: Range<usize>, texts: StringArray) -> bool {
        let longest = texts.offsets().lengths().max().unwrap_or_default();
        let bytes = texts.value_data().len();
        self.query.has_room_for_results(longest, bytes) && self.sink.put_texts(rows, texts) && {
            self.query.add_results(bytes);
            true
        }
    }

    /// Stores an error that the guest returned.
    pub(crate) fn push_error(&mut self, row: usize, error: types::Error) -> wasmtime::Result<()> {
        let (types::Error::InvalidArgument(message) | types::Error::Failed(message)) = error;
        let message = format!("\"{}\"", self.query.bounded(&message));
        Ok(self.fail(row, message)?)
    }

    /// Stores the error that the guest returned another kind than it declares.
    pub(crate) fn push_wrong_kind(&mut self, row: usize, found: &str) -> wasmtime::Result<()> {
        let declared = self.sink.returns();
        Ok(self.fail(row, format!("declared {declared}, but returned {found}"))?)
    }

    /// Stores the error of the current document.
    pub(crate) fn fail(&mut self, row: usize, message: String) -> Result<(), Failed> {
        let document = self.query.bounded(&self.id());
        self.sink.fail(row, document, message)
    }

    /// The current document's id, or its position in the query if it has none.
    pub(crate) fn id(&self) -> String {
        let id = self.columns.id.id(self.row);
        id.unwrap_or_else(|| self.position().to_string())
    }
}

impl State {
    /// Notes that the result of the current row may not be that of its values alone.
    pub(crate) fn note_asked(&mut self) {
        self.asked.note(self.row);
    }

    /// Forgets the error that the guest logged last.
    pub(crate) fn forget_error(&mut self) {
        self.error_logged = None;
    }

    /// The last error that the guest logged in the current call.
    pub(crate) fn last_error(&self) -> Option<String> {
        let (phase, position, message) = self.error_logged.as_ref()?;
        let present = *phase == self.phase && *position == self.position();
        present.then(|| message.clone())
    }

    /// The current document's position in the query.
    fn position(&self) -> u64 {
        self.sink.position(self.row)
    }
}

// In the words of the kits, whose step before the first document is called `prepare`.
const LATE_FIELD: &str = "it looked up a field outside of `prepare`: look up all fields there, before \
                          the first document";
const NO_DOCUMENT: &str = "it read a document outside of `evaluate`, where there is none: `prepare` \
                           sees only the parameters";

/// What the guest did against the rules.
pub(crate) fn misuse(reason: String) -> Stopped {
    Stopped::Misuse { reason, line: None }
}

impl types::Host for State {}

impl logging::Host for State {
    fn log(&mut self, level: logging::Level, message: String) -> wasmtime::Result<()> {
        self.query.check()?;
        self.note_asked();
        if level == logging::Level::Error {
            let position = self.position();
            self.error_logged = Some((self.phase, position, self.query.bounded(&message)));
        }
        Ok(self
            .query
            .log(&self.udf, level.into(), &message)
            .map_err(Stopped::from)?)
    }
}
