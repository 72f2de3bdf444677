//! A guide as blocks of code, and what a comment before a block says of it.
//!
//! The comments are not shown to readers:
//!
//! | comment | the block |
//! |---|---|
//! | `<!-- file: PATH -->` | is written to this path of the session |
//! | `<!-- in: PATH -->` | is part of this file of the repository |
//! | `<!-- program: NAME -->` | is what this example of `whittle-host` prints |
//! | `<!-- sql: FLAGS -->` | is statements that `whittle sql` runs with these flags |
//! | `<!-- fails -->` | is run, and exits with an error |
//! | `<!-- serves -->` | starts a node that goes on |
//! | `<!-- not run: REASON -->` | is only shown |
//!
//! `<!-- meanwhile -->` begins a part that runs at the same time as the other such parts beside it, and
//! `<!-- then -->` a part that waits for them.
//!
//! A block of `sh` without a comment is run. A block of `text` or `json` without a comment is what
//! the `sh` block before it prints.

use std::ops::Range;

/// What happens to a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Run,
    Sql(String),
    Fails,
    Serves,
    /// What the block before it prints.
    Printed,
    File(String),
    In(String),
    Program(String),
    NotRun,
}

#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Steps run one after the other, and the lanes of a step at the same time.
    pub(super) step: usize,
    pub(super) lane: usize,
    /// Of the first line of its text, from 1.
    pub(super) line: usize,
    pub(super) role: Role,
    pub(super) text: &'a str,
    /// The bytes of the page that are its text.
    pub(super) range: Range<usize>,
}

/// What stands between `<!--` and `-->` if a line is a comment.
pub(super) fn comment(line: &str) -> Option<&str> {
    let inside = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inside.trim())
}

fn role(language: &str, note: Option<&str>, after_run: bool) -> Result<Role, String> {
    let (key, value) = note.map_or(("", ""), |note| note.split_once(": ").unwrap_or((note, "")));
    match (key, value) {
        ("file", path) if !path.is_empty() => Ok(Role::File(path.to_owned())),
        ("in", path) if !path.is_empty() => Ok(Role::In(path.to_owned())),
        ("program", name) if !name.is_empty() => Ok(Role::Program(name.to_owned())),
        ("not run", reason) if !reason.is_empty() => Ok(Role::NotRun),
        ("sql", flags) if language == "sql" => Ok(Role::Sql(flags.to_owned())),
        ("fails", "") if language == "sh" => Ok(Role::Fails),
        ("serves", "") if language == "sh" => Ok(Role::Serves),
        ("", "") if language == "sh" => Ok(Role::Run),
        ("", "") if ["text", "json"].contains(&language) && after_run => Ok(Role::Printed),
        ("", "") => Err(format!(
            "nothing runs this block of `{language}`: put a comment before it, such as \
             `<!-- file: PATH -->` or `<!-- not run: REASON -->`"
        )),
        _ => Err(format!(
            "`<!-- {} -->` is no role of a block of `{language}`",
            note.unwrap_or("")
        )),
    }
}

/// The blocks of a page, without those in generated parts.
///
/// # Errors
///
/// The line and the mistake if a block has no role, or has no end.
pub(super) fn blocks(page: &str) -> Result<Vec<Block<'_>>, String> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut note = None;
    let mut is_generated = false;
    let (mut step, mut lane, mut is_beside) = (0, 0, false);
    // The block that is open: its language, the line after its fence, and where that begins.
    let mut open: Option<(&str, usize, usize)> = None;
    let mut start = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let fence = line.trim_end().strip_prefix("```");
        match (open, fence) {
            (None, Some(language)) if !is_generated => open = Some((language, index + 2, end)),
            (Some((language, first, begin)), Some(_)) => {
                let previous = blocks.last().map(|block| &block.role);
                let after_run = matches!(
                    previous,
                    Some(Role::Run | Role::Sql(_) | Role::Fails | Role::Serves)
                );
                let role = role(language, note.take(), after_run)
                    .map_err(|mistake| format!("line {first}: {mistake}"))?;
                blocks.push(Block {
                    step,
                    lane,
                    line: first,
                    role,
                    text: &page[begin..start],
                    range: begin..start,
                });
                open = None;
            }
            (None, _) => {
                let comment = comment(line);
                match comment {
                    Some("meanwhile") if is_beside => lane += 1,
                    Some(turn @ ("meanwhile" | "then")) => {
                        (step, lane) = (step + 1, 0);
                        is_beside = turn == "meanwhile";
                    }
                    Some("end") => is_generated = false,
                    Some(part) if part.starts_with("generated: ") => is_generated = true,
                    note_or_none => note = note_or_none,
                }
            }
            (Some(_), None) => {}
        }
        start = end;
    }
    match open {
        None => Ok(blocks),
        Some((_, line, _)) => Err(format!("line {line}: the block has no end")),
    }
}

#[test]
fn blocks_have_roles() {
    let page = "A.\n<!-- file: a.json -->\n```json\n{}\n```\n```sh\ncat a.json\n```\nIt says:\n```json\n{}\n```\n\
                <!-- generated: x -->\n```\nb\n```\n<!-- end -->\n<!-- fails -->\n```sh\nfalse\n```\n";
    let blocks = blocks(page).expect("blocks");
    let found: Vec<_> = blocks
        .iter()
        .map(|block| (block.line, &block.role, block.text))
        .collect();
    assert_eq!(
        found,
        [
            (4, &Role::File("a.json".to_owned()), "{}\n"),
            (7, &Role::Run, "cat a.json\n"),
            (11, &Role::Printed, "{}\n"),
            (20, &Role::Fails, "false\n"),
        ]
    );
}

#[test]
fn parts_run_at_the_same_time() {
    let block = "```sh\ntrue\n```\n";
    let page = [
        "",
        "<!-- meanwhile -->\n",
        "<!-- meanwhile -->\n",
        "<!-- then -->\n",
    ];
    let page: String = page
        .map(|comment| format!("{comment}{block}{block}"))
        .concat();
    let blocks = blocks(&page).expect("blocks");
    let places: Vec<_> = blocks
        .iter()
        .map(|block| (block.step, block.lane))
        .collect();
    let expected = [(0, 0), (1, 0), (1, 1), (2, 0)].map(|place| [place, place]);
    assert_eq!(places, expected.concat());
}

#[test]
fn a_block_that_nothing_runs_is_a_mistake() {
    for (page, mistake) in [
        (
            "```rust\n```\n",
            "line 2: nothing runs this block of `rust`: put a comment before it, such as `<!-- file: PATH -->` or `<!-- not run: REASON -->`",
        ),
        (
            "```text\n```\n",
            "line 2: nothing runs this block of `text`: put a comment before it, such as `<!-- file: PATH -->` or `<!-- not run: REASON -->`",
        ),
        (
            "<!-- not run -->\n```sh\n```\n",
            "line 3: `<!-- not run -->` is no role of a block of `sh`",
        ),
        ("```sh\n", "line 2: the block has no end"),
    ] {
        assert_eq!(blocks(page).expect_err("a mistake"), mistake);
    }
}
