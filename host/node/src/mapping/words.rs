//! Texts cut into words, as Lucene's tokenizers cut them.
//!
//! A word of the standard analyzer is what UAX #29 has between two boundaries, if a letter, a digit
//! or an emoji is in it. So ideographs and hiragana are words one by one, katakana and hangul come
//! in runs, and `o'neil`, `user_id`, `192.168.0.1` and a flag are one word each. Scripts that have
//! no spaces and need a dictionary, such as Thai, come in runs too.
//!
//! Words of more than 255 characters are cut, and none is lost. Lower case is that of each
//! character by itself, so that a word keeps its number of characters.

use std::iter::Peekable;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_segmentation::{UWordBoundIndices, UnicodeSegmentation};

/// The longest word, in characters.
const WORD_CHARS: usize = 255;

/// Cuts texts into words.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) cut: Cut,
    pub(super) lower_case: bool,
    /// Whether `'s` at the end of a word is left out.
    pub(super) no_possessive: bool,
    token: Token,
}

/// Where words begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// At the boundaries of UAX #29.
    Unicode,
    /// At what is no letter.
    Letters,
    /// At white space.
    Whitespace,
}

impl Words {
    pub(super) fn new(cut: Cut, lower_case: bool) -> Self {
        Self {
            cut,
            lower_case,
            no_possessive: false,
            token: Token::default(),
        }
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        let words: Box<dyn Iterator<Item = (usize, &'a str)> + 'a> = match self.cut {
            Cut::Unicode => Box::new(Segments::new(text).filter(|(_, word)| is_word(word))),
            Cut::Letters => Box::new(runs(text, char::is_alphabetic)),
            Cut::Whitespace => Box::new(runs(text, |letter| !letter.is_whitespace())),
        };
        self.token.reset();
        WordStream {
            words,
            rest: None,
            lower_case: self.lower_case,
            no_possessive: self.no_possessive,
            token: &mut self.token,
        }
    }
}

pub(super) struct WordStream<'a> {
    words: Box<dyn Iterator<Item = (usize, &'a str)> + 'a>,
    /// What is left of a word that is too long.
    rest: Option<(usize, &'a str)>,
    lower_case: bool,
    no_possessive: bool,
    token: &'a mut Token,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((start, word)) = self.rest.take().or_else(|| self.words.next()) else {
            return false;
        };
        let cut = word.char_indices().nth(WORD_CHARS).map(|(at, _)| at);
        let (mut word, rest) = word.split_at(cut.unwrap_or(word.len()));
        self.rest = (!rest.is_empty()).then_some((start + word.len(), rest));
        if self.no_possessive {
            word = without_possessive(word);
        }
        self.token.offset_from = start;
        self.token.offset_to = start + word.len();
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        if !self.lower_case {
            self.token.text.push_str(word);
        } else if word.is_ascii() {
            self.token.text.push_str(word);
            self.token.text.make_ascii_lowercase();
        } else {
            // The first of what one character becomes: `İ` is `i`, without its dot apart.
            let lower = |letter: char| letter.to_lowercase().next().unwrap_or(letter);
            self.token.text.extend(word.chars().map(lower));
        }
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn without_possessive(word: &str) -> &str {
    let possessive = ["'s", "'S", "’s", "’S", "＇s", "＇S"];
    let stems = possessive
        .iter()
        .find_map(|ending| word.strip_suffix(ending));
    stems.unwrap_or(word)
}

/// The longest runs of characters of a kind, with the bytes at which they begin.
fn runs<'a>(
    text: &'a str,
    is_of_run: impl Fn(char) -> bool + 'a,
) -> impl Iterator<Item = (usize, &'a str)> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(&is_of_run)?;
        let length = text[start..].find(|letter| !is_of_run(letter));
        at = length.map_or(text.len(), |length| start + length);
        Some((start, &text[start..at]))
    })
}

/// What lies between the boundaries of UAX #29, runs of scripts without spaces together.
struct Segments<'a> {
    text: &'a str,
    bounds: Peekable<UWordBoundIndices<'a>>,
}

