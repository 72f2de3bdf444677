/**
 * The standard library, less what a UDF does not have: the same documents and arguments give the
 * same results, so there is no clock and no randomness when a component runs. Asking for them
 * throws, and the error says what is missing.
 *
 * Libraries ask for them while they load, which is when a component is built. What they get is
 * stored in the component, so it is the same in each build: the clock starts at 1970-01-01T00:00:00
 * UTC and advances by a millisecond with each reading, and random numbers are one fixed sequence.
 *
 * `console` is added where the engine has none: its lines go to the log, those from the loading when
 * the component is described.
 */

import * as log from "./log.js";

let isLoading = true;

/** What was written to the console while modules loaded, when there was no log. */
const early: (() => void)[] = [];

/**
 * Ends the loading: from here on, there is no clock and no randomness. Returns what logs the lines
 * that were written to the console before.
 */
export function endLoading(): readonly (() => void)[] {
  isLoading = false;
  return early.splice(0);
}

function whileLoading(error: string): void {
  if (!isLoading) throw new Error(error);
}

const NO_CLOCK = "a UDF has no clock: take the time as a parameter";
const NO_RANDOMNESS = "a UDF has no randomness: take a seed as a parameter";

let milliseconds = 0;

function now(): number {
  whileLoading(NO_CLOCK);
  return milliseconds++;
}

let state = 0x2545f491;

/** Marsaglia's xorshift32. */
function random(): number {
  whileLoading(NO_RANDOMNESS);
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

/** The part of `crypto` that gives random values; only StarlingMonkey has it. */
interface Crypto {
  getRandomValues<T extends ArrayBufferView>(values: T): T;
  randomUUID(): string;
}

/** The parts of the global object that this module replaces. */
interface Replaced {
  Date: DateConstructor;
  Math: Math;
  crypto?: Crypto;
  performance?: { now: () => number };
  console?: Record<string, (...values: unknown[]) => void>;
}

const globals = globalThis as unknown as Replaced;

globals.Date.now = now;
globals.Date = new Proxy(globals.Date, {
  apply: (target) => new target(now()).toString(),
  construct(target, values, newTarget) {
    return Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date;
  },
});
globals.Date.prototype.constructor = globals.Date;
globals.Math.random = random;
if (globals.performance) globals.performance = { now };
if (globals.crypto) {
  globals.crypto.getRandomValues = (values) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    bytes.forEach((_, index) => (bytes[index] = random() * 256));
    return values;
  };
  globals.crypto.randomUUID = () => {
    throw new Error(NO_RANDOMNESS);
  };
}

function line(values: unknown[]): string {
  return values.map(shown).join(" ");
}

function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // It is in itself, or has a bigint.
    return String(value);
  }
}

function writer(write: (message: string) => void): (...values: unknown[]) => void {
  return (...values) => {
    const message = line(values);
    if (isLoading) early.push(() => write(message));
    else write(message);
  };
}

globals.console = {
  trace: writer(log.trace),
  debug: writer(log.debug),
  log: writer(log.info),
  info: writer(log.info),
  warn: writer(log.warn),
  error: writer(log.error),
};
