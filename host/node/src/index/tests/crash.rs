use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::*;

/// That an index has a document for each number below `acknowledged`, as the writer below wrote
/// them, and none twice.
fn has_all(of: &Index, acknowledged: u64) {
    for number in 0..acknowledged {
        let id = (number % 50).to_string();
        let stored = source(of, &id).expect("it was acknowledged");
        let last = stored["n"].as_u64().expect("a number");
        assert!(
            last >= number,
            "{id} has {last}, and {number} was acknowledged"
        );
        assert_eq!(last % 50, number % 50);
    }
    let snapshot = of.snapshot();
    let documents = all(&snapshot);
    assert!(documents >= usize::try_from(acknowledged.min(50)).expect("few") && documents <= 50);
    let mut versions = BTreeMap::new();
    for number in 0..50_u64 {
        if let Some(stored) = of.get(&number.to_string()).expect("it can be read") {
            let json: Json = serde_json::from_slice(&stored.source).expect("JSON");
            let writes = json["n"].as_u64().expect("a number") / 50 + 1;
            versions.insert(number, (stored.version, writes));
            // Searches find it by its last value, and by none before.
            assert_eq!(hits(of, "n", &json["n"]), 1);
        }
    }
    assert_eq!(versions.len(), documents);
    for (number, (version, writes)) in versions {
        assert_eq!(version, writes, "of {number}");
    }
}

/// Ends the writer, also where the test fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Copies the folder at many moments while it is written, refreshed, and its mapping grows.
#[test]
fn every_acknowledged_write_outlives_a_crash_at_any_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        log_bytes: 20_000,
        threads: 2,
        ..Options::default()
    };
    let of = Index::create_with(folder.path(), Mapping::dynamic(), options).expect("an index");
    let acknowledged = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Acquire) {
                let mut document = json!({"n": number, "pad": "x".repeat(300)});
                if number % 40 == 0 {
                    document[format!("field {}", number % 800)] = json!(number);
                }
                done(&of, index(&(number % 50).to_string(), document));
                number += 1;
                acknowledged.store(number, Ordering::Release);
                if number % 97 == 0 {
                    of.refresh().expect("there is room");
                }
            }
        });
        let end = End(&is_over);
        for round in 0..16_u64 {
            thread::sleep(Duration::from_millis(round * 7 % 40));
            let before = acknowledged.load(Ordering::Acquire);
            let copy = crashed(folder.path());
            let opened = Index::open(copy.path()).expect("a crash does no damage");
            has_all(&opened, before);
            // It can go on, and crash again.
            done(&opened, index("0", json!({"n": 1_000_000})));
            let copy = crashed(copy.path());
            let opened = Index::open(copy.path()).expect("a crash does no damage");
            assert_eq!(source(&opened, "0"), Some(json!({"n": 1_000_000})));
        }
        drop(end);
    });
    let written = acknowledged.load(Ordering::Acquire);
    std::mem::forget(of);
    let opened = Index::open(crashed(folder.path()).path()).expect("a crash does no damage");
    has_all(&opened, written);
}

/// The crash between a commit and the deletion of what it made superfluous.
#[test]
fn what_is_in_segments_and_still_in_the_log_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    done(&of, index("b", json!({"n": 1})));
    done(&of, delete("b"));
    let before = crashed(folder.path());
    of.refresh().expect("there is room");
    done(&of, index("a", json!({"n": 2})));
    let after = crashed(folder.path());
    for entry in std::fs::read_dir(before.path()).expect("a folder") {
        let entry = entry.expect("one");
        if entry.file_name().to_string_lossy().starts_with("log-") {
            let copied = after.path().join(entry.file_name());
            std::fs::copy(entry.path(), copied).expect("there is room");
        }
    }
    let opened = Index::open(after.path()).expect("it is whole");
    assert_eq!(
        (all(&opened.snapshot()), hits(&opened, "n", &json!(2))),
        (1, 1)
    );
    assert_eq!(
        done(&opened, index("a", json!({}))),
        (WriteResult::Updated, 3, 4)
    );
    assert_eq!(source(&opened, "b"), None);
}

/// The crash between the two files that a field is written to.
#[test]
fn a_mapping_that_is_ahead_of_the_segments_wins() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"title": "first"})));
    of.refresh().expect("there is room");
    done(&of, index("b", json!({"n": 1, "text": "words"})));
    let copy = crashed(folder.path());
    let meta = std::fs::read_to_string(copy.path().join("segments/meta.json")).expect("there");
    assert!(
        !meta.contains("\"f2\""),
        "tantivy knows no field yet beside the title and its keyword"
    );
    let opened = Index::open(copy.path()).expect("it is whole");
    assert_eq!(
        (
            hits(&opened, "n", &json!(1)),
            hits(&opened, "text", &json!("words"))
        ),
        (1, 1)
    );
    assert_eq!(all(&opened.snapshot()), 2);
}

