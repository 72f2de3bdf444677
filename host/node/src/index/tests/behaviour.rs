use super::*;

/// An index in memory, and one on the disk.
fn both() -> (tempfile::TempDir, [Index; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let indices = [
        Index::in_memory(Mapping::dynamic()).expect("an index"),
        Index::create(folder.path(), Mapping::dynamic()).expect("an index"),
    ];
    (folder, indices)
}

#[test]
fn versions_and_numbers_count_up() {
    for of in both().1 {
        assert_eq!(
            done(&of, index("a", json!({"n": 1}))),
            (WriteResult::Created, 1, 0)
        );
        assert_eq!(
            done(&of, index("a", json!({"n": 2}))),
            (WriteResult::Updated, 2, 1)
        );
        of.refresh().expect("there is room");
        assert_eq!(
            done(&of, index("a", json!({"n": 3}))),
            (WriteResult::Updated, 3, 2)
        );
        assert_eq!(
            done(&of, index("b", json!({"n": 3}))),
            (WriteResult::Created, 1, 3)
        );
        assert_eq!(done(&of, delete("a")), (WriteResult::Deleted, 4, 4));
        // The version goes on after the document is gone.
        assert_eq!(done(&of, delete("a")), (WriteResult::NotFound, 5, 5));
        of.refresh().expect("there is room");
        assert_eq!(done(&of, delete("a")), (WriteResult::NotFound, 6, 6));
        assert_eq!(
            done(&of, create("a", json!({}))),
            (WriteResult::Created, 7, 7)
        );
    }
}

#[test]
fn a_document_is_read_at_once_and_found_after_a_refresh() {
    for of in both().1 {
        done(&of, index("a", json!({"n": 1})));
        let before = of.snapshot();
        assert_eq!((all(&before), source(&of, "a")), (0, Some(json!({"n": 1}))));
        of.refresh().expect("there is room");
        assert_eq!((all(&before), hits(&of, "n", &json!(1))), (0, 1));
        done(&of, index("a", json!({"n": 2})));
        assert_eq!(
            (hits(&of, "n", &json!(1)), source(&of, "a")),
            (1, Some(json!({"n": 2})))
        );
        of.refresh().expect("there is room");
        assert_eq!(
            (hits(&of, "n", &json!(1)), hits(&of, "n", &json!(2))),
            (0, 1)
        );
        done(&of, delete("a"));
        assert_eq!((hits(&of, "n", &json!(2)), source(&of, "a")), (1, None));
        of.refresh().expect("there is room");
        assert_eq!((all(&of.snapshot()), source(&of, "a")), (0, None));
    }
}

#[test]
fn a_source_is_given_back_as_it_came() {
    for of in both().1 {
        let text = "{ \"b\": 1.0, \"a\":\t[1e2, -0.0], \"c\": \"\\u00e9\" }";
        let operation = Operation::Index {
            id: Some("a".to_owned()),
            source: text.as_bytes().to_vec(),
            if_seq_no: None,
        };
        done(&of, operation);
        for _ in 0..2 {
            let stored = of.get("a").expect("it can be read").expect("it is there");
            assert_eq!(&*stored.source, text.as_bytes());
            assert_eq!(
                (stored.id.as_str(), stored.version, stored.place.seq_no),
                ("a", 1, 0)
            );
            of.refresh().expect("there is room");
        }
    }
}

#[test]
fn a_document_without_an_id_gets_one() {
    for of in both().1 {
        let source = b"{}".to_vec();
        let unnamed = || Operation::Create {
            id: None,
            source: source.clone(),
        };
        let (first, second) = (one(&of, unnamed()), one(&of, unnamed()));
        let (first, second) = (first.expect("written"), second.expect("written"));
        assert_ne!(first.id, second.id);
        assert_eq!((first.result, first.version), (WriteResult::Created, 1));
        assert!(of.get(&second.id).expect("it can be read").is_some());
    }
}

#[test]
fn conditions_are_kept_whether_refreshed_or_not() {
    for of in both().1 {
        done(&of, index("a", json!({"n": 1})));
        for _ in 0..2 {
            let again = one(&of, create("a", json!({})));
            let exists = WriteError::Exists {
                id: "a".to_owned(),
                version: 1,
            };
            assert_eq!(again, Err(exists));
            for (asked, id, found) in [(1, "a", Some(0)), (0, "b", None)] {
                let conditional = [
                    Operation::Index {
                        id: Some(id.to_owned()),
                        source: b"{}".to_vec(),
                        if_seq_no: Some(place(asked)),
                    },
                    Operation::Update {
                        id: id.to_owned(),
                        partial: b"{}".to_vec(),
                        upsert: Some(b"{}".to_vec()),
                        detect_noop: true,
                        if_seq_no: Some(place(asked)),
                    },
                    Operation::Delete {
                        id: id.to_owned(),
                        if_seq_no: Some(place(asked)),
                    },
                ];
                for operation in conditional {
                    let id = id.to_owned();
                    assert_eq!(
                        one(&of, operation),
                        Err(WriteError::SeqNo {
                            id,
                            asked: place(asked),
                            found: found.map(place)
                        })
                    );
                }
            }
            of.refresh().expect("there is room");
        }
        let operation = Operation::Index {
            id: Some("a".to_owned()),
            source: b"{}".to_vec(),
            if_seq_no: Some(place(0)),
        };
        assert_eq!(done(&of, operation), (WriteResult::Updated, 2, 1));
    }
}

#[test]
fn updates_merge_and_say_where_nothing_changed() {
    for of in both().1 {
        let missing = WriteError::Missing { id: "a".to_owned() };
        assert_eq!(one(&of, update("a", json!({"n": 1}), false)), Err(missing));
        let created = done(&of, update("a", json!({"n": 1, "o": {"p": 1}}), true));
        assert_eq!(created, (WriteResult::Created, 1, 0));
        for round in 0..2 {
            let same = done(&of, update("a", json!({"o": {"p": 1 + round}}), true));
            assert_eq!(same, (WriteResult::Noop, 1 + round, round));
            let other = done(&of, update("a", json!({"o": {"p": 2 + round}}), false));
            assert_eq!(other, (WriteResult::Updated, 2 + round, 1 + round));
            assert_eq!(
                source(&of, "a"),
                Some(json!({"n": 1, "o": {"p": 2 + round}}))
            );
            of.refresh().expect("there is room");
        }
    }
}

#[test]
fn one_operation_sees_those_before_it_and_a_wrong_one_touches_none() {
    for of in both().1 {
        let broken = Operation::Index {
            id: None,
            source: b"{".to_vec(),
            if_seq_no: None,
        };
        let operations = vec![
            index("a", json!({"n": 1})),
            broken,
            index("", json!({})),
            index("b", json!({"n": "many"})),
            update("a", json!({"m": 2}), false),
            create("a", json!({})),
            delete("a"),
            index("a", json!({"n": 3})),
            update("c", json!({"n": {"o": 1}}), true),
        ];
        let written = of.write(operations).expect("the disk is well");
        let shown: Vec<Result<(WriteResult, u64), String>> = written
            .into_iter()
            .map(|written| match written {
                Ok(written) => Ok((written.result, written.place.seq_no)),
                Err(error) => Err(error.to_string()),
            })
            .collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(format!("{shown:#?}"), @r#"
            [
                Ok(
                    (
                        Created,
                        0,
                    ),
                ),
                Err(
                    "the document is broken JSON: line 1, column 1: EOF while parsing an object",
                ),
                Err(
                    "an id has 1 to 512 bytes, and `` has 0",
                ),
                Err(
                    "failed to parse field [n] of type [long] in document with id 'b'. Preview of field's value: 'many'",
                ),
                Ok(
                    (
                        Updated,
                        1,
                    ),
                ),
                Err(
                    "the document `a` is there already, in version 2: give it another id, or index it",
                ),
                Ok(
                    (
                        Deleted,
                        2,
                    ),
                ),
                Ok(
                    (
                        Created,
                        3,
                    ),
                ),
                Err(
                    "failed to parse field [n] of type [long] in document with id 'c'. Preview of field's value: '{o=1}'",
                ),
            ]
            "#);
        }
        assert_eq!(source(&of, "a"), Some(json!({"n": 3})));
        assert_eq!((source(&of, "b"), source(&of, "c")), (None, None));
    }
}

#[test]
fn an_index_is_the_same_when_it_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    done(&of, index("a", json!({"n": 2})));
    of.refresh().expect("there is room");
    done(&of, index("a", json!({"n": 3, "m": "x"})));
    done(&of, index("b", json!({"n": 4})));
    done(&of, delete("b"));
    let mapping = of.mapping().to_json();
    of.close().expect("there is room");
    for _ in 0..2 {
        let of = Index::open(folder.path()).expect("it is there");
        assert_eq!(of.statistics().pending, 0);
        assert_eq!(of.mapping().to_json(), mapping);
        assert_eq!(
            (source(&of, "a"), source(&of, "b")),
            (Some(json!({"n": 3, "m": "x"})), None)
        );
        assert_eq!(hits(&of, "n", &json!(3)), 1);
        assert_eq!(all(&of.snapshot()), 1);
    }
    let of = Index::open(folder.path()).expect("it is there");
    assert_eq!(
        done(&of, index("a", json!({}))),
        (WriteResult::Updated, 4, 5)
    );
}

