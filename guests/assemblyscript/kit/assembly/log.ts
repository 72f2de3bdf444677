import * as bindings from "./bindings";
import { wellFormed } from "./memory";

/** How much a line matters, in the contract's order. */
export const enum Level {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
}

/** Logs one line, for the people who look after the UDF. */
export function log(level: Level, message: string): void {
  const text = wellFormed(message);
  bindings.log(level, changetype<usize>(text), text.length);
}

/** Logs a line at level trace. */
export function trace(message: string): void {
  log(Level.Trace, message);
}

/** Logs a line at level debug. */
export function debug(message: string): void {
  log(Level.Debug, message);
}

/** Logs a line at level info. */
export function info(message: string): void {
  log(Level.Info, message);
}

/** Logs a line at level warn. */
export function warn(message: string): void {
  log(Level.Warn, message);
}

/** Logs a line at level error. */
export function error(message: string): void {
  log(Level.Error, message);
}

/**
 * Where `throw` and failed assertions end: AssemblyScript has no `catch`. The message is the last
 * line of the log, and the host tells it with the trap.
 */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  if (file !== null) debug(`thrown at ${file}:${line}:${column}`);
  error(message === null ? "an exception without a message" : message);
  unreachable();
}
