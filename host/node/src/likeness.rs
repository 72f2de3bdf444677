//! How alike two names are, for the "did you mean" of an error.

/// A longer name is not a mistyped one; comparing it would take time and memory of both lengths.
const MOST_BYTES: usize = 256;

/// How many edits make one name the other; nothing if one is too long to be compared.
pub(crate) fn edits(name: &str, known: &str) -> Option<usize> {
    let is_short = name.len().max(known.len()) <= MOST_BYTES;
    is_short.then(|| strsim::damerau_levenshtein(name, known))
}

#[cfg(test)]
mod tests {
    use super::edits;

    #[test]
    fn compares_no_names_that_are_too_long_to_be_mistyped() {
        assert_eq!(edits("rating", "ratnig"), Some(1));
        assert_eq!(edits(&"n".repeat(257), "name"), None);
        assert_eq!(edits("name", &"n".repeat(257)), None);
    }
}
