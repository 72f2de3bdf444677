//! Names of indexes.

/// The rules of OpenSearch for the name of an index; the rule that a name breaks, as its reason.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    const FORBIDDEN: &str = "\\/*?\"<>| ,";
    if name.is_empty() {
        Err("must not be empty")
    } else if name.len() > 255 {
        Err("index name is too long, (more than 255 bytes)")
    } else if name.contains(|character: char| FORBIDDEN.contains(character)) {
        Err("must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]")
    } else if name.contains('#') {
        Err("must not contain '#'")
    } else if name.contains(':') {
        Err("must not contain ':'")
    } else if name.starts_with(['_', '-', '+']) {
        Err("must not start with '_', '-', or '+'")
    } else if name == "." || name == ".." {
        Err("must not be '.' or '..'")
    } else if name.starts_with('.') {
        Err("must not start with '.': such indexes are hidden, and this node hides none")
    } else if name.chars().any(char::is_uppercase) {
        Err("must be lowercase")
    } else if whittle_host::one_line(name) != name {
        Err("must not contain control characters or characters that nobody can see")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_opensearch() {
        for name in ["films", "films-2024.01", "été", "a+b"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "Films",
            "_films",
            "-a",
            "..",
            ".a",
            "a/b",
            "a b",
            "a*",
            "a,b",
            "a\n",
            "a:b",
            "a\u{202e}b",
        ] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check(&"a".repeat(256)).is_err());
    }
}
