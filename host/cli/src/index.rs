//! `whittle index`: writes the documents of a file to an index, on disk or on a node.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde_json::{Value as Json, json};
use ureq::http::Method;
use whittle_node::Documents;
use whittle_node::index::{Index, IndexError, Operation, WriteError, WriteResult, Written};
use whittle_node::mapping::Mapping;
use whittle_server::DataDirectory;

use crate::place::{Location, Place, unused};
use crate::remote::Remote;
use crate::setup;

/// Write the documents of a file to an index, on disk or on a node. The index is created if it does
/// not exist.
#[derive(Debug, Args)]
pub(crate) struct IndexDocuments {
    #[command(flatten)]
    place: Place,
    /// The documents: JSON objects, one per line or in an array; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// The field that holds a document's id; a stored document with the same id is replaced
    /// [default: each document gets a new id]
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// The mapping of a new index, as JSON: `{"properties": {...}}` [default: derived from the
    /// documents]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The number of documents in a batch.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// Print a JSON line after each batch.
    #[arg(long)]
    json: bool,
}

/// The number of documents by result.
#[derive(Debug, Default)]
struct Tally {
    created: u64,
    replaced: u64,
    refused: u64,
}

/// How many refused documents are reported, each with its error.
const REFUSED_SHOWN: u64 = 5;

impl IndexDocuments {
    pub(crate) fn run(&self) -> Result<()> {
        let text = setup::read_or_stdin(&self.docs)?;
        let documents = Documents::read(&text, self.id_field.as_deref())
            .map_err(|error| anyhow!("{}: {error}; nothing was written", self.docs.display()))?;
        let tally = match self.place.locate()? {
            Location::Directory { data, name } => {
                let data = unused(DataDirectory::create(&data))?;
                self.write_to_directory(&documents, &data.indexes().join(name))?
            }
            Location::Node { node, name } => self.write_to_node(&documents, &node, &name)?,
        };
        if !self.json {
            writeln!(io::stdout(), "{tally}")?;
        }
        match tally.refused {
            0 => Ok(()),
            1 => bail!("1 document was refused"),
            refused => bail!("{refused} documents were refused"),
        }
    }

    fn write_to_directory(&self, documents: &Documents, folder: &Path) -> Result<Tally> {
        let index = self.open(folder)?;
        let tally = self.in_batches(documents, |batch| {
            let operations = batch.iter().map(|position| Operation::Index {
                id: self.id(documents, *position),
                source: documents.text(*position).as_bytes().to_vec(),
                if_seq_no: None,
            });
            let written = index.write(operations.collect())?;
            let outcome = |written: Result<Written, WriteError>| match written {
                Ok(written) => Ok(written.result == WriteResult::Created),
                Err(error) => Err(error.to_string()),
            };
            Ok(written.into_iter().map(outcome).collect())
        })?;
        index.close()?;
        Ok(tally)
    }

    fn write_to_node(&self, documents: &Documents, node: &Remote, name: &str) -> Result<Tally> {
        if let Some(mapping) = &self.mapping {
            let mapping: Json = serde_json::from_slice(&setup::read(mapping)?)
                .with_context(|| mapping.display().to_string())?;
            let body = json!({"mappings": mapping}).to_string();
            node.send(Method::PUT, &format!("/{name}"), body)?;
        }
        let tally = self.in_batches(documents, |batch| {
            let lines = batch.iter().map(|position| {
                let id = self.id(documents, *position);
                let action = id.map_or(json!({"index": {}}), |id| json!({"index": {"_id": id}}));
                // Line breaks are blanks in JSON, and end a line here.
                let source = documents.text(*position).replace(['\n', '\r'], " ");
                format!("{action}\n{source}\n")
            });
            let path = format!("/{name}/_bulk");
            let answer = node.send(Method::POST, &path, lines.collect())?;
            let items = answer["items"]
                .as_array()
                .context("the response has no `items`")?;
            let outcome = |item: &Json| {
                let item = &item["index"];
                match item["error"]["reason"].as_str() {
                    Some(reason) => Err(reason.to_owned()),
                    None => Ok(item["result"] == "created"),
                }
            };
            Ok(items.iter().map(outcome).collect())
        })?;
        node.send(Method::POST, &format!("/{name}/_refresh"), String::new())?;
        Ok(tally)
    }

    /// A document's id, if a field holds it.
    fn id(&self, documents: &Documents, position: usize) -> Option<String> {
        let field = self.id_field.as_ref();
        field.map(|_| documents.id(position).to_owned())
    }

    /// Writes the documents in batches. For each document `write` returns whether it is new, or why
    /// it was refused.
    fn in_batches(
        &self,
        documents: &Documents,
        mut write: impl FnMut(&[usize]) -> Result<Vec<Result<bool, String>>>,
    ) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut stdout = io::stdout().lock();
        let positions: Vec<usize> = (0..documents.len()).collect();
        for batch in positions.chunks(self.batch as usize) {
            for (position, written) in batch.iter().zip(write(batch)?) {
                tally.count(*position, written);
            }
            if self.json {
                let line = json!({"created": tally.created, "replaced": tally.replaced,
                    "refused": tally.refused});
                writeln!(stdout, "{line}")?;
                stdout.flush()?;
            }
        }
        Ok(tally)
    }

    fn open(&self, folder: &Path) -> Result<Index> {
        match Index::open(folder) {
            Err(IndexError::Missing { .. }) => {}
            Ok(_) if self.mapping.is_some() => {
                bail!(
                    "the index exists, so `--mapping` cannot be applied: leave it out, or write to \
                     a new index"
                );
            }
            opened => return Ok(opened?),
        }
        let mapping = match &self.mapping {
            None => Mapping::dynamic(),
            Some(path) => {
                let json: Json = serde_json::from_slice(&setup::read(path)?)
                    .with_context(|| path.display().to_string())?;
                Mapping::parse(&json).with_context(|| path.display().to_string())?
            }
        };
        Ok(Index::create(folder, mapping)?)
    }
}

impl Tally {
    fn count(&mut self, position: usize, written: Result<bool, String>) {
        match written {
            Ok(true) => self.created += 1,
            Ok(false) => self.replaced += 1,
            Err(error) => {
                self.refused += 1;
                if self.refused <= REFUSED_SHOWN {
                    log::warn!("document {position}: {error}");
                }
            }
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            created,
            replaced,
            refused,
        } = self;
        write!(
            formatter,
            "{created} created, {replaced} replaced, {refused} refused"
        )
    }
}
