import { wellFormed } from "./memory";

// What becomes of a call besides its value: AssemblyScript has no exceptions that can be caught,
// so a function says that it failed, and returns.

/** How a call ended. */
export const enum Outcome {
  Value,
  Null,
  InvalidArgument,
  Failed,
}

/** How the present call ended so far. */
export let outcome: Outcome = Outcome.Value;

/** The error's message. A global, so that it stays reachable until the host has read it. */
export let message: string = "";

/** Begins a call. */
export function begin(): void {
  outcome = Outcome.Value;
}

/** The result of the present call is null, whatever the function returns. */
export function none(): void {
  if (outcome == Outcome.Value) outcome = Outcome.Null;
}

/**
 * This document could not be handled, for the reason that the text gives. The first error of a call
 * counts; what the function returns does not any more.
 */
export function fail(text: string): void {
  end(Outcome.Failed, text);
}

/** The arguments are wrong: the query must change. The text names the parameter. */
export function refuse(text: string): void {
  end(Outcome.InvalidArgument, text);
}

function end(how: Outcome, text: string): void {
  if (outcome == Outcome.InvalidArgument || outcome == Outcome.Failed) return;
  outcome = how;
  message = text;
}

/** Makes the message one that the host can read. */
export function mend(): void {
  message = wellFormed(message);
}
