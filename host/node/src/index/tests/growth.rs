use std::collections::BTreeMap;

use proptest::prelude::*;
use tantivy::TantivyDocument;
use tantivy::collector::TopDocs;
use tantivy::query::PhraseQuery;
use tantivy::schema::Value as _;

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

/// Has tantivy make one segment of all.
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
        // Texts that come later, each with a segment.
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
    insta::assert_snapshot!(refused, @"mapping set to strict, dynamic introduction of [l] within [_doc] is not allowed");
    let conflict = of.put_mapping(&json!({"properties": {"m": {"type": "long"}}}));
    insta::assert_snapshot!(conflict.expect_err("it is a keyword"), @"mapper [m] cannot be changed from type [keyword] to [long]");
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
    let extended = of.mapping().extended(&more).expect("it can be");
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
    let longs = (0..995).map(|number| (format!("n{number}"), json!(number)));
    done(&of, index("a", Json::Object(longs.collect())));
    of.refresh().expect("there is room");
    // Each takes two: the text and its keyword.
    let texts = (0..3).map(|number| (format!("text {number}"), json!("words")));
    let documents = texts.map(|(key, value)| index(&key, json!({key.as_str(): value})));
    let written = of.write(documents.collect()).expect("the disk is well");
    let refused: Vec<_> = written
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 1);
    insta::assert_snapshot!(refused[0], @"Limit of total fields [1000] has been exceeded: the mapping would have 1001 fields, objects and sub-fields: map an object with `enabled: false`, or set `dynamic: false`");
    of.refresh().expect("there is room");
    assert_eq!(all(&of.snapshot()), 3);
}

#[test]
fn only_documents_that_are_accepted_bring_fields() {
    let of = Index::in_memory(mapping(json!({"n": {"type": "long"}}))).expect("an index");
    let refused = |operation| one(&of, operation).expect_err("it is refused").to_string();
    insta::assert_snapshot!(refused(index("1", json!({"n": "x", "new": "2026-01-01"}))), @"failed to parse field [n] of type [long] in document with id '1'. Preview of field's value: 'x'");
    insta::assert_snapshot!(refused(index("1", json!({"big": [1, {"c": 2}], "a": 1, "_id": 3}))), @"a field cannot have the name `_id`: it is the name of a metadata field, which is no part of a document");
    refused(update("missing", json!({"new": 1}), false));
    assert_eq!(of.mapping().paths().collect::<Vec<_>>(), ["n"]);
    // In one request, the refused ones do not count for the types of the others.
    let written = of.write(vec![
        index("a", json!({"n": "x", "new": "words", "lost": 1})),
        index("b", json!({"new": 10})),
        index("c", json!({"new": 9.99})),
        index("d", json!({"new": "words", "lost": 1})),
        update("b", json!({"late": true}), false),
    ]);
    let written = written.expect("the disk is well");
    let accepted: Vec<bool> = written.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [false, true, true, false, true]);
    let mapping = of.mapping();
    let types = mapping.types().map(|(path, of)| (path, of.name()));
    let types: Vec<_> = types.collect();
    assert_eq!(
        types,
        [("late", "boolean"), ("n", "long"), ("new", "double")]
    );
}

#[test]
fn integers_before_other_numbers_in_a_request_are_doubles() {
    let of = Index::in_memory(mapping(json!({"n": {"type": "long"}}))).expect("an index");
    let written = of.write(vec![
        index("a", json!({"price": 10})),
        index("b", json!({"n": "x", "lost": 1})),
        index("c", json!({"price": 9.99})),
    ]);
    let written = written.expect("the disk is well");
    assert!(written[0].is_ok() && written[1].is_err() && written[2].is_ok());
    let mapping = of.mapping();
    let types = mapping.types().map(|(path, of)| (path, of.name()));
    assert_eq!(
        types.collect::<Vec<_>>(),
        [("n", "long"), ("price", "double")]
    );
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
        .expect("tantivy says why")
        .to_string();
    insta::assert_snapshot!(format!("{error}: {cause}"), @"tantivy cannot open its files: Schema error: 'the segments have fields that the mapping does not have'");
}

