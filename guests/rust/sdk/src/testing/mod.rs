//! Fake documents, so that unit tests run a function with `cargo test`, without a component.
//!
//! ```
//! use whittle_guest::testing::{Document, Query};
//! # use whittle_guest::{Field, Parameters, export, udf};
//! # /// Tells whether a film is longer than it should be.
//! # #[derive(Parameters)]
//! # struct TooLong {
//! #     /// The field that holds the minutes.
//! #     field: Field<i64>,
//! #     /// How many minutes are enough.
//! #     #[parameter(default = 120)]
//! #     enough: u32,
//! # }
//! # #[udf]
//! # impl TooLong {
//! #     fn matches(&self) -> bool {
//! #         self.field.or(0) > i64::from(self.enough)
//! #     }
//! # }
//!
//! let query = Query::of::<TooLong>().parameter("field", "minutes");
//! let function = query.bind().expect("the arguments fit");
//! let document = Document::new().field("minutes", 121);
//! assert_eq!(function.evaluate(&document), Ok(Some(true)));
//!
//! let refused = query.parameter("enough", -1).bind().expect_err("it is negative");
//! assert_eq!(
//!     refused,
//!     "function `too_long` refused its arguments: \"parameter `enough` must be between 0 and \
//!      4294967295, not -1\""
//! );
//! ```
//!
//! Arguments and documents are checked and read as the host does it, and errors have its words. What
//! the contract forbids, such as to read a document in `prepare`, panics with them. There are no
//! limits and no sandbox.

mod arguments;
mod document;
pub(crate) mod host;
mod instant;
mod reading;
mod source;
mod value;

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

pub use self::document::Document;
pub use self::value::Value;

use self::document::Found;
use self::host::{Host, Phase};
use self::reading::Types;
use crate::batch::{self, Instance};
use crate::bindings::exports::whittle::batch::functions::Column;
use crate::bindings::whittle::batch::columns::{Texts, Values};
use crate::bindings::whittle::udf::types::{self, Kind};
use crate::output::{Plain, kind_of};
use crate::{Error, Output, Udf};

/// A query with a function: its arguments.
pub struct Query<T> {
    given: Vec<(String, Value)>,
    function: PhantomData<fn() -> T>,
}

impl Query<()> {
    /// A query with a function, without arguments.
    pub fn of<T: Udf>() -> Query<T> {
        Query {
            given: Vec::new(),
            function: PhantomData,
        }
    }
}

impl<T: Udf> Query<T> {
    /// Sets a parameter. That of a field is the field's path.
    #[must_use]
    pub fn parameter(&self, name: &str, value: impl Into<Value>) -> Self {
        let others = self.given.iter().filter(|(known, _)| known != name);
        let mut given: Vec<_> = others.cloned().collect();
        given.push((name.to_owned(), value.into()));
        Self {
            given,
            function: PhantomData,
        }
    }

    /// The function, bound to the arguments.
    ///
    /// # Errors
    ///
    /// An argument does not fit its parameter, or the function refuses it: the host's message.
    pub fn bind(&self) -> Result<Function<T>, String> {
        let name = T::NAME;
        let arguments = arguments::checked(T::declared(), &self.given)
            .map_err(|error| format!("function `{name}`: {error}"))?;
        let (instance, host) = (Instance::new(), RefCell::new(Host::default()));
        host.borrow_mut().phase = Phase::Bind;
        let bound = instance.enter(|| {
            host::enter(&host, || {
                batch::watch();
                crate::export::bind::<T>(arguments)
            })
        });
        match bound {
            Ok(function) => Ok(Function {
                function,
                instance,
                host,
            }),
            Err(types::Error::InvalidArgument(reason)) => Err(format!(
                "function `{name}` refused its arguments: \"{reason}\""
            )),
            Err(types::Error::Failed(reason)) => Err(format!(
                "function `{name}` failed in `prepare`: \"{reason}\""
            )),
        }
    }
}

impl<T: Udf> fmt::Debug for Query<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Query of `{}` with {:?}", T::NAME, self.given)
    }
}

/// A function that is bound to a query's arguments.
pub struct Function<T> {
    function: T,
    instance: Instance,
    host: RefCell<Host>,
}

/// What a function gives for a document: a value, null, or the document's error.
pub type Evaluated<T> = Result<Option<<<T as Udf>::Output as Output>::Value>, Error>;

impl<T: Udf> Function<T> {
    /// Evaluates the function for a document.
    ///
    /// # Errors
    ///
    /// The function failed for the document.
    ///
    /// # Panics
    ///
    /// The function panics, or breaks the contract, or gives something else for the document in a
    /// batch.
    pub fn evaluate(&self, document: &Document) -> Evaluated<T> {
        let mut results = self.evaluate_all(std::slice::from_ref(document));
        results.swap_remove(0)
    }

