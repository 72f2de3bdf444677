//! How the fields of documents in files are typed: as a node takes the types from the documents, or as
//! a file says.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value as Json;
use whittle_node::mapping::Mapping;
use whittle_node::{DocumentReader, Documents};

use crate::setup;

/// How the fields of documents are typed.
#[derive(Debug, Args)]
pub(crate) struct MappingFile {
    /// The types of fields, as in the request that makes an index [default: as a node takes them from
    /// the documents]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

impl MappingFile {
    pub(crate) fn path(&self) -> Option<&Path> {
        self.mapping.as_deref()
    }

    /// The mapping in the file: the object, or what is in its `mappings`.
    pub(crate) fn read(&self) -> Result<Option<Mapping>> {
        let Some(path) = &self.mapping else {
            return Ok(None);
        };
        let of_path = || path.display().to_string();
        let json: Json = serde_json::from_slice(&setup::read(path)?).with_context(of_path)?;
        let mapping = match json.as_object() {
            Some(index) if index.len() == 1 => index.get("mappings").unwrap_or(&json),
            _ => &json,
        };
        Mapping::parse(mapping).map(Some).with_context(of_path)
    }

    /// What reads documents with the mapping, or with the one that they show.
    pub(crate) fn reader(&self, documents: &Documents) -> Result<DocumentReader> {
        Ok(DocumentReader::of(self.read()?.as_ref(), documents)?)
    }
}
