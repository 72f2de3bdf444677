use super::*;

/// A value of each type, and what searches find it by.
fn of_each_type(number: i64) -> (Json, [(&'static str, Json); 7]) {
    let document = json!({"boolean": true, "long": number, "double": 0.5, "date": "2020-01-02",
        "object": {"text": format!("Two words {number}")}});
    let found_by = [
        ("boolean", json!(true)),
        ("long", json!(number)),
        ("double", json!(0.5)),
        ("date", json!("2020-01-02")),
        ("object.text", json!("two")),
        ("object.text", json!(number.to_string())),
        ("object.text.keyword", json!(format!("Two words {number}"))),
    ];
    (document, found_by)
}

/// Has the engine make one segment of all.
fn merge_all(of: &Index) {
    let before = of.statistics();
    assert!(before.segments > 1, "there is nothing to merge: {before:?}");
    let snapshot = of.snapshot();
    of.merge().expect("there is room");
    assert_eq!(of.statistics().segments, 1);
    assert_eq!(all(&snapshot), all(&of.snapshot()));
}

#[test]
fn segments_from_before_a_field_are_searched_and_merged_with_those_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let on_disk = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    let in_memory = Index::in_memory(Mapping::dynamic()).expect("an index");
    for of in [&in_memory, &on_disk] {
        done(of, index("before", json!({"title": "the first"})));
        of.refresh().expect("there is room");
        let (document, found_by) = of_each_type(7);
        done(of, index("after", document));
        of.refresh().expect("there is room");
        // Texts in reserve, each with a segment.
        for number in 0..3 {
            done(
                of,
                index(
                    &number.to_string(),
                    json!({format!("text {number}"): "some words"}),
                ),
            );
            of.refresh().expect("there is room");
        }
        let check = |of: &Index| {
            assert_eq!(all(&of.snapshot()), 5);
            assert_eq!(hits(of, "title", &json!("first")), 1);
            for (path, value) in &found_by {
                assert_eq!(hits(of, path, value), 1, "{path}: {value}");
            }
            for number in 0..3 {
                assert_eq!(hits(of, &format!("text {number}"), &json!("words")), 1);
            }
        };
        check(of);
        merge_all(of);
        check(of);
        // A document from before gets a value.
        done(of, update("before", json!({"long": 8}), false));
        of.refresh().expect("there is room");
        assert_eq!(
            (
                hits(of, "long", &json!(8)),
                hits(of, "title", &json!("first"))
            ),
            (1, 1)
        );
    }
    drop(on_disk);
    let again = Index::open(folder.path()).expect("it is there");
    assert_eq!(hits(&again, "long", &json!(8)), 1);
    assert_eq!(hits(&again, "text 2", &json!("words")), 1);
}

#[test]
fn a_snapshot_has_the_mapping_of_its_segments() {
    let of = Index::in_memory(Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    assert!(of.mapping().field("n").is_some());
    let before = of.snapshot();
    assert!(before.mapping.field("n").is_none());
    of.refresh().expect("there is room");
    assert!(before.mapping.field("n").is_none());
    let after = of.snapshot();
    let field = after.mapping.field("n").expect("it is mapped").field;
    assert_eq!(after.searcher.schema().get_field_entry(field).name(), "f0");
}

#[test]
fn fields_are_added_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    let more = json!({"dynamic": "strict", "properties": {"m": {"type": "keyword"}}});
    of.put_mapping(&more).expect("there is room");
    let expected = json!({"dynamic": "strict", "properties":
        {"n": {"type": "long"}, "m": {"type": "keyword"}}});
    assert_eq!(of.mapping().to_json(), expected);
    assert_eq!(of.snapshot().mapping.to_json(), expected);
    done(&of, index("b", json!({"m": "x"})));
    let refused = one(&of, index("c", json!({"l": 1}))).expect_err("it is strict");
    insta::assert_snapshot!(refused, @"the field `l` is not in the mapping, which is strict");
    let conflict = of.put_mapping(&json!({"properties": {"m": {"type": "long"}}}));
    insta::assert_snapshot!(conflict.expect_err("it is a keyword"), @"the field `m` is of type `keyword`, and cannot be of type `long` too");
    drop(of);
    let of = Index::open(folder.path()).expect("it is there");
    assert_eq!(of.mapping().to_json(), expected);
    assert_eq!(hits(&of, "m", &json!("x")), 1);
}

/// What was left out of account when a document was accepted is not held against it later.
#[test]
fn a_field_that_is_added_leaves_documents_from_before_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let ignoring = Mapping::parse(&json!({"dynamic": false,
        "properties": {"n": {"type": "long"}}}));
    let of = Index::create(folder.path(), ignoring.expect("a mapping")).expect("an index");
    done(&of, index("a", json!({"n": 1, "m": "no number"})));
    // As a crash between the two steps of adding a field leaves it.
    let copy = crashed(folder.path());
    let more = json!({"properties": {"m": {"type": "long"}}});
    let extended = of.mapping().extended(&more, false).expect("it can be");
    std::fs::write(
        copy.path().join("mapping.json"),
        extended.save().to_string(),
    )
    .expect("room");
    let after_crash = Index::open(copy.path()).expect("it is there");
    of.put_mapping(&more).expect("there is room");
    for of in [&of, &after_crash] {
        assert_eq!(source(of, "a"), Some(json!({"n": 1, "m": "no number"})));
        assert_eq!(hits(of, "n", &json!(1)), 1);
        assert!(of.mapping().field("m").is_some());
    }
}

#[test]
fn documents_whose_fields_have_no_room_are_refused_alone() {
    let of = Index::in_memory(Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"title": "first"})));
    of.refresh().expect("there is room");
    let texts = (0..17).map(|number| (format!("text {number}"), json!("words")));
    let documents = texts.map(|(key, value)| index(&key, json!({key.as_str(): value})));
    let written = of.write(documents.collect()).expect("the disk is well");
    let refused: Vec<_> = written
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 1);
    insta::assert_snapshot!(refused[0], @"the text `text 16` comes after documents were written, and the 16 texts in reserve are taken: make a new index, or map it as keyword");
    of.refresh().expect("there is room");
    assert_eq!(all(&of.snapshot()), 17);
}

/// The reserve is for texts that come after the first segment.
#[test]
fn texts_take_nothing_in_reserve_before_the_first_refresh() {
    let of = Index::in_memory(Mapping::dynamic()).expect("an index");
    for number in 0..20 {
        done(
            &of,
            index(
                &number.to_string(),
                json!({format!("text {number}"): "words"}),
            ),
        );
    }
    of.refresh().expect("there is room");
    assert_eq!(hits(&of, "text 19", &json!("words")), 1);
}

#[test]
fn a_mapping_that_lacks_fields_of_the_segments_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    done(&of, index("a", json!({"n": 1})));
    drop(of);
    let mapping = Mapping::dynamic().save().to_string();
    std::fs::write(folder.path().join("mapping.json"), mapping).expect("there is room");
    let error = Index::open(folder.path())
        .map(drop)
        .expect_err("a field is gone");
    let cause = std::error::Error::source(&error)
        .expect("the engine says why")
        .to_string();
    insta::assert_snapshot!(format!("{error}: {cause}"), @"the search engine cannot open its files: Schema error: 'the segments have fields that the mapping does not have'");
}
