//! Tests of an index as its users see it. What they share is here.

mod behaviour;
mod crash;
mod failure;
mod growth;
mod model;
mod shared;
mod threads;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value as Json, json};
use tantivy::Term;
use tantivy::collector::Count;
use tantivy::query::{AllQuery, TermQuery};
use tantivy::schema::IndexRecordOption;

use super::inner::lock;
use super::*;
use crate::mapping::FieldType;

fn index(id: &str, source: Json) -> Operation {
    Operation::Index {
        id: Some(id.to_owned()),
        source: source.to_string().into_bytes(),
        if_seq_no: None,
    }
}

fn create(id: &str, source: Json) -> Operation {
    Operation::Create {
        id: Some(id.to_owned()),
        source: source.to_string().into_bytes(),
    }
}

fn update(id: &str, partial: Json, upsert: bool) -> Operation {
    let partial = partial.to_string().into_bytes();
    Operation::Update {
        id: id.to_owned(),
        upsert: upsert.then(|| partial.clone()),
        partial,
        detect_noop: true,
        if_seq_no: None,
    }
}

fn delete(id: &str) -> Operation {
    Operation::Delete {
        id: id.to_owned(),
        if_seq_no: None,
    }
}

/// Carries out one operation.
fn one(of: &Index, operation: Operation) -> Result<Written, WriteError> {
    let mut written = of.write(vec![operation]).expect("the disk is well");
    assert_eq!(written.len(), 1);
    written.remove(0)
}

fn place(seq_no: u64) -> Place {
    Place {
        seq_no,
        primary_term: 1,
    }
}

fn done(of: &Index, operation: Operation) -> (WriteResult, u64, u64) {
    let written = one(of, operation).expect("it is carried out");
    (written.result, written.version, written.place.seq_no)
}

fn source(of: &Index, id: &str) -> Option<Json> {
    let stored = of.get(id).expect("it can be read")?;
    Some(serde_json::from_slice(&stored.source).expect("JSON"))
}

/// How many documents searches see.
fn all(snapshot: &Snapshot) -> usize {
    snapshot
        .searcher
        .search(&AllQuery, &Count)
        .expect("a search")
}

/// How many documents searches find by a value of a field.
fn hits(of: &Index, path: &str, value: &Json) -> usize {
    let snapshot = of.snapshot();
    let field = snapshot.mapping.field(path).expect("it is mapped");
    let term = match field.field_type {
        FieldType::Boolean => Term::from_field_bool(field.field, value.as_bool().expect("one")),
        FieldType::Long => Term::from_field_i64(field.field, value.as_i64().expect("one")),
        FieldType::Double => Term::from_field_f64(field.field, value.as_f64().expect("one")),
        FieldType::Date => {
            let micros = crate::dates::parse(value.as_str().expect("a text")).expect("a date");
            Term::from_field_i64(field.field, micros)
        }
        FieldType::Keyword | FieldType::Text => {
            Term::from_field_text(field.field, value.as_str().expect("a text"))
        }
    };
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    snapshot.searcher.search(&query, &Count).expect("a search")
}

/// The folder as a crash at this moment may leave it: of each file what was there at some time
/// since the copy was begun.
fn crashed(of: &Path) -> tempfile::TempDir {
    loop {
        let copy = tempfile::tempdir().expect("a folder");
        if let Some(()) = try_copy(of, copy.path()) {
            return copy;
        }
    }
}

/// `None` if tantivy deleted a file meanwhile, which no crash does.
fn try_copy(from: &Path, to: &Path) -> Option<()> {
    let meta = || std::fs::read(from.join("segments/meta.json")).ok();
    let before = meta();
    let files = |folder: &Path| -> Option<Vec<_>> {
        let entries = std::fs::read_dir(folder).ok()?;
        entries.map(|entry| Some(entry.ok()?.file_name())).collect()
    };
    // Records are taken in by tantivy before the log forgets them, and fields come to the
    // mapping before they come to tantivy: so this order leaves nothing out.
    let (mut logs, mut others) = (files(from)?, files(from)?);
    logs.retain(|name| name.to_string_lossy().starts_with("log-"));
    others.retain(|name| name.to_string_lossy().ends_with(".json"));
    for name in logs {
        std::fs::copy(from.join(&name), to.join(&name)).ok()?;
    }
    std::fs::create_dir(to.join("segments")).ok()?;
    for name in files(&from.join("segments"))? {
        let name = Path::new("segments").join(name);
        // Those that nothing needs yet come and go.
        let _ = std::fs::copy(from.join(&name), to.join(&name));
    }
    for name in others {
        std::fs::copy(from.join(&name), to.join(&name)).ok()?;
    }
    (before == meta()).then_some(())
}

fn mapping(properties: Json) -> Mapping {
    Mapping::parse(&json!({"properties": properties})).expect("a mapping")
}
