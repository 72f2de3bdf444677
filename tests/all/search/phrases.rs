//! Phrases whose words may be some positions off, and the dates that steps lead to: as OpenSearch
//! finds and scores them.

use serde_json::{Value as Json, json};

use super::index::{in_segments, run};
use whittle_node::Snapshot;

fn found(snapshot: &Snapshot, query: &Json) -> Vec<String> {
    let response = run(snapshot, &json!({"query": query}));
    let hits = response.hits.hits.into_iter();
    hits.map(|hit| hit.id).collect()
}

#[test]
fn a_slop_counts_all_words_of_a_phrase_and_words_that_are_near_score_more() {
    let documents: Vec<Json> = [
        "the fox is quick and brown",
        "quick brown fox in the night",
        "brown and quick is the fox",
        "a quick night without the others",
        "quick and quick goes the night",
    ]
    .iter()
    .map(|text| json!({"t": text}))
    .collect();
    let snapshot = in_segments(&documents, 2);
    let phrase =
        |text: &str, slop: u32| json!({"match_phrase": {"t": {"query": text, "slop": slop}}});
    for (text, slop, expected) in [
        ("quick brown fox", 1, &["1"][..]),
        // Three words that changed places.
        ("quick brown fox", 3, &["1"]),
        ("quick brown fox", 4, &["1", "2"]),
        ("quick brown fox", 5, &["1", "2", "0"]),
        ("quick fox", 2, &["1", "2"]),
        ("quick fox", 4, &["1", "2", "0"]),
        // A word that the phrase has twice must occur twice in the text.
        ("quick quick", 5, &["4"]),
        ("night quick quick", 20, &["4"]),
        ("quick the unheard", 9, &[]),
    ] {
        assert_eq!(
            found(&snapshot, &phrase(text, slop)),
            expected,
            "{text} {slop}"
        );
        let several = json!({"multi_match": {"query": text, "type": "phrase", "slop": slop, "fields": ["t"]}});
        assert_eq!(found(&snapshot, &several), expected, "{text} {slop}");
        let excluded = json!({"bool": {"must_not": phrase(text, slop)}});
        assert_eq!(
            found(&snapshot, &excluded).len(),
            5 - expected.len(),
            "{text} {slop}"
        );
    }
    let best = |slop| {
        let response = run(&snapshot, &json!({"query": phrase("quick brown", slop)}));
        response.hits.hits[0].score.expect("a score")
    };
    assert!((best(1) - best(0)).abs() < 1e-5);
}

#[test]
fn steps_begin_at_the_first_instant_of_a_date_at_either_end_of_a_range() {
    let documents = [
        json!({"d": "2019-04-01T00:00:01Z"}),
        json!({"d": "2019-05-02"}),
    ];
    let snapshot = in_segments(&documents, 1);
    let range = |end: &str, date: &str| json!({"range": {"d": {end: date}}});
    assert_eq!(
        found(&snapshot, &range("gt", "2019-06-01||-2M")),
        ["0", "1"]
    );
    assert_eq!(found(&snapshot, &range("lte", "2019-04-03||-2d")), [""; 0]);
    assert_eq!(found(&snapshot, &range("lte", "2019-04-03||-2d/d")), ["0"]);
    assert_eq!(found(&snapshot, &range("lte", "2019-04-01")), ["0"]);
}
