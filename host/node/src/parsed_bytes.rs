//! What a JSON text takes in memory once it is parsed, from one scan of its bytes.
//!
//! Small values make large trees: `[0,0,...]` grows from two bytes a value to a hundred. So the
//! memory of a tree is reserved before it is built, and a scan of the bytes that give a text its
//! structure says how much that is at most. The scan costs a fraction of parsing.
//!
//! Knows nothing of what is valid: of a broken text it counts what a parser reads before it fails.

/// An element of a list with the room that a growing list keeps, and the smallest allocation of
/// a string.
const VALUE_BYTES: u64 = 2 * 72 + 32;

/// A list or an object: its smallest allocation.
const CONTAINER_BYTES: u64 = 480;

/// What a member of an object takes beyond its value: hash, key, and a place in the table.
const MEMBER_BYTES: u64 = 120;

/// The most bytes that a tree of JSON values takes in memory, parsed from a text.
pub fn parsed_bytes(text: &[u8]) -> u64 {
    let [mut commas, mut containers, mut members] = [0_u64; 3];
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' => commas += 1,
            b':' => members += 1,
            b'{' | b'[' => containers += 1,
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let values = 1 + commas + containers;
    values * VALUE_BYTES + containers * CONTAINER_BYTES + members * MEMBER_BYTES + text.len() as u64
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use serde_json::Value as Json;

    use super::*;
    use whittle_host::{ExactJson, Members};

    #[test]
    fn counts_what_is_not_in_strings() {
        let empty = parsed_bytes(b"");
        let text = br#"",:{[\"{" "#;
        assert_eq!(parsed_bytes(text), empty + text.len() as u64);
        let list = br#"[1, "a,b", [], {"a": {}}]"#;
        let (values, containers, members) = (1 + 3 + 4, 4, 1);
        let expected = values * VALUE_BYTES
            + containers * CONTAINER_BYTES
            + members * MEMBER_BYTES
            + list.len() as u64;
        assert_eq!(parsed_bytes(list), expected);
        // A text that ends in a string, or in the middle of an escape, is no trap.
        assert!(parsed_bytes(b"[\"\\") > 0 && parsed_bytes(b"\"[[[") < parsed_bytes(b"[[["));
    }

    #[test]
    fn values_are_as_large_as_is_assumed() {
        let value = 72;
        assert_eq!(size_of::<Json>(), value);
        assert!(size_of::<ExactJson>() <= value);
        let member = size_of::<(u64, String, Json)>() as u64;
        assert!(2 * member + 20 + 32 <= VALUE_BYTES + MEMBER_BYTES);
        // The table and the entries of an object with one member.
        assert!(3 * member + 64 <= CONTAINER_BYTES + VALUE_BYTES + MEMBER_BYTES);
        assert!(4 * value as u64 <= CONTAINER_BYTES);
        assert!(size_of::<Members>() <= value);
    }
}
