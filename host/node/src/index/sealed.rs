//! JSON files that carry a checksum, so that a changed byte is noticed when they are read.
//!
//! The checksum is the last key of the object, `"checksum"`: the file stays JSON for every reader.
//! A file without one was written by an older version, and is taken as it is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::IndexError;

/// What stands between the object's other members and the checksum's 16 hexadecimal digits.
const KEY: &[u8] = b",\"checksum\":\"";
const DIGITS: usize = 16;
const END: &[u8] = b"\"}";

/// Adds a checksum to the text of a JSON object that has members.
pub(super) fn seal(json: &[u8]) -> Vec<u8> {
    let json = json.trim_ascii_end();
    let Some(members) = json.strip_suffix(b"}") else {
        debug_assert!(false, "only objects are sealed");
        return json.to_vec();
    };
    let mut sealed = Vec::with_capacity(json.len() + KEY.len() + DIGITS + END.len());
    sealed.extend_from_slice(members);
    sealed.extend_from_slice(KEY);
    sealed.extend_from_slice(digits(members).as_bytes());
    sealed.extend_from_slice(END);
    sealed
}

/// The text that was sealed; `None` if it is not what the checksum was made of.
pub(super) fn unseal(sealed: &[u8]) -> Option<Vec<u8>> {
    let split = |sealed: &[u8]| {
        let text = sealed.strip_suffix(END)?;
        let (text, digits) = text.split_at_checked(text.len().checked_sub(DIGITS)?)?;
        Some((text.strip_suffix(KEY)?.to_vec(), digits.to_vec()))
    };
    let Some((mut text, found)) = split(sealed) else {
        return Some(sealed.to_vec());
    };
    (found == digits(&text).as_bytes()).then(|| {
        text.push(b'}');
        text
    })
}

fn digits(text: &[u8]) -> String {
    format!("{:016x}", xxh3_64(text))
}

/// Reads a sealed file.
///
/// # Errors
///
/// If it does not exist, cannot be read, or was changed.
pub fn read_sealed(file: &Path) -> Result<Vec<u8>, IndexError> {
    let sealed = fs::read(file).map_err(IndexError::file("read", file))?;
    unseal(&sealed).ok_or_else(|| IndexError::Checksum {
        path: file.to_owned(),
    })
}

/// Writes a sealed file in the place of another; after a crash one of the two is there.
///
/// # Errors
///
/// If the system refuses; the other file is there then.
pub fn replace_sealed(file: &Path, json: &[u8]) -> Result<(), IndexError> {
    let new = file.with_extension("new");
    let replace = || -> io::Result<()> {
        let mut out = File::create(&new)?;
        out.write_all(&seal(json))?;
        out.sync_all()?;
        fs::rename(&new, file)
    };
    replace().map_err(|error| {
        // It takes room that a full disk needs.
        let _ = fs::remove_file(&new);
        IndexError::file("write", file)(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_noticed_or_changes_nothing() {
        let json = br#"{"a": [1, 2.5], "b": {"checksum": "0"}}"#;
        let sealed = seal(json);
        assert_eq!(unseal(&sealed).as_deref(), Some(&json[..]));
        let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).ok();
        let original = value(json).expect("it is JSON");
        assert!(value(&sealed).is_some());
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                let Some(read) = unseal(&changed).and_then(|text| value(&text)) else {
                    continue;
                };
                // The key of the checksum itself was changed: the other members are as they were.
                assert_eq!((&read["a"], &read["b"]), (&original["a"], &original["b"]));
            }
        }
        for length in 0..sealed.len() {
            assert!(
                unseal(&sealed[..length])
                    .and_then(|text| value(&text))
                    .is_none()
            );
        }
    }

    #[test]
    fn what_an_older_version_wrote_is_taken_as_it_is() {
        assert_eq!(
            unseal(b"{\"a\": 1}\n").as_deref(),
            Some(&b"{\"a\": 1}\n"[..])
        );
        assert_eq!(unseal(b"[]").as_deref(), Some(&b"[]"[..]));
    }
}
