//! The text of a field as the interface `text-words` gives it, of any length.

use whittle_guest::Error;
use whittle_guest::bindings::whittle::udf::text_words;

/// The text of a field that was resolved as text or json, read in words only.
pub(crate) fn text(handle: u32) -> Result<Option<String>, Error> {
    let Ok(length) = usize::try_from(text_words::length(handle)) else {
        return Ok(None);
    };
    let words = (0..).map(|index| text_words::word(handle, index));
    let words = words.take(length.div_ceil(8));
    let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    if bytes.split_off(length).iter().any(|byte| *byte != 0) {
        return Err("the last word goes on after the text".into());
    }
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    Ok(Some(text))
}

/// Three words that lie past the text: the next one, the one after it, and the last of all.
pub(crate) fn past_the_end(handle: u32) -> [u64; 3] {
    let length = u32::try_from(text_words::length(handle).max(0)).unwrap_or(u32::MAX);
    let next = length.div_ceil(8);
    [next, next + 1, u32::MAX].map(|index| text_words::word(handle, index))
}
