use super::log::tests::have_writes_fail;
use super::*;

/// An index in which tantivy cannot write while its files are elsewhere.
#[test]
fn what_tantivy_fails_to_take_in_is_taken_in_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    done(&of, index("gone", json!({"n": 1})));
    of.refresh().expect("there is room");
    done(&of, index("a", json!({"n": 2})));
    done(&of, index("b", json!({"m": 1})));
    done(&of, delete("gone"));
    let (segments, away) = (folder.path().join("segments"), folder.path().join("away"));
    std::fs::rename(&segments, &away).expect("it can be moved");
    for round in 1..4 {
        assert!(matches!(of.refresh(), Err(IndexError::Tantivy { .. })));
        // All else goes on.
        assert_eq!((all(&of.snapshot()), hits(&of, "n", &json!(1))), (2, 2));
        assert_eq!(
            (source(&of, "a"), source(&of, "gone")),
            (Some(json!({"n": 2})), None)
        );
        let (_, version, seq_no) = done(&of, index("c", json!({})));
        assert_eq!((version, seq_no), (round, 4 + round));
    }
    std::fs::rename(&away, &segments).expect("it can be moved");
    let crashed = crashed(folder.path());
    let after_crash = Index::open(crashed.path()).expect("the log has it");
    of.refresh().expect("there is room again");
    for of in [&of, &after_crash] {
        assert_eq!((all(&of.snapshot()), of.statistics().pending), (3, 0));
        assert_eq!((hits(of, "n", &json!(2)), hits(of, "m", &json!(1))), (1, 1));
        assert_eq!(
            (source(of, "gone"), source(of, "a")),
            (None, Some(json!({"n": 2})))
        );
    }
}

#[test]
fn where_room_is_lacking_for_long_writes_are_refused_and_none_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        log_bytes: 2_000,
        ..Options::default()
    };
    let of = Index::create_with(folder.path(), Mapping::dynamic(), options).expect("an index");
    let (segments, away) = (folder.path().join("segments"), folder.path().join("away"));
    std::fs::rename(&segments, &away).expect("it can be moved");
    let mut acknowledged = 0;
    let error = loop {
        let operation = index(&acknowledged.to_string(), json!({"text": "x".repeat(500)}));
        match of.write(vec![operation]) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 100, "the memory is not endless");
    };
    assert!(matches!(error, IndexError::Tantivy { .. }), "{error}");
    std::fs::rename(&away, &segments).expect("it can be moved");
    done(&of, index("more", json!({})));
    of.refresh().expect("there is room again");
    assert_eq!(all(&of.snapshot()), acknowledged + 1);
}

#[test]
fn a_log_that_fails_is_told_and_another_file_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    let log = || {
        &of.handle
            .inner
            .disk
            .as_ref()
            .expect("it is on the disk")
            .log
    };
    done(&of, index("a", json!({"n": 1})));
    have_writes_fail(log(), true);
    let failed = of.write(vec![index("b", json!({"n": 2}))]);
    let error = failed.expect_err("it cannot be written");
    insta::assert_snapshot!(error, @"cannot write to the log, so that the operations may be kept or not: make room on the disk, and repeat them");
    assert!(std::error::Error::source(&error).is_some());
    // Still no other file can be taken, since this one cannot be cut.
    of.write(vec![index("c", json!({}))])
        .expect_err("it cannot be written");
    have_writes_fail(log(), false);
    done(&of, index("d", json!({"n": 4})));
    let opened = Index::open(crashed(folder.path()).path()).expect("it is whole");
    assert_eq!(
        (source(&opened, "a"), source(&opened, "d")),
        (Some(json!({"n": 1})), Some(json!({"n": 4})))
    );
    assert_eq!(source(&opened, "c"), None);
}

#[test]
fn a_damaged_log_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    for number in 0..3 {
        done(&of, index(&number.to_string(), json!({"n": number})));
    }
    let copy = crashed(folder.path());
    let mut entries = std::fs::read_dir(copy.path()).expect("a folder");
    let log = entries.find_map(|entry| {
        let entry = entry.expect("one");
        entry
            .file_name()
            .to_string_lossy()
            .starts_with("log-")
            .then(|| entry.path())
    });
    let log = log.expect("it has a log");
    let mut bytes = std::fs::read(&log).expect("it is there");
    bytes[90] ^= 1;
    std::fs::write(&log, bytes).expect("there is room");
    let error = Index::open(copy.path())
        .map(drop)
        .expect_err("it is damaged");
    assert!(
        matches!(error, IndexError::Damaged { offset: 87, .. }),
        "{error}"
    );
}

/// tantivy is not ours, and says itself that it may panic.
#[test]
fn what_was_being_taken_in_when_tantivy_panicked_is_taken_in_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    done(&of, index("b", json!({"n": 1})));
    let inner = Arc::clone(&of.handle.inner);
    let panicked = thread::spawn(move || {
        let _segments = lock(&inner.segments);
        inner.lock().take();
        panic!("as tantivy might");
    });
    panicked.join().expect_err("it panicked");
    done(&of, index("b", json!({"n": 2})));
    assert_eq!(
        (source(&of, "a"), all(&of.snapshot())),
        (Some(json!({"n": 1})), 0)
    );
    of.refresh().expect("there is room");
    assert_eq!(
        (hits(&of, "n", &json!(1)), hits(&of, "n", &json!(2))),
        (1, 1)
    );
    drop(of);
    let of = Index::open(folder.path()).expect("it is there");
    assert_eq!(all(&of.snapshot()), 2);
}
