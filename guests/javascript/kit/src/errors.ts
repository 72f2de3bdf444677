/** Errors, and how they are reported to the host. */

import { placesOf } from "./lines.js";
import * as log from "./log.js";
import { advised } from "./missing.js";

/** The arguments of a query are wrong: thrown in `prepare`. The message names the parameter. */
export class InvalidArgument extends Error {
  override readonly name = "InvalidArgument";
}

/** An error as the contract has it. */
export interface HostError {
  readonly tag: "invalid-argument" | "failed";
  readonly val: string;
}

/** Whether a stack has been logged. */
let isLogged = false;

/** The value that was thrown last, which a test throws again. */
export let last: unknown;

/** Leaves the stack out of the log: a test shows it itself. */
export function withoutStack(): void {
  isLogged = true;
}

/** The host's form of a thrown value. The stack of the first one goes to the log. */
export function hostError(thrown: unknown): HostError {
  last = thrown;
  const error = formed(thrown);
  if (!isLogged && thrown instanceof Error && !(thrown instanceof InvalidArgument)) {
    isLogged = true;
    const places = placesOf(thrown.stack ?? "");
    // An author throws an `Error` on purpose; the engine throws its own kinds at a mistake.
    const level = thrown.constructor === Error ? "debug" : "warn";
    if (places !== "") log[level](`${error.val} (${places})`);
  }
  return error;
}

function formed(thrown: unknown): HostError {
  return {
    tag: thrown instanceof InvalidArgument ? "invalid-argument" : "failed",
    val: message(thrown).toWellFormed(),
  };
}

function message(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return advised(String(thrown.message || thrown.name));
    return String(thrown);
  } catch {
    // Its `message` or `toString` throws or is missing.
    return "a value that is not an error was thrown";
  }
}
