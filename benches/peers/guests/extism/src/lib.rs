//! The plug-in of the peer extism: a document in, as JSON, and a value out.

use std::cell::RefCell;

use extism_pdk::{Error, FnResult, Json, config, plugin_fn};
use peer_works::{Function, Output};
use serde::Deserialize;

/// A document, as JSON. Fields that a function does not read are left out.
#[derive(Deserialize)]
struct Document {
    price: Option<f64>,
    rating: Option<f64>,
    popularity: Option<f64>,
    start: Option<f64>,
    end: Option<f64>,
    title: Option<String>,
    data: Option<String>,
}

thread_local! {
    static FUNCTION: RefCell<Function> = RefCell::default();
}

/// Prepares the function that the plug-in's configuration names.
#[plugin_fn]
pub fn prepare() -> FnResult<()> {
    let request = config::get("request")?.unwrap_or_default();
    FUNCTION.replace(Function::new(&request).map_err(Error::msg)?);
    Ok(())
}

/// Evaluates a document.
#[plugin_fn]
pub fn evaluate(Json(document): Json<Document>) -> FnResult<Json<Output>> {
    Ok(Json(
        FUNCTION.with_borrow_mut(|function| document.evaluated(function)),
    ))
}

/// Evaluates many documents.
#[plugin_fn]
pub fn evaluate_batch(Json(documents): Json<Vec<Document>>) -> FnResult<Json<Vec<Output>>> {
    let outputs = FUNCTION.with_borrow_mut(|function| {
        documents
            .iter()
            .map(|document| document.evaluated(function))
            .collect()
    });
    Ok(Json(outputs))
}

impl Document {
    fn evaluated(&self, function: &mut Function) -> Output {
        let fields = function.fields();
        function.evaluate(&Fields {
            document: self,
            fields,
        })
    }
}

struct Fields<'call> {
    document: &'call Document,
    fields: &'static [&'static str],
}

impl peer_works::Document for Fields<'_> {
    fn number(&self, field: usize) -> Option<f64> {
        match self.fields[field] {
            "price" => self.document.price,
            "rating" => self.document.rating,
            "popularity" => self.document.popularity,
            "start" => self.document.start,
            _ => self.document.end,
        }
    }

    fn text(&self, field: usize) -> Option<impl AsRef<str>> {
        match self.fields[field] {
            "title" => self.document.title.as_deref(),
            _ => self.document.data.as_deref(),
        }
    }
}
