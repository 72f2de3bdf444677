//! Compares the languages and writes `docs/LANGUAGES.md`. `make languages`, after `make guests`.
//!
//! All figures are from one run on the machine that it names, measured one after the other. Times
//! are medians; the time per document is from batches of 1,024 documents.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use arrow_array::RecordBatch;
use serde_json::{Value as Json, json};
use whittle_benches::{machine, numbers, titles};
use whittle_host::{Budget, Engine, EngineOptions, QueryContext, Udf};
use whittle_tests::{arguments, engine, guest_path, repository, target};

/// In the order of the table.
const LANGUAGES: [&str; 6] = ["rust", "c", "assemblyscript", "go", "javascript", "python"];

const ROWS: usize = 1024;
const BATCHES: usize = 20;

/// A UDF that every language has.
struct Job {
    guest: &'static str,
    function: &'static str,
    params: Json,
    batch: RecordBatch,
}

/// The cost of a guest.
struct Row {
    language: &'static str,
    function: &'static str,
    component_bytes: usize,
    build: Duration,
    compile: Duration,
    load: Duration,
    instantiate: Duration,
    document: Duration,
}

fn main() {
    let jobs = [
        Job {
            guest: "string-distance",
            function: "string_distance",
            params: json!({"field": "title", "target": "iPhone 15", "max_distance": 1}),
            batch: titles(ROWS),
        },
        Job {
            guest: "custom-score",
            function: "custom_score",
            params: json!({}),
            batch: numbers(ROWS),
        },
    ];
    let folder = std::env::temp_dir().join(format!("whittle-languages-{}", std::process::id()));
    let rows: Vec<Row> = jobs
        .iter()
        .flat_map(|job| LANGUAGES.map(|language| measure(language, job, &folder)))
        .collect();
    fs::remove_dir_all(&folder).expect("the cache can be removed");
    let text = include_str!("languages.md")
        .replace("{{machine}}", &machine())
        .replace("{{table}}", &table(&rows));
    let path = repository().join("docs/LANGUAGES.md");
    fs::write(&path, text).expect("the document can be written");
}

fn measure(language: &'static str, job: &Job, folder: &Path) -> Row {
    let path = guest_path(language, job.guest);
    let component = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let build = build(language, job.guest, folder);
    let uncached = engine();
    let compile = time(|| Udf::new(&uncached, &component).expect("registered")).1;
    let cached = Engine::new(EngineOptions {
        cache: Some(folder.join("cache")),
        pool_instances: 16,
        ..EngineOptions::default()
    })
    .expect("an engine starts");
    let udf = Udf::new(&cached, &component).expect("registered");
    let load = median(20, || {
        time(|| Udf::new(&cached, &component).expect("registered")).1
    });
    let query = || {
        QueryContext::new(Budget {
            wall_clock: Duration::from_secs(3600),
            ..Budget::default()
        })
    };
    let params = arguments(&job.params);
    let instantiate = median(20, || {
        time(|| udf.bind(job.function, &params, &query()).expect("bound")).1
    });
    let mut bound = udf.bind(job.function, &params, &query()).expect("bound");
    let batch = median(BATCHES, || {
        time(|| bound.evaluate(&job.batch).expect("values")).1
    });
    Row {
        language,
        function: job.function,
        component_bytes: component.len(),
        build,
        compile,
        load,
        instantiate,
        document: batch / u32::try_from(ROWS).expect("a small count"),
    }
}

/// `whittle build` after a change to each source, with the unchanged parts already built.
fn build(language: &str, guest: &str, folder: &Path) -> Duration {
    let sources = repository().join("guests").join(language).join(guest);
    touch(&sources);
    // cargo and go look at the times of files. Other steps compare contents with those recorded.
    let built = target()
        .join("guest-build/whittle")
        .join(language)
        .join(guest);
    for record in ["componentized.inputs", "module.inputs"] {
        // Not all languages have it.
        let _ = fs::remove_file(built.join(record));
    }
    let mut command = Command::new(whittle_beside());
    command
        .arg("build")
        .arg(&sources)
        .arg("-o")
        .arg(folder.join("built.wasm"))
        .env("CARGO_TARGET_DIR", target().join("guest-build"))
        .env("WHITTLE_CACHE", target().join("cache"))
        .env(
            "PATH",
            std::env::join_paths(std::iter::once(target().join("toolchains/bin")).chain(
                std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()),
            ))
            .expect("a path"),
        );
    let (output, time) = time(|| command.output().expect("the command runs"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{language}: {errors}");
    time
}

/// The command that `make guests` built in the development profile: its own work is small compared
/// to that of a toolchain.
fn whittle_beside() -> PathBuf {
    target().join("debug").join("whittle")
}

/// Touches the sources, as if they had been edited.
fn touch(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            touch(&path);
        } else {
            let file = fs::File::options()
                .append(true)
                .open(&path)
                .expect("a source");
            file.set_modified(SystemTime::now())
                .expect("its time can be set");
        }
    }
}

fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}

fn median(count: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..count).map(|_| measure()).collect();
    times.sort();
    times[count / 2]
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| function | language | component | build | compile | load | instantiate and bind | per document |\n\
         |---|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        text.push_str(&format!(
            "| `{}` | {} | {} kB | {} | {} | {} | {} | {} |\n",
            row.function,
            row.language,
            row.component_bytes.div_ceil(1000),
            shown(row.build),
            shown(row.compile),
            shown(row.load),
            shown(row.instantiate),
            shown(row.document),
        ));
    }
    text
}

/// Two significant digits, in a suitable unit.
fn shown(time: Duration) -> String {
    let nanoseconds = time.as_secs_f64() * 1e9;
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    if value < 10.0 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}
