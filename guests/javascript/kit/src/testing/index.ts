/**
 * Tests of a UDF's functions in Node, without building a component.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import test from "node:test";
 * import { query } from "whittle-guest/testing";
 * import { functions } from "../udf.js";
 *
 * test("a film of two hours is not too long", () => {
 *   const films = query(functions, "too_long", { field: "minutes" });
 *   assert.equal(films.value({ minutes: 120 }), false);
 *   assert.deepEqual(films.values([{ minutes: 121 }, {}]), [true, false]);
 * });
 * ```
 *
 * The documents are objects, and are read as an index reads them: one field has one type, a text that
 * is a date is a timestamp, and what a field cannot have is missing.
 *
 * @module
 */

/// <reference path="../contract.d.ts" />

import type { Exports } from "../component.js";
import type { Json } from "../values.js";
import type { Source } from "./reading.js";
import { Document, Query } from "./query.js";

export { ArgumentError } from "./arguments.js";
export { BrokenContract } from "./host.js";
export { Document, Failure, Query } from "./query.js";
export type { Source } from "./reading.js";

/**
 * A function with its arguments, to be evaluated for documents. The arguments are as in a query: that
 * of a field is its path, and a timestamp is a text, a `Date` or a number of microseconds. What
 * `prepare` throws is thrown here.
 */
export function query(
  functions: Exports,
  name: string,
  args: Readonly<Record<string, Json | Date | undefined>> = {},
): Query {
  return new Query(functions, name, args);
}

/** A document with an id, and the score that the query gave it before the function. */
export function document(
  source: Source,
  { id, score }: { readonly id?: string; readonly score?: number },
): Document {
  return new Document(source, id, score);
}
