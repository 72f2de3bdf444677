//! An attack: a function of the evil guest, run over documents, and what it ends in.

use std::sync::LazyLock;
use std::time::Duration;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use serde_json::Value as Json;
use whittle_host::{Budget, Engine, LogLine, OnError, QueryContext, Udf};
use whittle_tests::{ByHand, PATHS, arguments, bind, engine_on, told, udf};

/// On each path: an engine, the evil guest and a good one.
pub(crate) static HOSTS: LazyLock<[Host; 2]> =
    LazyLock::new(|| PATHS.map(|few_rows| Host::new(&engine_on(few_rows))));

pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) evil: Udf,
    pub(crate) good: Udf,
}

impl Host {
    pub(crate) fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.clone(),
            evil: udf(engine, "evil"),
            good: Udf::new(engine, &ByHand::default().component()).expect("registered"),
        }
    }

    /// A good query: what it gives is right, whatever came before.
    pub(crate) fn assert_works(&self) {
        let mut bound = bind(&self.good, "f", &serde_json::json!({})).expect("bound");
        let values = bound.evaluate(&documents()).expect("evaluated");
        assert_eq!(*values, arrow_array::Float64Array::from(vec![1.0; 3]));
    }
}

/// What a query of an attack did.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    /// The values, as text, or the error with its causes.
    pub(crate) result: Result<String, String>,
    pub(crate) log: Vec<LogLine>,
}

/// Three documents, whose `x` is 1, 2 and 3.
pub(crate) fn documents() -> RecordBatch {
    let x = std::sync::Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef;
    RecordBatch::try_from_iter([("x", x)]).expect("a batch")
}

/// A budget that an attack meets soon.
pub(crate) fn budget() -> Budget {
    Budget {
        wall_clock: Duration::from_millis(400),
        memory_bytes: 16 << 20,
        log_bytes: 4096,
        result_bytes: 100_000,
        value_bytes: 70_000,
        message_bytes: 64,
        ..Budget::default()
    }
}

/// Runs an attack in a query of its own.
pub(crate) fn run(evil: &Udf, function: &str, params: &Json, budget: Budget) -> Ended {
    let query = QueryContext::new(budget);
    let result = evil
        .bind(function, &arguments(params), &query)
        .map_err(|error| told(&error))
        .and_then(|mut bound| {
            bound.set_on_error(OnError::Fail);
            bound.evaluate(&documents()).map_err(|error| told(&error))
        });
    Ended {
        result: result.map(|values| format!("{values:?}")),
        log: query.take_log(),
    }
}

/// What an attack ends in, on both paths; a good query works after each.
pub(crate) fn attack_within(function: &str, params: Json, budget: &Budget) -> Ended {
    let [batches, documents] = HOSTS.each_ref().map(|host| {
        let mut ended = run(&host.evil, function, &params, budget.clone());
        host.assert_works();
        ended.result = ended.result.map_err(|error| without_measure(&error));
        ended
    });
    assert_eq!(batches, documents, "{function}");
    batches
}

/// As [`attack_within`], within the usual budget: the error.
pub(crate) fn attack(function: &str, params: Json) -> String {
    let ended = attack_within(function, params, &budget());
    ended.result.expect_err("it is an attack")
}

/// Takes the measured memory out of an error, which differs from run to run.
pub(crate) fn without_measure(error: &str) -> String {
    let lead = "too much memory: ";
    if let Some((before, measured)) = error.split_once(lead) {
        let rest = measured.trim_start_matches(|c: char| c.is_ascii_digit());
        return format!("{before}{lead}N{rest}");
    }
    // The place in the component, which differs from build to build.
    let (error, _) = error.split_once(" (at offset ").unwrap_or((error, ""));
    error.to_owned()
}
