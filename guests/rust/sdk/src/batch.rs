//! The batch that the host has handed over: the columns, the current row, and the results.
//!
//! The loop over the rows is in `evaluate`, so that the author's function is inlined into it. The
//! host hands over copies of its columns, which live until `evaluate` ends.

use std::cell::{Cell, RefCell};

use crate::bindings::exports::whittle::batch::functions;
use crate::bindings::whittle::batch::{columns::Values, results};
use crate::bindings::whittle::udf::document;
use crate::bindings::whittle::udf::types::{self, Kind, Value};
use crate::{Output, Udf};

/// A field's values in the current batch.
///
/// The pointers are null outside of a batch, and where the host has kept the values.
#[derive(Debug)]
pub(crate) struct Column {
    handle: u32,
    /// The values, or the bytes of the texts.
    values: Cell<*const u8>,
    /// A byte for each row, or null if all rows have a value.
    validity: Cell<*const u8>,
    /// Of texts: four bytes for each row, and four more.
    offsets: Cell<*const u8>,
    /// Whether no row has a value.
    missing: Cell<bool>,
}

// SAFETY: WebAssembly here has one thread. On other targets, where a UDF's unit tests run, there are
// no batches, and nothing writes into a column.
#[expect(unsafe_code, reason = "fields may be shared, as numbers may")]
unsafe impl Sync for Column {}

/// The column of a field that was not resolved.
pub(crate) static UNRESOLVED: Column = Column::new(u32::MAX);

thread_local! {
    /// The columns of all fields, for the instance's life.
    static COLUMNS: RefCell<Vec<&'static Column>> = const { RefCell::new(Vec::new()) };
    /// The current row. Apart from `WATCHED`, so that the compiler may keep it in a register.
    static ROW: Cell<u32> = const { Cell::new(0) };
    /// The current row, where the host looks for it.
    static WATCHED: Cell<u32> = const { Cell::new(0) };
    static SCORES: Cell<Scores> = const { Cell::new(Scores::Host) };
}

#[derive(Clone, Copy)]
enum Scores {
    /// The host has them: there is no batch.
    Host,
    /// All are 1.
    Ones,
    /// Eight bytes for each row.
    At(*const u8),
}

/// Tells the host where it finds the current row. In `bind`.
#[expect(unsafe_code, reason = "the host takes a list, and reads it later too")]
pub fn watch() {
    WATCHED.with(|row| {
        // SAFETY: it is one number, and nothing writes it during the call.
        results::watch(unsafe { std::slice::from_raw_parts(row.as_ptr(), 1) });
    });
}

/// The score of the current document.
#[inline]
#[expect(unsafe_code, reason = "as for columns")]
pub(crate) fn score() -> f64 {
    match SCORES.get() {
        Scores::Host => document::score(),
        Scores::Ones => 1.0,
        // SAFETY: `Batch::open` has checked that there is a score for each row.
        Scores::At(scores) => f64::from_bits(unsafe { word(scores, row()) }),
    }
}

#[inline]
fn row() -> usize {
    ROW.get() as usize
}

#[inline]
#[expect(
    unsafe_code,
    reason = "the host is still able to see which document it was"
)]
fn enter(row: u32) {
    ROW.set(row);
    // SAFETY: it is a number in a cell. Volatile, since the host reads it where this code does not
    // call it: after a trap.
    WATCHED.with(|watched| unsafe { watched.as_ptr().write_volatile(row) });
}

/// Reads eight bytes of a column.
///
/// # Safety
///
/// There are as many for each row up to this one.
#[inline]
#[expect(unsafe_code, reason = "see its contract")]
unsafe fn word(values: *const u8, row: usize) -> u64 {
    // SAFETY: as above.
    unsafe { values.cast::<u64>().add(row).read_unaligned() }.to_le()
}

impl Column {
    const fn new(handle: u32) -> Self {
        Self {
            handle,
            values: Cell::new(std::ptr::null()),
            validity: Cell::new(std::ptr::null()),
            offsets: Cell::new(std::ptr::null()),
            missing: Cell::new(false),
        }
    }

