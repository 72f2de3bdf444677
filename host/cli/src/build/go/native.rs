//! Running vectors in a program for the machine, by the kit's fake host: its linker takes a fraction of
//! the time that compiling Go's runtime from WebAssembly takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::super::NativeRun;
use super::super::tool::BuildFolder;
use super::go;

const KIT: &str = "github.com/whittle-udf/whittle/guests/go/kit";

/// The kit's file that runs vectors. Kits before it have none.
const RUNNER: &str = "udftest/vectors.go";

/// A file of package main that is there for the compiler only. Go runs the init functions of a package
/// in the order of its files' names, and this one must come last.
const NAME: &str = "zz_whittle_vectors.go";
const FILE: &str = "\
package main

import \"github.com/whittle-udf/whittle/guests/go/kit/udftest\"

func init() { udftest.RunVectors() }
";

/// The command that runs the vectors of a project, if its kit can.
pub(in super::super) fn native(dir: &Path) -> Result<Option<NativeRun>> {
    let kits = ["kit", "../kit"].map(|kit| dir.join(kit).join(RUNNER));
    let module = fs::read_to_string(dir.join("go.mod"))?;
    if !module.contains(KIT) || !kits.iter().any(|runner| runner.is_file()) {
        return Ok(None);
    }
    let dir = fs::canonicalize(dir)?;
    let folder = BuildFolder::beside_builds(&dir, "go")?;
    let (file, overlay) = (folder.path().join(NAME), folder.path().join("overlay.json"));
    let replaced = json!({"Replace": {dir.join(NAME).to_string_lossy(): file}});
    fs::write(&file, FILE).with_context(|| file.display().to_string())?;
    fs::write(&overlay, replaced.to_string()).with_context(|| overlay.display().to_string())?;
    let mut command = go(&dir, &["run", "-buildvcs=false", "-overlay"]);
    command
        .arg(overlay)
        .arg(".")
        .env_remove("GOOS")
        .env_remove("GOARCH");
    Ok(Some(NativeRun {
        command,
        compiles: true,
    }))
}
