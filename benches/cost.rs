//! Fits the cost model: what a query, a batch and a document cost in each language, for functions
//! that read numbers, texts and JSON. Writes `host/node/src/udf/cost.json`, by which a node orders
//! clauses. `make cost`, after `make guests`.
//!
//! A batch of `n` documents takes `batch_ns + n * document_ns`: least squares of relative errors over
//! batches of several sizes, of each of which the fastest run counts. Loading the columns out of an
//! index is not part of it.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use serde_json::{Value as Json, json};
use whittle_benches::{machine, numbers, titles};
use whittle_host::{Budget, Language, QueryContext, Udf};
use whittle_tests::{arguments, cached_engine, guest_path, repository};

/// The sizes of the batches.
const ROWS: [usize; 5] = [16, 64, 256, 1024, 4096];

/// How long batches of one size are measured, and how often at least.
const PATIENCE: Duration = Duration::from_millis(100);
const LEAST_RUNS: usize = 5;

/// How many binds are measured.
const BINDS: usize = 21;

/// A function to measure.
struct Job {
    guest: &'static str,
    function: &'static str,
    params: Json,
    batch: fn(usize) -> RecordBatch,
}

/// What functions read, and a function of a language that does. C's guests have none that reads JSON.
fn job(language: Language, reads: &str) -> Option<Job> {
    Some(match (reads, language) {
        ("numbers", _) => Job {
            guest: "custom-score",
            function: "custom_score",
            params: json!({}),
            batch: numbers,
        },
        ("text", _) => Job {
            guest: "string-distance",
            function: "string_distance",
            params: json!({"field": "title", "target": "iPhone 15", "max_distance": 1}),
            batch: titles,
        },
        (_, Language::Rust | Language::AssemblyScript) => Job {
            guest: "json-path",
            function: "json_path",
            params: json!({"field": "offer", "path": "$[3]", "operator": "exists"}),
            batch: offers,
        },
        (_, Language::Go | Language::JavaScript | Language::Python) => Job {
            guest: "probe",
            function: "read_kinds",
            params: json!({"field": "offer"}),
            batch: offers,
        },
        _ => return None,
    })
}

/// One column of JSON, lists of eight numbers.
fn offers(rows: usize) -> RecordBatch {
    let offer = |row| format!("[{row}, 20, 3000, 4.5, 5, 66, 7, 81]");
    let offers: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(offer)));
    RecordBatch::try_from_iter([("offer", offers)]).expect("one column")
}

/// What a function costs, in nanoseconds.
struct Costs {
    query: f64,
    batch: f64,
    document: f64,
    /// The largest error of the fit, as a share.
    error: f64,
}

#[expect(
    clippy::print_stdout,
    reason = "each figure is shown as it is measured"
)]
fn main() {
    let mut rows = Vec::new();
    for language in Language::ALL {
        let mut last = None;
        for reads in ["numbers", "text", "json"] {
            let costs = match job(language, reads) {
                Some(job) => measure(language, &job),
                None => last.expect("each language reads numbers and texts"),
            };
            println!(
                "{:<15} {reads:<8} {:>10.0} {:>8.0} {:>8.1}  {:.0} %",
                language.name(),
                costs.query,
                costs.batch,
                costs.document,
                costs.error * 100.0
            );
            rows.push(format!(
                "    {}",
                json!({
                    "language": language,
                    "reads": reads,
                    "query_ns": rounded(costs.query),
                    "batch_ns": rounded(costs.batch),
                    "document_ns": rounded(costs.document),
                    "error_percent": (costs.error * 100.0).ceil(),
                })
            ));
            last = Some(costs);
        }
    }
    let text = format!(
        "{{\n  \"machine\": {},\n  \"costs\": [\n{}\n  ]\n}}\n",
        json!(machine()),
        rows.join(",\n")
    );
    let path = repository().join("host/node/src/udf/cost.json");
    fs::write(&path, text).expect("the figures can be written");
}

fn measure(language: Language, job: &Job) -> Costs {
    let path = guest_path(&language.name().to_lowercase(), job.guest);
    let component = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let udf = Udf::new(&cached_engine(2), &component).expect("registered");
    let params = arguments(&job.params);
    let query = QueryContext::new(Budget {
        wall_clock: Duration::from_secs(3600),
        cpu_time: Duration::from_secs(3600),
        result_bytes: usize::MAX,
        ..Budget::default()
    });
    let bind = || udf.bind(job.function, &params, &query).expect("bound");
    let mut binds: Vec<Duration> = (0..BINDS).map(|_| time(|| drop(bind()))).collect();
    binds.sort();
    let mut bound = bind();
    let runs = ROWS.map(|rows| {
        let batch = (job.batch)(rows);
        let mut run = || time(|| drop(bound.evaluate(&batch).expect("values")));
        let started = Instant::now();
        let mut fastest = run();
        let mut runs = 0;
        while runs < LEAST_RUNS || started.elapsed() < PATIENCE {
            fastest = fastest.min(run());
            runs += 1;
        }
        (rows as f64, nanoseconds(fastest))
    });
    let (batch, document) = fit(&runs);
    let errors = runs.map(|(rows, took)| ((batch + rows * document) / took - 1.0).abs());
    Costs {
        query: nanoseconds(binds[BINDS / 2]),
        batch,
        document,
        error: errors.into_iter().fold(0.0, f64::max),
    }
}

/// The line through points that has the least squares of relative errors, with no negative part.
fn fit(points: &[(f64, f64)]) -> (f64, f64) {
    let sum = |of: fn(f64, f64) -> f64| -> f64 {
        let weighted = points.iter().map(|(x, y)| of(*x, *y) / (y * y));
        weighted.sum()
    };
    let (n, x, xx) = (sum(|_, _| 1.0), sum(|x, _| x), sum(|x, _| x * x));
    let (y, xy) = (sum(|_, y| y), sum(|x, y| x * y));
    let slope = (n * xy - x * y) / (n * xx - x * x);
    let start = (y - slope * x) / n;
    if start < 0.0 {
        (0.0, xy / xx)
    } else {
        (start, slope)
    }
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Two significant digits.
fn rounded(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    let digits = (value / unit).round();
    if unit < 1.0 {
        digits / (1.0 / unit).round()
    } else {
        digits * unit
    }
}
