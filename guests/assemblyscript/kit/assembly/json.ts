// JSON texts (RFC 8259), parsed into a flat list of nodes: for JSON fields and parameters.
//
// A node is a row of numbers: where its text is, and where its subtree ends. A subtree is a run of
// rows, so its descendants are a loop, and nothing is allocated for a document once the list is
// large enough. Nothing recurses, so a text that is nested deep does not exhaust the stack.

import { isDigit, parseNumber } from "./number";

/** What a node is. */
export const enum Type {
  Null,
  False,
  True,
  Number,
  Text,
  Array,
  Object,
}

/** How deep arrays and objects may lie in one another. */
const MOST_DEPTH: i32 = 512;

// The columns of a row.
/** The node's `Type`. */
const TYPE: i32 = 0;
/** Where its text begins: that of a text after its quote. */
const START: i32 = 1;
/** Where its text ends: that of a text before its quote. */
const END: i32 = 2;
/** The row after its subtree. */
const NEXT: i32 = 3;
/** How many children it has. */
const CHILDREN: i32 = 4;
/** Where its name begins, if its parent is an object, after the quote. */
const NAME_START: i32 = 5;
/** Where its name ends, before the quote. */
const NAME_END: i32 = 6;
/** `TEXT_ESCAPES`, `NAME_ESCAPES` or both. */
const ESCAPES: i32 = 7;
const COLUMNS: i32 = 8;

/** The text has escape sequences. */
const TEXT_ESCAPES: i32 = 1;
/** The name has escape sequences. */
const NAME_ESCAPES: i32 = 2;

/** A JSON text and its nodes; the root is node 0. It can be parsed into again and again. */
export class Json {
  /** What is wrong with the text that was parsed last; null if it is JSON. */
  problem: string | null = null;

  private source: string = "";
  private rows: StaticArray<i32> = new StaticArray<i32>(64 * COLUMNS);
  private count: i32 = 0;
  /** Where the parser is. */
  private at: i32 = 0;
  /** Whether the text that was scanned last has escape sequences. */
  private escaped: bool = false;
  /** The arrays and objects that are open. */
  private readonly open: StaticArray<i32> = new StaticArray<i32>(MOST_DEPTH);

  /** A text as a JSON value. */
  static ofText(text: string): Json {
    const json = new Json();
    json.source = text;
    json.push(Type.Text, 0, text.length);
    return json;
  }

  /** A JSON text, parsed. */
  static of(source: string): Json {
    const json = new Json();
    json.parse(source);
    return json;
  }

  @inline
  private cell(node: i32, column: i32): i32 {
    return unchecked(this.rows[node * COLUMNS + column]);
  }

  @inline
  private set(node: i32, column: i32, value: i32): void {
    unchecked((this.rows[node * COLUMNS + column] = value));
  }

  /** What a node is. */
  @inline
  type(node: i32): Type {
    return <Type>this.cell(node, TYPE);
  }

  /** Whether a node has children, or could have. */
  @inline
  isContainer(node: i32): bool {
    return this.cell(node, TYPE) >= Type.Array;
  }

  /** How many children a node has. */
  @inline
  children(node: i32): i32 {
    return this.cell(node, CHILDREN);
  }

  /**
   * The node after a node's subtree. A node's first child is `node + 1`, and the next one after a
   * child `next(child)`, as long as that is below `next(node)`.
   */
  @inline
  next(node: i32): i32 {
    return this.cell(node, NEXT);
  }

  /** A number's value: the nearest double, infinite where it is beyond them. */
  number(node: i32): f64 {
    return parseNumber(this.source, this.cell(node, START), this.cell(node, END));
  }

  /** A text's characters. */
  text(node: i32): string {
    const text = this.source.substring(this.cell(node, START), this.cell(node, END));
    return this.cell(node, ESCAPES) & TEXT_ESCAPES ? unescape(text) : text;
  }

  /** A member's name. */
  name(node: i32): string {
    const name = this.source.substring(this.cell(node, NAME_START), this.cell(node, NAME_END));
    return this.cell(node, ESCAPES) & NAME_ESCAPES ? unescape(name) : name;
  }

  /** A node's JSON, as it stands in the source. */
  raw(node: i32): string {
    const quote = i32(this.type(node) == Type.Text);
    return this.source.substring(this.cell(node, START) - quote, this.cell(node, END) + quote);
  }

