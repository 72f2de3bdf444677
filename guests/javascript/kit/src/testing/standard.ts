/**
 * The standard library of a component, in Node: what `standard.ts` replaces is replaced while the
 * author's code runs, and only then, since the test's own tools need a clock.
 */

import { hide, restore, taken } from "./globals.js";
import "../standard.js";
import { IS_STARLINGMONKEY } from "../engine.js";

export { endLoading } from "../standard.js";

if (!IS_STARLINGMONKEY) hide();
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
