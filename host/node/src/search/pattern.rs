//! Patterns of field names, in which `*` stands for any characters.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::allowance::{Ended, Steps};

/// How many bytes of answers are remembered.
const MOST_BYTES: usize = 1 << 20;

/// How many bytes a pattern and a path are compared in one step.
const STEP_BYTES: usize = 4_096;

/// Patterns, made ready for many names: those without `*` are looked up, and the others are asked
/// once about each name, since the documents of an index have the same names.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns {
    names: HashSet<Box<str>>,
    patterns: Vec<Box<str>>,
    known: RefCell<Known>,
}

/// What was found before.
#[derive(Debug, Clone, Default)]
struct Known {
    answers: HashMap<Box<str>, bool>,
    bytes: usize,
}

impl Patterns {
    pub(super) fn new(patterns: &[String]) -> Self {
        let (with_star, names): (Vec<&String>, Vec<&String>) =
            patterns.iter().partition(|pattern| pattern.contains('*'));
        let boxed = |text: &String| text.as_str().into();
        Self {
            names: names.into_iter().map(boxed).collect(),
            patterns: with_star.into_iter().map(boxed).collect(),
            known: RefCell::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty()
    }

    /// About what they take at most, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let texts = self.names.iter().chain(&self.patterns);
        let texts = texts.map(|text| text.len() + 2 * size_of::<Box<str>>());
        let known = if self.patterns.is_empty() {
            0
        } else {
            MOST_BYTES
        };
        (texts.sum::<usize>() + known) as u64
    }

    /// Whether one of them matches a name.
    ///
    /// # Errors
    ///
    /// The search has to end.
    pub(super) fn match_one(&self, name: &str, steps: &mut Steps) -> Result<bool, Ended> {
        if self.names.contains(name) {
            return Ok(true);
        }
        if self.patterns.is_empty() {
            return Ok(false);
        }
        if let Some(known) = self.known.borrow().answers.get(name) {
            return Ok(*known);
        }
        let mut found = false;
        for pattern in &self.patterns {
            let compared = pattern.len().saturating_mul(name.len()) / STEP_BYTES;
            steps.check(compared + 1)?;
            if matches(pattern, name) {
                found = true;
                break;
            }
        }
        self.known.borrow_mut().remember(name, found);
        Ok(found)
    }
}

impl Known {
    fn remember(&mut self, name: &str, found: bool) {
        const ENTRY_BYTES: usize = 64;
        let bytes = name.len() + ENTRY_BYTES;
        if self.bytes + bytes <= MOST_BYTES {
            self.bytes += bytes;
            self.answers.insert(name.into(), found);
        }
    }
}

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
