/**
 * Strings from the UTF-8 of a column, and UTF-8 from strings.
 *
 * The engines have no common decoder that is fast for short texts, so a column is decoded as a
 * whole, when its first text is read, into a string with one unit for each byte. A text is a slice
 * of it.
 */

import type { ColumnValues } from "./batch.js";
import { hasBits, int32s } from "./bytes.js";

const NOT_ASCII = /[^\0-\x7f]/;

/** The texts of a column, by row. */
export function texts(column: ColumnValues): (row: number) => string {
  if (column.tag !== "texts") return () => "";
  const { offsets, bytes } = column.val;
  const bounds = int32s(offsets);
  let units: string | null = null;
  let plain = true;
  return (row) => {
    if (units === null) {
      units = atob(bytes.toBase64());
      plain = !hasBits(bytes, 0x80);
    }
    const text = units.slice(bounds[row], bounds[row + 1]);
    return plain || !NOT_ASCII.test(text) ? text : decodeURIComponent(escape(text));
  };
}

/** Strings as UTF-8, one after the other, and the offset of each, with the length at last. */
export function encode(strings: readonly string[]): { bytes: Uint8Array; offsets: Uint32Array } {
  const all = strings.join("");
  const units = utf8(all);
  const plain = units.length === all.length;
  const offsets = new Uint32Array(strings.length + 1);
  let end = 0;
  strings.forEach((string, index) => {
    end += plain ? string.length : utf8(string).length;
    offsets[index + 1] = end;
  });
  return { bytes: Uint8Array.fromBase64(btoa(units)), offsets };
}

/** The UTF-8 of a well-formed string, as a string with one unit for each byte. */
function utf8(string: string): string {
  return unescape(encodeURIComponent(string));
}
