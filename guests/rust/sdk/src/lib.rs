//! Write Whittle UDFs in Rust: a struct, its parameters, one method.
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
//! The struct is the function, named in snake case (`too_long`) or as `#[parameters(name = "...")]`
//! on it says. Its fields are the parameters, and the doc comments are what the author of a query
//! reads. A parameter is a `bool`, an integer (`i64`, `i32`, `u32`, `u64`, `usize`), an `f64`, a
//! `String`, a [`Timestamp`], a [`Json`], an `Option` of these where a query may leave it out, or a
//! [`Field`]: the path of a field of the documents, resolved once per query and read for each
//! document. `#[parameter(default = ...)]` is the value where a query gives none.
//!
//! The method is `matches` (a filter: `bool`), `score` (a number: `f64` or `i64`) or `value` (any
//! [`Output`]). Each may return an `Option`, where `None` is null, or a `Result` with [`Error`].
//!
//! What is made once per query and not once per document lies in a field with
//! `#[parameter(skip)]`, which begins as its `Default`; the method `prepare` fills it:
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
//! A panic ends the query; its message goes to the UDF's log.

pub mod document;
mod error;
mod export;
mod field;
mod log;
mod output;
mod parameters;

/// The contract as `wit-bindgen` renders it, for what the rest of the crate does not express.
#[expect(missing_docs, reason = "generated from wit/udf.wit")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "udf",
        pub_export_macro: true,
        default_bindings_module: "whittle_guest::bindings",
    });
}

pub use bindings::whittle::udf::logging::Level;
pub use bindings::whittle::udf::types::Kind;
pub use error::Error;
pub use field::{Field, FieldKind};
pub use log::log;
pub use output::{Output, Udf};
pub use parameters::{Arguments, ParameterType, Parameters};
pub use whittle_guest_derive::{Parameters, udf};

/// An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// The text of one JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(pub String);

/// What the macros' code names.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::exports::whittle::udf::functions::{Argument, Guest, Manifest};
    pub use crate::bindings::whittle::udf::types::{Error, Parameter};
    pub use crate::export::{Evaluated, bind, evaluate, function, log_panics, manifest, unknown};
    pub use crate::output::{Filter, Number};
    pub use crate::parameters::{default, parameter, presence};
}
