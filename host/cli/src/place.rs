//! Where an index is: in a data directory or on a node.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use whittle_server::{DataDirectory, NodeError};

use crate::remote::Remote;

/// An index, and where it is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    holder: Holder,
    /// The name of the index.
    index: String,
}

/// What holds an index.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Holder {
    /// The data directory, which holds the indexes and the registry of UDFs; no node may be using
    /// it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The URL of a node, such as `http://127.0.0.1:9200`.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

/// A resolved [`Place`]. The index need not exist.
#[derive(Debug)]
pub(crate) enum Location {
    /// On disk.
    Directory {
        /// The data directory, which need not exist.
        data: PathBuf,
        /// The name of the index.
        name: String,
    },
    /// On a node.
    Node {
        /// The node.
        node: Remote,
        /// The name of the index, which is safe in the path of a URL.
        name: String,
    },
}

impl Place {
    /// Resolves the flags.
    ///
    /// # Errors
    ///
    /// The name of the index or the URL of the node is invalid.
    pub(crate) fn locate(&self) -> Result<Location> {
        let name = self.name()?.to_owned();
        match (&self.holder.data, &self.holder.server) {
            (Some(data), None) => {
                let data = data.clone();
                Ok(Location::Directory { data, name })
            }
            (None, Some(url)) => {
                let node = Remote::at(url)?;
                Ok(Location::Node { node, name })
            }
            _ => bail!("give either `--data` or `--server`"),
        }
    }

    fn name(&self) -> Result<&str> {
        let plain = |character: char| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || "-_.".contains(character)
        };
        let name = &self.index;
        let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !begins || !name.chars().all(plain) || name.len() > 255 {
            bail!(
                "invalid index name `{name}`: use lower-case letters, digits, `-`, `_` and `.`, \
                 beginning with a letter or a digit"
            );
        }
        Ok(name)
    }
}

/// The data directory, if no other process uses it; otherwise, the error says what to do.
pub(crate) fn unused(directory: Result<DataDirectory, NodeError>) -> Result<DataDirectory> {
    directory.map_err(|error| match error {
        NodeError::InUse { .. } => anyhow!("{error}: use `--server URL`, or stop it"),
        error => error.into(),
    })
}
