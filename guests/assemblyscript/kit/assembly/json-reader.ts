import { Json, Type } from "./json";
import { isDigit } from "./number";

/** No such value. */
const NOTHING: i32 = -1;

/**
 * Reads values out of a JSON text by their paths: names of members with dots between them, and
 * positions of elements in brackets, such as `address.city` and `ratings[0].stars`. The empty path is
 * the whole value. A name with a dot or a bracket has no path. If an object has a name twice, the last
 * one counts.
 *
 * Keep one in a field of the class: it reads one text after another into the same memory.
 *
 * ```ts
 * private seller: JsonReader = new JsonReader();
 *
 * score(): f64 {
 *   if (!this.seller.read(this.field.get())) return 0;
 *   return this.seller.numberOr("ratings[0].stars", 0);
 * }
 * ```
 */
export class JsonReader {
  private readonly json: Json = new Json();
  private isRead: bool = false;

  /**
   * Reads a text. Returns whether it is JSON, nested at most 512 levels deep. If it is not, or null,
   * no path has a value.
   */
  read(text: string | null): bool {
    this.isRead = false;
    if (text !== null) {
      this.json.parse(text);
      this.isRead = this.json.problem === null;
    }
    return this.isRead;
  }

  /** Whether there is a value, which may be null. */
  has(path: string): bool {
    return this.find(path) >= 0;
  }

  /** Whether there is a null. */
  isNull(path: string): bool {
    const node = this.find(path);
    return node >= 0 && this.json.type(node) == Type.Null;
  }

  /** A boolean; the default if it is missing or another value. So for all that follow. */
  booleanOr(path: string, otherwise: bool): bool {
    const node = this.find(path);
    if (node < 0) return otherwise;
    const type = this.json.type(node);
    return type == Type.True || (type != Type.False && otherwise);
  }

  /** Any number: the nearest double. */
  numberOr(path: string, otherwise: f64): f64 {
    const node = this.find(path);
    return node >= 0 && this.json.type(node) == Type.Number ? this.json.number(node) : otherwise;
  }

  /** A number without a fraction and an exponent, of 64 bits with a sign. */
  integerOr(path: string, otherwise: i64): i64 {
    const node = this.find(path);
    if (node < 0 || this.json.type(node) != Type.Number) return otherwise;
    const text = this.json.raw(node);
    const isNegative = text.charCodeAt(0) == 0x2d; /* - */
    const most: u64 = u64(i64.MAX_VALUE) + u64(isNegative);
    let value: u64 = 0;
    for (let at = i32(isNegative); at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (!isDigit(unit)) return otherwise;
      const digit = u64(unit - 0x30);
      if (value > (most - digit) / 10) return otherwise;
      value = value * 10 + digit;
    }
    return isNegative ? i64(0 - value) : i64(value);
  }

  /** A text; null if it is missing or another value. */
  text(path: string): string | null {
    const node = this.find(path);
    return node >= 0 && this.json.type(node) == Type.Text ? this.json.text(node) : null;
  }

  /** The JSON of a value, as it stands in the text; null if it is missing. */
  raw(path: string): string | null {
    const node = this.find(path);
    return node >= 0 ? this.json.raw(node) : null;
  }

  /** How many elements an array has, or members an object; 0 for other values. */
  length(path: string): i32 {
    const node = this.find(path);
    return node >= 0 ? this.json.children(node) : 0;
  }

  private find(path: string): i32 {
    let node = this.isRead ? 0 : NOTHING;
    let at = 0;
    while (at < path.length && node >= 0) {
      let end = at;
      if (path.charCodeAt(at) == 0x5b /* [ */) {
        end = path.indexOf("]", at);
        node = this.json.element(node, position(path, at + 1, end));
        end++;
      } else {
        while (end < path.length && !isEndOfName(path.charCodeAt(end))) end++;
        node = this.json.member(node, path.substring(at, end));
      }
      at = end < path.length && path.charCodeAt(end) == 0x2e /* . */ ? end + 1 : end;
      if (end == 0) return NOTHING;
    }
    return node;
  }
}

function isEndOfName(unit: i32): bool {
  return unit == 0x2e /* . */ || unit == 0x5b /* [ */;
}

/** The number between brackets; one that no array has if it is none. */
function position(path: string, start: i32, end: i32): i64 {
  if (end <= start) return i64.MAX_VALUE;
  let value: i64 = 0;
  for (let at = start; at < end; at++) {
    if (!isDigit(path.charCodeAt(at)) || at - start > 9) return i64.MAX_VALUE;
    value = value * 10 + (path.charCodeAt(at) - 0x30);
  }
  return value;
}
