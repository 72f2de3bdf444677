//! The documents of a case, with strings that are written as a repetition.

use anyhow::Result;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use whittle_node::Samples;

/// # Errors
///
/// A value that is not a sample document.
pub(super) fn read(texts: &[Box<RawValue>]) -> Result<Samples> {
    let texts = texts.iter().map(|text| with_repetitions(text));
    Ok(Samples::read(texts.collect::<Result<Vec<_>>>()?)?)
}

/// A document with its repetitions written out. Others keep the digits of their numbers.
pub(super) fn with_repetitions(text: &RawValue) -> Result<Box<RawValue>> {
    if !text.get().contains("\"repeat\"") {
        return Ok(text.to_owned());
    }
    let json: Json = serde_json::from_str(text.get())?;
    Ok(serde_json::value::to_raw_value(&expanded(&json))?)
}

/// A value in which strings that are written as a repetition are written out.
pub(super) fn expanded(json: &Json) -> Json {
    match json {
        Json::Object(members) => match (members.get("repeat"), members.get("times")) {
            (Some(Json::String(text)), Some(Json::Number(times))) if members.len() == 2 => {
                let times = times.as_u64().and_then(|times| usize::try_from(times).ok());
                text.repeat(times.unwrap_or_default()).into()
            }
            _ => {
                let members = members.iter();
                members
                    .map(|(name, value)| (name.clone(), expanded(value)))
                    .collect()
            }
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_repeated_strings() {
        let json = serde_json::json!({"a": {"repeat": "ab", "times": 3}, "b": [1]});
        assert_eq!(
            expanded(&json),
            serde_json::json!({"a": "ababab", "b": [1]})
        );
    }
}
