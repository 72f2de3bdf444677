//! The columns of the current batch, and how a field reads the current row.
//!
//! All columns are in one table, and a field is a place in it. So the compiler knows that results
//! are never written into a column, and a loop over rows loads a column's addresses once.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use super::{FixedWidth, Values};
use crate::bindings::exports::whittle::batch::functions;
use crate::bindings::whittle::batch::columns::Values as Given;
use crate::bindings::whittle::udf::types::Kind;
use crate::host::{document, results};

/// The most fields that a function can resolve: the limit of a host with default options.
const FIELDS: usize = 1024;

/// The column of each place. The first one is that of a field that was not resolved.
pub(super) type Table = [Column; FIELDS + 1];

pub(super) const fn new_table() -> Table {
    [const { Column::new() }; FIELDS + 1]
}

#[cfg(target_arch = "wasm32")]
static COLUMNS: Table = new_table();

#[cfg(target_arch = "wasm32")]
#[inline]
fn table() -> &'static Table {
    &COLUMNS
}

#[cfg(not(target_arch = "wasm32"))]
use super::instance::table;

thread_local! {
    /// The places in use.
    pub(super) static PLACES: Cell<usize> = const { Cell::new(1) };
    /// Whether the batch has all its columns in memory, so that no field has to ask the host.
    static ALL_HERE: Cell<bool> = const { Cell::new(false) };
    /// The current row. Separate from `WATCHED`, so that the compiler may keep it in a register.
    static ROW: Cell<u32> = const { Cell::new(0) };
    /// The current row, where the host looks for it.
    static WATCHED: Cell<u32> = const { Cell::new(0) };
    /// A zero for each byte of a column in which no row has a value.
    static ZEROS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// A field's values in the current batch.
#[derive(Debug)]
pub(super) struct Column {
    handle: Cell<u32>,
    /// The bytes of a number.
    width: Cell<usize>,
    /// The values, or the bytes of the texts. Null outside of a batch, and if the host has kept them.
    values: Cell<*const u8>,
    /// A byte for each row. Null if all rows have a value.
    validity: Cell<*const u8>,
    /// Of texts: four bytes for each row, and four more.
    offsets: Cell<*const u8>,
}

// SAFETY: WebAssembly here has one thread. Elsewhere a table belongs to one thread: see `instance`.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "it is a table of cells in a static")]
unsafe impl Sync for Column {}

/// Tells the host where it finds the current row. In `bind`.
#[expect(unsafe_code, reason = "the host takes a list, and reads it later too")]
pub fn watch() {
    WATCHED.with(|row| {
        // SAFETY: it is one number, and nothing writes it during the call.
        results::watch(unsafe { std::slice::from_raw_parts(row.as_ptr(), 1) });
    });
}

/// Makes a row the current one.
#[inline]
#[expect(
    unsafe_code,
    reason = "the host reads it where this code does not call it"
)]
pub(crate) fn enter(row: u32) {
    ROW.set(row);
    // SAFETY: it is a number in a cell. Volatile, since the host reads it after a trap too.
    WATCHED.with(|watched| unsafe { watched.as_ptr().write_volatile(row) });
}

/// Makes a row the current one, in a batch that has all its columns in memory. The compiler then
/// knows that as well, and leaves the calls of the host out of a loop over rows: no value can stay
/// in a register across a call.
#[inline]
pub(super) fn enter_here(row: u32) {
    ALL_HERE.set(true);
    enter(row);
}

#[inline]
pub(crate) fn row() -> usize {
    ROW.get() as usize
}

#[inline]
pub(super) fn all_here() -> bool {
    ALL_HERE.get()
}

/// Sets the columns of a batch, which must live until `close`.
pub(super) fn open(rows: usize, columns: &[functions::Column]) {
    let zeros = ZEROS.with_borrow_mut(|zeros| {
        if zeros.len() < rows {
            zeros.resize(rows, 0);
        }
        zeros.as_ptr().cast()
    });
    let places = &table()[..PLACES.get()];
    // So that a read of it has no value; then it is noticed (`Column::none`).
    places[0].validity.set(zeros);
    for column in columns {
        if let Some(place) = places
            .iter()
            .find(|place| place.handle.get() == column.field)
        {
            place.set(rows, column, zeros);
        }
    }
    let mut resolved = places[1..].iter();
    ALL_HERE.set(resolved.all(|place| !place.values.get().is_null()));
    enter(0);
}

/// Forgets the columns.
pub(super) fn close() {
    ALL_HERE.set(false);
    table()[..PLACES.get()].iter().for_each(Column::clear);
}

