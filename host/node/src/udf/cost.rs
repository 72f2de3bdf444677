//! What a function costs a document, which orders the clauses of a query that call functions.
//!
//! It is measured: the average over the blocks that this process has evaluated, with loading the
//! columns. Before there are enough of them, the model says what a function of the component's
//! language that reads such fields cost when the languages were compared (`make cost`, which
//! writes `cost.json`; `docs/PERFORMANCE.md` has the figures). A component that does not name its
//! language counts as written in the most expensive one.

use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use whittle_host::{FieldUse, Kind, Language, Meter};

use super::udfs::SelectedUdf;
use crate::computed::BLOCK_DOCUMENTS;

/// So many documents are enough to measure a function.
const MEASURED_DOCUMENTS: u64 = 1_000;

/// A block of fewer documents is not measured: what each block costs would count as theirs.
const LEAST_BLOCK: usize = 64;

/// What a function in a query costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionCost {
    /// The function, as the query names it, without versions.
    pub function: String,
    /// Of it and its columns, for each document, in nanoseconds.
    pub document_ns: u64,
    /// Where this figure is from.
    pub source: CostSource,
}

/// Where the cost of a function is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CostSource {
    /// It was measured in this process.
    Measured,
    /// The model, by language and by the fields that it reads.
    Model,
}

/// What a function costs a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) document_ns: u64,
    pub(super) source: CostSource,
}

/// What a function reads that costs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reads {
    /// Numbers, booleans and timestamps, or nothing.
    Numbers,
    Text,
    Json,
}

impl Reads {
    fn of(fields: &[FieldUse]) -> Self {
        let reads = |kind: Kind| fields.iter().any(|field| field.kind == kind);
        if reads(Kind::Json) {
            Self::Json
        } else if reads(Kind::Text) {
            Self::Text
        } else {
            Self::Numbers
        }
    }
}

/// The costs of languages, in nanoseconds, as `cost.json` has them.
#[derive(Debug, Deserialize)]
struct Model {
    costs: Vec<Figures>,
}

#[derive(Debug, Deserialize)]
struct Figures {
    language: Language,
    reads: Reads,
    batch_ns: f64,
    document_ns: f64,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    serde_json::from_str(include_str!("cost.json")).expect("`make cost` wrote it")
});

impl Model {
    /// What a document costs in a full block.
    fn document_ns(&self, language: Option<Language>, reads: Reads) -> u64 {
        let figures = self.costs.iter().filter(|figures| {
            figures.reads == reads && language.is_none_or(|language| figures.language == language)
        });
        let costs =
            figures.map(|figures| figures.document_ns + figures.batch_ns / BLOCK_DOCUMENTS as f64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole nanoseconds are enough, and none is negative"
        )]
        let cost = costs.fold(0.0, f64::max) as u64;
        cost.max(1)
    }
}

/// What a function that reads these fields costs.
pub(super) fn of(selected: &SelectedUdf, fields: &[FieldUse]) -> Cost {
    let measured = meter(selected).and_then(|meter| meter.average_ns(MEASURED_DOCUMENTS));
    match measured {
        Some(measured) => Cost {
            document_ns: measured.max(1),
            source: CostSource::Measured,
        },
        None => Cost {
            document_ns: MODEL.document_ns(selected.udf().language(), Reads::of(fields)),
            source: CostSource::Model,
        },
    }
}

/// Counts what a block of documents took, with loading its columns.
pub(super) fn measured(selected: &SelectedUdf, documents: usize, time: Duration) {
    if documents >= LEAST_BLOCK
        && let Some(meter) = meter(selected)
    {
        meter.add(documents as u64, time);
    }
}

fn meter(selected: &SelectedUdf) -> Option<&Meter> {
    selected.udf().meter(&selected.function().name)
}

#[cfg(test)]
mod tests {
    use whittle_tests::{engine, udf};

    use super::*;

    const READS: [Reads; 3] = [Reads::Numbers, Reads::Text, Reads::Json];

    fn field(kind: Kind) -> FieldUse {
        FieldUse {
            path: "f".to_owned(),
            kind,
        }
    }

    #[test]
    fn the_model_has_every_language_and_kind_of_function() {
        for language in Language::ALL {
            for reads in READS {
                let figures = MODEL
                    .costs
                    .iter()
                    .filter(|figures| (figures.language, figures.reads) == (language, reads));
                assert_eq!(figures.count(), 1, "{language:?}, {reads:?}");
            }
        }
    }

    #[test]
    fn an_unknown_language_costs_as_much_as_the_most_expensive_one() {
        for reads in READS {
            let costs = Language::ALL.map(|language| MODEL.document_ns(Some(language), reads));
            let most = costs.into_iter().max();
            assert_eq!(Some(MODEL.document_ns(None, reads)), most, "{reads:?}");
        }
    }

    #[test]
    fn the_most_expensive_field_decides_what_kind_a_function_is() {
        assert_eq!(Reads::of(&[]), Reads::Numbers);
        assert_eq!(Reads::of(&[field(Kind::Timestamp)]), Reads::Numbers);
        let fields = [Kind::Float64, Kind::Text].map(field);
        assert_eq!(Reads::of(&fields), Reads::Text);
        let fields = [Kind::Text, Kind::Json].map(field);
        assert_eq!(Reads::of(&fields), Reads::Json);
    }

    #[test]
    fn what_was_measured_comes_before_the_model() {
        let udf = udf(&engine(), "string-distance");
        let selected = SelectedUdf::Given(udf, "string_distance".to_owned());
        let fields = [field(Kind::Text)];
        let modelled = MODEL.document_ns(Some(Language::Rust), Reads::Text);
        let cost = of(&selected, &fields);
        assert_eq!(
            (cost.document_ns, cost.source),
            (modelled, CostSource::Model)
        );
        // Short blocks do not count, however many they are.
        for _ in 0..100 {
            measured(&selected, LEAST_BLOCK - 1, Duration::from_secs(1));
        }
        measured(&selected, 999, Duration::from_millis(2));
        assert_eq!(of(&selected, &fields).source, CostSource::Model);
        measured(&selected, 1_001, Duration::from_millis(2));
        let cost = of(&selected, &fields);
        assert_eq!(
            (cost.document_ns, cost.source),
            (2_000, CostSource::Measured)
        );
    }
}
