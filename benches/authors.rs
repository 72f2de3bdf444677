//! What an author waits for in each language; writes `docs/AUTHORS.md`. `make author-times`, after
//! `make guests`, which installs the tools.
//!
//! Each language has a new project of `whittle new`, and a cache of its own, as on a new machine. It
//! uses the command of the development profile: its own work is small compared to that of a
//! toolchain.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use whittle_benches::machine;
use whittle_tests::{repository, target};

/// A language, and the line of a new project's source that is edited.
struct Language {
    name: &'static str,
    title: &'static str,
    source: &'static str,
    text: &'static str,
}

/// In the order of the table.
const LANGUAGES: [Language; 6] = [
    Language {
        name: "rust",
        title: "Rust",
        source: "src/lib.rs",
        text: "How many of the words may be missing",
    },
    Language {
        name: "c",
        title: "C",
        source: "udf.c",
        text: "Numbers within bounds",
    },
    Language {
        name: "assemblyscript",
        title: "AssemblyScript",
        source: "assembly/index.ts",
        text: "The part of some words",
    },
    Language {
        name: "go",
        title: "Go",
        source: "main.go",
        text: "A score that halves",
    },
    Language {
        name: "typescript",
        title: "TypeScript",
        source: "udf.ts",
        text: "Tells whether a text",
    },
    Language {
        name: "python",
        title: "Python",
        source: "app.py",
        text: "Tells whether a text",
    },
];

const EDITS: usize = 5;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(600);

struct Row {
    title: &'static str,
    first: Duration,
    unchanged: Duration,
    edit: Duration,
    component: Duration,
}

fn main() {
    let rows = LANGUAGES.each_ref().map(measure);
    let text = include_str!("authors.md")
        .replace("{{machine}}", &machine())
        .replace("{{table}}", &table(&rows));
    let path = repository().join("docs/AUTHORS.md");
    fs::write(&path, text).expect("the document can be written");
}

fn measure(language: &Language) -> Row {
    let folder = tempfile::tempdir().expect("a directory");
    let folder = folder.path();
    let start = Instant::now();
    succeed(whittle(folder, &["new", language.name, "udf"]));
    succeed(whittle(folder, &["test", "udf"]));
    let first = start.elapsed();
    let start = Instant::now();
    succeed(whittle(folder, &["test", "udf"]));
    let unchanged = start.elapsed();

    let dev = Dev::start(whittle(folder, &["dev", "udf"]));
    dev.until("waiting");
    let source = folder.join("udf").join(language.source);
    let text = fs::read_to_string(&source).expect("the source");
    assert!(text.contains(language.text), "{}", source.display());
    let mut edits = Vec::with_capacity(EDITS);
    let mut start = Instant::now();
    for edit in 0..EDITS {
        let edited = format!("{edit}: {}", language.text);
        start = Instant::now();
        fs::write(&source, text.replace(language.text, &edited)).expect("written");
        dev.until("changed");
        // What comes first: natively, or with the component.
        dev.until_any(&["natively", "component"]);
        edits.push(start.elapsed());
    }
    dev.until("waiting");
    let component = start.elapsed();
    edits.sort();
    Row {
        title: language.title,
        first,
        unchanged,
        edit: edits[EDITS / 2],
        component,
    }
}

/// The command with the tools that `make guests` has installed.
fn whittle(folder: &Path, arguments: &[&str]) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(target().join("toolchains/bin")).chain(env::split_paths(&path));
    let mut command = Command::new(target().join("debug/whittle"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("WHITTLE_CACHE", folder.join("cache"))
        .env("PATH", env::join_paths(path).expect("a path"))
        .env_remove("CARGO_TARGET_DIR");
    command
}

fn succeed(mut command: Command) {
    let output = command.output().expect("the command runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}

/// A running `whittle dev`.
struct Dev {
    child: Child,
    lines: Receiver<String>,
}

impl Dev {
    fn start(mut command: Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the command runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = output.lines().map_while(Result::ok);
            lines.all(|line| sender.send(line).is_ok())
        });
        Self { child, lines }
    }

    fn until(&self, start: &str) {
        self.until_any(&[start]);
    }

    fn until_any(&self, starts: &[&str]) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a line");
            assert!(!line.starts_with("build failed"), "{line}");
            if starts.iter().any(|start| line.starts_with(start)) {
                return;
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // As Ctrl-C does, so that it ends its build too.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.child.wait();
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| language | an edit to its effect | to the component's | unchanged `whittle test` | `whittle new` to a first green test |\n\
         |---|--:|--:|--:|--:|\n",
    );
    for row in rows {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            row.title,
            shown(row.edit),
            shown(row.component),
            shown(row.unchanged),
            shown(row.first),
        ));
    }
    text
}

fn shown(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
