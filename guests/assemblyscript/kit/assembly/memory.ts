// Texts on their way between the host and AssemblyScript, both of which have them in UTF-16, and
// garbage.
//
// It is collected between documents, when no function runs: so functions do not have to note what they
// refer to, which would cost a short one as much as all the rest.

// @ts-ignore: the transform exports it: the bytes of all objects.
import { total } from "rt/tcms";

/** The bytes of objects at which garbage is collected. */
let most: usize = 1 << 17;

/** How garbage is collected. A method, because only that can be inlined by a decorator. */
export abstract class Garbage {
  /** Whether it is time to collect. */
  @inline
  static isDue(): bool {
    return total > most;
  }
}

/** Collects garbage if it is time. Call it while no function of the author runs. */
export function collect(): void {
  if (!Garbage.isDue()) return;
  __collect();
  most = max<usize>(1 << 17, total << 1);
}

/** Where an import writes what is no single number: at most an option of a text. */
export const RETURNED: usize = memory.data(16, 8);

/** Whether the host is about to write a text that an import returns. */
let expectsText: bool = false;

/**
 * Memory that the host asks for, to write what it hands over.
 *
 * A text that an import returns goes straight into a string, with no copy of it: nothing is
 * allocated, so nothing collected, until `returnedText` has it. The arguments of `bind` are many
 * texts at once; they go where nothing is collected.
 */
export function realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (!expectsText && size == 0) return align;
  if (!expectsText) return old == 0 ? heap.alloc(size) : heap.realloc(old, size);
  if (old == 0) return __new(size, idof<string>());
  if (size <= oldSize) return __renew(old, size);
  // Nothing refers to the text yet: without the pin it might be collected before it is copied.
  __pin(old);
  const moved = __renew(old, size);
  __unpin(old);
  return moved;
}

/** Says that the import called next returns a text. */
export function expectText(): void {
  expectsText = true;
}

/** The text whose pointer and length an import wrote to `at`. */
export function returnedText(at: usize): string {
  expectsText = false;
  // An empty text has no memory.
  return load<u32>(at, 4) == 0 ? "" : changetype<string>(load<usize>(at));
}

/** A text in memory of the host's, which is free afterwards. */
export function takeText(at: usize): string {
  const length = load<u32>(at, 4);
  if (length == 0) return "";
  const pointer = load<usize>(at);
  const text = String.UTF16.decodeUnsafe(pointer, (<usize>length) << 1);
  heap.free(pointer);
  return text;
}

/** Writes a text's pointer and length to `at`. The text must stay reachable while it is read. */
export function storeText(at: usize, text: string): void {
  store<usize>(at, changetype<usize>(text));
  store<u32>(at, text.length, 4);
}

/**
 * The text as the host can read it: half of a surrogate pair becomes U+FFFD.
 */
export function wellFormed(text: string): string {
  const at = firstLoneSurrogate(text, 0);
  return at < 0 ? text : withoutLoneSurrogates(text, at);
}

function firstLoneSurrogate(text: string, from: i32): i32 {
  const length = text.length;
  const start = changetype<usize>(text);
  for (let index = from; index < length; index++) {
    const unit = load<u16>(start + ((<usize>index) << 1));
    if ((unit & 0xf800) != 0xd800) continue;
    const isPair =
      unit < 0xdc00 &&
      index + 1 < length &&
      (load<u16>(start + ((<usize>index) << 1), 2) & 0xfc00) == 0xdc00;
    if (!isPair) return index;
    index++;
  }
  return -1;
}

function withoutLoneSurrogates(text: string, first: i32): string {
  const mended = changetype<string>(__new((<usize>text.length) << 1, idof<string>()));
  memory.copy(changetype<usize>(mended), changetype<usize>(text), (<usize>text.length) << 1);
  for (let at = first; at >= 0; at = firstLoneSurrogate(mended, at + 1)) {
    store<u16>(changetype<usize>(mended) + ((<usize>at) << 1), 0xfffd);
  }
  return mended;
}
