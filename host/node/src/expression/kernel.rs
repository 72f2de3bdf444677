//! Functions whose value is null if one of their arguments is: their signatures, and what they
//! compute of a row.
//!
//! If PostgreSQL would stop with an error, a kernel gives nothing, which is null. It knows nothing
//! of SQL's text, and no columns.

mod cast;
mod number;
mod string;

use super::interval::Interval;
use super::moment::Field;
use super::node::Type;
use super::vector::Values;

pub(super) use cast::{cast, letter};
pub(super) use number::{logarithm, sign};

/// The longest string that is put together, in bytes.
pub(super) const MAX_TEXT: usize = 256 * 1024;

/// What a function computes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernel {
    /// A double of a number, null if it is not finite.
    Double(fn(f64) -> f64),
    /// A double of two numbers, null if it is not finite.
    Doubles(fn(f64, f64) -> f64),
    /// A double, null if it is not finite.
    Number(fn(&Row<'_>) -> Option<f64>),
    /// A long, a date or a day.
    Long(fn(&Row<'_>) -> Option<i64>),
    Boolean(fn(&Row<'_>) -> Option<bool>),
    Interval(fn(&Row<'_>) -> Option<Interval>),
    /// A string, which is written to an empty one.
    Text(fn(&Row<'_>, &mut String) -> Option<()>),
    /// A field of a date or an interval, as a double.
    Part(Field),
    /// The start of the field that a date lies in.
    Truncate(Field),
}

/// The arguments in one row, none of which is null.
pub(super) struct Row<'a> {
    pub(super) arguments: &'a [Values],
    pub(super) row: usize,
}

impl<'a> Row<'a> {
    /// How many arguments there are.
    fn len(&self) -> usize {
        self.arguments.len()
    }

    fn text(&self, at: usize) -> &'a str {
        match &self.arguments[at] {
            Values::Text(text) => text.value(self.row).unwrap_or_default(),
            _ => "",
        }
    }

    /// A long, a date or a day.
    pub(super) fn long(&self, at: usize) -> i64 {
        match &self.arguments[at] {
            Values::Long(longs) => longs.value(self.row),
            _ => 0,
        }
    }

    pub(super) fn double(&self, at: usize) -> f64 {
        match &self.arguments[at] {
            Values::Double(doubles) => doubles.value(self.row),
            #[expect(clippy::cast_precision_loss, reason = "SQL rounds longs to doubles")]
            Values::Long(longs) => longs.value(self.row) as f64,
            _ => 0.0,
        }
    }

    fn boolean(&self, at: usize) -> bool {
        match &self.arguments[at] {
            Values::Boolean(truth) => truth.value(self.row).unwrap_or_default(),
            _ => false,
        }
    }

    pub(super) fn interval(&self, at: usize) -> Interval {
        match &self.arguments[at] {
            Values::Interval(intervals) => intervals.value(self.row).unwrap_or_default(),
            _ => Interval::default(),
        }
    }
}

/// A function that is called by its name.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) name: &'static str,
    /// The types of its parameters: a double takes a long too, and a date a day.
    pub(super) takes: &'static [Type],
    /// How many of the last may be left out.
    pub(super) optional: usize,
    pub(super) returns: Type,
    pub(super) kernel: Kernel,
}

impl Scalar {
    const fn new(
        name: &'static str,
        takes: &'static [Type],
        returns: Type,
        kernel: Kernel,
    ) -> Self {
        Self {
            name,
            takes,
            optional: 0,
            returns,
            kernel,
        }
    }

    /// The same with optional parameters.
    const fn with_optional(self, optional: usize) -> Self {
        Self { optional, ..self }
    }
}

/// All functions.
pub(super) fn scalars() -> impl Iterator<Item = &'static Scalar> {
    number::SCALARS.iter().chain(string::SCALARS)
}
