/** Bytes of the host as numbers. They are copied only if they are not aligned. */

export function float64s(bytes: Uint8Array): Float64Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}

export function int32s(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

/** Whether a bit of a mask is set in any byte. */
export function hasBits(bytes: Uint8Array, mask: number): boolean {
  const whole = bytes.length & ~3;
  const words = int32s(bytes.subarray(0, whole));
  let all = 0;
  let index = 0;
  // An interpreter spends most of its time on the loop itself.
  for (const end = words.length & ~3; index < end; index += 4) {
    all |= words[index]! | words[index + 1]! | words[index + 2]! | words[index + 3]!;
  }
  for (; index < words.length; index++) all |= words[index]!;
  all |= (all >>> 16) | (all << 16);
  all |= all >>> 8;
  for (index = whole; index < bytes.length; index++) all |= bytes[index]!;
  return (all & mask) !== 0;
}