  /** Whether a node, a member of an object, has a name. */
  isNamed(node: i32, name: string): bool {
    if (this.cell(node, ESCAPES) & NAME_ESCAPES) return this.name(node) == name;
    const start = this.cell(node, NAME_START);
    const length = this.cell(node, NAME_END) - start;
    return (
      length == name.length &&
      memory.compare(
        changetype<usize>(this.source) + ((<usize>start) << 1),
        changetype<usize>(name),
        (<usize>length) << 1,
      ) == 0
    );
  }

  /** The member of an object that has a name; the last one if there are several; -1 if none. */
  member(node: i32, name: string): i32 {
    if (this.type(node) != Type.Object) return -1;
    let found = -1;
    const end = this.next(node);
    for (let child = node + 1; child < end; child = this.next(child)) {
      if (this.isNamed(child, name)) found = child;
    }
    return found;
  }

  /** The element of an array at an index, from the end if it is negative; -1 if there is none. */
  element(node: i32, index: i64): i32 {
    if (this.type(node) != Type.Array) return -1;
    const length = i64(this.children(node));
    let remaining = index < 0 ? index + length : index;
    if (remaining < 0 || remaining >= length) return -1;
    let child = node + 1;
    for (; remaining > 0; remaining--) child = this.next(child);
    return child;
  }

  /** Parses a text; `problem` says whether it is JSON. If it is not, there is no node. */
  parse(source: string): void {
    this.source = source;
    this.count = 0;
    this.at = 0;
    this.problem = null;
    if (!this.parseValues()) {
      if (this.problem === null) this.problem = `no JSON at position ${this.at}`;
      this.count = 0;
    }
  }

  private parseValues(): bool {
    let depth = 0;
    while (true) {
      // A value, and its name where it is in an object.
      this.skipSpace();
      let nameStart = 0;
      let nameEnd = 0;
      let escapes = 0;
      if (depth > 0 && this.type(unchecked(this.open[depth - 1])) == Type.Object) {
        if (this.unit() != 0x22 /* " */) return false;
        nameStart = this.at + 1;
        if (!this.skipText()) return false;
        nameEnd = this.at - 1;
        if (this.escaped) escapes = NAME_ESCAPES;
        this.skipSpace();
        if (!this.take(0x3a /* : */)) return false;
        this.skipSpace();
      }
      const node = this.count;
      if (!this.parseOne()) return false;
      this.set(node, NAME_START, nameStart);
      this.set(node, NAME_END, nameEnd);
      this.set(node, ESCAPES, this.cell(node, ESCAPES) | escapes);
      if (depth > 0) {
        const parent = unchecked(this.open[depth - 1]);
        this.set(parent, CHILDREN, this.children(parent) + 1);
      }

      if (this.isContainer(node)) {
        this.skipSpace();
        const close = this.type(node) == Type.Array ? 0x5d /* ] */ : 0x7d; /* } */
        if (this.take(close)) {
          this.set(node, END, this.at);
        } else {
          if (depth == MOST_DEPTH) {
            this.problem = `JSON is nested deeper than ${MOST_DEPTH} levels`;
            return false;
          }
          unchecked((this.open[depth] = node));
          depth++;
          continue;
        }
      }

      // What may follow a value: the ends of what it is in, then the next one.
      while (true) {
        this.skipSpace();
        if (depth == 0) return this.at == this.source.length;
        if (this.take(0x2c /* , */)) break;
        const parent = unchecked(this.open[depth - 1]);
        if (!this.take(this.type(parent) == Type.Array ? 0x5d : 0x7d)) return false;
        this.set(parent, END, this.at);
        this.set(parent, NEXT, this.count);
        depth--;
      }
    }
  }

  /** Adds the value that begins here: an array or an object with its bracket alone. */
  private parseOne(): bool {
    const start = this.at;
    switch (this.unit()) {
      case 0x22 /* " */: {
        if (!this.skipText()) return false;
        const node = this.push(Type.Text, start + 1, this.at - 1);
        if (this.escaped) this.set(node, ESCAPES, TEXT_ESCAPES);
        return true;
      }
      case 0x5b /* [ */:
        this.at++;
        this.push(Type.Array, start, 0);
        return true;
      case 0x7b /* { */:
        this.at++;
        this.push(Type.Object, start, 0);
        return true;
      case 0x6e /* n */:
        return this.word("null", Type.Null);
      case 0x66 /* f */:
        return this.word("false", Type.False);
      case 0x74 /* t */:
        return this.word("true", Type.True);
      default:
        if (!this.skipNumber()) return false;
        this.push(Type.Number, start, this.at);
        return true;
    }
  }

  private word(word: string, type: Type): bool {
    if (!this.source.startsWith(word, this.at)) return false;
    this.push(type, this.at, this.at + word.length);
    this.at += word.length;
    return true;
  }

