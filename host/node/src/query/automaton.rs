//! Automata over words and keywords, for [`TermsQuery`](super::terms_query::TermsQuery).
//!
//! Bytes are UTF-8, of the patterns as of the terms. A step takes time that does not grow with what
//! was read, and a state memory that does not either: a pattern of 1,000 characters takes 500 bytes
//! a state.

use std::ops::Bound;

use tantivy_fst::Automaton;

/// A whole term, or its beginning.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    text: Vec<u8>,
    /// Whether letters of ASCII fit in either case.
    case_insensitive: bool,
    is_prefix: bool,
}

impl Literal {
    /// A whole term, or one that differs in the case of letters of ASCII alone.
    pub(super) fn term(text: &str, case_insensitive: bool) -> Self {
        Self {
            text: text.as_bytes().to_vec(),
            case_insensitive,
            is_prefix: false,
        }
    }

    pub(super) fn prefix(text: &str, case_insensitive: bool) -> Self {
        Self {
            is_prefix: true,
            ..Self::term(text, case_insensitive)
        }
    }
}

impl Automaton for Literal {
    /// How much of it was read; `None` if something else was.
    type State = Option<usize>;

    fn start(&self) -> Option<usize> {
        Some(0)
    }

    fn is_match(&self, at: &Option<usize>) -> bool {
        *at == Some(self.text.len())
    }

    fn can_match(&self, at: &Option<usize>) -> bool {
        at.is_some()
    }

    fn will_always_match(&self, at: &Option<usize>) -> bool {
        self.is_prefix && self.is_match(at)
    }

    fn accept(&self, at: &Option<usize>, byte: u8) -> Option<usize> {
        let at = (*at)?;
        let Some(expected) = self.text.get(at) else {
            return self.is_prefix.then_some(at);
        };
        let fits = match self.case_insensitive {
            true => expected.eq_ignore_ascii_case(&byte),
            false => *expected == byte,
        };
        fits.then_some(at + 1)
    }
}

/// Terms of a list.
#[derive(Debug, Clone)]
pub(super) struct Listed(Vec<Vec<u8>>);

impl Listed {
    pub(super) fn new(terms: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut terms: Vec<Vec<u8>> = terms.into_iter().collect();
        terms.sort_unstable();
        terms.dedup();
        Self(terms)
    }
}

/// The terms of a list that begin with what was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Among {
    first: usize,
    end: usize,
    read: usize,
}

impl Automaton for Listed {
    type State = Among;

    fn start(&self) -> Among {
        Among {
            first: 0,
            end: self.0.len(),
            read: 0,
        }
    }

    fn is_match(&self, among: &Among) -> bool {
        // A term comes before those that it begins.
        among.first < among.end && self.0[among.first].len() == among.read
    }

    fn can_match(&self, among: &Among) -> bool {
        among.first < among.end
    }

    fn accept(&self, among: &Among, byte: u8) -> Among {
        let terms = &self.0[among.first..among.end];
        let next = |term: &Vec<u8>| term.get(among.read).copied();
        let before = terms.partition_point(|term| next(term) < Some(byte));
        let until = before + terms[before..].partition_point(|term| next(term) == Some(byte));
        Among {
            first: among.first + before,
            end: among.first + until,
            read: among.read + 1,
        }
    }
}

/// Terms between two bounds.
#[derive(Debug, Clone)]
pub(super) struct Between {
    pub(super) from: Bound<Vec<u8>>,
    pub(super) to: Bound<Vec<u8>>,
}

/// How what was read compares with the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compared {
    from: Side,
    to: Side,
}

/// How what was read compares with a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Equal to so much of it.
    At(usize),
    /// On the inner side, whatever follows.
    Inside,
    /// On the outer side, whatever follows.
    Outside,
}

impl Side {
    fn of(bound: &Bound<Vec<u8>>) -> Self {
        match bound {
            Bound::Unbounded => Self::Inside,
            Bound::Included(_) | Bound::Excluded(_) => Self::At(0),
        }
    }

    /// After a byte; a byte above that of the bound leads to `above`.
    fn after(self, byte: u8, bound: &Bound<Vec<u8>>, above: Self, below: Self) -> Self {
        let (Self::At(at), Bound::Included(text) | Bound::Excluded(text)) = (self, bound) else {
            return self;
        };
        match text.get(at) {
            Some(expected) if byte == *expected => Self::At(at + 1),
            Some(expected) if byte < *expected => below,
            // A text comes after its own beginning.
            Some(_) | None => above,
        }
    }
}

impl Automaton for Between {
    type State = Compared;

    fn start(&self) -> Compared {
        Compared {
            from: Side::of(&self.from),
            to: Side::of(&self.to),
        }
    }

    fn is_match(&self, compared: &Compared) -> bool {
        let is_from = match (compared.from, &self.from) {
            (Side::At(at), Bound::Included(text)) => at == text.len(),
            (side, _) => side == Side::Inside,
        };
        let is_to = match (compared.to, &self.to) {
            (Side::At(at), Bound::Excluded(text)) => at < text.len(),
            (side, _) => side != Side::Outside,
        };
        is_from && is_to
    }

