//! A text to compare many others with, bit-parallel.
//!
//! The table of the textbook algorithm has a column for each character of the text. Here a column
//! is two bits a row, the differences from row to row, and 64 rows are one step of a few
//! instructions: Myers, "A fast bit-vector algorithm for approximate string matching" (1999), as
//! restated for the distance of whole texts by Hyyrö, "A bit-vector algorithm for computing
//! Levenshtein and Damerau edit distances" (2003).

/// A target text and the largest distance that still matches.
///
/// The distance is Levenshtein's: insertions, deletions and substitutions of Unicode scalar values.
/// The default matches the empty text alone.
#[derive(Default)]
pub struct Pattern {
    /// The target's length in scalar values.
    length: usize,
    max_distance: usize,
    /// The target, 64 scalar values a block; the first may have fewer.
    blocks: Vec<Block>,
}

impl Pattern {
    /// A pattern that texts within `max_distance` edits of `target` match.
    pub fn new(target: &str, max_distance: usize) -> Self {
        let target: Vec<char> = target.chars().collect();
        Self {
            length: target.len(),
            max_distance,
            blocks: target.rchunks(ROWS).rev().map(Block::new).collect(),
        }
    }

    /// Whether a text is within the distance of the target.
    #[inline]
    pub fn matches(&self, text: &str) -> bool {
        if let [block] = &*self.blocks
            && let Some(matches) = self.matches_ascii(block, text.as_bytes())
        {
            return matches;
        }
        self.matches_characters(text)
    }

    /// Whether a text matches a target of one block; `None` if the text is not ASCII.
    #[inline]
    fn matches_ascii(&self, block: &Block, text: &[u8]) -> Option<bool> {
        if self.length.abs_diff(text.len()) > self.max_distance {
            // A text has at most as many characters as bytes.
            return (text.len() < self.length || text.is_ascii()).then_some(false);
        }
        let mut column = Column::first(block);
        let mut reach = Reach::new(self, text.len());
        let mut bits = 0;
        let mut goes_on = |bytes: &[u8]| {
            bytes.iter().fold(true, |_, byte| {
                bits |= *byte;
                reach.allows(column.advance(block.low[usize::from(*byte)], Carry::UP))
            })
        };
        // Four a turn, since in a component each turn of a loop pays for a look at the clock. What is
        // out of reach stays so, and a branch after each byte would cost more than the bytes that it
        // saves.
        let (fours, rest) = text.as_chunks::<4>();
        let matches = fours.iter().all(|four| goes_on(four)) && goes_on(rest);
        bits.is_ascii().then_some(matches)
    }

    /// A function of its own, so that the short way is compiled without what this needs.
    #[inline(never)]
    fn matches_characters(&self, text: &str) -> bool {
        let length = text.chars().count();
        if self.length.abs_diff(length) > self.max_distance {
            return false;
        }
        let mut columns: Vec<_> = self.blocks.iter().map(Column::first).collect();
        let mut reach = Reach::new(self, length);
        text.chars().all(|character| {
            let pairs = self.blocks.iter().zip(&mut columns);
            let change = pairs.fold(Carry::UP, |carry, (block, column)| {
                column.advance(block.rows_of(character), carry)
            });
            reach.allows(change)
        })
    }
}

/// How far the distance in the last row may still grow until no text matches: each further character
/// lessens it by one at most.
struct Reach(i64);

impl Reach {
    fn new(pattern: &Pattern, length: usize) -> Self {
        // No distance is larger than the longer text, of less than 4 GiB.
        let most = pattern.max_distance.min(u32::MAX as usize) as i64;
        Self(most + length as i64 - pattern.length as i64)
    }

    /// Whether the text can still match after one more character.
    #[inline]
    fn allows(&mut self, change: Carry) -> bool {
        self.0 = self.0 - 1 - change.up as i64 + change.down as i64;
        self.0 >= 0
    }
}

/// Rows in a block: bits in a word.
const ROWS: usize = 64;

/// Where each character stands in up to 64 characters of the target. The last of them is the last bit
/// of a word. The bits before the first are rows of no character: like the row above, whose distance
/// is one more in each column.
struct Block {
    /// The rows of the target's characters.
    used: u64,
    /// For the scalar values below 256.
    low: [u64; 256],
    /// For the others, in their order.
    high: Vec<(char, u64)>,
}