    /// Resolves a field.
    pub(crate) fn resolve(path: &str, kind: Kind) -> &'static Self {
        let handle = document::resolve(path, kind);
        COLUMNS.with_borrow_mut(|columns| {
            if let Some(known) = columns.iter().find(|column| column.handle == handle) {
                return *known;
            }
            // Leaked: an instance binds once, and is gone after its query.
            let column: &'static Self = Box::leak(Box::new(Self::new(handle)));
            columns.push(column);
            column
        })
    }

    fn set(&self, rows: usize, column: &functions::Column) {
        let (values, offsets, missing) = match &column.values {
            Values::Missing => (std::ptr::null(), std::ptr::null(), true),
            Values::Large => (std::ptr::null(), std::ptr::null(), false),
            Values::Numbers(values) => {
                assert!(values.len() >= rows, "a column has too few values");
                (values.as_ptr(), std::ptr::null(), false)
            }
            Values::Texts(texts) => {
                assert!(texts.offsets.len() == (rows + 1) * 4, "wrong offsets");
                (texts.bytes.as_ptr(), texts.offsets.as_ptr(), false)
            }
        };
        self.values.set(values);
        self.offsets.set(offsets);
        self.missing.set(missing);
        self.validity.set(match &column.validity {
            Some(validity) => {
                assert!(validity.len() == rows, "wrong validity");
                validity.as_ptr()
            }
            None => std::ptr::null(),
        });
    }

    fn clear(&self) {
        self.values.set(std::ptr::null());
        self.validity.set(std::ptr::null());
        self.offsets.set(std::ptr::null());
        self.missing.set(false);
    }

    /// Whether the current row has a value.
    #[inline]
    pub(crate) fn has(&self) -> bool {
        if self.values.get().is_null() {
            return !self.missing.get() && document::has(self.handle);
        }
        self.is_valid()
    }

    #[inline]
    #[expect(unsafe_code, reason = "no row is checked twice")]
    fn is_valid(&self) -> bool {
        let validity = self.validity.get();
        // SAFETY: `set` has checked that there is a byte for each row.
        validity.is_null() || unsafe { *validity.add(row()) } != 0
    }

    /// The current row's value, read from the column, or else from the host.
    #[inline]
    fn read<T>(
        &self,
        read: impl FnOnce(*const u8, usize) -> T,
        outside: impl FnOnce(u32) -> Option<T>,
    ) -> Option<T> {
        let values = self.values.get();
        if values.is_null() {
            return if self.missing.get() {
                None
            } else {
                outside(self.handle)
            };
        }
        self.is_valid().then(|| read(values, row()))
    }

    #[inline]
    fn read_or<T>(
        &self,
        default: T,
        read: impl FnOnce(*const u8, usize) -> T,
        outside: impl FnOnce(u32, T) -> T,
    ) -> T {
        let values = self.values.get();
        if values.is_null() {
            return if self.missing.get() {
                default
            } else {
                outside(self.handle, default)
            };
        }
        if self.is_valid() {
            read(values, row())
        } else {
            default
        }
    }
}

macro_rules! numbers {
    ($($get:ident, $or:ident: $type:ty, $host:ident, $host_or:ident, $read:expr;)*) => {
        #[expect(unsafe_code, reason = "no row is checked twice")]
        impl Column {
            $(
                #[inline]
                pub(crate) fn $get(&self) -> Option<$type> {
                    let read = |values, row| {
                        // SAFETY: `set` has checked the length: a field has values of its kind.
                        unsafe { $read(values, row) }
                    };
                    self.read(read, document::$host)
                }

                #[inline]
                pub(crate) fn $or(&self, default: $type) -> $type {
                    let read = |values, row| {
                        // SAFETY: as above.
                        unsafe { $read(values, row) }
                    };
                    self.read_or(default, read, document::$host_or)
                }
            )*
        }
    };
}

numbers! {
    boolean, boolean_or: bool, get_boolean, boolean_or,
        |values: *const u8, row| *values.add(row) != 0;
    int64, int64_or: i64, get_int64, int64_or,
        |values, row| word(values, row).cast_signed();
    float64, float64_or: f64, get_float64, float64_or,
        |values, row| f64::from_bits(word(values, row));
    timestamp, timestamp_or: i64, get_timestamp, timestamp_or,
        |values, row| word(values, row).cast_signed();
}

impl Column {
    /// What `read` makes of the current row's text; `host` gets a text that the host has kept.
    #[inline]
    #[expect(unsafe_code, reason = "no row is checked twice")]
    pub(crate) fn text<R>(
        &self,
        read: impl FnOnce(&str) -> R,
        host: fn(u32) -> Option<String>,
    ) -> Option<R> {
        let bytes = self.values.get();
        if bytes.is_null() {
            return if self.missing.get() {
                None
            } else {
                host(self.handle).map(|text| read(&text))
            };
        }
        if !self.is_valid() {
            return None;
        }
        let offsets = self.offsets.get().cast::<u32>();
        // SAFETY: the contract promises offsets that grow, from 0 to the number of bytes, at the
        // beginnings of characters, and UTF-8; `set` has checked how many there are. The host copied
        // them from an Arrow array, which was made with the same checks.
        let text = unsafe {
            let start = offsets.add(row()).read_unaligned().to_le() as usize;
            let end = offsets.add(row() + 1).read_unaligned().to_le() as usize;
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes.add(start), end - start))
        };
        Some(read(text))
    }
}

/// The columns of a call; while it lives, fields read them.
struct Batch {
    _columns: Vec<functions::Column>,
    _scores: Option<Vec<u8>>,
}

