//! Automata over words and keywords: tantivy walks its sorted terms with them and passes over those
//! that cannot fit.
//!
//! Bytes are UTF-8, of the patterns as of the terms.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use tantivy::Term;
use tantivy::query::{AutomatonWeight, EnableScoring, Query, TermSetQuery, Weight};
use tantivy::schema::Field;
use tantivy_fst::Automaton;

/// Documents with a term that an automaton accepts, all with the score 1.
pub(super) struct TermsQuery<A> {
    field: Field,
    automaton: Arc<A>,
    limit: Option<usize>,
}

impl<A> TermsQuery<A> {
    pub(super) fn new(field: Field, automaton: A) -> Self {
        Self {
            field,
            automaton: Arc::new(automaton),
            limit: None,
        }
    }

    /// With so many of the terms alone, the first in their order.
    pub(super) fn limited(self, limit: u32) -> Self {
        Self {
            limit: usize::try_from(limit).ok(),
            ..self
        }
    }
}

impl<A> Clone for TermsQuery<A> {
    fn clone(&self) -> Self {
        Self {
            field: self.field,
            automaton: Arc::clone(&self.automaton),
            limit: self.limit,
        }
    }
}

impl<A> fmt::Debug for TermsQuery<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("TermsQuery");
        shown.field("field", &self.field).finish_non_exhaustive()
    }
}

impl<A> Query for TermsQuery<A>
where
    A: Automaton + Send + Sync + 'static,
    A::State: Clone,
{
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let (Some(limit), Some(searcher)) = (self.limit, scoring.searcher()) else {
            let automaton = Arc::clone(&self.automaton);
            return Ok(Box::new(AutomatonWeight::<A>::new(self.field, automaton)));
        };
        let mut terms = BTreeSet::new();
        for reader in searcher.segment_readers() {
            let index = reader.inverted_index(self.field)?;
            let mut stream = index.terms().search(&*self.automaton).into_stream()?;
            for _ in 0..limit {
                if !stream.advance() {
                    break;
                }
                terms.insert(Term::from_field_bytes(self.field, stream.key()));
            }
        }
        TermSetQuery::new(terms.into_iter().take(limit)).weight(scoring)
    }
}

/// A pattern of a whole term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Byte(u8),
    /// A letter of ASCII in either case; here in lower case.
    Letter(u8),
    Character,
    Text,
}

impl Item {
    fn of(byte: u8, case_insensitive: bool) -> Self {
        if case_insensitive && byte.is_ascii_alphabetic() {
            Self::Letter(byte.to_ascii_lowercase())
        } else {
            Self::Byte(byte)
        }
    }
}

impl Pattern {
    /// A whole term, or one that differs in the case of letters of ASCII alone.
    pub(super) fn term(text: &str, case_insensitive: bool) -> Self {
        let item = |byte: u8| Item::of(byte, case_insensitive);
        let items = text.bytes().map(item).collect();
        Self { items }
    }

    pub(super) fn prefix(text: &str, case_insensitive: bool) -> Self {
        let mut pattern = Self::term(text, case_insensitive);
        pattern.items.push(Item::Text);
        pattern
    }

    /// A pattern of field names, in which `*` is any string.
    pub(super) fn names(pattern: &str) -> Self {
        let item = |byte| match byte {
            b'*' => Item::Text,
            byte => Item::Byte(byte),
        };
        let items = pattern.bytes().map(item).collect();
        Self { items }
    }

    /// `*` is any string, `?` one character, and a backslash takes the meaning from what follows;
    /// at the end it is itself, as in Lucene.
    pub(super) fn wildcard(pattern: &str, case_insensitive: bool) -> Self {
        let mut items = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' => {
                    if items.last() != Some(&Item::Text) {
                        items.push(Item::Text);
                    }
                    continue;
                }
                '?' => {
                    items.push(Item::Character);
                    continue;
                }
                '\\' => characters.next().unwrap_or('\\'),
                other => other,
            };
            let mut bytes = [0; 4];
            let bytes = literal.encode_utf8(&mut bytes).bytes();
            items.extend(bytes.map(|byte| Item::of(byte, case_insensitive)));
        }
        Self { items }
    }

    /// Whether a whole text fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        let state = text
            .bytes()
            .fold(self.start(), |state, byte| self.accept(&state, byte));
        self.is_match(&state)
    }

    /// Adds the place before an item, and those that are reached from there by taking nothing.
    fn add(&self, places: &mut Vec<usize>, place: usize) {
        if places.contains(&place) {
            return;
        }
        if self.items.get(place) == Some(&Item::Text) {
            // Whatever fits from an earlier place on fits from here on too.
            places.retain(|earlier| *earlier > place);
            places.push(place);
            self.add(places, place + 1);
        } else {
            places.push(place);
        }
    }
}

impl Automaton for Pattern {
    /// The places in the pattern that what was read may have come to, in ascending order.
    type State = Vec<usize>;

