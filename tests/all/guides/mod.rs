//! The README and the guides in `docs` are true: each block of code runs, and prints what the guide shows.
//!
//! [`page`] says how a guide marks its blocks. A block that is not run says why.
//! `RENEW=1 cargo test --package whittle-tests --test all guides` writes into the guides what the blocks
//! print and what is [`generated`].

mod generated;
mod links;
mod page;
mod printed;
mod programs;
mod session;

use std::ops::Range;
use std::path::PathBuf;
use std::thread::ScopedJoinHandle;
use std::{fs, panic, thread};

use whittle_tests::repository;

use self::page::{Block, Role};
use self::session::Session;
use crate::languages;

fn path(guide: &str) -> PathBuf {
    repository().join(guide)
}

fn read(guide: &str) -> String {
    fs::read_to_string(path(guide)).unwrap_or_else(|error| panic!("{guide}: {error}"))
}

fn is_renewed() -> bool {
    std::env::var_os("RENEW").is_some()
}

/// What to tell who changed one of the two sides.
const ADVICE: &str =
    "mend the guide, or renew it: RENEW=1 cargo test --package whittle-tests --test all guides";

/// A text without the indentation that all of its lines have, and without blank ends.
fn dedented(text: &str) -> String {
    let indents = text.lines().filter(|line| !line.trim().is_empty());
    let indents = indents.map(|line| line.len() - line.trim_start().len());
    let indent = indents.min().unwrap_or(0);
    let lines = text
        .lines()
        .map(|line| line.get(indent..).unwrap_or("").trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Whether some lines of a file are a block, whatever their indentation.
fn holds(file: &str, block: &str) -> bool {
    let lines: Vec<&str> = file.lines().collect();
    let block = dedented(block);
    let mut windows = lines.windows(block.lines().count().max(1));
    windows.any(|window| dedented(&window.join("\n")) == block)
}

/// The names of languages whose tools are missing, which `make guests` has reported.
fn missing() -> Vec<&'static str> {
    let built = languages::languages();
    let names = [
        ("rust", "rust"),
        ("go", "go"),
        ("assemblyscript", "assemblyscript"),
        ("javascript", "javascript"),
        ("javascript", "typescript"),
        ("python", "python"),
        ("c", "c"),
    ];
    let names = names.into_iter();
    let missing = names.filter(|(language, _)| !built.iter().any(|built| built == language));
    missing.map(|(_, name)| name).collect()
}

fn names_one_of(text: &str, names: &[&str]) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| names.contains(&word))
}

/// What is to be written into a guide, and where.
type Renewed = Vec<(Range<usize>, String)>;

/// Runs blocks in order, without those that name a language whose tools are missing.
fn run(guide: &str, session: &Session, blocks: &[Block<'_>], missing: &[&str]) -> Renewed {
    let mut output = None;
    let mut renewed = Renewed::new();
    for block in blocks {
        let place = format!("{guide}, line {}", block.line);
        match &block.role {
            Role::Run | Role::Fails if names_one_of(block.text, missing) => output = None,
            Role::Run | Role::Fails | Role::Sql(_) => {
                let (succeeds, text) = match &block.role {
                    Role::Sql(flags) => session.sql(flags, block.text),
                    _ => session.run(block.text),
                };
                let expected = block.role != Role::Fails;
                let ends = if expected { "fails" } else { "does not fail" };
                assert_eq!(succeeds, expected, "{place}: it {ends}:\n{text}");
                output = Some(text);
            }
            Role::Serves => output = Some(session.serve(block.text)),
            Role::Printed | Role::Program(_) => {
                if let Role::Program(name) = &block.role {
                    output = Some(programs::printed(name));
                }
                if let Some(output) = output.take()
                    && !printed::matches(block.text, &output)
                {
                    assert!(
                        is_renewed(),
                        "{place}: the guide shows\n{}\nand what is printed is\n{output}\n{ADVICE}",
                        block.text
                    );
                    renewed.push((block.range.clone(), format!("{}\n", output.trim_end())));
                }
            }
            Role::File(path) => session.write(path, block.text),
            Role::In(path) => {
                let file = fs::read_to_string(repository().join(path));
                let file = file.unwrap_or_else(|error| panic!("{place}: {path}: {error}"));
                assert!(
                    holds(&file, block.text),
                    "{place}: this is not in {path}:\n{}",
                    block.text
                );
            }
            Role::NotRun => {}
        }
    }
    renewed
}

/// Runs a guide.
fn follow(guide: &str) {
    let mut page = read(guide);
    let blocks = page::blocks(&page).unwrap_or_else(|mistake| panic!("{guide}: {mistake}"));
    let (session, missing) = (Session::new(), missing());
    let mut renewed = Renewed::new();
    for step in blocks.chunk_by(|one, other| one.step == other.step) {
        let (session, missing) = (&session, &missing);
        let lanes = thread::scope(|scope| {
            let lanes = step.chunk_by(|one, other| one.lane == other.lane);
            let lanes =
                lanes.map(|blocks| scope.spawn(move || run(guide, session, blocks, missing)));
            let lanes: Vec<_> = lanes.collect();
            let ends = lanes.into_iter().map(ScopedJoinHandle::join);
            ends.flat_map(|end| end.unwrap_or_else(|panic| panic::resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        renewed.extend(lanes);
    }
    if is_renewed() {
        for (range, output) in renewed.into_iter().rev() {
            page.replace_range(range, &output);
        }
        fs::write(path(guide), page).expect("written");
    }
}

#[test]
fn the_readme_is_true() {
    follow("README.md");
}

#[test]
fn the_guide_for_authors_is_true() {
    follow("docs/WASM_UDF_GUIDE.md");
}

#[test]
fn the_examples_print_what_the_page_shows() {
    follow("docs/WASM_EXAMPLES.md");
}

#[test]
fn the_page_of_sql_is_true() {
    follow("docs/SQL.md");
}

#[test]
fn the_guide_for_embedders_is_true() {
    follow("docs/WASM_INTEGRATION.md");
}

#[test]
fn a_block_is_found_in_a_file_at_any_indentation() {
    let file = "fn f() {\n    a();\n\n    b();\n}\n";
    assert!(holds(file, "a();\n\nb();\n"));
    assert!(!holds(file, "a();\nb();\n"));
}
