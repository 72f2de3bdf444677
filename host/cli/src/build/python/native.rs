//! Running vectors in the Python of the machine, by the kit's fake host.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::super::NativeRun;
use super::{PROGRAMS, environments, kit};

/// The kit's module that runs vectors. Kits before it have none.
const RUNNER: &str = "vectors.py";

/// The command that runs the vectors of a project, if its kit can.
pub(in super::super) fn native(dir: &Path) -> Result<Option<NativeRun>> {
    let active = env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let Some(kit) = kit(dir, active.as_deref()).filter(|kit| kit.join(RUNNER).is_file()) else {
        return Ok(None);
    };
    let program = environments(dir, active.as_deref())
        .map(|environment| environment.join(PROGRAMS).join("python"))
        .map(|program| program.with_extension(env::consts::EXE_EXTENSION))
        .find(|program| program.is_file());
    let mut python = match program {
        Some(program) => Command::new(std::path::absolute(program)?),
        None => Command::new("python3"),
    };
    // The kit is found by its parent; a path that the user has set comes after it.
    let kit = kit.parent().map(std::path::absolute).transpose()?;
    let others = env::var_os("PYTHONPATH").unwrap_or_default();
    let others = env::split_paths(&others).filter(|path| !path.as_os_str().is_empty());
    let path = env::join_paths(kit.into_iter().chain(others))?;
    python
        // Compiled modules do not belong among the project's files.
        .args(["-B", "-m", "whittle_guest.vectors"])
        .arg(std::path::absolute(dir)?)
        .env("PYTHONPATH", path);
    Ok(Some(NativeRun {
        command: python,
        compiles: false,
    }))
}
