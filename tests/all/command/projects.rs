//! Projects: what is built, what is not built again, and what `whittle dev` prints after edits.
//!
//! The projects look like Python's. In place of componentize-py is a script, which takes the
//! component that `app.py` names, counts its runs, and can be as slow as one likes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use whittle_tests::{ByHand, repository, wait_until, whittle};

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// One that `whittle new` makes, in a language.
    fn created(language: &str) -> Self {
        let project = Self::new();
        fs::remove_dir_all(project.path("p")).expect("removed");
        let said = project.run(&format!("new {language} p"));
        assert!(said.starts_with("created p"), "{said}");
        project
    }

    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().expect("a directory"),
        };
        for value in 1..=3 {
            let evaluate =
                format!("(f64.store (i32.const 528) (f64.const {value})) (i32.const 512)");
            project.component(&value.to_string(), &evaluate);
        }
        project.component("endless", "(loop (br 0)) (i32.const 512)");
        project.write("p/pyproject.toml", "");
        project.write("p/app.py", "VALUE = 1\n");
        project.vectors(&[("one", 1), ("two", 2)]);
        let here = project.folder.path().display();
        let tool = "p/.venv/bin/componentize-py";
        project.write(
            tool,
            format!(
                "#!/bin/sh\n\
                 cd {here}; echo run >>runs\n\
                 value=$(sed -n 's/^VALUE = //p' p/app.py)\n\
                 if [ \"$value\" = slow ]; then sleep 600 & echo $! >sleeper; wait; fi\n\
                 for output; do :; done\n\
                 cp components/$value.wasm $output\n"
            ),
        );
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(project.path(tool), executable).expect("made executable");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file at once, as editors do: who watches the project never sees a part of it.
    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
        let written = self.path("written");
        fs::write(&written, content).expect("written");
        fs::rename(written, path).expect("renamed");
    }

    /// A component with this body of `evaluate`, for `app.py` to name.
    fn component(&self, name: &str, evaluate: &str) {
        let guest = ByHand {
            evaluate,
            ..ByHand::default()
        };
        self.write(&format!("components/{name}.wasm"), guest.component());
    }

    /// Cases that expect a value each.
    fn vectors(&self, expected: &[(&str, i64)]) {
        let cases = expected
            .iter()
            .map(|(name, value)| json!({"name": name, "documents": [{}], "values": [value]}));
        let cases = cases.collect::<Vec<_>>();
        let vectors = json!({"function": "f", "cases": cases});
        self.write("p/vectors.json", vectors.to_string());
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(whittle());
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("VIRTUAL_ENV")
            .env_remove("CARGO_TARGET_DIR")
            .env("WHITTLE_CACHE", self.path("cache"));
        command
    }

    /// The standard output of a command, and its standard error after it.
    fn run(&self, arguments: &str) -> String {
        let output = self.command(arguments).output().expect("it runs");
        [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat()
    }

    /// How often the tool has run.
    fn runs(&self) -> usize {
        let runs = fs::read_to_string(self.path("runs")).unwrap_or_default();
        runs.lines().count()
    }

    /// The process that a slow build waits for.
    fn sleeper(&self) -> Option<String> {
        let id = fs::read_to_string(self.path("sleeper")).ok()?;
        (!id.trim().is_empty()).then(|| id.trim().to_owned())
    }
}

fn is_alive(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/stat"));
    // A dead process stays until somebody has asked for its exit code.
    status.is_ok_and(|status| !status.contains(") Z "))
}

#[test]
fn a_project_is_built_again_only_if_something_has_changed() {
    let project = Project::new();
    project.write("d.json", "{}\n{}\n");
    let passes = "f: 1 of 2 cases pass";
    let builds = |what: &str, expected: &str, is_built: bool| {
        let before = project.runs();
        let found = project.run("test p");
        assert!(found.contains(expected), "{what}: {found}");
        assert_eq!(project.runs() > before, is_built, "{what}");
    };
    builds("the first time", passes, true);
    builds("unchanged", passes, false);
    project.vectors(&[("one", 1)]);
    builds("other vectors", "f: 1 of 1 cases pass", false);
    project.write("p/app.py", "VALUE = 2\n");
    builds("edited", "f: 0 of 1 cases pass", true);
    project.write("p/words/list.txt", "words");
    builds("a file in a subfolder", "f: 0 of 1", true);
    fs::remove_file(project.path("p/words/list.txt")).expect("removed");
    builds("without it", "f: 0 of 1", true);
    project.write("p/pyproject.toml", "[project]");
    builds("another manifest", "f: 0 of 1", true);
    project.write("p/.venv/lib/python3.14/site-packages/words.py", "");
    builds("a package was installed", "f: 0 of 1", true);
    project.write("p/app.py", "VALUE = 1\n");
    builds("back as it was", "f: 1 of 1", true);
    let component = project.path("p/target/whittle/componentized.wasm");
    fs::write(component, "broken").expect("written");
    builds("another output", "f: 1 of 1", true);
    builds("unchanged", "f: 1 of 1", false);

    let before = project.runs();
    assert_eq!(
        project.run("call p f --docs d.json"),
        "{\"_id\":\"0\",\"value\":1.0}\n{\"_id\":\"1\",\"value\":1.0}\nbuilding p (Python)\n"
    );
    project.run("build p");
    let added = project.run("registry add p --registry registry");
    assert!(added.starts_with("by-hand@0.1.0"), "{added}");
    assert_eq!(project.runs(), before);
}

