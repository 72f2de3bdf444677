/**
 * Unit tests of a UDF on fake documents, with Node.js: no `whittle`, no host.
 *
 * ```js
 * import assert from "node:assert/strict";
 * import { test } from "node:test";
 * import { load } from "whittle-kit/testing.mjs";
 *
 * const udf = await load();
 *
 * test("films of more than two hours are too long", () => {
 *   const query = udf.query("too_long", { field: "minutes" });
 *   assert.equal(query.evaluate({ minutes: 121 }), true);
 *   assert.equal(query.evaluate({}), false);
 *   assert.throws(() => udf.query("too_long", { field: "minutes", enough: "x" }), {
 *     message: 'function `too_long`: parameter `enough` is int64, but the string "x" was given',
 *   });
 * });
 * ```
 *
 * `load` compiles the project with asc. Arguments and documents are checked and read as in the host,
 * and errors have its words. There are no limits.
 */

import { resolve } from "node:path";

import { compile } from "./testing/compile.mjs";
import { Instance } from "./testing/instance.mjs";
import { Query } from "./testing/query.mjs";

export { Document, Float64, parseFields } from "./testing/document.mjs";

/** Compiles the project in a directory: by default the current one, as `node --test` has it. */
export async function load(directory = ".") {
  return new Udf(await WebAssembly.compile(await compile(resolve(directory))));
}

/** A compiled project. */
class Udf {
  #module;

  constructor(module) {
    this.#module = module;
    /** What the component says of itself. */
    this.manifest = new Instance(module).describe();
  }

  /**
   * A query with a function, in an instance of its own. `parameters` are values by their names; that
   * of a field is the field's path. Throws the host's error if they do not fit, or are refused.
   */
  query(name, parameters = {}) {
    const declared = this.manifest.functions.find((each) => each.name === name);
    if (declared === undefined) {
      const known = this.manifest.functions.map((each) => `\`${each.name}\``);
      throw new Error(`unknown function \`${name}\`: expected one of ${known.join(", ")}`);
    }
    return new Query((host) => new Instance(this.#module, host), declared, parameters);
  }
}
