//! `whittle upgrade`: renews the kit of a project.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::kit::{Change, Differences, Kit, RECORD, needs_kit};
use crate::new::Language;

/// Renew the kit of a project: its directory `kit` gets the files of this command. Your own files
/// stay as they are.
#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    /// The directory of a project that `whittle new` created.
    dir: PathBuf,
    /// Change nothing; the exit code is 1 if the kit is older than this command's.
    #[arg(long)]
    check: bool,
    /// Discard your changes to files of the kit.
    #[arg(long, conflicts_with = "check")]
    force: bool,
}

impl Upgrade {
    pub(crate) fn run(&self) -> Result<()> {
        let folder = self.dir.join("kit");
        let kit = self.kit(&folder)?;
        let mut found = kit.differences(&folder)?;
        if self.force {
            found.discard_changes();
        }
        let Differences {
            outdated,
            conflicts,
            kept,
            recorded,
        } = &found;
        let mut stdout = io::stdout().lock();
        if !conflicts.is_empty() && !self.force {
            bail!("{}", refusal(&self.dir, conflicts.iter(), *recorded));
        }
        for (path, change) in outdated {
            let word = match change {
                Change::Added => "added",
                Change::Changed => "changed",
                Change::Removed => "removed",
            };
            let would = if self.check { "to be " } else { "" };
            writeln!(stdout, "kit/{path}: {would}{word}")?;
        }
        for path in kept {
            writeln!(
                stdout,
                "kit/{path}: not outdated, your changes are kept; `--force` discards them"
            )?;
        }
        let dir = self.dir.display();
        if self.check && !outdated.is_empty() {
            bail!("the kit in {dir} is outdated: renew it with `whittle upgrade {dir}`");
        }
        if !self.check {
            kit.write(&folder, outdated)?;
        }
        match outdated.len() {
            0 => writeln!(stdout, "the kit in {dir} is up to date")?,
            files => writeln!(
                stdout,
                "renewed the kit in {dir}: {files} {}; test the project with `whittle test {dir}`",
                if files == 1 { "file" } else { "files" }
            )?,
        }
        Ok(())
    }

    /// This command's kit for the language of the project.
    fn kit(&self, folder: &Path) -> Result<Kit> {
        let dir = self.dir.display();
        std::fs::read_dir(&self.dir).with_context(|| dir.to_string())?;
        let kits = Language::value_variants()
            .iter()
            .map(|language| language.kit());
        let best = kits.max_by_key(|kit| kit.files_in(folder));
        // Every kit has a README.
        let best = best.filter(|kit| kit.files_in(folder) > 1);
        // A kit that is lost is known by the project's language.
        let lost = || {
            let is_lost = !folder.exists() && needs_kit(&self.dir);
            let owner = is_lost.then(|| Language::of_project(&self.dir));
            owner.flatten().map(Language::kit)
        };
        match best.or_else(lost) {
            Some(kit) => Ok(kit),
            None => bail!(
                "{dir} is not a project with a kit: expected the directory of a project that \
                 `whittle new` created, with a kit in `kit`"
            ),
        }
    }
}

fn refusal<'a>(dir: &Path, conflicts: impl Iterator<Item = &'a String>, recorded: bool) -> String {
    let files: Vec<String> = conflicts.map(|path| format!("kit/{path}")).collect();
    let (files, dir) = (files.join(", "), dir.display());
    if recorded {
        return format!(
            "these files of the kit have changes of yours and are outdated: {files}: move your \
             changes to files outside of `kit`, or discard them with `whittle upgrade {dir} --force`"
        );
    }
    format!(
        "the project is older than `kit/{RECORD}`, so these files may have changes of yours: \
         {files}: if they have none, or you do not need them, use `whittle upgrade {dir} --force`"
    )
}
