/**
 * A text to compare many others with, bit-parallel.
 *
 * The table of the textbook algorithm has a row for each character of the target and a column for
 * each of the text. Here a column is two bits a row, the differences from row to row, and 30 rows are
 * one step of a few operations: Myers, "A fast bit-vector algorithm for approximate string matching"
 * (1999), as restated for the distance of whole texts by Hyyrö, "A bit-vector algorithm for computing
 * Levenshtein and Damerau edit distances" (2003). Of a column only the rows within the largest
 * distance of the diagonal matter, and only their blocks are computed.
 *
 * Most texts never get there: a text within `n` edits of the target has one of any `n + 1` pieces of
 * the target in it unchanged, and finding a piece is one call of the engine.
 */

/** Rows in a block, such that a sum of two blocks is still an integer of 32 bits. */
const ROWS = 30;

const ALL = 2 ** ROWS - 1;

/** Where each character stands in up to 30 characters of the target. */
class Block {
  /** For the scalar values below 256. */
  readonly low = new Int32Array(256);
  /** For the others. */
  readonly high = new Map<number, number>();
  /** The last row, as a bit. */
  readonly last: number;
  /** The rows of the present column where the distance is one more than in the row above. */
  up = ALL;
  /** Those where it is one less. */
  down = 0;

  constructor(characters: readonly number[]) {
    this.last = 1 << (characters.length - 1);
    characters.forEach((character, row) => {
      if (character < 256) this.low[character]! |= 1 << row;
      else this.high.set(character, (this.high.get(character) ?? 0) | (1 << row));
    });
  }

  /**
   * Goes on to the column of the text's next character. The change of the distance from column to
   * column, +1, 0 or -1, is given for the row above the block and returned for its last row.
   */
  advance(character: number, above: number): number {
    let equal = character < 256 ? this.low[character]! : (this.high.get(character) ?? 0);
    const { up, down, last } = this;
    const vertical = equal | down;
    if (above < 0) equal |= 1;
    const diagonal = ((((equal & up) + up) ^ up) | equal) & ALL;
    let right = down | (ALL & ~(diagonal | up));
    let left = up & diagonal;
    const below = right & last ? 1 : left & last ? -1 : 0;
    right = (right << 1) & ALL;
    left = (left << 1) & ALL;
    if (above > 0) right |= 1;
    else if (above < 0) left |= 1;
    this.up = left | (ALL & ~(vertical | right));
    this.down = right & vertical;
    return below;
  }
}

/**
 * A target text and the largest distance that still matches. The distance is Levenshtein's:
 * insertions, deletions and substitutions of Unicode scalar values.
 */
export class Pattern {
  private readonly length: number;
  private readonly pieces: readonly string[];
  private readonly blocks: readonly Block[];

  constructor(
    private readonly target: string,
    private readonly maxDistance: number,
  ) {
    const characters = codePoints(target);
    this.length = characters.length;
    this.pieces = pieces(characters, maxDistance + 1);
    const blocks: Block[] = [];
    for (let row = 0; row < characters.length; row += ROWS) {
      blocks.push(new Block(characters.slice(row, row + ROWS)));
    }
    this.blocks = blocks;
  }

  /** Whether a text is within the distance of the target. */
  matches(text: string): boolean {
    // A text has as many UTF-16 units as characters, or up to twice as many.
    if (text.length < this.length - this.maxDistance) return false;
    if (text.length > 2 * (this.length + this.maxDistance)) return false;
    if (!this.pieces.some((piece) => text.includes(piece))) return false;
    if (text === this.target) return true;
    const [only] = this.blocks;
    if (only && this.blocks.length === 1) return this.isNearBlock(only, text);
    return this.isNear(codePoints(text));
  }

  /** Tells it from the table of a short target: `isNear` for one block, with nothing called. */
  private isNearBlock({ low, high, last }: Block, text: string): boolean {
    const { maxDistance } = this;
    let up = ALL;
    let down = 0;
    let distance = this.length;
    for (let index = 0; index < text.length; index++) {
      let character = text.charCodeAt(index);
      if ((character & 0xf800) === 0xd800) character = text.codePointAt(index++)!;
      const equal = character < 256 ? low[character]! : (high.get(character) ?? 0);
      const diagonal = ((((equal & up) + up) ^ up) | equal | down) & ALL;
      const right = down | (ALL & ~(diagonal | up));
      const left = up & diagonal;
      if (right & last) distance++;
      else if (left & last) distance--;
      // Each further character lessens the distance by one at most, and there are as many as units
      // are left, or fewer.
      if (distance - (text.length - index) >= maxDistance) return false;
      const shifted = ((right << 1) | 1) & ALL;
      up = ((left << 1) & ALL) | (ALL & ~(diagonal | shifted));
      down = shifted & diagonal;
    }
    return distance <= maxDistance;
  }

  /** Tells it from the table. */
  private isNear(text: readonly number[]): boolean {
    const { length, maxDistance, blocks } = this;
    if (Math.abs(length - text.length) > maxDistance) return false;
    if (Math.max(length, text.length) <= maxDistance) return true;
    // Here both have characters, or one has none and the other at most `maxDistance`.
    if (blocks.length === 0) return true;
    for (const block of blocks) {
      block.up = ALL;
      block.down = 0;
    }
    const end = blocks.length - 1;
    // Blocks wholly below or above the rows that matter are left out. What they would say is
    // replaced by the worst that it can be, which makes no distance within the largest one greater.
    let lowest = Math.min(end, Math.floor(maxDistance / ROWS));
    let distance = Math.min(length, (lowest + 1) * ROWS);
    let remaining = text.length;
    for (let column = 0; column < text.length; column++) {
      const row = column + maxDistance;
      while (lowest < end && (lowest + 1) * ROWS <= row) {
        lowest++;
        distance = Math.min(length, (lowest + 1) * ROWS) - lowest * ROWS + distance;
      }
      let change = 1;
      const first = Math.min(lowest, Math.max(0, Math.floor((column - maxDistance) / ROWS)));
      for (let block = first; block <= lowest; block++) {
        change = blocks[block]!.advance(text[column]!, change);
      }
      distance += change;
      remaining--;
      // Each further character lessens the distance by one at most.
      if (lowest === end && distance - remaining > maxDistance) return false;
    }
    return distance <= maxDistance;
  }
}

function codePoints(text: string): number[] {
  const found: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if ((unit & 0xf800) === 0xd800) found.push(text.codePointAt(index++)!);
    else found.push(unit);
  }
  return found;
}

/** Cuts characters into pieces of about one length; too few are left whole, as the empty piece. */
function pieces(characters: readonly number[], count: number): string[] {
  const { length } = characters;
  if (count > length) return [""];
  return Array.from({ length: count }, (_, piece) => {
    const start = Math.floor((length * piece) / count);
    const end = Math.floor((length * (piece + 1)) / count);
    return characters
      .slice(start, end)
      .map((code) => String.fromCodePoint(code))
      .join("");
  });
}
