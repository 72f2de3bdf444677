/**
 * Where QuickJS and StarlingMonkey differ: an integer of 64 bits is a number in one, a bigint in the
 * other.
 *
 * The name of the engine is known when a component is built, so that only one side of each condition
 * is in it.
 */

/** An integer that the host gave. */
export const fromHost: (value: number | bigint) => number =
  WHITTLE_ENGINE === "starlingmonkey" ? Number : (value) => value as number;

/** An integer for the host. */
export const toHost: (value: number) => number | bigint =
  WHITTLE_ENGINE === "starlingmonkey" ? BigInt : (value) => value;
