//! Where an index is: in a data directory or on a node.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::remote::Remote;

/// An index, and where it is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The data directory, which holds the indexes and the registry of UDFs.
    #[arg(long, value_name = "DIR", required_unless_present = "server")]
    data: Option<PathBuf>,
    /// The URL of a node, such as `http://127.0.0.1:9200`.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    server: Option<String>,
    /// The name of the index.
    index: String,
}

/// A resolved [`Place`]. The index need not exist.
#[derive(Debug)]
pub(crate) enum Location {
    /// On disk.
    Directory {
        /// The directory of the index.
        index: PathBuf,
        /// The directory of the registry in the same data directory.
        registry: PathBuf,
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
        match (&self.data, &self.server) {
            (Some(data), None) => Ok(Location::Directory {
                index: data.join("indexes").join(name),
                registry: data.join("registry"),
            }),
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
