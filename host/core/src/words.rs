//! Words of others in a message: a guest's, a component's, a query's.
//!
//! A message goes to logs and terminals. What stands in it that is not ours neither ends its line,
//! nor turns it around, nor steers the terminal.

/// A text in one line, as it can stand in a message: line ends and tabs are blanks, and other
/// control characters, and those that end or turn a line, `\u{fffd}`.
pub fn one_line(text: &str) -> String {
    let plain = |character| match character {
        '\n' | '\r' | '\t' => ' ',
        other if other.is_control() || BREAKS_A_LINE.contains(&other) => {
            char::REPLACEMENT_CHARACTER
        }
        other => other,
    };
    text.chars().map(plain).collect()
}

/// Characters that are no control characters, but begin a new line in some viewers or show what
/// comes after them from right to left: the line and paragraph separators, and the embeddings,
/// overrides and isolates of the bidirectional algorithm. Marks and joiners, which whole languages
/// need, stay.
const BREAKS_A_LINE: [char; 11] = [
    '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_neither_ends_nor_turns_a_line() {
        let text = "a\u{2028}b\u{2029}c\u{202e}txt.exe\u{2069} 👩\u{200d}👧 \u{200f}ع";
        assert_eq!(
            one_line(text),
            "a\u{fffd}b\u{fffd}c\u{fffd}txt.exe\u{fffd} 👩\u{200d}👧 \u{200f}ع"
        );
        let text = "no\nsuch\r\u{1b}[2J.json: \tnot found\u{7f}";
        assert_eq!(
            one_line(text),
            "no such \u{fffd}[2J.json:  not found\u{fffd}"
        );
    }
}