impl Column {
    const fn new() -> Self {
        Self {
            handle: Cell::new(u32::MAX),
            width: Cell::new(8),
            values: Cell::new(std::ptr::null()),
            validity: Cell::new(std::ptr::null()),
            offsets: Cell::new(std::ptr::null()),
        }
    }

    fn set(&self, rows: usize, column: &functions::Column, zeros: *const u8) {
        let (values, offsets) = match &column.values {
            Given::Missing => (zeros, zeros),
            Given::Large => (std::ptr::null(), std::ptr::null()),
            Given::Numbers(values) => {
                assert!(values.len() == rows * self.width.get(), "wrong values");
                (values.as_ptr(), std::ptr::null())
            }
            Given::Texts(texts) => {
                assert!(texts.offsets.len() == (rows + 1) * 4, "wrong offsets");
                (texts.bytes.as_ptr(), texts.offsets.as_ptr())
            }
        };
        let validity = match (&column.values, &column.validity) {
            (Given::Missing, _) => zeros,
            (_, Some(validity)) => {
                assert!(validity.len() == rows, "wrong validity");
                validity.as_ptr()
            }
            (_, None) => std::ptr::null(),
        };
        self.values.set(values);
        self.offsets.set(offsets);
        self.validity.set(validity);
    }

    /// Forgets the field too, for another function.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn reset(&self) {
        self.handle.set(u32::MAX);
        self.clear();
    }

    fn clear(&self) {
        self.values.set(std::ptr::null());
        self.validity.set(std::ptr::null());
        self.offsets.set(std::ptr::null());
    }

    /// Whether the values are in memory.
    #[inline]
    fn is_here(&self) -> bool {
        ALL_HERE.get() || !self.values.get().is_null()
    }

    #[inline]
    #[expect(unsafe_code, reason = "no row is checked twice")]
    fn is_valid(&self) -> bool {
        let validity = self.validity.get();
        // SAFETY: `set` has checked that there is a byte for each row.
        validity.is_null() || unsafe { *validity.add(row()) } != 0
    }

    /// A row that has no value.
    #[inline]
    fn none<T>(&self) -> Option<T> {
        if self.values.get().is_null() {
            unresolved();
        }
        None
    }
}

/// A field that was not resolved is read: the host ends the query.
#[cold]
#[inline(never)]
fn unresolved() -> ! {
    document::has(u32::MAX);
    unreachable!("the host does not know the field");
}

/// A field's place in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

impl Place {
    /// The place of a field that was not resolved.
    pub(crate) const UNRESOLVED: Self = Self(0);

    /// Resolves a field.
    pub(crate) fn resolve(path: &str, kind: Kind) -> Self {
        let handle = document::resolve(path, kind);
        let (table, places) = (table(), PLACES.get());
        let mut known = 1..places;
        if let Some(known) = known.find(|place| table[*place].handle.get() == handle) {
            return Self(known);
        }
        assert!(places <= FIELDS, "a function reads at most {FIELDS} fields");
        table[places].handle.set(handle);
        table[places]
            .width
            .set(if kind == Kind::Boolean { 1 } else { 8 });
        PLACES.set(places + 1);
        Self(places)
    }

    #[inline]
    fn column(self) -> &'static Column {
        &table()[self.0]
    }

    /// Whether the current row has a value.
    #[inline]
    pub(crate) fn has(self) -> bool {
        let column = self.column();
        if !column.is_here() {
            return document::has(column.handle.get());
        }
        column.is_valid() || column.none::<()>().is_some()
    }

    /// The current row's value, read from the column, or else from the host.
    #[inline]
    fn read<T>(
        self,
        read: impl FnOnce(*const u8, usize) -> T,
        host: impl FnOnce(u32) -> Option<T>,
    ) -> Option<T> {
        let column = self.column();
        if !column.is_here() {
            return host(column.handle.get());
        }
        if column.is_valid() {
            Some(read(column.values.get(), row()))
        } else {
            column.none()
        }
    }
}

/// Reads eight bytes of a column.
///
/// # Safety
///
/// There are as many for each row up to this one.
#[inline]
#[expect(unsafe_code, reason = "see its contract")]
pub(super) unsafe fn word(values: *const u8, row: usize) -> u64 {
    // SAFETY: as above.
    unsafe { values.cast::<u64>().add(row).read_unaligned() }.to_le()
}