  /** Adds a node without children, and gives its row. */
  private push(type: Type, start: i32, end: i32): i32 {
    const node = this.count;
    const used = node * COLUMNS;
    if (used == this.rows.length) {
      const larger = new StaticArray<i32>(used * 2);
      memory.copy(changetype<usize>(larger), changetype<usize>(this.rows), (<usize>used) << 2);
      this.rows = larger;
    }
    this.count = node + 1;
    this.set(node, TYPE, type);
    this.set(node, START, start);
    this.set(node, END, end);
    this.set(node, NEXT, node + 1);
    this.set(node, CHILDREN, 0);
    this.set(node, ESCAPES, 0);
    return node;
  }

  /** The code unit here; -1 at the end. */
  @inline
  private unit(): i32 {
    return this.at < this.source.length ? unitAt(this.source, this.at) : -1;
  }

  @inline
  private take(unit: i32): bool {
    if (this.unit() != unit) return false;
    this.at++;
    return true;
  }

  @inline
  private skipSpace(): void {
    while (true) {
      const unit = this.unit();
      if (unit != 0x20 && unit != 0x0a && unit != 0x0d && unit != 0x09) return;
      this.at++;
    }
  }

  /** Skips a text with its quotes; `escaped` says whether it has escape sequences. */
  private skipText(): bool {
    const source = this.source;
    const length = source.length;
    this.escaped = false;
    let at = this.at + 1;
    for (; at < length; at++) {
      const unit = unitAt(source, at);
      if (unit == 0x22 /* " */) {
        this.at = at + 1;
        return true;
      }
      if (unit < 0x20) break;
      if (unit == 0x5c /* \ */) {
        this.escaped = true;
        const skipped = escapeLength(source, at);
        if (skipped == 0) break;
        at += skipped - 1;
      }
    }
    this.at = at;
    return false;
  }

  /** Skips `-`, digits without leading zeros, and perhaps a fraction and an exponent. */
  private skipNumber(): bool {
    this.take(0x2d /* - */);
    if (!this.take(0x30 /* 0 */) && !this.skipDigits()) return false;
    if (this.take(0x2e /* . */) && !this.skipDigits()) return false;
    if ((this.unit() | 0x20) == 0x65 /* e */) {
      this.at++;
      if (!this.take(0x2b /* + */)) this.take(0x2d /* - */);
      return this.skipDigits();
    }
    return true;
  }

  private skipDigits(): bool {
    const start = this.at;
    while (isDigit(this.unit())) this.at++;
    return this.at > start;
  }

  /** Whether a node equals one of this or another text: numbers by value, objects without order. */
  equals(node: i32, other: Json, otherNode: i32): bool {
    const pairs = pairsOfComparison();
    const end = this.next(node);
    let depth = 0;
    // The rows of a subtree in their order, each beside the one of the other that it must equal.
    for (let row = node; row < end; row++) {
      let otherRow = otherNode;
      if (row > node) {
        while (unchecked(pairs[depth - 1]).end <= row) depth--;
        otherRow = unchecked(pairs[depth - 1]).advance(this, row, other);
        if (otherRow < 0) return false;
      }
      const type = this.type(row);
      if (type != other.type(otherRow)) return false;
      if (type >= Type.Array) {
        if (this.children(row) != other.children(otherRow)) return false;
        unchecked(pairs[depth]).open(this, row, otherRow);
        depth++;
      } else if (type == Type.Text) {
        if (this.compareTexts(row, other, otherRow) != 0) return false;
      } else if (type == Type.Number) {
        if (this.number(row) != other.number(otherRow)) return false;
      }
    }
    return true;
  }

  /** Whether a node is before one of this or another text: both are numbers, or both texts. */
  isLess(node: i32, other: Json, otherNode: i32): bool {
    const type = this.type(node);
    if (type != other.type(otherNode)) return false;
    if (type == Type.Number) return this.number(node) < other.number(otherNode);
    return type == Type.Text && this.compareTexts(node, other, otherNode) < 0;
  }

  /** Below, at or above zero, as a text is before another, equal, or after it. */
  compareTexts(node: i32, other: Json, otherNode: i32): i32 {
    if ((this.cell(node, ESCAPES) | other.cell(otherNode, ESCAPES)) & TEXT_ESCAPES) {
      const left = this.text(node);
      const right = other.text(otherNode);
      return compare(left, 0, left.length, right, 0, right.length);
    }
    return compare(
      this.source,
      this.cell(node, START),
      this.cell(node, END),
      other.source,
      other.cell(otherNode, START),
      other.cell(otherNode, END),
    );
  }
}

