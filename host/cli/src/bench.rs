//! `whittle bench`: what a function takes, alone or beside another component.

mod measure;
mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};
use whittle_host::{Arguments, ExactJson, Udf};
use whittle_node::mapping::Mapping;
use whittle_node::{DocumentReader, Documents, Samples};

use self::measure::{Answer, Subject, measure};
use self::report::{Difference, Failures, Report};
use crate::build;
use crate::call::parameters;
use crate::mapping::MappingFile;
use crate::setup;
use crate::vectors::Vectors;

/// Measure the time of a function for one document and in batches of 1,024, its memory, and the time
/// to load and to bind it; with `--against`, beside another component.
///
/// The documents are those of the test vectors, unless `--docs` gives others, and are repeated. Times
/// are medians of several runs, each with half of the interquartile range. If the other component
/// gives other values, the differences are printed and the exit code is 1.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The component file, or the directory of a project, which is built first.
    component: PathBuf,
    /// The name of the function [default: all that have vectors]
    function: Option<String>,
    /// Another component or project, whose function of the same name is measured too.
    #[arg(long, value_name = "OTHER")]
    against: Option<PathBuf>,
    /// The function's parameters, as a JSON object [default: those of the vectors]
    #[arg(long, value_name = "JSON", value_parser = parameters)]
    params: Option<Map<String, Json>>,
    /// The documents: JSON objects, one per line or in an array; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
    /// The file of vectors [default: `vectors.json` in the directory of the project, or in the
    /// current directory]
    #[arg(long, value_name = "FILE", conflicts_with = "docs")]
    vectors: Option<PathBuf>,
    #[command(flatten)]
    mapping: MappingFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    run: setup::Run,
}

/// The rows of a batch, as in a search.
const ROWS: usize = 1_024;

/// A function and what it is measured with.
struct Work {
    function: String,
    params: Map<String, Json>,
    /// Where the documents are from.
    source: String,
    documents: Vec<Box<RawValue>>,
    mapping: Option<Mapping>,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<()> {
        let engine = self.run.node_engine()?;
        let paths = [Some(&self.component), self.against.as_ref()];
        let subjects = paths.into_iter().flatten().map(|path| {
            let component = build::component(path)?;
            Subject::load(&engine, &component, self.run.budget())
        });
        let subjects = subjects.collect::<Result<Vec<_>>>()?;
        let mut different = 0;
        let mut reports = Vec::new();
        for work in self.work(subjects[0].udf())? {
            let report = work.report(&subjects)?;
            if !self.json {
                report.print(&subjects)?;
            }
            different += report.differences();
            reports.push(report);
        }
        if self.json {
            report::print_json(&reports, &subjects)?;
        }
        if different > 0 {
            bail!("the components give different values for {different} documents");
        }
        Ok(())
    }

    fn work(&self, udf: &Udf) -> Result<Vec<Work>> {
        let mapping = self.mapping.read()?;
        if let Some(docs) = &self.docs {
            let documents = Documents::read(&setup::read_or_stdin(docs)?, None)
                .with_context(|| docs.display().to_string())?;
            let texts = (0..documents.len()).map(|position| documents.text(position).to_owned());
            let texts = texts.map(RawValue::from_string);
            return Ok(vec![Work {
                function: self.one_function(udf)?,
                params: self.params.clone().unwrap_or_default(),
                source: docs.display().to_string(),
                documents: texts.collect::<Result<_, _>>()?,
                mapping,
            }]);
        }
        let folder = match self.component.is_dir() {
            true => &*self.component,
            false => Path::new(""),
        };
        let file = self.vectors.clone();
        let file = file.unwrap_or_else(|| folder.join("vectors.json"));
        if !file.exists() && self.vectors.is_none() {
            bail!(
                "there are no vectors in `{}`: give documents with `--docs FILE` or vectors with \
                 `--vectors FILE`",
                file.display()
            );
        }
        let suites = Vectors::parse(&setup::read(&file)?);
        let suites = suites.with_context(|| file.display().to_string())?;
        let wanted = |vectors: &&Vectors| {
            let function = self.function.as_ref();
            function.is_none_or(|function| *function == vectors.function)
        };
        let work = suites.iter().filter(wanted).filter_map(|vectors| {
            let sample = vectors.sample()?;
            Some(Work {
                function: vectors.function.clone(),
                params: self.params.clone().unwrap_or(sample.params),
                source: format!("the vectors, case \"{}\"", sample.case),
                documents: sample.documents,
                mapping: sample.mapping.or_else(|| mapping.clone()),
            })
        });
        let work: Vec<Work> = work.collect();
        if work.is_empty() {
            bail!(
                "{}: no case of {} has documents and values: give documents with `--docs FILE`",
                file.display(),
                match &self.function {
                    Some(function) => format!("the function `{function}`"),
                    None => "any function".to_owned(),
                }
            );
        }
        Ok(work)
    }

