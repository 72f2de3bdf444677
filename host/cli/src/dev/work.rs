//! What is run at every edit: the vectors, and the documents to show.

use anyhow::{Context, Result};
use serde_json::value::RawValue;
use whittle_node::mapping::Mapping;

use super::Dev;
use super::report::Outcome;
use super::samples::Call;
use crate::vectors::{self, Case, NativeCase, Vectors};

pub(super) struct Work {
    suites: Vec<Vectors>,
    pub(super) mapping: Option<Mapping>,
    pub(super) call: Option<Call>,
    /// The suites and the call, for the kits' runners.
    pub(super) text: String,
}

impl Work {
    pub(super) fn read(dev: &Dev) -> Result<Self> {
        let mut suites = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for file in dev.vectors() {
            let bytes = vectors::read(&file)?;
            let of_file = || file.display().to_string();
            suites.extend(Vectors::parse(&bytes).with_context(of_file)?);
            let raw: Vec<&RawValue> = match bytes.trim_ascii().first() {
                Some(b'[') => serde_json::from_slice(&bytes)?,
                _ => vec![serde_json::from_slice(&bytes)?],
            };
            texts.extend(raw.into_iter().map(|suite| suite.get().to_owned()));
        }
        let call = dev.samples.call(&suites)?;
        if let Some(call) = &call {
            texts.push(call.as_vectors());
        }
        Ok(Self {
            suites,
            mapping: dev.mapping.read()?,
            call,
            text: format!("[{}]", texts.join(",")),
        })
    }

    pub(super) fn cases(&self) -> impl Iterator<Item = (&Vectors, &Case)> {
        let suites = self.suites.iter();
        suites.flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
    }

    /// The function at a position of the cases and of the call after them.
    pub(super) fn function(&self, position: usize) -> Option<&str> {
        match self.cases().nth(position) {
            Some((suite, _)) => Some(&suite.function),
            None => self.call.as_ref().map(Call::function),
        }
    }

    /// The outcomes of the cases that a kit has run.
    pub(super) fn native_outcomes(&self, found: &[NativeCase]) -> Vec<Outcome> {
        let pairs = self.cases().zip(found).filter(|(_, found)| found.has_run());
        let outcomes = pairs.map(|((suite, case), found)| {
            Outcome::new(&suite.function, &case.name, found.check(suite, case))
        });
        outcomes.collect()
    }
}