impl Batch {
    fn open(rows: usize, columns: Vec<functions::Column>, scores: Option<Vec<u8>>) -> Self {
        COLUMNS.with_borrow(|known| {
            for column in &columns {
                if let Some(field) = known.iter().find(|field| field.handle == column.field) {
                    field.set(rows, column);
                }
            }
        });
        SCORES.set(match &scores {
            Some(scores) => {
                assert!(scores.len() == rows * 8, "wrong scores");
                Scores::At(scores.as_ptr())
            }
            None => Scores::Ones,
        });
        Self {
            _columns: columns,
            _scores: scores,
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        SCORES.set(Scores::Host);
        COLUMNS.with_borrow(|columns| columns.iter().for_each(|column| column.clear()));
    }
}

/// Evaluates a function for each row of a batch, and gives the results to the host.
pub fn evaluate<T: Udf>(
    function: &T,
    rows: u32,
    columns: Vec<functions::Column>,
    scores: Option<Vec<u8>>,
) {
    let _batch = Batch::open(rows as usize, columns, scores);
    match T::Output::KIND {
        Kind::Boolean => flags(function, rows),
        Kind::Int64 | Kind::Float64 | Kind::Timestamp => words(function, rows),
        Kind::Text | Kind::Json => texts(function, rows),
    }
}

/// Which rows have a value; allocated where the first one has none.
struct Validity {
    rows: u32,
    bytes: Option<Vec<u8>>,
}

impl Validity {
    fn new(rows: u32) -> Self {
        Self { rows, bytes: None }
    }

    #[cold]
    fn clear(&mut self, row: u32) {
        let rows = self.rows as usize;
        let bytes = self.bytes.get_or_insert_with(|| vec![1; rows]);
        bytes[row as usize] = 0;
    }

    /// A row has no value of the declared kind: it is null, or the document's error.
    #[cold]
    fn other(&mut self, row: u32, result: Result<Value, crate::Error>) {
        let found = match result {
            Ok(Value::Null) => None,
            Ok(Value::Boolean(_)) => Some(Kind::Boolean),
            Ok(Value::Int64(_)) => Some(Kind::Int64),
            Ok(Value::Float64(_)) => Some(Kind::Float64),
            Ok(Value::Text(_)) => Some(Kind::Text),
            Ok(Value::Timestamp(_)) => Some(Kind::Timestamp),
            Ok(Value::Json(_)) => Some(Kind::Json),
            Err(error) => {
                results::fail(row, &types::Error::from(error));
                None
            }
        };
        if let Some(found) = found {
            results::wrong_kind(row, found);
        }
        self.clear(row);
    }
}

fn flags<T: Udf>(function: &T, rows: u32) {
    let mut values = vec![0; rows as usize];
    let mut validity = Validity::new(rows);
    for (row, value) in (0..rows).zip(&mut values) {
        enter(row);
        match function.evaluate().into_value() {
            Ok(Value::Boolean(flag)) => *value = u8::from(flag),
            other => validity.other(row, other),
        }
    }
    results::put(validity.bytes.as_deref(), &values, None);
}

fn words<T: Udf>(function: &T, rows: u32) {
    let mut values = Vec::<[u8; 8]>::with_capacity(rows as usize);
    let mut validity = Validity::new(rows);
    for (row, value) in (0..rows).zip(values.spare_capacity_mut()) {
        enter(row);
        let word = match (function.evaluate().into_value(), T::Output::KIND) {
            (Ok(Value::Float64(number)), Kind::Float64) => number.to_bits(),
            (Ok(Value::Int64(number)), Kind::Int64)
            | (Ok(Value::Timestamp(number)), Kind::Timestamp) => number.cast_unsigned(),
            (other, _) => {
                validity.other(row, other);
                0
            }
        };
        value.write(word.to_le_bytes());
    }
    #[expect(unsafe_code, reason = "the loop leaves out a check of the capacity")]
    // SAFETY: the loop has written each row, or it has not come to its end.
    unsafe {
        values.set_len(rows as usize);
    }
    results::put(validity.bytes.as_deref(), values.as_flattened(), None);
}

/// Texts of so many bytes are given to the host before the batch is over.
const TEXT_BYTES: usize = 1 << 16;

fn texts<T: Udf>(function: &T, rows: u32) {
    let mut bytes = Vec::new();
    let mut offsets = vec![[0; 4]];
    let mut validity = Validity::new(rows);
    let mut given = 0;
    for row in 0..rows {
        enter(row);
        match (function.evaluate().into_value(), T::Output::KIND) {
            (Ok(Value::Text(text)), Kind::Text) | (Ok(Value::Json(text)), Kind::Json) => {
                bytes.extend_from_slice(text.as_bytes());
            }
            (other, _) => validity.other(row, other),
        }
        let end = u32::try_from(bytes.len()).expect("the texts of a batch fit in the memory");
        offsets.push(end.to_le_bytes());
        if bytes.len() >= TEXT_BYTES || row + 1 == rows {
            let validity = validity.bytes.as_ref();
            let validity = validity.map(|bytes| &bytes[given..=row as usize]);
            results::put(validity, &bytes, Some(offsets.as_flattened()));
            given = row as usize + 1;
            bytes.clear();
            offsets.truncate(1);
        }
    }
}
