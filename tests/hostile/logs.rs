//! Lines without end, without bound, and forged ones.

use serde_json::json;

use crate::attack::{attack, attack_within, budget};

#[test]
fn a_flood_of_lines_ends_at_the_limit() {
    insta::assert_snapshot!(attack("endless_lines", json!({})), @"function `endless_lines` was stopped at document `0`: the log is too long: 4128 bytes, and the limit `log_bytes` is 4096 bytes");
}

#[test]
fn a_line_is_cut() {
    let ended = attack_within("huge_line", json!({"bytes": 5_000_000}), &budget());
    assert!(ended.result.is_ok(), "{ended:?}");
    assert_eq!(ended.log.len(), 3);
    for line in ended.log {
        assert_eq!(line.message, format!("{}...", "x".repeat(64)));
    }
}

#[test]
fn a_line_is_one_line_of_its_udf() {
    let ended = attack_within("escaping_lines", json!({}), &budget());
    assert!(ended.result.is_ok(), "{ended:?}");
    for line in ended.log {
        assert_eq!(&*line.udf, "evil");
        insta::allow_duplicates! {
            insta::assert_snapshot!(line.message, @"�]0;owned�  [admin error] all is lost�");
        }
    }
}
