// Short texts, made from UTF-8 into one string that is written over each time.

/** Texts of up to this many bytes of UTF-8 are short. */
export const SHORT_BYTES: u32 = 128;

/** Memory of a string: no text has more code units than bytes. */
const short: string = changetype<string>(__new(256, idof<string>()));

/** The bit that no ASCII character has, in each byte of a word. */
const NOT_ASCII: u64 = 0x8080_8080_8080_8080;

/** Reads a text of up to `SHORT_BYTES` bytes. It is good until the next one is read. */
export function shortText(from: usize, length: u32): string {
  const to = changetype<usize>(short);
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    const bytes = load<u64>(from + at);
    if ((bytes & NOT_ASCII) != 0) return otherText(from, length);
    // Each byte is a character, and becomes a code unit.
    store<u64>(to + ((<usize>at) << 1), widened(bytes & 0xffff_ffff));
    store<u64>(to + ((<usize>at) << 1), widened(bytes >> 32), 8);
  }
  for (; at < length; at++) {
    const byte = load<u8>(from + at);
    if (byte >= 0x80) return otherText(from, length);
    store<u16>(to + ((<usize>at) << 1), byte);
  }
  setLength(length);
  return short;
}

/** Four bytes as four code units. */
function widened(bytes: u64): u64 {
  const pairs = (bytes | (bytes << 16)) & 0x0000_ffff_0000_ffff;
  return (pairs | (pairs << 8)) & 0x00ff_00ff_00ff_00ff;
}

/** The size of a string is the last word of its header; the garbage collector goes by its block's. */
function setLength(units: i32): void {
  store<u32>(changetype<usize>(short) - sizeof<u32>(), units << 1);
}

/** Reads a text that is not all ASCII. */
function otherText(from: usize, length: u32): string {
  let to = changetype<usize>(short);
  let at = from;
  const end = from + length;
  while (at < end) {
    // The contract promises UTF-8, so a sequence has all its bytes.
    const first = <u32>load<u8>(at);
    if (first < 0x80) {
      store<u16>(to, first);
      at += 1;
      to += 2;
    } else if (first < 0xe0) {
      store<u16>(to, ((first & 0x1f) << 6) | next(at + 1));
      at += 2;
      to += 2;
    } else if (first < 0xf0) {
      store<u16>(to, ((first & 0x0f) << 12) | (next(at + 1) << 6) | next(at + 2));
      at += 3;
      to += 2;
    } else {
      const character =
        ((first & 0x07) << 18) | (next(at + 1) << 12) | (next(at + 2) << 6) | next(at + 3);
      store<u16>(to, 0xd7c0 + (character >> 10));
      store<u16>(to, 0xdc00 | (character & 0x3ff), 2);
      at += 4;
      to += 4;
    }
  }
  setLength(i32((to - changetype<usize>(short)) >> 1));
  return short;
}

/** Six bits of a character. */
function next(at: usize): u32 {
  return (<u32>load<u8>(at)) & 0x3f;
}
