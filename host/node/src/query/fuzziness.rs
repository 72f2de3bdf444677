//! `fuzziness`: how many edits may lie between a word that is looked for and one that is found.

use serde_json::Value as Json;

/// How many edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuzziness {
    /// So many, from 0 to 2.
    Edits(u8),
    /// By the word's length: none for words shorter than `low` characters, one for those shorter
    /// than `high`, else two.
    Auto {
        /// In characters; 3 by default.
        low: usize,
        /// In characters; 6 by default.
        high: usize,
    },
}

impl Fuzziness {
    /// Elasticsearch's default.
    pub const AUTO: Self = Self::Auto { low: 3, high: 6 };

    /// How many edits a word may be away.
    pub fn edits(self, word: &str) -> u8 {
        match self {
            Self::Edits(edits) => edits,
            Self::Auto { low, high } => {
                let length = word.chars().count();
                u8::from(length >= low) + u8::from(length >= high)
            }
        }
    }

    /// Reads `0`, `1`, `2`, `"AUTO"` or `"AUTO:3,6"`.
    pub(super) fn read(json: &Json) -> Option<Self> {
        let edits = |count: u64| {
            let edits = u8::try_from(count).ok().filter(|edits| *edits <= 2);
            edits.map(Self::Edits)
        };
        match json {
            Json::Number(number) => edits(number.as_u64()?),
            Json::String(text) if text.eq_ignore_ascii_case("auto") => Some(Self::AUTO),
            Json::String(text) => {
                if let Ok(count) = text.parse() {
                    return edits(count);
                }
                let (auto, lengths) = text.split_once(':')?;
                let (low, high) = lengths.split_once(',')?;
                let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
                let valid = auto.eq_ignore_ascii_case("auto") && low <= high;
                valid.then_some(Self::Auto { low, high })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn edits_go_by_the_length_in_characters() {
        for (word, expected) in [("", 0), ("éé", 0), ("ééé", 1), ("aaaaa", 1), ("aaaaaa", 2)] {
            assert_eq!(Fuzziness::AUTO.edits(word), expected, "{word}");
        }
        assert_eq!(Fuzziness::Edits(2).edits("a"), 2);
    }

    #[test]
    fn all_forms_are_read_and_no_others() {
        for (json, expected) in [
            (json!(0), Some(Fuzziness::Edits(0))),
            (json!("2"), Some(Fuzziness::Edits(2))),
            (json!("auto"), Some(Fuzziness::AUTO)),
            (json!("AUTO:1,4"), Some(Fuzziness::Auto { low: 1, high: 4 })),
            (json!("AUTO:4,1"), None),
            (json!("AUTO:4"), None),
            (json!("some:1,4"), None),
            (json!(3), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!(true), None),
        ] {
            assert_eq!(Fuzziness::read(&json), expected, "{json}");
        }
    }
}
