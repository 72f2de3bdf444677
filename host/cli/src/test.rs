//! `whittle test`: runs a component's test vectors.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use whittle_host::Udf;
use whittle_node::mapping::Mapping;

use crate::build;
use crate::description;
use crate::mapping::MappingFile;
use crate::setup;
use crate::udf_log::UdfLog;
use crate::vectors::{self, Failure, Vectors};

/// Run a component's test vectors: parameters and documents with the expected values.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The component file, or the directory of a project, which is built first.
    component: PathBuf,
    /// A file of vectors; may be repeated [default: `vectors.json` in the directory of the project,
    /// or in the current directory]
    #[arg(long, value_name = "FILE")]
    vectors: Vec<PathBuf>,
    #[command(flatten)]
    mapping: MappingFile,
    #[command(flatten)]
    run: setup::Run,
    #[command(flatten)]
    log: UdfLog,
}

impl Test {
    /// The component file or the directory of the project.
    pub(crate) fn path(&self) -> &Path {
        &self.component
    }

    /// Builds a project and runs its vectors; of a component file, those that are given. Returns the
    /// path of the component.
    pub(crate) fn run_if_given(&self) -> Result<PathBuf> {
        if self.vectors.is_empty() && !self.component.is_dir() {
            return Ok(self.component.clone());
        }
        Ok(self.tested()?.0)
    }

    pub(crate) fn run(&self) -> Result<()> {
        let (_, udf) = self.tested()?;
        description::warn_of_templates(udf.manifest(), &self.component);
        Ok(())
    }

    fn tested(&self) -> Result<(PathBuf, Udf)> {
        let component = build::component(&self.component)?;
        let folder = match self.component.is_dir() {
            true => &*self.component,
            false => Path::new(""),
        };
        let files = match &*self.vectors {
            [] => vec![folder.join("vectors.json")],
            files => files.to_vec(),
        };
        let suites = files.iter().map(|file| {
            let text = vectors::read(file)?;
            Vectors::parse(&text).with_context(|| file.display().to_string())
        });
        let suites: Vec<Vec<Vectors>> = suites.collect::<Result<_>>()?;
        let mapping = self.mapping.read()?;
        let udf = setup::udf(&self.run.engine()?, &component)?;
        let (mut cases, mut failed) = (0, 0);
        for vectors in suites.iter().flatten() {
            let failures = self.failures(&udf, vectors, mapping.as_ref());
            cases += vectors.cases.len();
            failed += failures.len();
            report(vectors, &failures)?;
        }
        if failed > 0 {
            bail!("{}: {failed} of {cases} cases failed", component.display());
        }
        Ok((component, udf))
    }

    fn failures(&self, udf: &Udf, vectors: &Vectors, mapping: Option<&Mapping>) -> Vec<Failure> {
        let cases = vectors.cases.iter();
        let failures = cases.filter_map(|case| {
            let query = self.run.query();
            let failure = vectors::run(udf, vectors, case, mapping, &query).err()?;
            self.log.print_lines(failure.log(), &failure.to_string());
            Some(failure)
        });
        failures.collect()
    }
}

fn report(vectors: &Vectors, failures: &[Failure]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    for failure in failures {
        write!(stdout, "{failure}")?;
    }
    let (cases, passed) = (vectors.cases.len(), vectors.cases.len() - failures.len());
    let function = &vectors.function;
    writeln!(stdout, "{function}: {passed} of {cases} cases pass")?;
    Ok(())
}
