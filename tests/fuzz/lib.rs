//! What the fuzz targets share: how bytes become edits of something whole, and what every error
//! must be.

use whittle_tests::told;

/// A file that is mostly right: `bytes` say what to change in `whole`, four bytes a change.
///
/// Fuzzing finds few of the ways into a format by chance; from a whole file it is a step to each.
pub fn edited(whole: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut edited = whole.to_vec();
    for change in bytes.chunks_exact(4) {
        let [high, low, operation, value] = *change else {
            unreachable!("chunks have four bytes");
        };
        if edited.is_empty() {
            break;
        }
        // Over the whole file, however long it is, and byte for byte at its beginning and its end.
        let at = usize::from(u16::from_be_bytes([high, low]));
        let length = edited.len();
        let at = match operation >> 6 {
            0 => at % length,
            1 => length - 1 - at % length,
            _ => at * length / (1 << 16),
        };
        match operation & 0x3f {
            0 => edited[at] = value,
            1 => edited[at] ^= 1 << (value % 8),
            2 => edited.insert(at, value),
            3 => drop(edited.remove(at)),
            4 => edited.truncate(at),
            5 => edited.extend_from_within(at..length.min(at + usize::from(value))),
            _ => edited[at] = edited[at].wrapping_add(value),
        }
    }
    edited
}

/// Asserts that an error can be shown to anybody: one line, no control characters, not empty.
///
/// # Panics
///
/// Where it cannot.
pub fn assert_shown(error: &dyn std::error::Error) {
    let told = told(error);
    assert!(!told.is_empty(), "an error without words: {error:?}");
    let odd = |character: char| {
        character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202e}')
    };
    assert!(!told.contains(odd), "{told:?}");
}
