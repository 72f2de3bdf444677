//! Write Whittle UDFs in Rust. A UDF is a struct with its parameters and one method.
//!
//! ```
//! use whittle_guest::{Field, Parameters, export, udf};
//!
//! /// Tells whether a film is longer than it should be.
//! #[derive(Parameters)]
//! struct TooLong {
//!     /// The field that holds the minutes.
//!     field: Field<i64>,
//!     /// How many minutes are enough.
//!     #[parameter(default = 120)]
//!     enough: u32,
//! }
//!
//! #[udf]
//! impl TooLong {
//!     fn matches(&self) -> bool {
//!         self.field.or(0) > i64::from(self.enough)
//!     }
//! }
//!
//! export!(TooLong);
//! ```
//!
//! The struct is the function. Its name is the struct's in snake case (`too_long`), or set by
//! `#[parameters(name = "...")]`. The fields are the parameters, and the doc comments are the
//! descriptions for authors of queries. A parameter is a `bool`, an integer (`i64`, `i32`, `u32`,
//! `u64`, `usize`), an `f64`, a `String`, a [`Timestamp`], a [`Json`], an `Option` of one of these if
//! it is optional, or a [`Field`]. A field's argument is its path, which is resolved once per query;
//! the field is read for each document. `#[parameter(default = ...)]` sets a default.
//!
//! The method is `matches` (a filter: `bool`), `score` (a number: `f64` or `i64`) or `value` (any
//! [`Output`]). Each may return an `Option`, where `None` is null, or a `Result` with [`Error`].
//!
//! To compute something once per query, put it into a field with `#[parameter(skip)]`, which is
//! initialised with `Default`, and set it in the method `prepare`:
//!
//! ```
//! use whittle_guest::{Error, Field, Parameters, document, export, udf, warn};
//!
//! /// The first of the given words that the title contains.
//! #[derive(Parameters)]
//! struct FirstWord {
//!     /// The words, with spaces between them.
//!     words: String,
//!     #[parameter(skip)]
//!     sought: Vec<String>,
//!     #[parameter(skip)]
//!     title: Field<str>,
//! }
//!
//! #[udf]
//! impl FirstWord {
//!     fn prepare(&mut self) -> Result<(), Error> {
//!         self.sought = self.words.split_whitespace().map(str::to_owned).collect();
//!         if self.sought.is_empty() {
//!             return Err(Error::invalid_argument("parameter `words` has no word"));
//!         }
//!         self.title = Field::named("title");
//!         Ok(())
//!     }
//!
//!     fn value(&self) -> Option<String> {
//!         if !self.title.has() {
//!             warn!("{} has no title", document::id());
//!         }
//!         let first = |title: &str| self.sought.iter().find(|word| title.contains(*word)).cloned();
//!         self.title.with(first)?
//!     }
//! }
//!
//! export!(FirstWord);
//! ```
//!
//! A function may evaluate many documents at once, over whole columns, with the method
//! `batch`. Beside it there may be a method for one document, which the host then uses for a
//! few documents. Without one, a few documents are batches of one row:
//!
//! ```
//! use whittle_guest::{Batch, Field, Parameters, export, udf};
//!
//! /// The price with taxes.
//! #[derive(Parameters)]
//! struct Gross {
//!     /// The taxes in percent.
//!     percent: f64,
//!     #[parameter(default = "price")]
//!     price: Field<f64>,
//! }
//!
//! #[udf]
//! impl Gross {
//!     fn batch(&self, batch: &Batch<'_>) -> Vec<Option<f64>> {
//!         let factor = 1.0 + self.percent / 100.0;
//!         let prices = batch.values(&self.price);
//!         prices.iter().map(|price| price.map(|price| price * factor)).collect()
//!     }
//! }
//!
//! export!(Gross);
//! ```
//!
//! A panic ends the query; its message goes to the UDF's log.
//!
//! Unit tests run a function on fake documents: see [`testing`].

mod batch;
pub mod document;
mod error;
mod export;
mod field;
mod host;
mod log;
mod output;
mod parameters;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

/// The bindings that `wit-bindgen` generates from the contract, for uses that the rest of the crate
/// does not cover.
#[expect(missing_docs, reason = "generated from the contract")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["wit", "wit/batch"],
        world: "whittle:batch/udf",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "whittle_guest::bindings",
    });
}

pub use batch::{Batch, FixedWidth, TextKind, Texts, Values};
pub use bindings::whittle::udf::logging::Level;
pub use bindings::whittle::udf::types::Kind;
pub use error::Error;
pub use field::{Field, FieldKind};
pub use log::log;
pub use output::{Output, Udf};
pub use parameters::{Arguments, NumberType, ParameterType, Parameters};
pub use whittle_guest_derive::{Parameters, udf};

/// An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Timestamp(pub i64);

/// The text of one JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(pub String);

/// Used by the code that the macros generate.
#[doc(hidden)]
pub mod __private {
    pub use crate::batch::{evaluate as evaluate_batch, evaluate_alone, evaluate_document, watch};
    pub use crate::bindings::exports::whittle::batch::functions::{Column, Guest as BatchGuest};
    pub use crate::bindings::exports::whittle::udf::functions::{Argument, Guest, Manifest};
    pub use crate::bindings::whittle::udf::types::{Error, Parameter};
    pub use crate::export::{Evaluated, bind, function, log_panics, manifest, unknown};
    pub use crate::output::{Filter, Number};
    pub use crate::parameters::{Bounds, default, default_within, parameter, presence};
}
