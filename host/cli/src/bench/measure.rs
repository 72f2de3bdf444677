//! Running functions against the clock.
//!
//! A run lasts some milliseconds. The runs of two components alternate, so that whatever else the
//! machine does slows both. Each run is a query of its own, with the time limit that a search has.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use whittle_host::{
    Arguments, Bound, Budget, Engine, EvaluateError, ExactJson, OnError, QueryContext, Stopped, Udf,
};
use whittle_node::{DocumentReader, Documents, Samples};

use super::ROWS;
use crate::setup;

/// Runs of each measurement.
const RUNS: usize = 21;

/// The shortest time of a run.
const RUN: Duration = Duration::from_millis(8);

/// How often a component is loaded.
const LOADS: usize = 5;

/// The value of a document, or why it has none.
pub(super) type Answer = Result<ExactJson, String>;

/// A component that is measured.
pub(super) struct Subject {
    path: String,
    udf: Udf,
    budget: Budget,
    /// `None` if its compiled code was in the cache.
    compile_time: Option<Duration>,
    load_time: Duration,
}

/// What a function of a component takes.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    /// One document a call.
    pub(super) document: Times,
    /// A document in a batch.
    pub(super) batch: Times,
    pub(super) bind: Times,
    /// The memory that its instance held in a batch, in bytes.
    pub(super) memory_bytes: usize,
}

/// The times of the runs, in nanoseconds.
#[derive(Debug, Clone)]
pub(super) struct Times(Vec<f64>);

impl Times {
    pub(super) fn median(&self) -> f64 {
        quantile(&self.0, 0.5)
    }

    /// The times of each of so many parts.
    fn of_each(self, parts: usize) -> Self {
        Self(self.0.iter().map(|time| time / parts as f64).collect())
    }

    /// Half of the interquartile range, relative to the median.
    pub(super) fn spread(&self) -> f64 {
        (quantile(&self.0, 0.75) - quantile(&self.0, 0.25)) / 2.0 / self.median()
    }

    /// The median of the ratios of runs that alternated.
    pub(super) fn ratio(&self, to: &Self) -> f64 {
        let pairs = self.0.iter().zip(&to.0);
        quantile(
            &pairs.map(|(this, other)| this / other).collect::<Vec<_>>(),
            0.5,
        )
    }
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len().saturating_sub(1) as f64 * share).round();
    sorted.get(place as usize).copied().unwrap_or(f64::NAN)
}