#[test]
fn a_log_torn_at_any_byte_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    let one = crashed(folder.path());
    done(&of, index("b", json!({"n": 2})));
    let two = crashed(folder.path());
    let log = |folder: &Path| {
        let mut entries = std::fs::read_dir(folder).expect("a folder");
        let log = entries.find_map(|entry| {
            let entry = entry.expect("one");
            let is_log = entry.file_name().to_string_lossy().starts_with("log-");
            is_log.then(|| entry.path())
        });
        log.expect("it has a log")
    };
    let whole = std::fs::read(log(one.path())).expect("it is there").len();
    let bytes = std::fs::read(log(two.path())).expect("it is there");
    for length in (0..bytes.len())
        .step_by(7)
        .chain([whole - 1, whole, bytes.len()])
    {
        let copy = crashed(two.path());
        std::fs::write(log(copy.path()), &bytes[..length]).expect("there is room");
        let opened = Index::open(copy.path()).expect("it is only torn");
        let expected = usize::from(length >= whole) + usize::from(length == bytes.len());
        assert_eq!(all(&opened.snapshot()), expected, "of {length} bytes");
        assert_eq!(source(&opened, "a").is_some(), length >= whole);
    }
}

/// A process that dies between writing which documents are deleted and committing that leaves a file
/// whose name is that of the next such file.
#[test]
fn what_was_never_committed_is_swept_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    for id in ["a", "b"] {
        of.write(vec![create(id, json!({"number": 1}))])
            .expect("written");
    }
    of.refresh().expect("refreshed");
    of.clone().close().expect("closed");
    drop(of);
    let segments = folder.path().join("segments");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&segments).expect("a folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("read").file_name();
        entries
            .map(|entry| name(entry).into_string().expect("text"))
            .collect()
    };
    let there = names();
    let segment = there.iter().find_map(|name| name.strip_suffix(".idx"));
    let segment = segment.expect("a segment");
    // Whatever number tantivy gives its next deletions, it is one of these.
    for number in 0..64 {
        fs::write(segments.join(format!("{segment}.{number}.del")), "left").expect("written");
    }
    let other = "0123456789abcdef0123456789abcdef";
    fs::write(segments.join(format!("{other}.idx")), "left").expect("written");
    let of = Index::open(folder.path()).expect("it opens");
    assert!(!names().iter().any(|name| name.starts_with(other)));
    of.write(vec![Operation::Delete {
        id: "a".to_owned(),
        if_seq_no: None,
    }])
    .expect("written");
    of.refresh().expect("refreshed");
    assert_eq!(of.statistics().documents, 1);
}

/// A merge that begins before the first commit takes the deletes up to the last commit for done.
#[test]
fn a_delete_that_comes_first_after_a_crash_survives_a_merge() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("a folder");
        let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
        let write = |of: &Index, ids: &[&str], n: u64| {
            for id in ids {
                done(of, index(id, json!({"n": n})));
            }
            of.refresh().expect("there is room");
        };
        write(&of, &["a", "b", "c"], 1);
        // The first segment has a deleted document, so that it is merged with the second.
        write(&of, &["c", "d", "e", "f"], 2);
        let copy = crashed(folder.path());
        let of = Index::open(copy.path()).expect("a crash does no damage");
        write(&of, &["b"], 3);
        of.close().expect("it can be closed");
        let of = Index::open(copy.path()).expect("it is there");
        assert_eq!(all(&of.snapshot()), 6);
        assert_eq!(source(&of, "b"), Some(json!({"n": 3})));
    }
}

/// A crash may lose a write that was read, whose number the next one gets.
#[test]
fn a_condition_on_a_write_that_a_crash_lost_holds_for_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    let write =
        |of: &Index, number: u64| one(of, index("a", json!({"n": number}))).expect("written");
    assert_eq!(write(&of, 0).place, place(0));
    let before = crashed(folder.path());
    let lost = write(&of, 1);
    drop(of);
    let of = Index::open(before.path()).expect("it is whole");
    let first = of.get("a").expect("it can be read").expect("it is there");
    assert_eq!(first.place, place(0));
    let other = write(&of, 2);
    assert_eq!((other.place.seq_no, other.place.primary_term), (1, 2));
    let conditional = |asked: Place| Operation::Index {
        id: Some("a".to_owned()),
        source: b"{}".to_vec(),
        if_seq_no: Some(asked),
    };
    assert_eq!(
        one(&of, conditional(lost.place)),
        Err(WriteError::SeqNo {
            id: "a".to_owned(),
            asked: lost.place,
            found: Some(other.place),
        })
    );
    let last = one(&of, conditional(other.place)).expect("it is the last");
    // What is closed in order goes on.
    drop(of);
    let of = Index::open(before.path()).expect("it is whole");
    let stored = of.get("a").expect("it can be read").expect("it is there");
    assert_eq!(stored.place, last.place);
    assert_eq!(write(&of, 3).place.primary_term, 2);
}
