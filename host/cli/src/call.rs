//! `whittle call`: runs one function and prints one JSON line per document.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Map, Value as Json, json};
use whittle_host::{Arguments, Bound, EvaluateError, OnError, unquoted};
use whittle_node::{DocumentReader, Documents};

use crate::build;
use crate::mapping::MappingFile;
use crate::setup;
use crate::udf_log::UdfLog;

/// Call a function for each document and print one JSON line per document, in the order of the
/// input.
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The component file, or the directory of a project, which is built first.
    component: PathBuf,
    /// The name of the function.
    function: String,
    /// The function's parameters, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = parameters)]
    params: Map<String, Json>,
    /// The documents: JSON objects, one per line or in an array; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// The field that holds a document's id [default: the document's position]
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    #[command(flatten)]
    mapping: MappingFile,
    #[command(flatten)]
    run: setup::Run,
    #[command(flatten)]
    log: UdfLog,
}

pub(crate) fn parameters(text: &str) -> Result<Map<String, Json>, String> {
    match serde_json::from_str(text) {
        Ok(Json::Object(parameters)) => Ok(parameters),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl Call {
    pub(crate) fn run(&self) -> Result<()> {
        let documents = setup::read_or_stdin(&self.docs)?;
        let documents = Documents::read(&documents, self.id_field.as_deref())
            .with_context(|| self.docs.display().to_string())?;
        let reader =
            (self.mapping.reader(&documents)).with_context(|| self.docs.display().to_string())?;
        let component = build::component(&self.component)?;
        let udf = setup::udf(&self.run.engine()?, &component)?;
        let query = self.run.query();
        let arguments = Arguments::from_json(&self.params);
        let bound = udf.bind(&self.function, &arguments, &query);
        self.log.print(&query);
        let mut bound = bound?;
        // An error is printed as the document's result; the documents after it still run.
        bound.set_on_error(OnError::Null);
        let mut stdout = BufWriter::new(io::stdout().lock());
        for position in 0..documents.len() {
            let answer = answer(&mut bound, &reader, &documents, position);
            self.log.print(&query);
            match answer {
                Ok(line) => writeln!(stdout, "{line}")?,
                Err(error) => {
                    stdout.flush()?;
                    return Err(error);
                }
            }
        }
        stdout.flush()?;
        Ok(())
    }
}

/// Evaluates one document. Documents are evaluated one at a time, so that the results before a trap
/// are printed.
fn answer(
    bound: &mut Bound,
    reader: &DocumentReader,
    documents: &Documents,
    position: usize,
) -> Result<Json> {
    let id = documents.id(position);
    let batch = reader.load(bound, documents, position..position + 1, None)?;
    match bound.evaluate_row(&batch) {
        Ok(value) => Ok(json!({"_id": id, "value": value.to_json()})),
        Err(EvaluateError::Document { message, .. }) => {
            Ok(json!({"_id": id, "error": unquoted(&message)}))
        }
        Err(error) => Err(error.into()),
    }
}
