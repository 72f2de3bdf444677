/** Lines of the log, for the people who look after the UDF. They count against the query's budget. */

import { logging } from "#host";

declare global {
  /** The console of a component: its lines go to the log, each with the level of its name. */
  interface Console {
    trace(...values: unknown[]): void;
    debug(...values: unknown[]): void;
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
  }
  var console: Console;
}

/** Logs a line that follows the work step by step. */
export function trace(message: string): void {
  logging.log("trace", message.toWellFormed());
}

/** Logs a line for the search for a mistake. */
export function debug(message: string): void {
  logging.log("debug", message.toWellFormed());
}

/** Logs a line that is worth knowing. */
export function info(message: string): void {
  logging.log("info", message.toWellFormed());
}

/** Logs a line that somebody should look at. */
export function warn(message: string): void {
  logging.log("warn", message.toWellFormed());
}

/** Logs a line about something that went wrong. */
export function error(message: string): void {
  logging.log("error", message.toWellFormed());
}
