// A text to compare many others with, bit-parallel.
//
// The table of the textbook algorithm has a column for each character of the text. Here a column is
// two bits a row, the differences from row to row, and 64 rows are one step of a few instructions:
// Myers, "A fast bit-vector algorithm for approximate string matching" (1999), as restated for the
// distance of whole texts by Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau
// edit distances" (2003).

/** Rows in a block: bits in a word. */
const ROWS: i32 = 64;

/** Characters below this have a table; the others are searched for. */
const LOW: i32 = 256;

/**
 * A target text and the largest distance that still matches.
 *
 * The distance is Levenshtein's: insertions, deletions and substitutions of Unicode scalar values.
 */
export class Pattern {
  /** The target's length in characters. */
  private readonly length: i32;
  private readonly blocks: i32;
  /** Where each low character stands in the target: a word for each block, then the next character. */
  private readonly low: StaticArray<u64>;
  /** The target's other characters, in their order. */
  private readonly high: StaticArray<i32>;
  /** Where these stand, as for the low ones. */
  private readonly highRows: StaticArray<u64>;
  /** The rows of the present column: where the distance is one more than in the row above, */
  private readonly up: StaticArray<u64>;
  /** and where it is one less. */
  private readonly down: StaticArray<u64>;

  /**
   * @param target What texts are compared with.
   * @param maxDistance How many edits still match.
   */
  constructor(
    target: string,
    private readonly maxDistance: u32,
  ) {
    const characters = charactersOf(target);
    const length = characters.length;
    const blocks = (length + ROWS - 1) / ROWS;
    const high = highOf(characters);
    this.length = length;
    this.blocks = blocks;
    this.low = new StaticArray<u64>(LOW * blocks);
    this.high = high;
    this.highRows = new StaticArray<u64>(high.length * blocks);
    this.up = new StaticArray<u64>(blocks);
    this.down = new StaticArray<u64>(blocks);
    for (let row = 0; row < length; row++) {
      const character = characters[row];
      const isLow = character < LOW;
      const rows = isLow ? this.low : this.highRows;
      const at = (isLow ? character : indexOf(high, character)) * blocks + row / ROWS;
      rows[at] |= (<u64>1) << row % ROWS;
    }
  }

  /** Whether a text is within the distance of the target. */
  matches(text: string): bool {
    const length = countCharacters(text);
    // As integers of 64 bits: the largest distance may be beyond those of 32 with a sign.
    if (i64(abs(this.length - length)) > i64(this.maxDistance)) return false;
    if (this.blocks == 0) return true;
    return this.blocks == 1 ? this.matchesShort(text, length) : this.matchesLong(text, length);
  }

  /** For a target of one block, whose column stays in two variables. */
  private matchesShort(text: string, length: i32): bool {
    const last = this.length - 1;
    const most = i64(this.maxDistance);
    const low = changetype<usize>(this.low);
    let up: u64 = ~0;
    let down: u64 = 0;
    let distance = this.length;
    let remaining = length;
    const units = text.length;
    for (let at = 0; at < units; at++) {
      const unit = unitAt(text, at);
      let equal: u64 = 0;
      if (unit < LOW) {
        equal = load<u64>(low + ((<usize>unit) << 3));
      } else {
        let character = unit;
        if (isFirstOfPair(unit)) character = pairAt(text, at++);
        const index = indexOf(this.high, character);
        if (index >= 0) equal = unchecked(this.highRows[index]);
      }
      // Above the first row the distance is the number of the column: always one more.
      const vertical = equal | down;
      const diagonal = (((equal & up) + up) ^ up) | equal;
      let more = down | ~(diagonal | up);
      let less = up & diagonal;
      distance += i32((more >> last) & 1) - i32((less >> last) & 1);
      // Each further character lessens the distance by one at most.
      if (i64(distance - --remaining) > most) return false;
      more = (more << 1) | 1;
      less <<= 1;
      up = less | ~(vertical | more);
      down = more & vertical;
    }
    return true;
  }

