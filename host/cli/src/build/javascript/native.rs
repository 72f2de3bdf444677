//! Running vectors in Node, by the kit's fake host: esbuild bundles the project with it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::super::NativeRun;
use super::super::tool::BuildFolder;
use super::Project;

/// The kit's module that runs vectors. Kits before it have none.
const RUNNER: &str = "node_modules/whittle-guest/src/testing/vectors.ts";

/// Bundles and runs in one process, because starting Node takes longer than both.
const SCRIPT: &str = include_str!("native.mjs");

/// Runs beside it, and says where it is when its time is over.
const WATCH: &str = include_str!("watch.mjs");

/// The command that runs the vectors of a project, if its kit can and its packages are installed.
pub(in super::super) fn native(dir: &Path) -> Result<Option<NativeRun>> {
    let is_installed = |name: &str| dir.ancestors().any(|above| above.join(name).is_file());
    let dir = &fs::canonicalize(dir)?;
    if !is_installed(RUNNER) || !is_installed("node_modules/esbuild/package.json") {
        return Ok(None);
    }
    let project = Project::read(dir)?;
    let folder = BuildFolder::beside_builds(dir, "javascript")?;
    let options = json!({
        "main": format!("./{}", project.main.trim_start_matches("./")),
        "engine": project.engine.name(),
        "project": project.manifest,
        "bundle": folder.path().join("native.mjs"),
        "watch": WATCH,
    });
    let mut node = Command::new("node");
    node.current_dir(dir)
        .args([
            "--enable-source-maps",
            "--input-type=module",
            "--eval",
            SCRIPT,
        ])
        .arg(options.to_string());
    Ok(Some(NativeRun {
        command: node,
        compiles: false,
    }))
}