/** An array or an object, and the one of another text that it is compared with. */
class Pair {
  /** The row after the subtree of the one. */
  end: i32 = 0;
  private isArray: bool = false;
  private other: i32 = 0;
  /** The child of the other that was compared last. */
  private otherChild: i32 = 0;

  /** Begins with the first child. */
  open(json: Json, node: i32, other: i32): void {
    this.end = json.next(node);
    this.isArray = json.type(node) == Type.Array;
    this.other = other;
    this.otherChild = -1;
  }

  /** The child of the other that the next child of the one must equal; -1 if there is none. */
  advance(json: Json, child: i32, other: Json): i32 {
    if (!this.isArray) return other.member(this.other, json.name(child));
    this.otherChild = this.otherChild < 0 ? this.other + 1 : other.next(this.otherChild);
    return this.otherChild;
  }
}

let made: StaticArray<Pair> | null = null;

/**
 * What is being compared, outer ones first. A comparison does not call itself, so one list does. It is
 * made when it is first needed: most functions compare no JSON, and would pay for it in each query.
 */
function pairsOfComparison(): StaticArray<Pair> {
  let pairs = made;
  if (pairs === null) {
    pairs = new StaticArray<Pair>(MOST_DEPTH + 1);
    for (let index = 0; index < pairs.length; index++) pairs[index] = new Pair();
    made = pairs;
  }
  return pairs;
}

/** A code unit that is known to be there. */
function unitAt(text: string, index: i32): i32 {
  return load<u16>(changetype<usize>(text) + ((<usize>index) << 1));
}

/** Compares runs of two texts by Unicode scalar values. */
function compare(
  left: string,
  leftStart: i32,
  leftEnd: i32,
  right: string,
  rightStart: i32,
  rightEnd: i32,
): i32 {
  const leftLength = leftEnd - leftStart;
  const rightLength = rightEnd - rightStart;
  const length = min(leftLength, rightLength);
  for (let index = 0; index < length; index++) {
    const a = unitAt(left, leftStart + index);
    const b = unitAt(right, rightStart + index);
    if (a != b) return rank(a) - rank(b);
  }
  return leftLength - rightLength;
}

/** Surrogates stand for the characters past U+FFFF, so they come after all other code units. */
function rank(unit: i32): i32 {
  return (unit & 0xf800) == 0xd800 ? unit + 0x10000 : unit;
}

/** The length of the escape sequence that begins at an index; 0 if it is none. */
function escapeLength(text: string, at: i32): i32 {
  if (at + 1 >= text.length) return 0;
  switch (unitAt(text, at + 1)) {
    case 0x22 /* " */:
    case 0x2f /* / */:
    case 0x5c /* \ */:
    case 0x62 /* b */:
    case 0x66 /* f */:
    case 0x6e /* n */:
    case 0x72 /* r */:
    case 0x74 /* t */:
      return 2;
    case 0x75 /* u */:
      return hexUnit(text, at + 2) < 0 ? 0 : 6;
    default:
      return 0;
  }
}

/** The code unit that four hexadecimal digits stand for; -1 if they are not there. */
export function hexUnit(text: string, at: i32): i32 {
  if (at + 4 > text.length) return -1;
  let value = 0;
  for (let index = at; index < at + 4; index++) {
    const unit = unitAt(text, index);
    const letter = (unit | 0x20) - 0x61; /* a */
    if (isDigit(unit)) {
      value = (value << 4) | (unit - 0x30);
    } else if (letter >= 0 && letter < 6) {
      value = (value << 4) | (letter + 10);
    } else {
      return -1;
    }
  }
  return value;
}

/** What the letter of an escape sequence stands for: itself, or a control character. */
export function escapedUnit(letter: i32): i32 {
  switch (letter) {
    case 0x62 /* b */:
      return 0x08;
    case 0x66 /* f */:
      return 0x0c;
    case 0x6e /* n */:
      return 0x0a;
    case 0x72 /* r */:
      return 0x0d;
    case 0x74 /* t */:
      return 0x09;
    default:
      return letter;
  }
}

/** A text with its escape sequences, which are known to be right, replaced. */
function unescape(text: string): string {
  const units = new Array<i32>();
  for (let at = 0; at < text.length; at++) {
    const unit = unitAt(text, at);
    if (unit != 0x5c /* \ */) {
      units.push(unit);
      continue;
    }
    at++;
    const letter = unitAt(text, at);
    if (letter == 0x75 /* u */) {
      units.push(hexUnit(text, at + 1));
      at += 4;
    } else {
      units.push(escapedUnit(letter));
    }
  }
  return String.fromCharCodes(units);
}
