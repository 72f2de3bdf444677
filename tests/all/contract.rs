//! The text of the contract is versioned.

use std::fs;

use sha2::{Digest, Sha256};
use whittle_tests::repository;

/// `wit/versions.txt` has a line for each version, with the SHA-256 of its text. A changed text
/// needs a new version, and so a new line; the lines before it are history and stay.
#[test]
fn the_contract_does_not_change_without_a_new_version() {
    let folder = repository().join("wit");
    let text = fs::read_to_string(folder.join("udf.wit")).expect("the contract");
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("package whittle:udf@")?.strip_suffix(';'))
        .expect("the contract has a version");
    let digest: String = Sha256::digest(&text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let versions = fs::read_to_string(folder.join("versions.txt")).expect("the versions");
    assert_eq!(
        versions.lines().last(),
        Some(format!("{version} {digest}").as_str()),
        "wit/udf.wit has changed: increase its version, and add a line to wit/versions.txt"
    );
    let versions = versions.lines().map(|line| {
        let (version, _) = line.split_once(' ').expect("a version and a digest");
        version
            .split('.')
            .map(|part| part.parse().expect("a number"))
            .collect::<Vec<u64>>()
    });
    assert!(
        versions.is_sorted_by(|earlier, later| earlier < later),
        "versions only grow"
    );
}