/// A running `whittle dev` and what it prints.
struct Watcher {
    child: Child,
    lines: Receiver<String>,
}

impl Watcher {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// What it prints until a line starts so, without times.
    fn until(&self, start: &str) -> String {
        let mut printed = String::new();
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no line starts with `{start}`:\n{printed}");
            };
            if line.is_empty() {
                continue;
            }
            let is_last = line.starts_with(start);
            printed += &without_times(&line);
            printed.push('\n');
            if is_last {
                return printed;
            }
        }
    }

    /// Ends it as Ctrl-C does, and gives its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args(["-INT", &id]).status();
        assert!(kill.expect("it runs").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line with `T` in place of times, and `N` in place of the number of watched files.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let next = words.iter().skip(1).chain([&""]);
    let shown = words.iter().zip(next).map(|(word, unit)| {
        let number = word.trim_start_matches('(');
        let is_time = unit.starts_with("us") || *unit == "s" || unit.starts_with("s)");
        match (number.parse::<f64>().is_ok(), *unit) {
            (true, "files") => "N".to_owned(),
            (true, _) if is_time => word.replace(number, "T"),
            _ => (*word).to_owned(),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn dev_prints_what_every_edit_has_changed() {
    let project = Project::new();
    project.write("docs.json", "{}\n");
    let watcher = Watcher::start(project.command("dev p --docs docs.json"));
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    watching N files of p; Ctrl-C ends it
    f: two
      document 0: {}
      - 2
      + 1.0
    component: 1 of 2 cases pass (built in T s)
    f {}
      0: 1.0 (T us)
    waiting for changes
    ");

    // As editors save: a new file takes the place of the old one.
    project.write("p/app.py~", "VALUE = 2\n");
    fs::rename(project.path("p/app.py~"), project.path("p/app.py")).expect("renamed");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: app.py
    f: one
      document 0: {}
      - 1
      + 2.0
    newly failing: f: one
    newly passing: f: two
    component: 1 of 2 cases pass (built in T s)
    f {}
      0: 2.0 (T us)
    waiting for changes
    ");

    project.write("p/vectors.json", r#"{"function": "f", "cases": [{"#);
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: vectors.json
    error: p/vectors.json: EOF while parsing an object at line 1 column 29
    component: not tested
    waiting for changes
    ");
    project.vectors(&[("one", 1), ("two", 2), ("another two", 2)]);
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: vectors.json
    f: one
      document 0: {}
      - 1
      + 2.0
    component: 2 of 3 cases pass
    f {}
      0: 2.0 (T us)
    waiting for changes
    ");

    project.write("p/app.py", "VALUE = 4\n");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: app.py
    build failed after T s
    waiting for changes
    ");
    fs::remove_file(project.path("p/app.py")).expect("removed");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: app.py
    build failed after T s
    waiting for changes
    ");
    project.write("p/app.py", "VALUE = 1\n");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: app.py
    f: two
      document 0: {}
      - 2
      + 1.0
    f: another two
      document 0: {}
      - 2
      + 1.0
    newly passing: f: one
    newly failing: f: two
    newly failing: f: another two
    component: 1 of 3 cases pass (built in T s)
    f {}
      0: 1.0 (T us)
    waiting for changes
    ");

    // Without a change of the sources nothing is built.
    let runs = project.runs();
    project.write("docs.json", "{}\n{}\n");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: docs.json
    f: two
      document 0: {}
      - 2
      + 1.0
    f: another two
      document 0: {}
      - 2
      + 1.0
    component: 1 of 3 cases pass
    f {}
      0: 1.0 (T us)
      1: 1.0 (T us)
      T us per document on average
    waiting for changes
    ");
    assert_eq!(project.runs(), runs);
    assert_eq!(watcher.interrupt(), Some(0));
}

#[test]
fn dev_ends_a_build_that_an_edit_has_made_useless() {
    let project = Project::new();
    project.write("p/app.py", "VALUE = slow\n");
    let watcher = Watcher::start(project.command("dev p"));
    wait_until("the build runs", PATIENCE, || project.sleeper().is_some());
    let sleeper = project.sleeper().expect("it runs");
    // What a build itself writes does not end it, and neither do other vectors.
    project.vectors(&[("two", 2)]);
    watcher.until("changed: vectors.json");
    assert!(is_alive(&sleeper));
    project.write("p/app.py", "VALUE = 2\n");
    watcher.until("component: 1 of 1 cases pass");
    assert!(!is_alive(&sleeper));
    assert_eq!(project.runs(), 2);

    fs::remove_file(project.path("sleeper")).expect("removed");
    project.write("p/app.py", "VALUE = slow\n");
    wait_until("the build runs", PATIENCE, || project.sleeper().is_some());
    // Another build of the project waits, and does not disturb the one that runs.
    let mut build = project.command("build p");
    let mut build = build.stderr(Stdio::piped()).spawn().expect("it runs");
    let mut message = String::new();
    let mut errors = BufReader::new(build.stderr.take().expect("a pipe"));
    for _ in 0..2 {
        errors.read_line(&mut message).expect("it waits");
    }
    assert_eq!(
        message,
        "building p (Python)\nwaiting for another build of p\n"
    );
    build.kill().expect("killed");
    build.wait().expect("it ends");
    let sleeper = project.sleeper().expect("it runs");
    assert_eq!(watcher.interrupt(), Some(0));
    wait_until("it is dead", PATIENCE, || !is_alive(&sleeper));
}

#[test]
fn dev_ends_a_component_that_an_edit_has_made_useless() {
    let project = Project::new();
    project.write("p/app.py", "VALUE = endless\n");
    let watcher = Watcher::start(project.command("dev p --timeout 600000"));
    watcher.until("watching");
    let built = project.path("p/target/whittle/p.wasm");
    wait_until("it is built", PATIENCE, || built.is_file());
    // Long enough for it to run; what is shown is the same if it does not yet.
    thread::sleep(Duration::from_millis(500));
    project.write("p/app.py", "VALUE = 1\n");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: app.py
    f: two
      document 0: {}
      - 2
      + 1.0
    component: 1 of 2 cases pass (built in T s)
    waiting for changes
    ");
    project.write("p/app.py", "VALUE = endless\n");
    let start = Instant::now();
    wait_until("it is built", PATIENCE, || project.runs() == 3);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(watcher.interrupt(), Some(0));
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn dev_names_the_cases_that_do_not_end() {
    let project = Project::new();
    project.write("p/app.py", "VALUE = endless\n");
    let watcher = Watcher::start(project.command("dev p --timeout 100"));
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    watching N files of p; Ctrl-C ends it
    f: one
      - 1 value
      + error: function `f` was stopped at document `0`: the time limit of 100 ms is over
    f: two
      - 1 value
      + error: function `f` was stopped at document `0`: the time limit of 100 ms is over
    component: 0 of 2 cases pass (built in T s)
    waiting for changes
    ");
}

/// A project whose asc counts how often it has compiled in its process, and then fails.
fn assemblyscript() -> Project {
    let project = Project::new();
    fs::remove_dir_all(project.path("p")).expect("removed");
    project.write("p/asconfig.json", "{}");
    project.write("p/package.json", r#"{"type": "module"}"#);
    project.write("p/transform.mjs", "");
    project.write("p/assembly/index.ts", "1");
    let packages = "p/node_modules";
    project.write(&format!("{packages}/.package-lock.json"), "{}");
    let asc = format!("{packages}/assemblyscript");
    project.write(&format!("{asc}/package.json"), r#"{"type": "module"}"#);
    project.write(
        &format!("{asc}/bin/asc.js"),
        "console.error('a new asc'); process.exit(1);",
    );
    project.write(
        &format!("{asc}/dist/asc.js"),
        "let count = 0;
         export async function main(options, { stderr }) {
           count += 1;
           stderr.write(`build ${count}: ${options.slice(0, 4).join(' ')}\\n`);
           return { error: new Error('failed') };
         }",
    );
    project.vectors(&[("one", 1)]);
    project
}

#[test]
fn dev_keeps_the_compiler_of_assemblyscript_running() {
    let project = assemblyscript();
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$0\" dev p 2>&1"])
        .arg(whittle())
        .current_dir(project.folder.path())
        .env_remove("CARGO_TARGET_DIR");
    let watcher = Watcher::start(command);
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    watching N files of p; Ctrl-C ends it
    building p (AssemblyScript)
    build 1: --config asconfig.json --target release
    error: p: asc failed: see its messages above
    build failed after T s
    waiting for changes
    ");
    project.write("p/assembly/index.ts", "2");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: assembly/index.ts
    building p (AssemblyScript)
    build 2: --config asconfig.json --target release
    error: p: asc failed: see its messages above
    build failed after T s
    waiting for changes
    ");
    // What it has loaded is not what it would load now.
    project.write("p/transform.mjs", "edited");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: transform.mjs
    building p (AssemblyScript)
    a new asc
    error: p: node failed: see its messages above
    build failed after T s
    waiting for changes
    ");
    project.write("p/assembly/index.ts", "3");
    let again = watcher.until("waiting");
    assert!(
        again.contains("build 1: ") || again.contains("build 2: "),
        "{again}"
    );
    assert_eq!(watcher.interrupt(), Some(0));
}

#[test]
fn a_compiler_that_stays_writes_the_same_bytes() {
    let guests = repository().join("guests/assemblyscript");
    if !guests.join("node_modules").is_dir() {
        assert!(std::env::var_os("CI").is_none(), "run `make guests`");
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("tmp")).expect("made");
    let command = |arguments: &[&str]| {
        let mut command = Command::new(whittle());
        command
            .args(arguments)
            .arg(guests.join("string-distance"))
            .env("CARGO_TARGET_DIR", path("target"))
            .env("TMPDIR", path("tmp"))
            .env("WHITTLE_CACHE", path("cache"));
        command
    };
    let built = path("target/whittle/assemblyscript/string-distance/string-distance.wasm");
    let build = |mut command: Command| {
        assert!(command.output().expect("it runs").status.success());
        let bytes = fs::read(&built).expect("built");
        fs::remove_dir_all(path("target")).expect("removed");
        bytes
    };
    let expected = build(command(&["build"]));

    let watcher = Watcher::start(command(&["dev"]));
    watcher.until("waiting");
    assert!(fs::read(&built).expect("built") == expected);
    fs::remove_dir_all(path("target")).expect("removed");
    let mut sockets = fs::read_dir(path("tmp")).expect("a directory").flatten();
    let socket = sockets.next().expect("one").path().join("compiler");
    for _ in 0..2 {
        let mut command = command(&["build"]);
        command.env("WHITTLE_RESIDENT_COMPILER", &socket);
        // No other compiler can run.
        command.env("NODE_OPTIONS", "--require=/nowhere");
        assert!(build(command) == expected);
    }
    assert_eq!(watcher.interrupt(), Some(0));
}

/// Whether there is a Python that the kit runs in.
fn has_python() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
    python.status().is_ok_and(|status| status.success())
}

#[test]
fn dev_runs_python_natively_while_the_component_is_built() {
    if !has_python() {
        assert!(std::env::var_os("CI").is_none(), "install Python 3.11");
        return;
    }
    let project = Project::created("python");
    // No component is built here.
    let mut command = project.command("dev p --docs docs.json --timeout 1000");
    command.env("PATH", path_without("componentize-py"));
    project.write("docs.json", r#"{"title": "Star Wars"}"#);
    let watcher = Watcher::start(command);
    insta::assert_snapshot!(watcher.until("waiting"), @r#"
    watching N files of p; Ctrl-C ends it
    natively: 4 of 4 cases pass (T s)
    p {"field":"title","words":"star  WARS"}
      0: true
    build failed after T s
    waiting for changes
    "#);
    let app = project.path("p/app.py");
    let text = fs::read_to_string(&app).expect("read");
    fs::write(&app, text.replace(".get(\"\")", ".get(\"star wars\")")).expect("written");
    insta::assert_snapshot!(watcher.until("waiting"), @r#"
    changed: app.py
    p: a missing field does not match
      document 0: {}
      - false
      + true
      document 1: {"title": null}
      - false
      + true
      document 2: {"title": 7}
      - false
      + true
      document 3: {"title": ""}
      - false
      + true
    newly failing: p: a missing field does not match
    natively: 3 of 4 cases pass (T s)
    p {"field":"title","words":"star  WARS"}
      0: true
    build failed after T s
    waiting for changes
    "#);
    let endless = "    def matches(self) -> bool:\n        while True:\n            pass\n";
    fs::write(
        &app,
        text.replace("    def matches(self) -> bool:\n", endless),
    )
    .expect("written");
    insta::assert_snapshot!(watcher.until("waiting"), @r#"
    changed: app.py
    p: all words, in any order and case
      - 5 values
      + error: function `p` was stopped: the time limit of 1000 ms is over at app.py:20
    p: case is folded as Unicode says
      - 2 values
      + error: function `p` was stopped: the time limit of 1000 ms is over at app.py:20
    p: a missing field does not match
      - 4 values
      + error: function `p` was stopped: the time limit of 1000 ms is over at app.py:20
    newly failing: p: all words, in any order and case
    newly failing: p: case is folded as Unicode says
    natively: 1 of 4 cases pass (T s)
    p {"field":"title","words":"star  WARS"}
      function `p` was stopped: the time limit of 1000 ms is over at app.py:20
    build failed after T s
    waiting for changes
    "#);
    fs::write(&app, "class (").expect("written");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: app.py
    natively: the project does not run; see its messages above
    build failed after T s
    waiting for changes
    ");
    fs::write(&app, text).expect("written");
    insta::assert_snapshot!(watcher.until("waiting"), @r#"
    changed: app.py
    newly passing: p: all words, in any order and case
    newly passing: p: case is folded as Unicode says
    newly passing: p: a missing field does not match
    natively: 4 of 4 cases pass (T s)
    p {"field":"title","words":"star  WARS"}
      0: true
    build failed after T s
    waiting for changes
    "#);
    assert_eq!(watcher.interrupt(), Some(0));
}

#[test]
fn dev_runs_go_natively_before_the_component_is_built() {
    if !Command::new("go")
        .arg("version")
        .output()
        .is_ok_and(|go| go.status.success())
    {
        assert!(std::env::var_os("CI").is_none(), "install Go");
        return;
    }
    let project = Project::created("go");
    let vectors = project.path("p/vectors.json");
    let mapped = r#""cases": [
        {"name": "mapped", "params": {"now": "2024-03-31"}, "mapping": {"properties": {}},
         "documents": [{}], "values": [0]},"#;
    let text = fs::read_to_string(&vectors).expect("read");
    fs::write(&vectors, text.replace("\"cases\": [", mapped)).expect("written");
    let watcher = Watcher::start(project.command("dev p"));
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    watching N files of p; Ctrl-C ends it
    natively: 4 of 4 cases pass, 1 needs the component (T s)
    component: 5 of 5 cases pass (built in T s)
    waiting for changes
    ");
    // What the build says is said once.
    fs::write(project.path("p/main.go"), "package main\n\nfunc main() {").expect("written");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: main.go
    build failed after T s
    waiting for changes
    ");
    assert_eq!(watcher.interrupt(), Some(0));
}

#[test]
fn dev_names_the_line_of_a_typescript_function_that_does_not_end() {
    let packages = repository().join("guests/javascript/node_modules");
    if !packages.join("esbuild").is_dir() {
        assert!(std::env::var_os("CI").is_none(), "run `make guests`");
        return;
    }
    let project = Project::created("typescript");
    std::os::unix::fs::symlink(packages, project.path("p/node_modules")).expect("linked");
    let source = project.path("p/udf.ts");
    let text = fs::read_to_string(&source).expect("read");
    let endless = text.replace("return false;", "for (;;);");
    fs::write(&source, endless).expect("written");
    let watcher = Watcher::start(project.command("dev p --timeout 1000"));
    insta::assert_snapshot!(watcher.until("natively"), @r"
    watching N files of p; Ctrl-C ends it
    p: a missing field does not match
      - 4 values
      + error: function `p` was stopped: the time limit of 1000 ms is over at udf.ts:23
    natively: 2 of 3 cases pass, 1 has not run (T s)
    ");
    fs::write(&source, format!("for (;;);\n{text}")).expect("written");
    insta::assert_snapshot!(watcher.until("waiting"), @r"
    changed: udf.ts
    natively: the project was still loading after 20 s: code outside of functions does not end, or takes too long; correct it, or do its work in `prepare`; no component was built
    waiting for changes
    ");
}

/// `PATH` without the directories that have a program.
fn path_without(program: &str) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let folders = folders.filter(|folder: &PathBuf| !Path::new(folder).join(program).exists());
    std::env::join_paths(folders).expect("a path")
}
