//! Regular expressions: from Lucene's syntax to tantivy's.
//!
//! | Lucene's | here |
//! |---|---|
//! | `.` `?` `*` `+` `{n}` `{n,}` `{n,m}` `\|` `(...)` | the same; `.` is any character |
//! | `[a-z]` `[^a-z]` | the same; `[`, `&` and `~` are characters |
//! | `^` `$` | characters: an expression always describes the whole text |
//! | `\d` `\w` `\s` `\D` `\W` `\S` | digits, word characters, white space of ASCII, and all others |
//! | `\` and another character | the character |
//! | `~` `&` `@` `#` `<` `"` | operators that are not supported: refused if their flag is set; characters after `\` |

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// From 1, in characters.
    pub(super) position: usize,
    pub(super) reason: &'static str,
}

/// An expression in tantivy's syntax, which may still be too large for it.
pub(super) fn translate(
    pattern: &str,
    flags: &Flags,
    case_insensitive: bool,
) -> Result<String, Wrong> {
    let reader = Reader {
        pattern: pattern.chars().collect(),
        flags,
        case_insensitive,
        at: 0,
        translated: String::new(),
    };
    reader.translate()
}

/// Which characters are operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags(String);

impl Default for Flags {
    /// All operators.
    fn default() -> Self {
        Self("~&@#<".to_owned())
    }
}

impl Flags {
    /// Reads names of Lucene's flags, with `|` between them.
    pub(super) fn read(names: &str) -> Option<Self> {
        let operators = names.split('|').map(|name| {
            Some(match name.trim().to_ascii_uppercase().as_str() {
                "ALL" => "~&@#<",
                "COMPLEMENT" => "~",
                "INTERSECTION" => "&",
                "ANYSTRING" => "@",
                "EMPTY" => "#",
                "INTERVAL" => "<",
                "NONE" | "" => "",
                _ => return None,
            })
        });
        operators.collect::<Option<String>>().map(Self)
    }

    /// A string in quotes is an operator of its own, which no flag takes away.
    fn has(&self, character: char) -> bool {
        character == '"' || self.0.contains(character)
    }
}

struct Reader<'a> {
    pattern: Vec<char>,
    flags: &'a Flags,
    case_insensitive: bool,
    at: usize,
    translated: String,
}

