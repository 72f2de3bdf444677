//! UDFs in python.

use std::path::Path;

use anyhow::{Result, bail};

use super::Built;

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("pyproject.toml").is_file()
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    bail!("{}: to be written", dir.display())
}