  /** For a target of several blocks. */
  private matchesLong(text: string, length: i32): bool {
    const blocks = this.blocks;
    const last = (this.length - 1) % ROWS;
    const most = i64(this.maxDistance);
    this.up.fill(~0);
    this.down.fill(0);
    let distance = this.length;
    let remaining = length;
    const units = text.length;
    for (let at = 0; at < units; at++) {
      const unit = unitAt(text, at);
      let rows: usize = 0;
      if (unit < LOW) {
        rows = changetype<usize>(this.low) + ((<usize>(unit * blocks)) << 3);
      } else {
        let character = unit;
        if (isFirstOfPair(unit)) character = pairAt(text, at++);
        const index = indexOf(this.high, character);
        if (index >= 0) {
          rows = changetype<usize>(this.highRows) + ((<usize>(index * blocks)) << 3);
        }
      }
      // The change from column to column in the row above a block: one more, or one less.
      let moreAbove: u64 = 1;
      let lessAbove: u64 = 0;
      for (let block = 0; block < blocks; block++) {
        let equal = rows == 0 ? 0 : load<u64>(rows + ((<usize>block) << 3));
        const oldUp = unchecked(this.up[block]);
        const oldDown = unchecked(this.down[block]);
        const vertical = equal | oldDown;
        equal |= lessAbove;
        const diagonal = (((equal & oldUp) + oldUp) ^ oldUp) | equal;
        const more = oldDown | ~(diagonal | oldUp);
        const less = oldUp & diagonal;
        const row = block == blocks - 1 ? last : ROWS - 1;
        const shiftedMore = (more << 1) | moreAbove;
        const shiftedLess = (less << 1) | lessAbove;
        moreAbove = (more >> row) & 1;
        lessAbove = (less >> row) & 1;
        unchecked((this.up[block] = shiftedLess | ~(vertical | shiftedMore)));
        unchecked((this.down[block] = shiftedMore & vertical));
      }
      distance += i32(moreAbove) - i32(lessAbove);
      if (i64(distance - --remaining) > most) return false;
    }
    return true;
  }
}

/** A code unit that is known to be there. */
function unitAt(text: string, at: i32): i32 {
  return load<u16>(changetype<usize>(text) + ((<usize>at) << 1));
}

/** Whether a code unit is the first of a pair. The contract's texts have whole pairs alone. */
function isFirstOfPair(unit: i32): bool {
  return (unit & 0xfc00) == 0xd800;
}

/** The character of the pair at an index. */
function pairAt(text: string, at: i32): i32 {
  return 0x10000 + ((unitAt(text, at) & 0x3ff) << 10) + (unitAt(text, at + 1) & 0x3ff);
}

/** The bit that no code unit below U+8000 has, in each of four: no pair has a unit without it. */
const MAY_BE_PAIR: u64 = 0x8000_8000_8000_8000;

function countCharacters(text: string): i32 {
  const units = text.length;
  let count = units;
  let at = 0;
  for (; at + 4 <= units; at += 4) {
    // Four in a step: most texts have no pair.
    const four = load<u64>(changetype<usize>(text) + ((<usize>at) << 1));
    if ((four & MAY_BE_PAIR) != 0) break;
  }
  for (; at < units; at++) {
    if (isFirstOfPair(unitAt(text, at))) count--;
  }
  return count;
}

function charactersOf(text: string): i32[] {
  const characters = new Array<i32>();
  for (let at = 0; at < text.length; at++) {
    const unit = unitAt(text, at);
    characters.push(isFirstOfPair(unit) ? pairAt(text, at++) : unit);
  }
  return characters;
}

/** The characters that are not low, each once, in their order. */
function highOf(characters: i32[]): StaticArray<i32> {
  const sorted = characters.slice().sort((left, right) => left - right);
  const high = new Array<i32>();
  for (let index = 0; index < sorted.length; index++) {
    const character = sorted[index];
    if (character >= LOW && (high.length == 0 || high[high.length - 1] != character)) {
      high.push(character);
    }
  }
  return StaticArray.fromArray(high);
}

/** The index of a character among sorted ones; -1 if it is not there. */
function indexOf(sorted: StaticArray<i32>, character: i32): i32 {
  let first = 0;
  let end = sorted.length;
  while (first < end) {
    const middle = (first + end) >> 1;
    const found = unchecked(sorted[middle]);
    if (found == character) return middle;
    if (found < character) first = middle + 1;
    else end = middle;
  }
  return -1;
}
