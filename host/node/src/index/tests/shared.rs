//! Indexes that share resources, are closed and opened again, discarded, or damaged.

use std::fs;

use super::*;

fn sharing(limits: ResourceLimits) -> Options {
    Options {
        resources: Resources::new(limits),
        ..Options::default()
    }
}

fn new(folder: &Path, options: &Options) -> Index {
    Index::create_with(folder, Mapping::dynamic(), options.clone()).expect("an index")
}

/// Threads of this process that tantivy started.
fn tantivy_threads() -> usize {
    let names = fs::read_dir("/proc/self/task").expect("a folder");
    let names = names.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let known = ["segment_updater", "merge_thread_", "thrd-tantivy-in"];
    names
        .filter(|name| known.iter().any(|known| name.starts_with(known)))
        .count()
}

#[test]
fn many_indexes_take_turns_with_few_writers() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = sharing(ResourceLimits {
        writers: 2,
        ..ResourceLimits::default()
    });
    let indexes: Vec<Index> = (0..24)
        .map(|number| new(&folder.path().join(number.to_string()), &options))
        .collect();
    thread::scope(|scope| {
        for some in indexes.chunks(6) {
            scope.spawn(move || {
                for round in 0..12 {
                    for of in some {
                        done(of, index(&(round % 9).to_string(), json!({"n": round})));
                        of.refresh().expect("there is room");
                    }
                }
            });
        }
    });
    for of in &indexes {
        assert_eq!(all(&of.snapshot()), 9);
        assert_eq!(hits(of, "n", &json!(11)), 1);
        // One after the other, each with a merge of its own.
        of.merge().expect("there is room");
        assert_eq!(of.statistics().segments, 1);
    }
    // Two writers, beside those of other tests.
    assert!(tantivy_threads() < 24 * 3, "{}", tantivy_threads());
    drop(indexes);
    for number in 0..24 {
        let of = Index::open(&folder.path().join(number.to_string())).expect("it is there");
        assert_eq!((all(&of.snapshot()), hits(&of, "n", &json!(8))), (9, 1));
    }
}

#[test]
fn who_writes_too_much_has_the_largest_taken_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = sharing(ResourceLimits {
        pending_bytes: 20_000,
        ..ResourceLimits::default()
    });
    let [large, small] = ["large", "small"].map(|name| new(&folder.path().join(name), &options));
    let text = json!({"text": "x".repeat(1_000)});
    for number in 0..15 {
        done(&large, index(&number.to_string(), text.clone()));
    }
    for number in 0..30 {
        done(&small, index(&number.to_string(), text.clone()));
        let pending = options.resources.pending_bytes();
        assert!(pending < 22_000, "{pending}");
    }
    assert_eq!(large.pending(), 0);
    assert_eq!(all(&large.snapshot()), 15);
    drop((large, small));
    assert_eq!(options.resources.pending_bytes(), 0);
}

#[test]
fn an_index_is_closed_only_if_nobody_uses_it_and_opened_again_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = sharing(ResourceLimits::default());
    let mut of = new(folder.path(), &options);
    options.is_verified = true;
    for round in 0..6 {
        done(&of, index(&round.to_string(), json!({"n": round})));
        if round % 2 == 0 {
            of.refresh().expect("there is room");
        }
        let used = of.clone();
        of = of.close_unshared().expect_err("it is used");
        done(&used, index("shared", json!({"n": round})));
        drop(used);
        let snapshot = of.snapshot();
        let closed = of.close_unshared().map_err(drop).expect("nobody uses it");
        closed.expect("there is room");
        // Searches that are under way go on.
        let _ = all(&snapshot);
        of = Index::open_with(folder.path(), options.clone()).expect("it is there");
        assert_eq!((all(&of.snapshot()), of.pending()), (round + 2, 0));
        assert_eq!(source(&of, "shared"), Some(json!({"n": round})));
    }
    assert_eq!(done(&of, index("shared", json!({}))).1, 7);
}

