//! Patterns of field names, in which `*` stands for any characters.

/// Whether a pattern matches a whole text, in time that is at most their product.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, in_text));
            at += 1;
        } else if pattern.get(at) == Some(&text[in_text]) {
            (at, in_text) = (at + 1, in_text + 1);
        } else if let Some((star_at, taken)) = star {
            star = Some((star_at, taken + 1));
            (at, in_text) = (star_at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("*", "") && matches("a*c", "abbc") && matches("*b*", "abc"));
        assert!(!matches("a*c", "abcd") && !matches("", "a") && !matches("a", ""));
        assert!(!matches(&"a*".repeat(50), &"b".repeat(1000)));
    }
}
