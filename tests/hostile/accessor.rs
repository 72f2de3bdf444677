//! The functions that read documents: late, forged, too many, too long, too often.

use serde_json::json;

use crate::attack::{attack, attack_within, budget};

#[test]
fn breaking_the_contract_ends_the_query() {
    insta::assert_snapshot!(attack("late_field", json!({})), @"function `late_field` was stopped at document `0`: the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document");
    for handle in [0, 1, 2, 3, 65_536, u32::MAX] {
        assert_eq!(
            attack("forged_field", json!({"handle": handle})),
            format!(
                "function `forged_field` was stopped at document `0`: the guest broke the \
                 contract: it read the field handle {handle}, which no lookup returned: look up \
                 the field in `prepare`"
            )
        );
    }
}

#[test]
fn fields_and_their_paths_are_bounded() {
    let enough = attack_within("thousands_of_fields", json!({"count": 1024}), &budget());
    assert!(enough.result.is_ok(), "{enough:?}");
    insta::assert_snapshot!(attack("thousands_of_fields", json!({"count": 5000})), @"function `thousands_of_fields` could not be bound: too many fields: 1025 fields, and the limit `fields` is 1024 fields, at evil/src/accessor.rs:44 in `evil::accessor::ThousandsOfFields::prepare`");
    insta::assert_snapshot!(attack("long_path", json!({"bytes": 1026})), @"function `long_path` could not be bound: the path of a field is too long: 1026 bytes, and the limit `path_bytes` is 1024 bytes");
}

#[test]
fn reads_without_end_end_at_the_limit() {
    insta::assert_snapshot!(attack("endless_reads", json!({})), @"function `endless_reads` was stopped at document `0`: the time limit of 400 ms is over, at evil/src/accessor.rs:87 in `evil::accessor::EndlessReads::value`");
}