#[test]
fn a_discarded_index_writes_nothing_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, gone) = (folder.path().join("of"), folder.path().join("gone"));
    let of = Index::create(&path, Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    of.refresh().expect("there is room");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..3 {
            let (of, is_over) = (of.clone(), &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    let id = format!("{writer}-{number}");
                    let written = of.write(vec![index(&id, json!({id.clone(): number}))]);
                    let refreshed = of.refresh();
                    for error in written
                        .as_ref()
                        .err()
                        .into_iter()
                        .chain(refreshed.as_ref().err())
                    {
                        assert!(matches!(error, IndexError::Closed), "{error:?}");
                    }
                    if written.is_err() && refreshed.is_err() {
                        return;
                    }
                    assert!(!is_over.load(Ordering::Acquire), "it was discarded");
                }
            });
        }
        thread::sleep(std::time::Duration::from_millis(150));
        of.clone().discard();
        fs::rename(&path, &gone).expect("it can be renamed");
        // Another index of the same name.
        let other = Index::create(&path, Mapping::dynamic()).expect("an index");
        is_over.store(true, Ordering::Release);
        done(&other, index("other", json!({"m": 1})));
        other.refresh().expect("there is room");
        assert_eq!(
            (all(&other.snapshot()), hits(&other, "m", &json!(1))),
            (1, 1)
        );
        let fields = other.mapping().to_json();
        assert_eq!(fields, json!({"properties": {"m": {"type": "long"}}}));
    });
    // What was found before is still read.
    assert!(all(&of.snapshot()) >= 1);
    assert!(matches!(of.refresh(), Err(IndexError::Closed)));
    drop(of);
    fs::remove_dir_all(&gone).expect("it can be deleted");
    let opened = Index::open(&path).expect("it is whole");
    assert_eq!(all(&opened.snapshot()), 1);
}

#[test]
fn a_changed_byte_in_any_file_of_a_segment_is_noticed_when_it_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    for number in 0..20 {
        let document = json!({"n": number, "text": format!("some words {number}")});
        done(&of, index(&number.to_string(), document));
    }
    of.refresh().expect("there is room");
    done(&of, delete("3"));
    of.close().expect("there is room");
    let segments = folder.path().join("segments");
    let files = fs::read_dir(&segments).expect("a folder");
    let files = files.map(|file| file.expect("one").path());
    let files: Vec<_> = files
        .filter(|file| {
            let name = file.file_name().expect("a name").to_string_lossy();
            !name.starts_with('.')
        })
        .collect();
    // Postings, positions, terms, lengths, columns, sources, deletions, and tantivy's record.
    assert_eq!(files.len(), 8, "{files:?}");
    for file in files {
        let whole = fs::read(&file).expect("it is there");
        let name = file.file_name().expect("a name").to_str().expect("text");
        let refused = |changed: &[u8]| {
            fs::write(&file, changed).expect("there is room");
            let error = Index::open(folder.path()).map(drop).expect_err("damaged");
            assert!(!matches!(error, IndexError::Panicked { .. }), "{error}");
            let mut text = error.to_string();
            if let Some(cause) = std::error::Error::source(&error) {
                text.push_str(&cause.to_string());
            }
            assert!(text.contains(name), "{name}: {text}");
        };
        // Behind it are tantivy's footer, with its version and the checksum, or our checksum.
        let end = whole.len() - if name == "meta.json" { 30 } else { 100 }.min(whole.len() - 1);
        for at in (0..end).step_by(end / 9 + 1) {
            let mut changed = whole.clone();
            changed[at] ^= 4;
            refused(&changed);
        }
        for length in [0, 3, whole.len() / 2, whole.len() - 1] {
            refused(&whole[..length]);
        }
        fs::write(&file, &whole).expect("there is room");
        assert_eq!(
            all(&Index::open(folder.path()).expect("it is whole").snapshot()),
            19
        );
        fs::remove_file(&file).expect("it is there");
        Index::open(folder.path())
            .map(drop)
            .expect_err("it is gone");
        fs::write(&file, &whole).expect("there is room");
    }
}
