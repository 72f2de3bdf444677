//! Results that are too much, wrong, or words that steer a terminal.

use serde_json::json;

use crate::attack::{attack, attack_within, budget};

#[test]
fn too_much_is_refused() {
    insta::assert_snapshot!(attack("huge_text", json!({"bytes": 70_001})), @"function `huge_text` was stopped at document `0`: a result is too large: 70001 bytes, and the limit `value_bytes` is 70000 bytes");
    insta::assert_snapshot!(attack("huge_text", json!({"bytes": 5_000_000})), @"function `huge_text` was stopped at document `0`: a result is too large: 5000000 bytes, and the limit `value_bytes` is 70000 bytes");
    insta::assert_snapshot!(attack("many_texts", json!({})), @"function `many_texts` was stopped at document `1`: the results are too large: 131072 bytes, and the limit `result_bytes` is 100000 bytes");
}

#[test]
fn a_guests_words_are_cut_and_cleaned() {
    insta::assert_snapshot!(attack("huge_error", json!({"bytes": 5_000_000})), @r##"function `huge_error` failed for document `0`: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...""##);
    insta::assert_snapshot!(attack("escaping_error", json!({})), @r#"function `escaping_error` failed for document `0`: "�[2J ok 2026-01-01 admin logged in�""#);
    insta::assert_snapshot!(attack("escaping_refusal", json!({"now": true})), @r##"function `escaping_refusal` refused its arguments: "�31m� no""##);
}

#[test]
fn what_was_not_declared_is_the_documents_error() {
    insta::assert_snapshot!(attack("broken_json", json!({})), @r##"function `broken_json` failed for document `0`: returned a text that is not JSON: "{"a": 1} �[2J""##);
    insta::assert_snapshot!(attack("wrong_kind", json!({})), @"function `wrong_kind` failed for document `0`: declared int64, but returned text");
}

/// They are numbers to the host; a search takes NaN for an error of its document.
#[test]
fn nan_and_infinity_arrive_as_they_are() {
    for (function, shown) in [("nan", "NaN"), ("infinite", "inf")] {
        let ended = attack_within(function, json!({}), &budget());
        let values = ended.result.expect("numbers");
        assert_eq!(values.matches(shown).count(), 3, "{values}");
    }
}
