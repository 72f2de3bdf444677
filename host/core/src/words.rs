//! Untrusted words in a message: from a guest, a component or a query.
//!
//! Messages go to logs and terminals. Words that are not ours must not end the line, change its
//! direction or control the terminal.

/// The text as one line for a message: line ends and tabs become blanks; other control characters,
/// and characters that end a line or change its direction, become `\u{fffd}`.
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

/// Characters that are not control characters, but start a new line in some viewers or change the
/// direction of the text after them: the line and paragraph separators, and the embeddings,
/// overrides and isolates of the bidirectional algorithm. Marks and joiners are kept, because whole
/// languages need them.
const BREAKS_A_LINE: [char; 11] = [
    '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_text_in_one_line_and_its_direction() {
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
