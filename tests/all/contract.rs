//! The texts of the contract are versioned.

use std::fs;

use sha2::{Digest, Sha256};
use whittle_tests::repository;

/// `wit/versions.txt` has a line for each version, with the SHA-256 of its text. A changed text
/// needs a new version, and so a new line; the lines before it are history and stay.
#[test]
fn the_contract_does_not_change_without_a_new_version() {
    let folder = repository().join("wit");
    let versions = fs::read_to_string(folder.join("versions.txt")).expect("the versions");
    for (package, file) in [("udf", "udf.wit"), ("batch", "batch/batch.wit")] {
        let text = fs::read_to_string(folder.join(file)).expect("the contract");
        let version = text
            .lines()
            .find_map(|line| {
                let version = line.strip_prefix("package whittle:")?;
                version
                    .strip_prefix(package)?
                    .strip_prefix('@')?
                    .strip_suffix(';')
            })
            .expect("the contract has a version");
        let digest: String = Sha256::digest(&text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert!(
            versions
                .lines()
                .any(|line| line == format!("{version} {digest}")),
            "wit/{file} has changed: increase its version, and add this line to \
             wit/versions.txt: {version} {digest}"
        );
    }
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
