/**
 * Where QuickJS and StarlingMonkey differ: an integer of 64 bits is a number in one, a bigint in the
 * other.
 *
 * The name of the engine is known when a component is built, so that only one side of each condition
 * is in it.
 */

/** Node, where functions are tested, stands for QuickJS. */
export const IS_STARLINGMONKEY =
  typeof WHITTLE_ENGINE !== "undefined" && WHITTLE_ENGINE === "starlingmonkey";

/** An integer that the host gave. */
export const fromHost: (value: number | bigint) => number = IS_STARLINGMONKEY
  ? Number
  : (value) => value as number;

/** An integer for the host. */
export const toHost: (value: number) => number | bigint = IS_STARLINGMONKEY
  ? BigInt
  : (value) => value;
