//! Fields of the documents, resolved once and read for each document.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::bindings::whittle::udf::{document, text_words, types};
use crate::{Json, Timestamp};

/// A field of the documents, read as `T`: `bool`, `i64`, `f64`, `str`, [`Timestamp`] or [`Json`].
///
/// As a parameter its value is the field's dotted path. A document that has no such field, or one
/// of another kind, gives `None`.
///
/// The default is a field that was not resolved, for a struct's `#[parameter(skip)]`: to read it
/// ends the query.
#[derive(Debug)]
pub struct Field<T: ?Sized> {
    handle: u32,
    kind: PhantomData<fn(&T)>,
}

/// What a field can be read as.
#[diagnostic::on_unimplemented(
    message = "a field can be read as `bool`, `i64`, `f64`, `str`, `Timestamp` or `Json`, not as `{Self}`"
)]
pub trait FieldKind {
    /// The contract's kind.
    const KIND: types::Kind;
}

macro_rules! field_kinds {
    ($($type:ty => $kind:ident),*) => {
        $(impl FieldKind for $type {
            const KIND: types::Kind = types::Kind::$kind;
        })*
    };
}

field_kinds! {
    bool => Boolean, i64 => Int64, f64 => Float64, str => Text, Timestamp => Timestamp, Json => Json
}

impl<T: FieldKind + ?Sized> Field<T> {
    /// Resolves a field whose path is not a parameter. In `prepare` only: to resolve one later ends
    /// the query.
    pub fn named(path: &str) -> Self {
        Self {
            handle: document::resolve(path, T::KIND),
            kind: PhantomData,
        }
    }

    /// Whether the document has a value.
    #[inline]
    pub fn has(&self) -> bool {
        document::has(self.handle)
    }
}

impl<T: ?Sized> Default for Field<T> {
    fn default() -> Self {
        Self {
            handle: u32::MAX,
            kind: PhantomData,
        }
    }
}

impl Field<bool> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<bool> {
        document::get_boolean(self.handle)
    }

    /// The value, or a default: half the cost of `get`.
    #[inline]
    pub fn or(&self, default: bool) -> bool {
        document::boolean_or(self.handle, default)
    }
}

impl Field<i64> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<i64> {
        document::get_int64(self.handle)
    }

    /// The value, or a default: half the cost of `get`.
    #[inline]
    pub fn or(&self, default: i64) -> i64 {
        document::int64_or(self.handle, default)
    }
}

impl Field<f64> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<f64> {
        document::get_float64(self.handle)
    }

    /// The value, or a default: half the cost of `get`.
    #[inline]
    pub fn or(&self, default: f64) -> f64 {
        document::float64_or(self.handle, default)
    }
}

impl Field<Timestamp> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<Timestamp> {
        document::get_timestamp(self.handle).map(Timestamp)
    }

    /// The value, or a default: half the cost of `get`.
    #[inline]
    pub fn or(&self, default: Timestamp) -> Timestamp {
        Timestamp(document::timestamp_or(self.handle, default.0))
    }
}

impl Field<Json> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<Json> {
        document::get_json(self.handle).map(Json)
    }
}

/// Texts of up to this many bytes are read without an allocation.
const SHORT_BYTES: usize = 128;

impl Field<str> {
    /// The value, in memory of its own. [`Field::with`] is faster for short texts.
    #[inline]
    pub fn get(&self) -> Option<String> {
        document::get_text(self.handle)
    }

    /// What `read` makes of the value. A text of up to 128 bytes is read into a buffer on the
    /// stack, in words of eight bytes; a longer one is allocated.
    #[inline]
    #[expect(
        unsafe_code,
        reason = "neither the buffer's zeroing nor a second check of UTF-8 is worth its time here"
    )]
    pub fn with<R>(&self, read: impl FnOnce(&str) -> R) -> Option<R> {
        let length = usize::try_from(text_words::length(self.handle)).ok()?;
        let mut short = [MaybeUninit::<u64>::uninit(); SHORT_BYTES / 8];
        let long;
        let text = if length <= SHORT_BYTES {
            let words = &mut short[..length.div_ceil(8)];
            let read = |index| text_words::word(self.handle, index).to_le();
            // Two words a turn: each turn of a loop pays for a look at the clock, and most texts
            // have one or two.
            for (pair, index) in words.chunks_mut(2).zip((0..).step_by(2)) {
                pair[0].write(read(index));
                if let Some(second) = pair.get_mut(1) {
                    second.write(read(index + 1));
                }
            }
            // SAFETY: the loop has written the `length.div_ceil(8)` words that these bytes lie in.
            let bytes = unsafe { std::slice::from_raw_parts(short.as_ptr().cast::<u8>(), length) };
            // SAFETY: the contract promises UTF-8, here as in the result of `get-text`, which the
            // bindings do not check either.
            unsafe { std::str::from_utf8_unchecked(bytes) }
        } else {
            long = self.get()?;
            &long
        };
        Some(read(text))
    }
}
