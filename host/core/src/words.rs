//! Untrusted words in what people read: from a guest, a component or a query.
//!
//! They go to logs, terminals and tables. Words that are not ours must not end the line, change its
//! direction, hide in it or control the terminal: a character that nobody would see is shown by its
//! number, as `\u{202e}`. User data in JSON answers is not for people, and stays as it is.

use std::fmt::Write;

/// The text as one line: line ends and tabs become blanks, control characters become `\u{fffd}`,
/// and characters that are invisible or change the direction of the text are shown as `\u{202e}`.
///
/// Joiners and variation selectors are kept where scripts and emoji need them: between characters,
/// or after one, that neither is ASCII nor comes before U+0600.
///
/// ```
/// use whittle_host::one_line;
///
/// assert_eq!(one_line("a\nb"), "a b");
/// assert_eq!(one_line("\u{202e}gpj.exe"), r"\u{202e}gpj.exe");
/// assert_eq!(one_line("👩\u{200d}👧"), "👩\u{200d}👧");
/// ```
pub fn one_line(text: &str) -> String {
    cleaned(text, |character| match character {
        '\n' | '\r' | '\t' => Some(' '),
        _ => None,
    })
}

/// Like [`one_line`], and keeps line ends and tabs: for text of several lines, such as a
/// description.
pub fn printable(text: &str) -> String {
    cleaned(text, |character| match character {
        '\n' | '\t' => Some(character),
        '\r' => Some(' '),
        _ => None,
    })
}

/// The message of a document's error for an answer in JSON, where a guest's own words need no quotes
/// of ours around them.
///
/// ```
/// use whittle_host::unquoted;
///
/// assert_eq!(unquoted("\"no price\""), "no price");
/// assert_eq!(unquoted("declared text, but returned int64"), "declared text, but returned int64");
/// ```
pub fn unquoted(message: &str) -> &str {
    let words = message.strip_prefix('"');
    words
        .and_then(|words| words.strip_suffix('"'))
        .unwrap_or(message)
}

/// Cleans a text whose white space becomes what `space` says.
fn cleaned(text: &str, space: impl Fn(char) -> Option<char>) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if let Some(space) = space(character) {
            clean.push(space);
        } else if character.is_control() {
            clean.push(char::REPLACEMENT_CHARACTER);
        } else if is_invisible(character) && !belongs(character, before, characters.peek().copied())
        {
            let number = u32::from(character);
            write!(clean, "\\u{{{number:x}}}").expect("a string takes any text");
        } else {
            clean.push(character);
        }
        before = Some(character);
    }
    clean
}

/// Whether an invisible character is part of how its neighbours are written.
fn belongs(character: char, before: Option<char>, after: Option<char>) -> bool {
    let joins = |other: char| other >= '\u{600}' && !is_invisible(other);
    match character {
        // An emoji that is joined may have a variation selector.
        '\u{200c}' | '\u{200d}' => {
            before.is_some_and(|before| joins(before) || before == '\u{fe0f}')
                && after.is_some_and(joins)
        }
        '\u{180b}'..='\u{180d}'
        | '\u{180f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}' => before.is_some_and(joins),
        _ => false,
    }
}

fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return false;
    }
    // Noncharacters.
    let number = u32::from(character);
    number & 0xfffe == 0xfffe
        || INVISIBLE
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&character))
}

/// Unicode's default ignorable characters, its controls of direction, lines and annotations, and
/// the blanks that are no white space. Signs that are format characters and yet seen, such as the
/// Arabic number sign, are not among them.
const INVISIBLE: [(char, char); 20] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_text_in_one_line() {
        let text = "no\nsuch\r\u{1b}[2J.json: \tnot found\u{7f}\u{85}";
        assert_eq!(
            one_line(text),
            "no such \u{fffd}[2J.json:  not found\u{fffd}\u{fffd}"
        );
        let text = "a\u{2028}b\u{2029}c";
        assert_eq!(one_line(text), r"a\u{2028}b\u{2029}c");
        assert_eq!(
            printable("a\n\tb\rc\u{2028}\u{7}"),
            "a\n\tb c\\u{2028}\u{fffd}"
        );
    }

    #[test]
    fn shows_what_would_be_invisible_by_its_number() {
        let directions = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        let spaces =
            "\u{ad}\u{115f}\u{180e}\u{200b}\u{2060}\u{2063}\u{2800}\u{3164}\u{feff}\u{ffa0}";
        let others =
            "\u{34f}\u{fff9}\u{fffb}\u{fffe}\u{1d173}\u{e0001}\u{e0041}\u{e007f}\u{10ffff}";
        for character in [directions, spaces, others].concat().chars() {
            let number = format!("\\u{{{:x}}}", u32::from(character));
            for text in [format!("a{character}b"), format!("👩{character}👧")] {
                let clean = one_line(&text);
                assert!(!clean.contains(character), "{number} in {clean:?}");
                assert!(clean.contains(&number), "{number} in {clean:?}");
                assert_eq!(printable(&text), clean);
            }
        }
    }

    #[test]
    fn keeps_joiners_and_selectors_where_scripts_need_them() {
        for text in [
            "👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "می\u{200c}خواهم",
            "葛\u{e0100}城",
            "été naïve Ελλάδα ع שלום 日本",
            "\u{600}١",
        ] {
            assert_eq!(one_line(text), text);
        }
        for (text, clean) in [
            ("pay\u{200d}pal", r"pay\u{200d}pal"),
            ("a\u{fe0f}", r"a\u{fe0f}"),
            ("👩\u{200d}", r"👩\u{200d}"),
            ("👩\u{fe0f}\u{fe0f}", "👩\u{fe0f}\\u{fe0f}"),
            ("\u{200c}ع", "\\u{200c}ع"),
        ] {
            assert_eq!(one_line(text), clean);
        }
    }
}
