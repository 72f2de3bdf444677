/**
 * The standard library, less what a UDF has not: the same documents and arguments give the same
 * answer, so there is no clock and no randomness. To ask for them would end the query, or give what
 * the build left there; here it throws, and the error says what is missing.
 *
 * `console` is added where the engine has none: its lines go to the log.
 */

import * as log from "./log.js";

function missing(what: string): () => never {
  return () => {
    throw new Error(`a UDF has no ${what}`);
  };
}

const noClock = missing("clock");

/** The parts of the global object that this module replaces. */
interface Replaced {
  Date: DateConstructor;
  Math: Math;
  performance?: { now: () => number };
  console?: Record<string, (...values: unknown[]) => void>;
}

const globals = globalThis as unknown as Replaced;

globals.Date.now = noClock;
globals.Date = new Proxy(globals.Date, {
  apply: noClock,
  construct(target, values, newTarget) {
    return values.length === 0 ? noClock() : (Reflect.construct(target, values, newTarget) as Date);
  },
});
globals.Date.prototype.constructor = globals.Date;
globals.Math.random = missing("randomness");
if (globals.performance) globals.performance = { now: noClock };

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

globals.console = {
  trace: (...values) => log.trace(line(values)),
  debug: (...values) => log.debug(line(values)),
  log: (...values) => log.info(line(values)),
  info: (...values) => log.info(line(values)),
  warn: (...values) => log.warn(line(values)),
  error: (...values) => log.error(line(values)),
};