#[test]
fn an_index_is_told_in_numbers() {
    let (folder, indices) = both();
    for of in &indices {
        let operations = (0..10).map(|number| index(&number.to_string(), json!({"n": number})));
        of.write(operations.collect()).expect("there is room");
        assert_eq!(
            (of.statistics().documents, of.statistics().pending),
            (0, 10)
        );
        of.refresh().expect("there is room");
        done(of, delete("3"));
        of.refresh().expect("there is room");
        let numbers = of.statistics();
        let counted = (
            numbers.documents,
            numbers.deleted,
            numbers.segments,
            numbers.pending,
        );
        assert_eq!(counted, (9, 1, 1, 0));
    }
    assert_eq!(indices[0].statistics().bytes, 0);
    let sizes = |folder: &Path| -> u64 {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let metadata = entries.map(|entry| entry.expect("one").metadata().expect("of it"));
        metadata
            .filter(std::fs::Metadata::is_file)
            .map(|metadata| metadata.len())
            .sum()
    };
    let expected = sizes(folder.path()) + sizes(&folder.path().join("segments"));
    assert_eq!(indices[1].statistics().bytes, expected);
}

#[test]
fn much_that_is_written_is_taken_in_without_being_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        log_bytes: 10_000,
        ..Options::default()
    };
    let of = Index::create_with(folder.path(), Mapping::dynamic(), options).expect("an index");
    for number in 0..200 {
        done(
            &of,
            index(&number.to_string(), json!({"text": "x".repeat(1_000)})),
        );
    }
    // Twice as much waits, and another such part is being taken in; each may be exceeded by a
    // request.
    let numbers = of.statistics();
    assert!(numbers.pending <= 42, "{numbers:?}");
    assert_eq!(numbers.documents + numbers.pending, 200);
    of.close().expect("there is room");
    let of = Index::open(folder.path()).expect("it is there");
    assert_eq!(all(&of.snapshot()), 200);
}

