//! Where an index is: in a data folder, or of a node.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::remote::Remote;

/// An index, and where it is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder of the data: indexes, and the registry of UDFs.
    #[arg(long, value_name = "DIR", required_unless_present = "server")]
    data: Option<PathBuf>,
    /// The address of a node, such as `http://127.0.0.1:9200`.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    server: Option<String>,
    /// The index's name.
    index: String,
}

/// An index that may be there.
#[derive(Debug)]
pub(crate) enum Found {
    /// On the disk.
    Folder {
        /// The index's folder.
        index: PathBuf,
        /// The folder of the registry beside it.
        registry: PathBuf,
    },
    /// Of a node.
    Node {
        /// The node.
        node: Remote,
        /// The index's name, of characters that can stand in a path.
        name: String,
    },
}

impl Place {
    /// Finds it.
    ///
    /// # Errors
    ///
    /// A name that is no plain file name, or an address that is none of a node.
    pub(crate) fn find(&self) -> Result<Found> {
        let name = self.name()?.to_owned();
        match (&self.data, &self.server) {
            (Some(data), None) => Ok(Found::Folder {
                index: data.join("indexes").join(name),
                registry: data.join("registry"),
            }),
            (None, Some(url)) => {
                let node = Remote::at(url)?;
                Ok(Found::Node { node, name })
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
            bail!("`{name}` is no index name: use lower-case letters, digits, `-`, `_` and `.`");
        }
        Ok(name)
    }
}
