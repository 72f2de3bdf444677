//! Extism: a plug-in takes JSON and gives JSON, encoded and decoded by its SDK and its plug-in kit.
//!
//! * `peer-extism document FILE`: a call of the plug-in for each document, as its guides show.
//! * `peer-extism batch FILE`: a call for all documents.
//!
//! The time limit of the manifest is active: Extism sets a timer for each call, and interrupts by epochs. The
//! plug-in is compiled once, and its code comes from Extism's own cache when the process starts again.

use anyhow::{Context, Result, bail};
use extism::convert::Json;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use whittle_peer::{Call, Rows};

#[derive(Clone, Copy)]
enum Calls {
    Document,
    Batch,
}

struct Extism {
    plugin: Plugin,
    calls: Calls,
    columns: Columns,
    results: Vec<Output>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (calls, file) = match arguments[..] {
        ["document", file] => (Calls::Document, file.to_owned()),
        ["batch", file] => (Calls::Batch, file.to_owned()),
        _ => bail!("usage: peer-extism document|batch FILE"),
    };
    whittle_peer::serve(|rows: Rows| {
        let request = json!({"work": rows.work, "parameters": rows.parameters}).to_string();
        let manifest = Manifest::new([Wasm::file(&file)])
            .with_config_key("request", request)
            .with_timeout(Duration::from_secs(1));
        let compiled = CompiledPlugin::new(PluginBuilder::new(manifest).with_wasi(true))?;
        let mut plugin = Plugin::new_from_compiled(&compiled)?;
        plugin.call::<(), ()>("prepare", ())?;
        let columns = Columns::new(&rows)?;
        Ok(Box::new(Extism {
            plugin,
            calls,
            columns,
            results: Vec::new(),
        }))
    })
}

impl Call for Extism {
    fn call(&mut self) -> Result<()> {
        let Self {
            plugin,
            calls,
            columns,
            results,
        } = self;
        let documents = (0..columns.rows).map(|row| columns.document(row));
        match calls {
            Calls::Document => {
                results.clear();
                for document in documents {
                    let Json(result) = plugin.call("evaluate", Json(document))?;
                    results.push(result);
                }
            }
            Calls::Batch => {
                let documents: Vec<Document<'_>> = documents.collect();
                let Json(all) = plugin.call("evaluate_batch", Json(documents))?;
                *results = all;
            }
        }
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        self.results.iter().map(|result| json!(result)).collect()
    }
}

/// What the plug-in gives.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Output {
    Null,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

/// What the plug-in takes. Fields that a work does not have are left out.
#[derive(Serialize)]
struct Document<'rows> {
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    popularity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'rows str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'rows str>,
}

/// The host's own columns. Those that a work does not have are empty.
struct Columns {
    rows: usize,
    price: Vec<Option<f64>>,
    rating: Vec<Option<f64>>,
    popularity: Vec<Option<f64>>,
    start: Vec<Option<i64>>,
    end: Vec<Option<i64>>,
    title: Vec<Option<String>>,
    data: Vec<Option<String>>,
}

impl Columns {
    fn new(rows: &Rows) -> Result<Self> {
        let has = |name: &str| rows.columns.contains_key(name);
        let numbers = |name| {
            if has(name) {
                rows.numbers(name)
            } else {
                Ok(Vec::new())
            }
        };
        let integers = |name| {
            if has(name) {
                rows.integers(name)
            } else {
                Ok(Vec::new())
            }
        };
        let texts = |name| -> Result<Vec<Option<String>>> {
            let texts = if has(name) {
                rows.texts(name)?
            } else {
                Vec::new()
            };
            Ok(texts
                .into_iter()
                .map(|text| text.map(str::to_owned))
                .collect())
        };
        Ok(Self {
            rows: rows.count(),
            price: numbers("price")?,
            rating: numbers("rating")?,
            popularity: numbers("popularity")?,
            start: integers("start")?,
            end: integers("end")?,
            title: texts("title").context("title")?,
            data: texts("data").context("data")?,
        })
    }

    fn document(&self, row: usize) -> Document<'_> {
        fn value<T: Copy>(column: &[Option<T>], row: usize) -> Option<T> {
            column.get(row).copied().flatten()
        }
        Document {
            price: value(&self.price, row),
            rating: value(&self.rating, row),
            popularity: value(&self.popularity, row),
            start: value(&self.start, row),
            end: value(&self.end, row),
            title: self.title.get(row).and_then(Option::as_deref),
            data: self.data.get(row).and_then(Option::as_deref),
        }
    }
}