impl Subject {
    pub(super) fn load(engine: &Engine, path: &Path, budget: Budget) -> Result<Self> {
        let bytes = setup::read(path)?;
        let of = || path.display().to_string();
        let udf = Udf::new(engine, &bytes).with_context(of)?;
        let mut load_times = Vec::new();
        for _ in 0..LOADS {
            let started = Instant::now();
            let loaded = Udf::new(engine, &bytes).with_context(of)?;
            load_times.push(started.elapsed());
            if loaded.compile_time().is_some() {
                // There is no cache: each load compiles.
                break;
            }
        }
        load_times.sort();
        Ok(Self {
            path: of(),
            compile_time: udf.compile_time(),
            udf,
            budget,
            load_time: load_times[load_times.len() / 2],
        })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn udf(&self) -> &Udf {
        &self.udf
    }

    pub(super) fn compile_time(&self) -> Option<Duration> {
        self.compile_time
    }

    pub(super) fn load_time(&self) -> Duration {
        self.load_time
    }

    fn bind(&self, function: &str, arguments: &Arguments) -> Result<Bound> {
        let query = QueryContext::new(self.budget.clone());
        let mut bound = self.udf.bind(function, arguments, &query)?;
        // A document that fails is an answer like others.
        bound.set_on_error(OnError::Null);
        Ok(bound)
    }

    /// The value or the error of each document.
    pub(super) fn answers(
        &self,
        function: &str,
        arguments: &Arguments,
        reader: &DocumentReader,
        samples: &Samples,
    ) -> Result<Vec<Answer>> {
        let mut bound = self.bind(function, arguments)?;
        let Samples { documents, scores } = samples;
        let answers = scores.iter().enumerate().map(|(position, score)| {
            let batch = reader.load(&bound, documents, position..position + 1, *score)?;
            match bound.evaluate_row(&batch) {
                Ok(value) => Ok(Ok(value.to_json())),
                Err(EvaluateError::Document { message, .. }) => Ok(Err(message)),
                Err(error) => Err(error.into()),
            }
        });
        answers.collect()
    }
}

/// Measures a function of all subjects with the rows of a batch.
pub(super) fn measure(
    subjects: &[Subject],
    function: &str,
    arguments: &Arguments,
    reader: &DocumentReader,
    documents: &Documents,
) -> Result<Vec<Cost>> {
    let one = subjects.iter().map(|subject| {
        let bound = subject.bind(function, arguments)?;
        let rows = (0..ROWS).map(|row| reader.load(&bound, documents, row..row + 1, None));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let run = move |times: usize| {
            let mut bound = subject.bind(function, arguments)?;
            let evaluated = timed(times, |turn| match bound.evaluate_row(&rows[turn % ROWS]) {
                Ok(_) | Err(EvaluateError::Document { .. }) => Ok(()),
                Err(error) => Err(error),
            })?;
            Ok(evaluated)
        };
        Ok(run)
    });
    let one = alternate(one.collect::<Result<Vec<_>>>()?)?;

    let mut memory = vec![0; subjects.len()];
    let batches = subjects.iter().zip(&mut memory).map(|(subject, memory)| {
        let bound = subject.bind(function, arguments)?;
        let batch = reader.load(&bound, documents, 0..ROWS, None)?;
        let run = move |times: usize| {
            let mut bound = subject.bind(function, arguments)?;
            let evaluated = timed(times, |_| bound.evaluate_rows(&batch).map(drop))?;
            *memory = bound.statistics().memory_peak_bytes;
            Ok(evaluated)
        };
        Ok(run)
    });
    let batches = alternate(batches.collect::<Result<Vec<_>>>()?)?;

    let binds = subjects.iter().map(|subject| {
        move |times: usize| -> Result<f64> {
            let started = Instant::now();
            for _ in 0..times {
                subject.bind(function, arguments)?;
            }
            Ok(each(started, times))
        }
    });
    let binds = alternate(binds.collect())?;

    let costs = one.into_iter().zip(batches).zip(binds).zip(memory);
    let costs = costs.map(|(((document, batch), bind), memory_bytes)| Cost {
        document,
        batch: batch.of_each(ROWS),
        bind,
        memory_bytes,
    });
    Ok(costs.collect())
}

/// The time of one turn in nanoseconds, after one that is not counted.
fn timed(
    times: usize,
    mut turn: impl FnMut(usize) -> Result<(), EvaluateError>,
) -> Result<f64, EvaluateError> {
    turn(0)?;
    let started = Instant::now();
    for number in 0..times {
        turn(number)?;
    }
    Ok(each(started, times))
}

fn each(started: Instant, times: usize) -> f64 {
    started.elapsed().as_nanos() as f64 / times as f64
}

/// Runs each often enough to be measured, in turns. A run takes the number of its turns and returns
/// the time of one.
fn alternate<R: FnMut(usize) -> Result<f64>>(mut runs: Vec<R>) -> Result<Vec<Times>> {
    let turns = runs.iter_mut().map(turns).collect::<Result<Vec<_>>>()?;
    let mut times = vec![Times(Vec::with_capacity(RUNS)); runs.len()];
    for _ in 0..RUNS {
        for ((run, turns), times) in runs.iter_mut().zip(&turns).zip(&mut times) {
            times.0.push(run(*turns)?);
        }
    }
    Ok(times)
}

/// The number of turns in a run: fewer if a query may not log or return so much.
fn turns<R: FnMut(usize) -> Result<f64>>(run: &mut R) -> Result<usize> {
    let mut turns = 1;
    loop {
        match run(turns) {
            Ok(time) => {
                let enough = RUN.as_nanos() as f64 / time.max(1.0);
                if turns as f64 >= enough {
                    return Ok(turns);
                }
                turns = (turns * 10).min(enough as usize + 1);
            }
            Err(error) if turns > 1 && is_limit(&error) => return Ok((turns / 20).max(1)),
            Err(error) => return Err(error),
        }
    }
}

fn is_limit(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<EvaluateError>();
    matches!(
        error,
        Some(EvaluateError::Stopped {
            source: Stopped::Limit(_),
            ..
        })
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_median_a_spread_and_a_ratio() {
        let times = Times(vec![30.0, 10.0, 20.0, 40.0, 1_000.0]);
        assert_eq!(times.median(), 30.0);
        assert_eq!(times.spread(), (40.0 - 20.0) / 2.0 / 30.0);
        let twice = Times(times.0.iter().map(|time| time * 2.0).collect());
        assert_eq!(twice.ratio(&times), 2.0);
    }
}
