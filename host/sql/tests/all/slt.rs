//! Runs the files of `tests/slt`, in the format of sqllogictest.
//!
//! A record is `statement ok`, `query` or `error`, then SQL, and for the last two `----` and the
//! rows or the whole error. It ends with an empty line. The values of a row are separated by a space.
//! `UPDATE_SLT=1 cargo test -p whittle-datafusion slt` writes what it finds into the files.

use std::fmt::Write;
use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::{SessionConfig, SessionContext};
use whittle_datafusion::{Functions, Options};
use whittle_host::Budget;

use crate::support::{registry, rows, told, udf};

/// The functions of a registry, and those of two components of the session.
fn session() -> Functions {
    let config = SessionConfig::new().with_target_partitions(1);
    let context = SessionContext::new_with_config(config);
    let options = Options {
        budget: Budget {
            memory_bytes: 64 << 20,
            wall_clock: std::time::Duration::from_secs(2),
            ..Budget::default()
        },
    };
    let guests = [
        "string-distance",
        "custom-score",
        "business-days",
        "json-path",
    ];
    let functions = whittle_datafusion::register(&context, &registry(&guests), options);
    for (component, names) in [
        (
            "probe",
            &[
                "fail_on",
                "trap_on",
                "echo_arguments",
                "allocate",
                "refuse",
                "read_json",
            ][..],
        ),
        ("evil", &["forever_in_evaluate", "many_texts"][..]),
        ("failures", &["fails"][..]),
    ] {
        let udf = udf("rust", component);
        for name in names {
            functions.create(name, &udf, false).expect("created");
        }
    }
    functions
}

async fn answer(functions: &Functions, kind: &str, sql: &str) -> Result<String, String> {
    match (kind, rows(functions, sql).await) {
        ("statement ok", Ok(_)) => Ok(String::new()),
        ("query", Ok(rows)) => Ok(lines(&rows)),
        ("error", Err(error)) => Ok(told(&error)),
        ("error", Ok(rows)) => Err(format!("no error, but:\n{}", lines(&rows))),
        (_, Err(error)) => Err(told(&error)),
        (other, Ok(_)) => Err(format!("`{other}` is not a kind of record")),
    }
}

fn lines(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::new().with_null("NULL");
    let mut text = String::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns = columns.map(|column| ArrayFormatter::try_new(column, &options));
        let columns: Vec<_> = columns.collect::<Result<_, _>>().expect("can be shown");
        for row in 0..batch.num_rows() {
            let values = columns.iter().map(|column| column.value(row).to_string());
            let values: Vec<String> = values
                .map(|value| match value.as_str() {
                    "" => "(empty)".to_owned(),
                    value => value.trim_end().to_owned(),
                })
                .collect();
            writeln!(text, "{}", values.join(" ")).expect("a string");
        }
    }
    text.trim_end().to_owned()
}

/// The file as it should be, and the mistakes in it.
async fn checked(path: &Path, text: &str) -> (String, Vec<String>) {
    let functions = session();
    let mut out = String::new();
    let mut mistakes = Vec::new();
    for (at, block) in text.trim_end().split("\n\n").enumerate() {
        if at > 0 {
            out.push_str("\n\n");
        }
        let comment = block
            .lines()
            .take_while(|line| line.starts_with('#'))
            .count();
        let mut lines = block.lines().skip(comment);
        let Some(kind) = lines.next() else {
            out.push_str(block);
            continue;
        };
        let sql: Vec<&str> = lines.by_ref().take_while(|line| *line != "----").collect();
        let expected = lines.collect::<Vec<_>>().join("\n");
        let found = answer(&functions, kind, &sql.join("\n")).await;
        if found.as_ref() != Ok(&expected) {
            mistakes.push(format!(
                "{}:\n{}\nexpected:\n{expected}\nfound:\n{}",
                path.display(),
                sql.join("\n"),
                found
                    .clone()
                    .unwrap_or_else(|error| format!("{kind} failed: {error}")),
            ));
        }
        for line in block.lines().take(comment).chain([kind]).chain(sql) {
            writeln!(out, "{line}").expect("a string");
        }
        match found {
            Ok(found) if kind != "statement ok" => {
                write!(out, "----\n{found}").expect("a string");
            }
            _ => out.truncate(out.trim_end().len()),
        }
        out.truncate(out.trim_end().len());
    }
    out.push('\n');
    (out, mistakes)
}

#[tokio::test]
async fn slt_files_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let mut mistakes = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("a directory") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a file");
        let (found, wrong) = checked(&path, &text).await;
        if std::env::var_os("UPDATE_SLT").is_some() {
            std::fs::write(&path, found).expect("can be written");
        }
        mistakes.extend(wrong);
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
}