    fn can_match(&self, compared: &Compared) -> bool {
        compared.from != Side::Outside && compared.to != Side::Outside
    }

    fn will_always_match(&self, compared: &Compared) -> bool {
        compared.from == Side::Inside && compared.to == Side::Inside
    }

    fn accept(&self, compared: &Compared, byte: u8) -> Compared {
        let (inside, outside) = (Side::Inside, Side::Outside);
        Compared {
            from: compared.from.after(byte, &self.from, inside, outside),
            to: compared.to.after(byte, &self.to, outside, inside),
        }
    }
}

/// A pattern of a whole term, in which there may be any characters and strings.
///
/// What was read may have come to many places of the pattern at once: a place is a bit, and a byte
/// moves all of them together.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// How many items there are; the place after the last is where a term has fit.
    items: usize,
    /// Which of the masks a byte has.
    mask_of: Box<[usize; 256]>,
    /// For each kind of byte, the places before items that take it.
    masks: Vec<Places>,
    /// The places before `*`, which takes any byte and nothing.
    texts: Places,
    /// The places after `?`, where the rest of a character that it has taken is passed over.
    after_characters: Places,
}

/// A bit for each place in a pattern.
type Places = Box<[u64]>;

const BITS: usize = u64::BITS as usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Byte(u8),
    /// A letter of ASCII in either case.
    Letter(u8),
    Character,
    Text,
}

impl Item {
    fn of(byte: u8, case_insensitive: bool) -> Self {
        if case_insensitive && byte.is_ascii_alphabetic() {
            Self::Letter(byte)
        } else {
            Self::Byte(byte)
        }
    }

    /// Whether it takes a byte and is done with it.
    fn takes(self, byte: u8) -> bool {
        match self {
            Self::Byte(expected) => expected == byte,
            Self::Letter(letter) => letter.eq_ignore_ascii_case(&byte),
            Self::Character => !continues(byte),
            Self::Text => false,
        }
    }
}

/// Whether a byte is not the first of its character.
fn continues(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

impl Pattern {
    fn new(mut items: Vec<Item>) -> Self {
        items.dedup_by(|item, before| *item == Item::Text && *before == Item::Text);
        let words = items.len() / BITS + 1;
        let none = || vec![0; words].into_boxed_slice();
        let places = |has: &dyn Fn(Item) -> bool, shift: usize| {
            let mut places = none();
            for (place, item) in items.iter().enumerate() {
                if has(*item) {
                    places[(place + shift) / BITS] |= 1 << ((place + shift) % BITS);
                }
            }
            places
        };
        let mut named = [false; 256];
        for item in &items {
            let bytes = match item {
                Item::Byte(byte) => [*byte; 2],
                Item::Letter(byte) => [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()],
                Item::Character | Item::Text => continue,
            };
            named[usize::from(bytes[0])] = true;
            named[usize::from(bytes[1])] = true;
        }
        // Bytes that the pattern does not name begin a character or continue one.
        let mut masks = vec![places(&|item| item == Item::Character, 0), none()];
        let mut mask_of = Box::new([0; 256]);
        for (byte, mask) in (0..=u8::MAX).zip(mask_of.iter_mut()) {
            *mask = usize::from(continues(byte));
            if named[usize::from(byte)] {
                *mask = masks.len();
                masks.push(places(&|item| item.takes(byte), 0));
            }
        }
        Self {
            mask_of,
            masks,
            texts: places(&|item| item == Item::Text, 0),
            after_characters: places(&|item| item == Item::Character, 1),
            items: items.len(),
        }
    }

    /// A pattern of field names, in which `*` is any string.
    pub(super) fn names(pattern: &str) -> Self {
        let item = |byte| match byte {
            b'*' => Item::Text,
            byte => Item::Byte(byte),
        };
        Self::new(pattern.bytes().map(item).collect())
    }

    /// `*` is any string, `?` one character, and a backslash takes the meaning from what follows;
    /// at the end it is itself, as in Lucene.
    pub(super) fn wildcard(pattern: &str, case_insensitive: bool) -> Self {
        let mut items = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' => {
                    items.push(Item::Text);
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
        Self::new(items)
    }

    /// Whether a whole text fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        let mut places = self.start();
        for byte in text.bytes() {
            places = self.accept(&places, byte);
        }
        self.is_match(&places)
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        ((self.masks.len() + 2) * self.texts.len() * size_of::<u64>()) as u64
    }

    /// Adds the places after `*`, which may take nothing.
    fn close(&self, places: &mut Places) {
        let mut carry = 0;
        for (places, texts) in places.iter_mut().zip(&self.texts) {
            let before = *places & texts;
            *places |= (before << 1) | carry;
            carry = before >> (BITS - 1);
        }
    }
}

impl Automaton for Pattern {
    /// The places that what was read may have come to.
    type State = Places;

