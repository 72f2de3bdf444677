/**
 * The standard library of a component, in Node: what `standard.ts` replaces is replaced while the
 * author's code runs, and only then, since the test's own tools need a clock.
 */

import { restore, taken } from "./globals.js";
import "../standard.js";

export { endLoading } from "../standard.js";

const ours = taken();
restore();

/** Runs a function as in a component. */
export function inside<T>(run: () => T): T {
  ours.put();
  try {
    return run();
  } finally {
    restore();
  }
}