impl<'a> Segments<'a> {
    fn new(text: &'a str) -> Self {
        let bounds = text.split_word_bound_indices().peekable();
        Self { text, bounds }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<(usize, &'a str)> {
        let (start, first) = self.bounds.next()?;
        let mut end = start + first.len();
        if needs_dictionary(first) {
            while let Some((_, next)) = self.bounds.next_if(|(_, next)| needs_dictionary(next)) {
                end += next.len();
            }
        }
        Some((start, &self.text[start..end]))
    }
}

/// Whether a segment is of a script that is written without spaces, of the south-east of Asia.
fn needs_dictionary(segment: &str) -> bool {
    segment.chars().next().is_some_and(|letter| {
        letter.is_alphabetic()
            && matches!(letter,
                '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
                | '\u{1950}'..='\u{19DF}' | '\u{1A20}'..='\u{1AAF}' | '\u{A9E0}'..='\u{A9FF}'
                | '\u{AA60}'..='\u{AADF}' | '\u{11700}'..='\u{1174F}')
    })
}

/// Whether a segment is a word, and not punctuation or space.
fn is_word(segment: &str) -> bool {
    let mut letters = segment.chars();
    let Some(first) = letters.next() else {
        return false;
    };
    is_emoji(first) || first.is_alphanumeric() || letters.any(char::is_alphanumeric)
}

/// Whether a character is an emoji or a part of a flag: the blocks of `Extended_Pictographic` and
/// of regional indicators.
fn is_emoji(letter: char) -> bool {
    matches!(letter,
        '\u{1F000}'..='\u{1F0FF}' | '\u{1F10D}'..='\u{1F10F}' | '\u{1F12F}'
        | '\u{1F16C}'..='\u{1F171}' | '\u{1F17E}'..='\u{1F17F}' | '\u{1F18E}'
        | '\u{1F191}'..='\u{1F19A}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F201}'..='\u{1FAFF}'
        | '\u{231A}'..='\u{231B}' | '\u{2328}' | '\u{23CF}' | '\u{23E9}'..='\u{23F3}'
        | '\u{23F8}'..='\u{23FA}' | '\u{24C2}' | '\u{25AA}'..='\u{25AB}' | '\u{25B6}' | '\u{25C0}'
        | '\u{25FB}'..='\u{25FE}' | '\u{2600}'..='\u{2605}' | '\u{2607}'..='\u{2612}'
        | '\u{2614}'..='\u{2685}' | '\u{2690}'..='\u{2705}' | '\u{2708}'..='\u{2712}'
        | '\u{2714}' | '\u{2716}' | '\u{271D}' | '\u{2721}' | '\u{2728}' | '\u{2733}'..='\u{2734}'
        | '\u{2744}' | '\u{2747}' | '\u{274C}' | '\u{274E}' | '\u{2753}'..='\u{2755}' | '\u{2757}'
        | '\u{2763}'..='\u{2767}' | '\u{2795}'..='\u{2797}' | '\u{27A1}' | '\u{27B0}' | '\u{27BF}'
        | '\u{2B05}'..='\u{2B07}' | '\u{2B1B}'..='\u{2B1C}' | '\u{2B50}' | '\u{2B55}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(mut words: Words, text: &str) -> Vec<String> {
        let mut stream = words.token_stream(text);
        let mut found = Vec::new();
        while stream.advance() {
            let token = stream.token();
            assert_eq!(token.position, found.len());
            assert!(text.get(token.offset_from..token.offset_to).is_some());
            found.push(token.text.clone());
        }
        found
    }

    fn standard(text: &str) -> Vec<String> {
        cut(Words::new(Cut::Unicode, true), text)
    }

    #[test]
    fn words_are_those_of_uax_29() {
        for (text, expected) in [
            (
                "The quick, brown fox!",
                &["the", "quick", "brown", "fox"][..],
            ),
            ("Shaun O'Neil's user_id", &["shaun", "o'neil's", "user_id"]),
            (
                "192.168.0.1 is 3.14 at example.com.",
                &["192.168.0.1", "is", "3.14", "at", "example.com"],
            ),
            ("a-b a@b.c __ _x", &["a", "b", "a", "b.c", "_x"]),
            ("北京 is 京", &["北", "京", "is", "京"]),
            ("用tantivy搜索", &["用", "tantivy", "搜", "索"]),
            ("ひらカタカナ한국어", &["ひ", "ら", "カタカナ", "한국어"]),
            ("cafe\u{301} noir", &["cafe\u{301}", "noir"]),
            ("İstanbul ΣΑΣ Straße", &["istanbul", "σασ", "straße"]),
            ("👍🏽 👨‍👩‍👧 🇨🇭, ♥", &["👍🏽", "👨‍👩‍👧", "🇨🇭", "♥"]),
            ("ภาษาไทย and ไทย", &["ภาษาไทย", "and", "ไทย"]),
            ("שלום עולם مرحبا", &["שלום", "עולם", "مرحبا"]),
            (" .,;!? \n", &[]),
            ("", &[]),
        ] {
            assert_eq!(standard(text), expected, "{text}");
        }
    }

    #[test]
    fn long_words_are_cut_and_not_lost() {
        let lengths = |text: &str| -> Vec<usize> {
            standard(text)
                .iter()
                .map(|word| word.chars().count())
                .collect()
        };
        assert_eq!(lengths(&"é".repeat(600)), [255, 255, 90]);
        assert_eq!(lengths(&format!("{} end", "a".repeat(255))), [255, 3]);
    }

    #[test]
    fn other_cuts_are_at_white_space_or_between_letters() {
        let text = "The O'Neil\tx2 Straße-1";
        let whitespace = cut(Words::new(Cut::Whitespace, false), text);
        assert_eq!(whitespace, ["The", "O'Neil", "x2", "Straße-1"]);
        let letters = cut(Words::new(Cut::Letters, true), text);
        assert_eq!(letters, ["the", "o", "neil", "x", "straße"]);
        let mut possessive = Words::new(Cut::Unicode, true);
        possessive.no_possessive = true;
        assert_eq!(
            cut(possessive, "John’s dogs' O'Neil's"),
            ["john", "dogs", "o'neil"]
        );
    }
}