macro_rules! numbers {
    ($($get:ident, $or:ident: $type:ty, $host:ident, $host_or:ident, $read:expr;)*) => {
        #[expect(unsafe_code, reason = "no row is checked twice")]
        impl Place {
            $(
                #[inline]
                pub(crate) fn $get(self) -> Option<$type> {
                    let read = |values, row| {
                        // SAFETY: `set` has checked the length: a field has values of its kind.
                        unsafe { $read(values, row) }
                    };
                    self.read(read, document::$host)
                }

                #[inline]
                pub(crate) fn $or(self, default: $type) -> $type {
                    let read = |values, row| {
                        // SAFETY: as above.
                        unsafe { $read(values, row) }
                    };
                    let host = |handle| Some(document::$host_or(handle, default));
                    self.read(read, host).unwrap_or(default)
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

impl Place {
    /// What `read` makes of the current row's text; `host` gets a text that the host has kept.
    #[inline(always)]
    #[expect(unsafe_code, reason = "no row is checked twice")]
    pub(crate) fn text<R>(
        self,
        read: impl FnOnce(&str) -> R,
        host: fn(u32) -> Option<String>,
    ) -> Option<R> {
        let column = self.column();
        if !column.is_here() {
            return host(column.handle.get()).map(|text| read(&text));
        }
        if column.is_valid() {
            // SAFETY: a field of texts has a column of texts, and the batch has this row.
            Some(read(unsafe {
                text_at(column.values.get(), column.offsets.get(), row())
            }))
        } else {
            column.none()
        }
    }
}

/// A text of a column.
///
/// # Safety
///
/// The addresses are those of a column of texts that has this row.
#[inline]
#[expect(unsafe_code, reason = "see its contract")]
unsafe fn text_at<'a>(bytes: *const u8, offsets: *const u8, row: usize) -> &'a str {
    let offsets = offsets.cast::<u32>();
    // SAFETY: the contract promises offsets that grow, from 0 to the number of bytes, at the
    // beginnings of characters, and UTF-8; `set` has checked how many there are. The host copied
    // them from an Arrow array, which was made with the same checks.
    unsafe {
        let start = offsets.add(row).read_unaligned().to_le() as usize;
        let end = offsets.add(row + 1).read_unaligned().to_le() as usize;
        std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes.add(start), end - start))
    }
}

/// A column of texts that is in memory.
#[derive(Debug, Clone)]
pub(super) struct TextColumn<'a> {
    bytes: *const u8,
    offsets: *const u8,
    rows: usize,
    validity: Option<&'a [bool]>,
}

impl<'a> TextColumn<'a> {
    #[expect(unsafe_code, reason = "the addresses are not slices")]
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        assert!(row < self.rows, "the batch has {} rows", self.rows);
        let valid = self.validity.is_none_or(|validity| validity[row]);
        // SAFETY: `Place::texts` has them from a column of so many rows, which lives for 'a.
        valid.then(|| unsafe { text_at(self.bytes, self.offsets, row) })
    }
}

/// Whole columns. The caller knows that the batch has so many rows, and lives for 'a.
impl Place {
    /// The values of a column of numbers; `None` outside of a batch.
    pub(super) fn numbers<'a, T: FixedWidth>(self, rows: usize) -> Option<Values<'a, T>> {
        let column = self.column();
        let values = column.values.get();
        (!values.is_null()).then(|| Values {
            values: numbers_at(values, rows),
            validity: column.validity(rows),
        })
    }

    /// A column of texts; `None` outside of a batch, and if the host has kept the texts.
    pub(super) fn texts<'a>(self, rows: usize) -> Option<TextColumn<'a>> {
        let column = self.column();
        let bytes = column.values.get();
        (!bytes.is_null()).then(|| TextColumn {
            bytes,
            offsets: column.offsets.get(),
            rows,
            validity: column.validity(rows),
        })
    }
}

impl Column {
    #[expect(unsafe_code, reason = "the address is that of a flag for each row")]
    fn validity<'a>(&self, rows: usize) -> Option<&'a [bool]> {
        let validity = self.validity.get().cast::<bool>();
        // SAFETY: `set` has checked their number, and the contract promises that each is 0 or 1.
        (!validity.is_null()).then(|| unsafe { std::slice::from_raw_parts(validity, rows) })
    }
}

/// The values at the address of a column of so many rows. Copied where they are not aligned: the
/// contract does not promise it, but the allocator of this target does.
#[expect(unsafe_code, reason = "the host writes the values as bytes")]
pub(super) fn numbers_at<'a, T: FixedWidth>(values: *const u8, rows: usize) -> Cow<'a, [T]> {
    const { assert!(cfg!(target_endian = "little")) };
    let values = values.cast::<T>();
    // SAFETY: a field has values of its kind, as many as rows; of booleans, each is 0 or 1.
    unsafe {
        if values.is_aligned() {
            Cow::Borrowed(std::slice::from_raw_parts(values, rows))
        } else {
            let value = |row| values.add(row).read_unaligned();
            Cow::Owned((0..rows).map(value).collect())
        }
    }
}
