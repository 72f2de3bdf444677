//! Whole columns, for functions that evaluate a batch at once.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::{Open, Scores, column, document, score};
use crate::field::FieldKind;
use crate::{Field, Json, Timestamp};

/// The documents that `batch` evaluates, one in each row.
#[derive(Debug)]
pub struct Batch<'a> {
    rows: usize,
    columns: PhantomData<&'a [u8]>,
}

/// The values of a field of numbers, booleans or timestamps.
///
/// ```
/// # use whittle_guest::Values;
/// fn total(prices: &Values<'_, f64>) -> f64 {
///     match prices.validity() {
///         None => prices.values().iter().sum(),
///         Some(_) => prices.iter().flatten().sum(),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Values<'a, T: FixedWidth> {
    pub(super) values: Cow<'a, [T]>,
    pub(super) validity: Option<&'a [bool]>,
}

/// The values of a field of texts or JSON.
#[derive(Debug, Clone)]
pub struct Texts<'a> {
    field: column::Place,
    /// None if the host has kept the texts, which are too large to be copied unread.
    column: Option<column::TextColumn<'a>>,
    host: fn(u32) -> Option<String>,
}

/// What has a value of fixed width in a column: `bool`, `i64`, `f64` or [`Timestamp`].
pub trait FixedWidth: FieldKind + Copy + Default + 'static {
    #[doc(hidden)]
    fn get(field: &Field<Self>) -> Option<Self>;
}

macro_rules! fixed_width {
    ($($type:ty),*) => {
        $(impl FixedWidth for $type {
            fn get(field: &Field<Self>) -> Option<Self> {
                field.get()
            }
        })*
    };
}

fixed_width!(bool, i64, f64, Timestamp);

/// What is a text in a column: `str` or [`Json`].
pub trait TextKind: FieldKind {
    #[doc(hidden)]
    const HOST: fn(u32) -> Option<String>;
}

impl TextKind for str {
    const HOST: fn(u32) -> Option<String> = document::get_text;
}

impl TextKind for Json {
    const HOST: fn(u32) -> Option<String> = document::get_json;
}

/// Values as the host takes them in a column.
#[expect(unsafe_code, reason = "it takes bytes")]
pub(crate) fn bytes_of<T: FixedWidth>(values: &[T]) -> &[u8] {
    // SAFETY: a `bool`, a number and a number in a `Timestamp` have no padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

impl<'a> Batch<'a> {
    pub(super) fn of(_: &'a Open, rows: usize) -> Self {
        Self {
            rows,
            columns: PhantomData,
        }
    }

    /// The one document that the host asks for outside of a batch.
    pub(super) fn of_document() -> Self {
        Self {
            rows: 1,
            columns: PhantomData,
        }
    }

    /// The number of rows, at least one.
    pub fn row_count(&self) -> usize {
        self.rows
    }

    /// The rows, each of which becomes the current one: log lines and traps are then those of its
    /// document, and [`Field`] reads it. Otherwise they are those of the first document.
    pub fn rows(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.rows).inspect(|row| column::enter(*row as u32))
    }

    /// The values of a field.
    pub fn values<T: FixedWidth>(&self, field: &Field<T>) -> Values<'a, T> {
        field.place().numbers(self.rows).unwrap_or_else(|| {
            let value = T::get(field);
            Values {
                values: Cow::Owned(vec![value.unwrap_or_default()]),
                validity: value.is_none().then_some(&[false]),
            }
        })
    }

    /// The texts of a field.
    pub fn texts<T: TextKind + ?Sized>(&self, field: &Field<T>) -> Texts<'a> {
        Texts {
            field: field.place(),
            column: field.place().texts(self.rows),
            host: T::HOST,
        }
    }

    /// The scores of the documents, as [`document::score`](crate::document::score) gives them.
    pub fn scores(&self) -> Cow<'a, [f64]> {
        match super::SCORES.get() {
            Scores::Host => Cow::Owned(vec![score()]),
            Scores::Ones => Cow::Owned(vec![1.0; self.rows]),
            Scores::At(scores) => column::numbers_at(scores, self.rows),
        }
    }

    /// The id of a row's document. The row becomes the current one.
    ///
    /// # Panics
    ///
    /// The batch has no such row. So do all methods that take a row.
    pub fn id(&self, row: usize) -> String {
        assert!(row < self.rows, "the batch has {} rows", self.rows);
        column::enter(row as u32);
        document::id()
    }
}

impl<'a, T: FixedWidth> Values<'a, T> {
    /// The values, with a default in the rows without one. Copied only if there is such a row.
    pub fn filled(self, default: T) -> Cow<'a, [T]> {
        let Some(validity) = self.validity else {
            return self.values;
        };
        let pairs = self.values.iter().zip(validity);
        let value = |(value, valid): (&T, &bool)| if *valid { *value } else { default };
        Cow::Owned(pairs.map(value).collect())
    }

    /// A value for each row; that of a row without a value has no meaning.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Whether each row has a value; `None` if all have.
    pub fn validity(&self) -> Option<&[bool]> {
        self.validity
    }

    /// A row's value.
    pub fn get(&self, row: usize) -> Option<T> {
        self.is_valid(row).then(|| self.values[row])
    }

    /// A row's value, or a default.
    #[inline]
    pub fn or(&self, row: usize, default: T) -> T {
        if self.is_valid(row) {
            self.values[row]
        } else {
            default
        }
    }

    /// The value of each row.
    pub fn iter(&self) -> impl Iterator<Item = Option<T>> {
        (0..self.values.len()).map(|row| self.get(row))
    }

    /// Whether a row has a value.
    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        self.validity.is_none_or(|validity| validity[row])
    }
}

impl<'a> Texts<'a> {
    /// A row's text. It is borrowed, except for texts that are too large to be copied unread: the
    /// host is asked for them, and the row becomes the current one.
    pub fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        match &self.column {
            Some(column) => column.get(row).map(Cow::Borrowed),
            None => {
                column::enter(row as u32);
                self.field.text(str::to_owned, self.host).map(Cow::Owned)
            }
        }
    }
}