    fn one_function(&self, udf: &Udf) -> Result<String> {
        match (&self.function, &udf.manifest().functions[..]) {
            (Some(function), _) => Ok(function.clone()),
            (None, [only]) => Ok(only.name.clone()),
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|of| of.name.as_str()).collect();
                bail!(
                    "the component has several functions: name one of {} after it",
                    names.join(", ")
                )
            }
        }
    }
}

impl Work {
    fn report(self, subjects: &[Subject]) -> Result<Report> {
        let samples = Samples::read(self.documents.iter().cloned())?;
        if samples.documents.is_empty() {
            bail!("{}: there are no documents", self.source);
        }
        let reader = DocumentReader::of(self.mapping.as_ref(), &samples.documents)?;
        let arguments = Arguments::from_json(&self.params);
        let answers = subjects.iter().map(|subject| {
            let answers = subject.answers(&self.function, &arguments, &reader, &samples);
            answers.with_context(|| subject.path().to_owned())
        });
        let answers = answers.collect::<Result<Vec<_>>>()?;
        let failures: Vec<Option<Failures>> = answers
            .iter()
            .map(|answers| Failures::of(&samples.documents, answers))
            .collect();
        for (subject, failures) in subjects.iter().zip(&failures) {
            // Times of errors would look like those of values.
            if let Some(failures) = failures
                && failures.count == samples.documents.len()
            {
                bail!(
                    "{}: function `{}`: {failures}",
                    subject.path(),
                    self.function
                );
            }
        }
        let differences = match &answers[..] {
            [these, others] => differences(&samples.documents, these, others),
            _ => Vec::new(),
        };
        let repeated = self.documents.iter().cycle().take(ROWS).cloned();
        let repeated = Samples::read(repeated)?.documents;
        let costs = measure(subjects, &self.function, &arguments, &reader, &repeated)?;
        Ok(Report {
            documents: samples.documents.len(),
            function: self.function,
            source: self.source,
            differences,
            failures,
            costs,
        })
    }
}

impl Failures {
    fn of(documents: &Documents, answers: &[Answer]) -> Option<Self> {
        let errors = answers.iter().enumerate();
        let mut errors =
            errors.filter_map(|(position, answer)| Some((position, answer.as_ref().err()?)));
        let (position, message) = errors.next()?;
        Some(Self {
            count: 1 + errors.count(),
            documents: answers.len(),
            id: documents.id(position).to_owned(),
            message: message.clone(),
        })
    }
}

fn differences(documents: &Documents, these: &[Answer], others: &[Answer]) -> Vec<Difference> {
    let shown = |answer: &Answer| match answer {
        Ok(value) => value.clone(),
        Err(message) => ExactJson::from(&json!({ "error": message })),
    };
    let pairs = these.iter().zip(others).enumerate();
    let different = pairs.filter(|(_, (this, other))| this != other);
    different
        .map(|(position, (this, other))| Difference {
            id: documents.id(position).to_owned(),
            document: documents.text(position).to_owned(),
            this: shown(this),
            other: shown(other),
        })
        .collect()
}