    fn start(&self) -> Places {
        let mut places = vec![0; self.texts.len()].into_boxed_slice();
        places[0] = 1;
        self.close(&mut places);
        places
    }

    fn is_match(&self, places: &Places) -> bool {
        (places[self.items / BITS] >> (self.items % BITS)) & 1 == 1
    }

    fn can_match(&self, places: &Places) -> bool {
        places.iter().any(|places| *places != 0)
    }

    fn will_always_match(&self, places: &Places) -> bool {
        let last = self.items.wrapping_sub(1);
        let has = |places: &Places| {
            let word = places.get(last / BITS).copied().unwrap_or_default();
            (word >> (last % BITS)) & 1 == 1
        };
        has(&self.texts) && has(places)
    }

    fn accept(&self, places: &Places, byte: u8) -> Places {
        let mask = &self.masks[self.mask_of[usize::from(byte)]];
        let rest = if continues(byte) { u64::MAX } else { 0 };
        let mut next = vec![0; places.len()].into_boxed_slice();
        let mut carry = 0;
        for (at, next) in next.iter_mut().enumerate() {
            let moved = places[at] & mask[at];
            let stays = self.texts[at] | (self.after_characters[at] & rest);
            *next = (moved << 1) | carry | (places[at] & stays);
            carry = moved >> (BITS - 1);
        }
        self.close(&mut next);
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
    use std::time::{Duration, Instant};

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

    /// Whether an automaton accepts a text; it must not give one up too early, nor be sure of one
    /// that does not fit.
    fn accepts<A: Automaton>(automaton: &A, text: &str) -> bool {
        let mut state = automaton.start();
        let (mut can, mut must) = (
            automaton.can_match(&state),
            automaton.will_always_match(&state),
        );
        for byte in text.bytes() {
            state = automaton.accept(&state, byte);
            can &= automaton.can_match(&state);
            must |= automaton.will_always_match(&state);
        }
        let is_match = automaton.is_match(&state);
        assert!((can || !is_match) && (!must || is_match), "{text}");
        is_match
    }

    fn bound(text: &str, included: Option<bool>) -> Bound<Vec<u8>> {
        match included {
            None => Bound::Unbounded,
            Some(true) => Bound::Included(text.as_bytes().to_vec()),
            Some(false) => Bound::Excluded(text.as_bytes().to_vec()),
        }
    }

    proptest! {
        #[test]
        fn a_wildcard_fits_what_it_says(
            pattern in "([abé€*?]|\\\\[*?\\\\a]){0,6}",
            text in "[abé€*?\\\\]{0,6}",
            padding in 0_usize..70,
        ) {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = fits(&characters(&pattern), &characters(&text));
            // Places reach into a second word.
            let padding = "x".repeat(padding);
            let wildcard = Pattern::wildcard(&format!("{padding}{pattern}"), false);
            prop_assert_eq!(accepts(&wildcard, &format!("{padding}{text}")), expected);
        }

        #[test]
        fn a_prefix_fits_what_begins_so(prefix in "[abé]{0,3}", text in "[abé]{0,4}") {
            let literal = Literal::prefix(&prefix, false);
            prop_assert_eq!(accepts(&literal, &text), text.starts_with(&prefix));
            prop_assert_eq!(accepts(&Literal::term(&prefix, false), &text), text == prefix);
            prop_assert!(Pattern::names("*").fits(&text));
        }

        #[test]
        fn a_list_and_bounds_have_what_they_say(
            list in prop::collection::vec("[abé]{0,3}", 0..6),
            from: Option<bool>,
            to: Option<bool>,
            bounds in ["[ab]{0,3}", "[ab]{0,3}"],
            text in "[abé]{0,4}",
        ) {
            let listed = Listed::new(list.iter().map(|text| text.as_bytes().to_vec()));
            prop_assert_eq!(accepts(&listed, &text), list.contains(&text));
            let (from, to) = (bound(&bounds[0], from), bound(&bounds[1], to));
            let expected = {
                use std::ops::RangeBounds as _;
                (from.clone(), to.clone()).contains(&text.as_bytes().to_vec())
            };
            prop_assert_eq!(accepts(&Between { from, to }, &text), expected);
        }
    }

    #[test]
    fn letters_of_ascii_fit_in_either_case() {
        let pattern = Pattern::wildcard("St?r*É", true);
        for (text, expected) in [("sTARtÉ", true), ("STARÉ", true), ("staré", false)] {
            assert_eq!(pattern.fits(text), expected, "{text}");
        }
        assert!(accepts(&Literal::term("aB[", true), "Ab["));
        assert!(!accepts(&Literal::term("aB[", true), "Ab{"));
    }

    #[test]
    fn a_step_takes_no_longer_the_more_there_is_in_the_pattern_that_could_fit() {
        let pattern = Pattern::wildcard(&format!("*{}b", "?".repeat(900)), false);
        let started = Instant::now();
        assert!(!pattern.fits(&"a".repeat(100_000)));
        // With places in a list it took half a minute.
        let took = started.elapsed();
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}