#[test]
fn a_closed_index_is_closed_for_its_clones() {
    for of in both().1 {
        let clone = of.clone();
        done(&of, index("a", json!({"n": 1})));
        of.close().expect("there is room");
        assert!(matches!(
            clone.write(vec![delete("a")]),
            Err(IndexError::Closed)
        ));
        assert!(matches!(clone.refresh(), Err(IndexError::Closed)));
        let put = clone.put_mapping(&json!({"properties": {}}));
        assert!(matches!(put, Err(IndexError::Closed)));
        assert_eq!(source(&clone, "a"), Some(json!({"n": 1})));
        assert_eq!(hits(&clone, "n", &json!(1)), 1);
    }
}

#[test]
fn a_folder_has_one_index_and_that_is_open_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("index");
    let told = |opened: Result<Index, IndexError>| {
        let text = opened.map(drop).expect_err("it is refused").to_string();
        text.replace(folder.path().to_str().expect("a text"), "")
    };
    insta::assert_snapshot!(told(Index::open(&path)), @"there is no index in `/index`: create one");
    let of = Index::create(&path, Mapping::dynamic()).expect("an index");
    insta::assert_snapshot!(told(Index::open(&path)), @"the index in `/index` is open already, here or in another process: close it there first");
    insta::assert_snapshot!(told(Index::create(&path, Mapping::dynamic())), @"the index in `/index` is open already, here or in another process: close it there first");
    drop(of);
    insta::assert_snapshot!(told(Index::create(&path, Mapping::dynamic())), @"there is an index in `/index` already: open it, or take another folder");
    drop(Index::open(&path).expect("it is there"));
    std::fs::write(path.join("mapping.json"), "{").expect("there is room");
    insta::assert_snapshot!(told(Index::open(&path)), @"`/index/mapping.json` is damaged at byte 0: EOF while parsing an object at line 1 column 1: restore the index's folder from a copy");
    std::fs::write(path.join("mapping.json"), r#"{"dynamic": 3}"#).expect("there is room");
    insta::assert_snapshot!(told(Index::open(&path)), @"`/index/mapping.json` is damaged at byte 0: `order` must be the paths of a saved mapping, but is null: restore the index's folder from a copy");
    insta::assert_snapshot!(IndexError::Closed.to_string(), @"the index is closed: open it again");
}

#[test]
fn what_an_unfinished_creation_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), mapping(json!({"a": {"type": "long"}})));
    done(&of.expect("an index"), index("a", json!({"a": 1})));
    std::fs::remove_file(folder.path().join("mapping.json")).expect("it is there");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    assert_eq!((source(&of, "a"), all(&of.snapshot())), (None, 0));
    done(&of, index("a", json!({"a": "text"})));
}

#[test]
fn an_update_writes_the_upsert_if_there_is_no_document() {
    for of in both().1 {
        let update = |detect_noop| Operation::Update {
            id: "a".to_owned(),
            partial: br#"{"b": 2}"#.to_vec(),
            upsert: Some(br#"{"a": 12345678901234567890123}"#.to_vec()),
            detect_noop,
            if_seq_no: None,
        };
        let outcome = |detect_noop| done(&of, update(detect_noop)).0;
        let source = || {
            of.get("a")
                .expect("it is read")
                .expect("it is there")
                .source
        };
        assert_eq!(outcome(true), WriteResult::Created);
        assert_eq!(&*source(), br#"{"a": 12345678901234567890123}"#);
        assert_eq!(outcome(true), WriteResult::Updated);
        assert_eq!(&*source(), br#"{"a":12345678901234567890123,"b":2}"#);
        assert_eq!(outcome(true), WriteResult::Noop);
        assert_eq!(outcome(false), WriteResult::Updated);
        assert!(matches!(of.get_refreshed("a"), Ok(None)));
        of.refresh().expect("there is room");
        let refreshed = of.get_refreshed("a").expect("it is read");
        assert_eq!(refreshed.map(|stored| stored.version), Some(3));
    }
}