    fn start(&self) -> Vec<usize> {
        let mut places = Vec::new();
        self.add(&mut places, 0);
        places
    }

    fn is_match(&self, places: &Vec<usize>) -> bool {
        places.last() == Some(&self.items.len())
    }

    fn can_match(&self, places: &Vec<usize>) -> bool {
        !places.is_empty()
    }

    fn will_always_match(&self, places: &Vec<usize>) -> bool {
        let last = self.items.len().wrapping_sub(1);
        self.items.last() == Some(&Item::Text) && places.contains(&last)
    }

    fn accept(&self, places: &Vec<usize>, byte: u8) -> Vec<usize> {
        let continues = byte & 0b1100_0000 == 0b1000_0000;
        let mut next = Vec::with_capacity(places.len() + 1);
        for &place in places {
            // The rest of a character that `?` has taken.
            let before = place
                .checked_sub(1)
                .and_then(|before| self.items.get(before));
            if continues && before == Some(&Item::Character) {
                self.add(&mut next, place);
            }
            match self.items.get(place) {
                Some(Item::Byte(expected)) if *expected == byte => self.add(&mut next, place + 1),
                Some(Item::Letter(letter)) if letter.eq_ignore_ascii_case(&byte) => {
                    self.add(&mut next, place + 1);
                }
                Some(Item::Character) if !continues => self.add(&mut next, place + 1),
                Some(Item::Text) => self.add(&mut next, place),
                _ => {}
            }
        }
        next
    }
}

/// A beginning that must be as it is, and an automaton for what follows.
pub(super) struct AfterPrefix<A> {
    pub(super) prefix: Vec<u8>,
    pub(super) rest: A,
}

/// Where the reading of a term has come to.
#[derive(Clone)]
pub(super) enum After<S> {
    /// So many bytes of the prefix.
    Prefix(usize),
    Rest(S),
    Nowhere,
}

impl<A: Automaton> Automaton for AfterPrefix<A> {
    type State = After<A::State>;

    fn start(&self) -> Self::State {
        if self.prefix.is_empty() {
            After::Rest(self.rest.start())
        } else {
            After::Prefix(0)
        }
    }

    fn is_match(&self, state: &Self::State) -> bool {
        matches!(state, After::Rest(state) if self.rest.is_match(state))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match state {
            After::Prefix(_) => true,
            After::Rest(state) => self.rest.can_match(state),
            After::Nowhere => false,
        }
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            After::Prefix(at) if self.prefix.get(*at) == Some(&byte) => {
                if at + 1 == self.prefix.len() {
                    After::Rest(self.rest.start())
                } else {
                    After::Prefix(at + 1)
                }
            }
            After::Rest(state) => After::Rest(self.rest.accept(state, byte)),
            After::Prefix(_) | After::Nowhere => After::Nowhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By trying everything.
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|at| fits(rest, &text[at..])),
            ['?', rest @ ..] => !text.is_empty() && fits(rest, &text[1..]),
            ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
                text.first() == Some(literal) && fits(rest, &text[1..])
            }
        }
    }

    proptest! {
        #[test]
        fn a_wildcard_fits_what_it_says(
            pattern in "([abé€*?]|\\\\[*?\\\\a]){0,6}",
            text in "[abé€*?\\\\]{0,6}",
        ) {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = fits(&characters(&pattern), &characters(&text));
            let wildcard = Pattern::wildcard(&pattern, false);
            prop_assert_eq!(wildcard.fits(&text), expected);
            let state = text.bytes().fold(wildcard.start(), |state, byte| {
                wildcard.accept(&state, byte)
            });
            prop_assert!(!expected || wildcard.can_match(&state));
            prop_assert!(expected || !wildcard.will_always_match(&state));
            prop_assert!(state.is_sorted());
        }

        #[test]
        fn a_prefix_fits_what_begins_so(prefix in "[abé]{0,3}", text in "[abé]{0,4}") {
            prop_assert_eq!(Pattern::prefix(&prefix, false).fits(&text), text.starts_with(&prefix));
            prop_assert!(Pattern::names("*").fits(&text));
        }
    }

    #[test]
    fn letters_of_ascii_fit_in_either_case() {
        let pattern = Pattern::wildcard("St?r*É", true);
        for (text, expected) in [("sTARtÉ", true), ("STARÉ", true), ("staré", false)] {
            assert_eq!(pattern.fits(text), expected, "{text}");
        }
        assert!(Pattern::term("aB[", true).fits("Ab["));
        assert!(!Pattern::term("aB[", true).fits("Ab{"));
    }

    #[test]
    fn many_wildcards_take_no_more_places_than_there_are_characters_between_two() {
        let pattern = Pattern::wildcard(&"*ab".repeat(300), false);
        let mut state = pattern.start();
        for byte in "a".repeat(1_000).bytes() {
            state = pattern.accept(&state, byte);
            assert!(state.len() <= 3, "{state:?}");
        }
    }
}