/// The scores of documents that have a word in a text, by id.
fn scores(of: &Index, path: &str, word: &str) -> BTreeMap<String, f32> {
    let snapshot = of.snapshot();
    let Some(text) = snapshot.mapping.field(path) else {
        return BTreeMap::new();
    };
    let term = Term::from_field_text(text.field, word);
    let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
    let collector = TopDocs::with_limit(1_000).order_by_score();
    let found = snapshot
        .searcher
        .search(&query, &collector)
        .expect("a search");
    let id = snapshot
        .mapping
        .schema()
        .get_field(crate::mapping::ID)
        .expect("a field");
    let scored = found.into_iter().map(|(score, address)| {
        let document: TantivyDocument = snapshot.searcher.doc(address).expect("it is there");
        let id = document
            .get_first(id)
            .and_then(|id| id.as_str().map(str::to_owned));
        (id.expect("it has an id"), score)
    });
    scored.collect()
}

/// Documents with some of five texts, and whether a refresh follows.
fn any_texts() -> impl Strategy<Value = Vec<(BTreeMap<u8, String>, bool)>> {
    let document = proptest::collection::btree_map(0..5_u8, "[ab]( [ab]){0,5}", 0..3);
    proptest::collection::vec((document, proptest::bool::weighted(0.4)), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Segments from before a text are merged with those after, and score as if they had known it.
    #[test]
    fn a_text_that_comes_late_scores_as_one_that_was_there_first(documents in any_texts()) {
        let texts = (0..5).map(|number| (format!("t{number}"), json!({"type": "text"})));
        let known = mapping(Json::Object(texts.collect()));
        let known = Index::in_memory(known).expect("an index");
        let late = Index::in_memory(Mapping::dynamic()).expect("an index");
        for (number, (document, refreshes)) in documents.iter().enumerate() {
            let members = document.iter().map(|(text, words)| (format!("t{text}"), json!(words)));
            let document = Json::Object(members.collect());
            for of in [&known, &late] {
                done(of, index(&number.to_string(), document.clone()));
                if *refreshes {
                    of.refresh().expect("there is room");
                }
            }
        }
        let agree = || {
            for path in ["t0", "t1", "t2", "t3", "t4"] {
                for word in ["a", "b"] {
                    assert_eq!(scores(&known, path, word), scores(&late, path, word), "{path}");
                }
            }
        };
        for of in [&known, &late] {
            of.refresh().expect("there is room");
        }
        agree();
        for of in [&known, &late] {
            if of.statistics().segments > 1 {
                merge_all(of);
            }
        }
        agree();
    }
}

#[test]
fn forty_texts_come_one_by_one_and_are_merged() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = Index::create(folder.path(), Mapping::dynamic()).expect("an index");
    for number in 0..40 {
        let document = json!({format!("text {number}"): "some words"});
        done(&of, index(&number.to_string(), document));
        of.refresh().expect("there is room");
    }
    merge_all(&of);
    drop(of);
    let of = Index::open(folder.path()).expect("it is there");
    for number in 0..40 {
        assert_eq!(hits(&of, &format!("text {number}"), &json!("words")), 1);
    }
}

#[test]
fn no_phrase_reaches_from_one_text_of_a_list_into_the_next() {
    let of = Index::in_memory(mapping(json!({"t": {"type": "text"}}))).expect("an index");
    done(&of, index("a", json!({"t": ["one two", "three", "four"]})));
    of.refresh().expect("there is room");
    let snapshot = of.snapshot();
    let field = snapshot.mapping.field("t").expect("it is mapped").field;
    let found = |words: [&str; 2], slop| {
        let terms = words.map(|word| Term::from_field_text(field, word));
        let mut phrase = PhraseQuery::new(terms.to_vec());
        phrase.set_slop(slop);
        snapshot.searcher.search(&phrase, &Count).expect("a search")
    };
    assert_eq!(found(["one", "two"], 0), 1);
    assert_eq!(found(["two", "three"], 99), 0);
    assert_eq!(found(["two", "three"], 100), 1);
    assert_eq!(found(["three", "four"], 99), 0);
    assert_eq!(found(["three", "four"], 100), 1);
}

#[test]
fn a_long_text_is_indexed_to_its_end() {
    let of = Index::in_memory(Mapping::dynamic()).expect("an index");
    let long = format!(
        "first {} middle {} last",
        "QUJD".repeat(25_000),
        "a é ".repeat(50_000)
    );
    done(&of, index("a", json!({"t": long, "n": 1})));
    of.refresh().expect("there is room");
    for word in ["first", "middle", "last"] {
        assert_eq!(hits(&of, "t", &json!(word)), 1, "{word}");
    }
    assert_eq!(hits(&of, "n", &json!(1)), 1);
    assert_eq!(source(&of, "a"), Some(json!({"t": long, "n": 1})));
}
