/** The function with documents. */

import assert from "node:assert/strict";
import test from "node:test";

import { query } from "whittle-guest/testing";

import { functions } from "./udf.js";

test("a text within some edits matches", () => {
  const near = query(functions, "string_distance", {
    field: "title",
    target: "star wars",
    max_distance: 1,
  });
  const titles = ["star wars", "star wart", "star warps!", null];
  const documents = [...titles.map((title) => ({ title })), {}];
  assert.deepEqual(near.values(documents), [true, true, false, false, false]);
});

test("two edits match where the query does not say", () => {
  const near = query(functions, "string_distance", { field: "title", target: "été" });
  const found = ["ete", "et", "e"].map((title) => near.value({ title }));
  assert.deepEqual(found, [true, true, false]);
});
