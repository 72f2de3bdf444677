//! What a guest remembers does not outlive its query.

use serde_json::json;

use crate::attack::{attack_within, budget};

#[test]
fn every_query_finds_nothing_of_the_others() {
    let first = attack_within("remember", json!({}), &budget());
    let values = first.result.clone().expect("numbers");
    for number in ["-1", "1", "2"] {
        assert!(values.contains(&format!("  {number},")), "{values}");
    }
    for _ in 0..10 {
        assert_eq!(attack_within("remember", json!({}), &budget()), first);
    }
}
