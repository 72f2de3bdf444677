/** Errors: what is thrown, and what the host is told. */

/** The arguments of a query are wrong: thrown in `prepare`. The message names the parameter. */
export class InvalidArgument extends Error {
  override readonly name = "InvalidArgument";
}

/** An error as the contract has it. */
export interface HostError {
  readonly tag: "invalid-argument" | "failed";
  readonly val: string;
}

/** What the host is told of something that was thrown. */
export function hostError(thrown: unknown): HostError {
  return {
    tag: thrown instanceof InvalidArgument ? "invalid-argument" : "failed",
    val: message(thrown).toWellFormed(),
  };
}

function message(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message || thrown.name);
    return String(thrown);
  } catch {
    // It has a `message` or a `toString` that throws, or none.
    return "something was thrown that is no error";
  }
}