    /// Evaluates the function for documents, which are read together as those of one index: one by
    /// one, and all in one batch, which must give the same.
    ///
    /// # Panics
    ///
    /// As for [`Function::evaluate`].
    pub fn evaluate_all(&self, documents: &[Document]) -> Vec<Evaluated<T>> {
        let numbered = documents.iter().enumerate();
        let documents: Vec<_> = numbered
            .map(|(position, it)| it.with_id(position))
            .collect();
        self.host.borrow_mut().types = Types::of(&documents);
        let alone: Vec<Evaluated<T>> = documents
            .iter()
            .map(|document| {
                let evaluate = || batch::evaluate_document(&self.function);
                given::<T>(self.enter(std::slice::from_ref(document), evaluate))
            })
            .collect();
        let in_batch = self.batch(&documents);
        for (document, (alone, in_batch)) in documents.iter().zip(alone.iter().zip(&in_batch)) {
            let (alone, in_batch) = (format!("{alone:?}"), format!("{in_batch:?}"));
            assert!(
                alone == in_batch,
                "document `{}` gives {alone} alone, but {in_batch} in a batch: both must be the same",
                document.id_or_none()
            );
        }
        alone
    }

    /// The lines that the function has logged since the last call of this, each after its level:
    /// `warn: no title`. A batch's lines are left out.
    pub fn logs(&self) -> Vec<String> {
        std::mem::take(&mut self.host.borrow_mut().logs)
    }

    fn batch(&self, documents: &[Document]) -> Vec<Evaluated<T>> {
        if documents.is_empty() {
            return Vec::new();
        }
        let logs = self.logs();
        let (columns, scores) = (self.columns(documents), scores(documents));
        let rows = u32::try_from(documents.len()).expect("a test has few documents");
        self.enter(documents, || {
            batch::evaluate(&self.function, rows, columns, scores);
        });
        let mut host = self.host.borrow_mut();
        host.logs = logs;
        let results = std::mem::take(&mut host.results);
        results.into_iter().map(given::<T>).collect()
    }

    fn enter<R>(&self, documents: &[Document], run: impl FnOnce() -> R) -> R {
        {
            let mut host = self.host.borrow_mut();
            let fields = std::mem::take(&mut host.fields);
            let types = std::mem::take(&mut host.types);
            let logs = std::mem::take(&mut host.logs);
            *host = Host {
                phase: Phase::Evaluate,
                documents: documents.to_vec(),
                returns: Some(T::Output::KIND),
                fields,
                types,
                logs,
                ..Host::default()
            };
        }
        self.instance.enter(|| host::enter(&self.host, run))
    }

    /// The fields of the documents as the host hands them over.
    fn columns(&self, documents: &[Document]) -> Vec<Column> {
        let host = self.host.borrow();
        let columns = (1..).zip(&host.fields).map(|(field, (path, kind))| {
            let found: Vec<_> = documents
                .iter()
                .map(|document| host.types.read(document, path, *kind))
                .collect();
            column(field, *kind, &found)
        });
        columns.collect()
    }
}

impl<T: Udf> fmt::Debug for Function<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Function `{}`", T::NAME)
    }
}

fn scores(documents: &[Document]) -> Option<Vec<u8>> {
    let scores: Vec<f64> = documents.iter().map(Document::score_or_one).collect();
    let bytes = || {
        scores
            .iter()
            .flat_map(|score| score.to_le_bytes())
            .collect()
    };
    scores.iter().any(|score| *score != 1.0).then(bytes)
}

fn column(field: u32, kind: Kind, found: &[Option<Found>]) -> Column {
    let validity: Vec<u8> = found
        .iter()
        .map(|value| u8::from(value.is_some()))
        .collect();
    if !validity.contains(&1) {
        return Column {
            field,
            validity: None,
            values: Values::Missing,
        };
    }
    let (mut bytes, mut offsets) = (Vec::new(), vec![0; 4]);
    for value in found {
        match value {
            Some(Found::Boolean(value)) => bytes.push(u8::from(*value)),
            Some(Found::Int64(value)) => bytes.extend(value.to_le_bytes()),
            Some(Found::Float64(value)) => bytes.extend(value.to_le_bytes()),
            Some(Found::Text(text)) => bytes.extend(text.as_bytes()),
            None => bytes.extend(match kind {
                Kind::Boolean => &[0][..],
                Kind::Text | Kind::Json => &[],
                Kind::Int64 | Kind::Float64 | Kind::Timestamp => &[0; 8],
            }),
        }
        let end = u32::try_from(bytes.len()).expect("a test has little text");
        offsets.extend(end.to_le_bytes());
    }
    Column {
        field,
        validity: validity.contains(&0).then_some(validity),
        values: match kind {
            Kind::Text | Kind::Json => Values::Texts(Texts { offsets, bytes }),
            Kind::Boolean | Kind::Int64 | Kind::Float64 | Kind::Timestamp => Values::Numbers(bytes),
        },
    }
}

/// A result as the host checks it.
fn given<T: Udf>(result: Result<types::Value, types::Error>) -> Evaluated<T> {
    let value = match result {
        Ok(value) => value,
        Err(types::Error::InvalidArgument(reason)) => return Err(Error::InvalidArgument(reason)),
        Err(types::Error::Failed(reason)) => return Err(Error::Failed(reason)),
    };
    if let Some(found) = kind_of(&value)
        && found != T::Output::KIND
    {
        return Err(host::wrong_kind(T::Output::KIND, found));
    }
    if let types::Value::Json(text) = &value
        && serde_json::from_str::<serde_json::Value>(text).is_err()
    {
        return Err(Error::failed(format!(
            "returned a text that is not JSON: \"{text}\""
        )));
    }
    Ok(Plain::of(value))
}