impl Reader<'_> {
    fn translate(mut self) -> Result<String, Wrong> {
        let mut open = Vec::new();
        // Whether something stands before that can be repeated.
        let mut repeatable = false;
        while let Some(character) = self.next() {
            let before = std::mem::replace(&mut repeatable, true);
            match character {
                '.' => self.translated.push_str("(?s:.)"),
                '(' => {
                    open.push(self.at);
                    self.translated.push_str("(?:");
                    repeatable = false;
                }
                ')' => {
                    if open.pop().is_none() {
                        return Err(self
                            .wrong("this bracket closes nothing: write `\\)` for the character"));
                    }
                    self.translated.push(')');
                }
                '|' => {
                    self.translated.push('|');
                    repeatable = false;
                }
                '?' | '*' | '+' | '{' => {
                    if !before {
                        return Err(self.wrong("nothing stands before this that could be repeated"));
                    }
                    if character == '{' {
                        self.repeat()?;
                    } else {
                        self.translated.push(character);
                    }
                    // The engine takes a second sign for another way of repeating.
                    repeatable = false;
                }
                '[' => self.class()?,
                '\\' => self.escape()?,
                operator if self.flags.has(operator) => {
                    return Err(self.wrong(
                        "this operator is not supported: write a backslash before it for the character",
                    ));
                }
                literal => self.outside(literal),
            }
        }
        match open.pop() {
            None => Ok(self.translated),
            Some(position) => Err(Wrong {
                position,
                reason: "this bracket is not closed",
            }),
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.pattern.get(self.at).copied();
        self.at += usize::from(next.is_some());
        next
    }

    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at).copied()
    }

    /// An error at the character that was read last.
    fn wrong(&self, reason: &'static str) -> Wrong {
        let position = self.at;
        Wrong { position, reason }
    }

    /// A character outside of brackets.
    fn outside(&mut self, character: char) {
        if self.case_insensitive && character.is_ascii_alphabetic() {
            self.translated.push('[');
            self.either_case(character);
            self.translated.push(']');
        } else {
            self.literal(character);
        }
    }

    /// A letter between brackets, in both of its cases.
    fn either_case(&mut self, letter: char) {
        self.translated.push(letter.to_ascii_lowercase());
        self.translated.push(letter.to_ascii_uppercase());
    }

    fn literal(&mut self, character: char) {
        // `\<` and `\>` would be the borders of a word.
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
            self.translated.push('\\');
        }
        self.translated.push(character);
    }

    /// What follows a backslash outside of brackets.
    fn escape(&mut self) -> Result<(), Wrong> {
        let Some(character) = self.next() else {
            return Err(self.wrong("a backslash at the end means nothing"));
        };
        let class = match character {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            's' => "[\\t\\n\\x0B\\f\\r ]",
            'S' => "[^\\t\\n\\x0B\\f\\r ]",
            literal => {
                self.outside(literal);
                return Ok(());
            }
        };
        self.translated.push_str(class);
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}`, after its bracket.
    fn repeat(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let reason =
            "a repetition is `{n}`, `{n,}` or `{n,m}`, with numbers up to 1000, the smaller first";
        let wrong = Wrong {
            position: start,
            reason,
        };
        let length = self.pattern[start..].iter().position(|c| *c == '}');
        let length = length.ok_or_else(|| wrong.clone())?;
        let inside: String = self.pattern[start..start + length].iter().collect();
        self.at = start + length + 1;
        let number = |text: &str| -> Option<u32> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| text.parse().ok()).flatten();
            number.filter(|number| *number <= 1_000)
        };
        let valid = match inside.split_once(',') {
            None => number(&inside).is_some(),
            Some((least, "")) => number(least).is_some(),
            Some((least, most)) => number(least)
                .zip(number(most))
                .is_some_and(|(least, most)| least <= most),
        };
        if !valid {
            return Err(wrong);
        }
        self.translated.push('{');
        self.translated.push_str(&inside);
        self.translated.push('}');
        Ok(())
    }

    /// `[...]`, after its bracket.
    fn class(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let unclosed = Wrong {
            position: start,
            reason: "this bracket is not closed",
        };
        self.translated.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.translated.push('^');
        }
        let first = self.at;
        loop {
            let character = self.next().ok_or_else(|| unclosed.clone())?;
            if character == ']' {
                if self.at == first + 1 {
                    return Err(self.wrong("there is nothing between these brackets"));
                }
                self.translated.push(']');
                return Ok(());
            }
            let from = self.member(character, &unclosed)?;
            let range = self.peek() == Some('-')
                && self
                    .pattern
                    .get(self.at + 1)
                    .is_some_and(|next| *next != ']');
            if range {
                self.at += 1;
                let to = self.next().ok_or_else(|| unclosed.clone())?;
                let to = self.member(to, &unclosed)?;
                if to < from {
                    return Err(self.wrong("this range ends before it begins"));
                }
                self.literal(from);
                self.translated.push('-');
                self.literal(to);
            } else if self.case_insensitive && from.is_ascii_alphabetic() {
                self.either_case(from);
            } else {
                self.literal(from);
            }
        }
    }

    /// A character between brackets.
    fn member(&mut self, character: char, unclosed: &Wrong) -> Result<char, Wrong> {
        if character == '\\' {
            self.next().ok_or_else(|| unclosed.clone())
        } else {
            Ok(character)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy_fst::{Automaton, Regex};

    use super::*;

    fn translated(pattern: &str) -> Result<String, Wrong> {
        translate(pattern, &Flags::default(), false)
    }

    fn fits(pattern: &str, text: &str) -> bool {
        is_accepted(&translated(pattern).expect("it can be translated"), text)
    }

    fn is_accepted(translated: &str, text: &str) -> bool {
        let regex = Regex::new(translated).expect("tantivy accepts it");
        let state = text
            .bytes()
            .fold(regex.start(), |state, byte| regex.accept(&state, byte));
        regex.is_match(&state)
    }

    #[test]
    fn expressions_mean_what_they_mean_to_lucene() {
        for (pattern, yes, no) in [
            ("ab", vec!["ab"], vec!["xab", "abx", ""]),
            ("", vec![""], vec!["a"]),
            ("a.c", vec!["abc", "aéc", "a\nc"], vec!["ac", "abbc"]),
            ("a|bc", vec!["a", "bc"], vec!["ac", "abc"]),
            ("(a|b)c", vec!["ac", "bc"], vec!["c"]),
            ("ab?c*d+", vec!["ad", "abccdd"], vec!["abc"]),
            ("(ab){2}", vec!["abab"], vec!["ab", "ababab"]),
            ("a{2,}", vec!["aa", "aaaa"], vec!["a"]),
            ("a{1,2}", vec!["a", "aa"], vec!["", "aaa"]),
            ("[a-c]", vec!["a", "b"], vec!["d", "-"]),
            ("[^a-c]", vec!["d", "é"], vec!["a", ""]),
            ("[a-]", vec!["a", "-"], vec!["b"]),
            ("[-a]", vec!["a", "-"], vec!["b"]),
            ("[\\]\\\\]", vec!["]", "\\"], vec!["a"]),
            ("[[&&~~]", vec!["[", "&", "~"], vec!["a"]),
            ("[.*^$]", vec![".", "*", "^", "$"], vec!["a"]),
            ("^a$", vec!["^a$"], vec!["a"]),
            ("\\d\\w\\s", vec!["1_ "], vec!["a_ ", "١a "]),
            ("\\D\\W\\S", vec!["a.é"], vec!["1.é"]),
            ("\\.\\*\\@\\a", vec![".*@a"], vec!["b"]),
            ("]}/:", vec!["]}/:"], vec![""]),
            ("é+", vec!["é", "éé"], vec!["e"]),
            ("()a", vec!["a"], vec![""]),
        ] {
            for text in yes {
                assert!(fits(pattern, text), "{pattern} takes {text}");
            }
            for text in no {
                assert!(!fits(pattern, text), "{pattern} does not take {text}");
            }
        }
    }

    #[test]
    fn rejects_an_invalid_expression_with_its_position() {
        let error = |pattern: &str| {
            let wrong = translated(pattern).expect_err("it is refused");
            format!("{}: {}", wrong.position, wrong.reason)
        };
        insta::assert_snapshot!(error("a(b"), @"2: this bracket is not closed");
        insta::assert_snapshot!(error("ab)"), @r#"3: this bracket closes nothing: write `\)` for the character"#);
        insta::assert_snapshot!(error("a[b"), @"2: this bracket is not closed");
        insta::assert_snapshot!(error("[]"), @"2: there is nothing between these brackets");
        insta::assert_snapshot!(error("[b-a]"), @"4: this range ends before it begins");
        insta::assert_snapshot!(error("*a"), @"1: nothing stands before this that could be repeated");
        insta::assert_snapshot!(error("(?i:a)"), @"2: nothing stands before this that could be repeated");
        insta::assert_snapshot!(error("a+?"), @"3: nothing stands before this that could be repeated");
        insta::assert_snapshot!(error("a{2"), @"2: a repetition is `{n}`, `{n,}` or `{n,m}`, with numbers up to 1000, the smaller first");
        insta::assert_snapshot!(error("a{x}"), @"2: a repetition is `{n}`, `{n,}` or `{n,m}`, with numbers up to 1000, the smaller first");
        insta::assert_snapshot!(error("a{3,2}"), @"2: a repetition is `{n}`, `{n,}` or `{n,m}`, with numbers up to 1000, the smaller first");
        insta::assert_snapshot!(error("é~a"), @"2: this operator is not supported: write a backslash before it for the character");
        insta::assert_snapshot!(error("a\\"), @"2: a backslash at the end means nothing");
    }

    #[test]
    fn operators_without_their_flag_are_characters() {
        let flags = |names: &str| Flags::read(names).expect("they are flags");
        let none = translate("a~&@#<b>", &flags("NONE"), false).expect("there are no operators");
        assert!(is_accepted(&none, "a~&@#<b>"));
        let wrong = translate("@~", &flags("complement|EMPTY"), false);
        assert_eq!(wrong.expect_err("one is an operator").position, 2);
        assert!(translate("\"a\"", &flags("NONE"), false).is_err());
        assert_eq!(Flags::read("SOME"), None);
    }

    #[test]
    fn letters_of_ascii_match_in_either_case() {
        let pattern = translate("aé[bc-d]", &Flags::default(), true).expect("it is valid");
        for (text, expected) in [("AéB", true), ("aéd", true), ("aÉb", false), ("aéD", false)] {
            assert_eq!(is_accepted(&pattern, text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn tantivy_accepts_what_is_translated(pattern in "[ab0é.?*+{},()|\\[\\]^$\\\\dws~&-]{0,8}") {
            if let Ok(translated) = translated(&pattern) {
                let regex = Regex::new(&translated);
                prop_assert!(regex.is_ok(), "{} as {}: {:?}", pattern, translated, regex.err());
            }
        }
    }
}
