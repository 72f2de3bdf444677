/** The fake documents: they are read as the host reads them, which runs the same vectors. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { run } from "whittle-guest/vectors";

import { functions } from "./udf.js";

test("documents are read as the host does", () => {
  const text = readFileSync("../../tests/vectors/read_kinds.json", "utf8");
  const { cases } = JSON.parse(text) as { cases: { name: string; values: unknown }[] };
  assert.ok(cases.length > 500);
  // `-0` is `0` once it is written.
  const plain = (values: unknown): unknown => JSON.parse(JSON.stringify(values));
  const found = [...run(functions, text)].map((line) => JSON.parse(line) as { values: unknown });
  cases.forEach(({ name, values }, at) => assert.deepEqual(found[at]!.values, plain(values), name));
});
