//! `compile_commands.json`, from which editors (clangd, VS Code) know how a file is compiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::json;

/// Writes the commands that compile a project's files, if they have changed: editors and `whittle
/// dev` watch the file.
pub(super) fn write(dir: &Path, compiler: &Command, files: &[PathBuf]) -> Result<()> {
    let command = std::iter::once(compiler.get_program()).chain(compiler.get_args());
    let command: Vec<_> = command.map(|part| part.to_string_lossy()).collect();
    let entries = files.iter().map(|file| {
        let mut arguments = command.clone();
        arguments.extend(["-c".into(), file.to_string_lossy()]);
        json!({"directory": dir, "file": file, "arguments": arguments})
    });
    let text = serde_json::to_string_pretty(&entries.collect::<Vec<_>>())?;
    let path = dir.join("compile_commands.json");
    let known = fs::read_to_string(&path);
    if known.is_ok_and(|known| known == text) {
        return Ok(());
    }
    // A component can be built without it, from files that cannot be written.
    let _ = fs::write(path, text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_command() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let dir = folder.path();
        let mut clang = Command::new("clang-19");
        clang.args(["-O2", "-DX=1"]);
        write(dir, &clang, &[dir.join("a.c"), dir.join("b/c.c")]).expect("written");
        let text = fs::read_to_string(dir.join("compile_commands.json")).expect("a file");
        let text = text.replace(&dir.display().to_string(), "DIR");
        insta::assert_snapshot!(text, @r#"
        [
          {
            "directory": "DIR",
            "file": "DIR/a.c",
            "arguments": [
              "clang-19",
              "-O2",
              "-DX=1",
              "-c",
              "DIR/a.c"
            ]
          },
          {
            "directory": "DIR",
            "file": "DIR/b/c.c",
            "arguments": [
              "clang-19",
              "-O2",
              "-DX=1",
              "-c",
              "DIR/b/c.c"
            ]
          }
        ]
        "#);
    }
}
