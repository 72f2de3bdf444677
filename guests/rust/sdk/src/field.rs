//! Fields of the documents, resolved once and read for each document.

use std::marker::PhantomData;

use crate::batch::Place;
use crate::bindings::whittle::udf::types;
use crate::host::document;
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
    place: Place,
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
            place: Place::resolve(path, T::KIND),
            kind: PhantomData,
        }
    }

    /// Whether the document has a value.
    #[inline]
    pub fn has(&self) -> bool {
        self.place.has()
    }
}

impl<T: ?Sized> Field<T> {
    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

impl<T: ?Sized> Default for Field<T> {
    fn default() -> Self {
        Self {
            place: Place::UNRESOLVED,
            kind: PhantomData,
        }
    }
}

impl Field<bool> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<bool> {
        self.place.boolean()
    }

    /// The value, or a default.
    #[inline]
    pub fn or(&self, default: bool) -> bool {
        self.place.boolean_or(default)
    }
}

impl Field<i64> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<i64> {
        self.place.int64()
    }

    /// The value, or a default.
    #[inline]
    pub fn or(&self, default: i64) -> i64 {
        self.place.int64_or(default)
    }
}

impl Field<f64> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<f64> {
        self.place.float64()
    }

    /// The value, or a default.
    #[inline]
    pub fn or(&self, default: f64) -> f64 {
        self.place.float64_or(default)
    }
}

impl Field<Timestamp> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<Timestamp> {
        self.place.timestamp().map(Timestamp)
    }

    /// The value, or a default.
    #[inline]
    pub fn or(&self, default: Timestamp) -> Timestamp {
        Timestamp(self.place.timestamp_or(default.0))
    }
}

impl Field<Json> {
    /// The value.
    #[inline]
    pub fn get(&self) -> Option<Json> {
        let text = self.place.text(str::to_owned, document::get_json);
        text.map(Json)
    }
}

impl Field<str> {
    /// The value, in memory of its own. [`Field::with`] does not copy it.
    // Not inlined: an error in the author's loop then has a line of the loop.
    #[inline(never)]
    pub fn get(&self) -> Option<String> {
        self.with(str::to_owned)
    }

    /// What `read` makes of the value.
    #[inline(always)]
    pub fn with<R>(&self, read: impl FnOnce(&str) -> R) -> Option<R> {
        self.place.text(read, document::get_text)
    }
}