impl Block {
    fn new(target: &[char]) -> Self {
        let mut block = Self {
            used: !0 << (ROWS - target.len()),
            low: [0; 256],
            high: Vec::new(),
        };
        for (row, character) in (ROWS - target.len()..).zip(target) {
            let rows = match u8::try_from(*character) {
                Ok(low) => &mut block.low[usize::from(low)],
                Err(_) => {
                    let found = block
                        .high
                        .binary_search_by_key(character, |(high, _)| *high);
                    let index = found.unwrap_or_else(|index| {
                        block.high.insert(index, (*character, 0));
                        index
                    });
                    &mut block.high[index].1
                }
            };
            *rows |= 1 << row;
        }
        block
    }

    #[inline]
    fn rows_of(&self, character: char) -> u64 {
        match u8::try_from(character) {
            Ok(low) => self.low[usize::from(low)],
            Err(_) => {
                let found = self
                    .high
                    .binary_search_by_key(&character, |(high, _)| *high);
                found.map_or(0, |index| self.high[index].1)
            }
        }
    }
}

/// The rows of a block in one column of the table: a bit where the distance is one more, or one
/// less, than in the row above.
struct Column {
    up: u64,
    down: u64,
}

/// Whether the distance in one row is one more, or one less, than in the column before: 0 or 1 each.
#[derive(Clone, Copy)]
struct Carry {
    up: u64,
    down: u64,
}

impl Carry {
    /// In the row above the first, the distance is the number of the column.
    const UP: Self = Self { up: 1, down: 0 };
}

impl Column {
    /// The column before the text, where the distance is the number of the row.
    fn first(block: &Block) -> Self {
        Self {
            up: block.used,
            down: 0,
        }
    }

    /// Goes on to the column of the text's next character, which stands in the rows `equal`. `above`
    /// is the row above the block; the result is the block's last row.
    #[inline]
    fn advance(&mut self, equal: u64, above: Carry) -> Carry {
        let vertical = equal | self.down;
        let equal = equal | above.down;
        let sum = (equal & self.up).wrapping_add(self.up);
        let diagonal = (sum ^ self.up) | equal;
        // As `!(diagonal | self.up)`, but sooner: each character waits for the one before.
        let up = self.down | !(sum | (equal | self.up));
        let down = self.up & diagonal;
        let below = Carry {
            up: up >> (ROWS - 1),
            down: down >> (ROWS - 1),
        };
        let up = (up << 1) | above.up;
        let down = (down << 1) | above.down;
        self.up = down | !(vertical | up);
        self.down = up & vertical;
        below
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(target: &str, text: &str, max_distance: usize) {
        let expected = strsim::levenshtein(target, text) <= max_distance;
        assert_eq!(
            Pattern::new(target, max_distance).matches(text),
            expected,
            "{target:?} {text:?} {max_distance}"
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_strsim(target in ".{0,80}", text in ".{0,80}", max_distance in 0..90_usize) {
            agrees(&target, &text, max_distance);
        }

        // Few characters and few edits, or a match would be a rare thing; up to four blocks.
        #[test]
        fn it_agrees_with_strsim_on_near_texts(
            target in "[abä中😀\u{301}]{0,200}",
            edits in proptest::collection::vec((0..200_usize, 0..3_usize, "[abä中😀]{0,2}"), 0..6),
            max_distance in 0..8_usize,
        ) {
            let mut text: Vec<char> = target.chars().collect();
            for (at, removed, with) in edits {
                let at = at.min(text.len());
                text.splice(at..(at + removed).min(text.len()), with.chars());
            }
            agrees(&target, &text.into_iter().collect::<String>(), max_distance);
        }
    }

    #[test]
    fn targets_around_the_size_of_a_block_agree() {
        for length in [1, 2, 63, 64, 65, 127, 128, 129] {
            let target: String = ('a'..='z').cycle().take(length).collect();
            for text in [
                &target[1..],
                &target[..length - 1],
                &format!("{target}z"),
                "",
                "zyx",
            ] {
                for max_distance in [0, 1, 2, length, usize::MAX] {
                    agrees(&target, text, max_distance);
                }
            }
        }
    }

    #[test]
    fn empty_texts_and_nul_are_texts() {
        assert!(Pattern::new("", 0).matches(""));
        assert!(Pattern::new("", 2).matches("ab"));
        assert!(!Pattern::new("", 2).matches("abc"));
        assert!(Pattern::new("a\0b", 1).matches("ab"));
        assert!(!Pattern::new("a\0b", 0).matches("ab"));
    }
}
