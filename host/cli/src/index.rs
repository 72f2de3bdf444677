//! `whittle index`: documents of a file into an index on the disk.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value as Json, json};
use whittle_node::Documents;
use whittle_node::index::{Index, IndexError, Operation, Outcome};
use whittle_node::mapping::Mapping;

use crate::setup;

/// Write the documents of a file into an index on the disk; it is made where there is none.
#[derive(Debug, Args)]
pub(crate) struct IndexDocuments {
    #[command(flatten)]
    place: Place,
    /// The documents: JSON objects, one a line or in an array; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// The field that holds a document's id; a document with the same id is replaced [default: each
    /// document gets a new id]
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// The types of the fields, as JSON: `{"properties": {...}}`; for an index that is made [default:
    /// what the documents show]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// How many documents are brought to the disk together.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// Print a JSON line for each batch that is on the disk.
    #[arg(long)]
    json: bool,
}

/// An index in a data folder.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder of the data: indexes, and the registry of UDFs.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The index's name.
    index: String,
}

impl Place {
    /// The index's folder.
    ///
    /// # Errors
    ///
    /// A name that is no plain file name.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        let plain = |character: char| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || "-_.".contains(character)
        };
        let begins = |name: &str| name.starts_with(|first: char| first.is_ascii_alphanumeric());
        let name = &self.index;
        if !begins(name) || !name.chars().all(plain) || name.len() > 255 {
            bail!("`{name}` is no index name: use lower-case letters, digits, `-`, `_` and `.`");
        }
        Ok(self.data.join("indexes").join(name))
    }

    /// The data folder's registry.
    pub(crate) fn registry(&self) -> PathBuf {
        self.data.join("registry")
    }
}

/// How many documents did what.
#[derive(Debug, Default)]
struct Tally {
    created: u64,
    replaced: u64,
    refused: u64,
}

/// How many refused documents are told.
const REFUSED_SHOWN: u64 = 5;

impl IndexDocuments {
    pub(crate) fn run(&self) -> Result<()> {
        let text = setup::read_or_stdin(&self.docs)?;
        let documents = Documents::read(&text, self.id_field.as_deref())
            .with_context(|| self.docs.display().to_string())?;
        let index = self.open(&self.place.folder()?)?;
        let mut tally = Tally::default();
        let mut stdout = io::stdout().lock();
        let positions: Vec<usize> = (0..documents.len()).collect();
        for batch in positions.chunks(self.batch as usize) {
            let operations = batch.iter().map(|position| Operation::Index {
                id: self
                    .id_field
                    .as_ref()
                    .map(|_| documents.id(*position).to_owned()),
                source: documents.source(*position).to_string().into_bytes(),
                if_seq_no: None,
            });
            let written = index.write(operations.collect())?;
            for (position, written) in batch.iter().zip(written) {
                tally.count(*position, written.map(|written| written.outcome));
            }
            if self.json {
                let line = json!({"created": tally.created, "replaced": tally.replaced,
                    "refused": tally.refused});
                writeln!(stdout, "{line}")?;
                stdout.flush()?;
            }
        }
        index.close()?;
        if !self.json {
            writeln!(stdout, "{tally}")?;
        }
        if tally.refused > 0 {
            bail!("{} documents were refused", tally.refused);
        }
        Ok(())
    }

    fn open(&self, folder: &Path) -> Result<Index> {
        match Index::open(folder) {
            Err(IndexError::Missing { .. }) => {}
            Ok(_) if self.mapping.is_some() => {
                bail!("`--mapping` is for an index that is made, and there is one");
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
    fn count(&mut self, position: usize, outcome: Result<Outcome, impl std::error::Error>) {
        match outcome {
            Ok(Outcome::Created) => self.created += 1,
            Ok(_) => self.replaced += 1,
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
