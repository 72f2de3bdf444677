import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "whittle-kit/testing.mjs";

const udf = await load(import.meta.dirname);

test("matches texts within the distance", () => {
  const query = udf.query("string_distance", { field: "title", target: "Alien" });
  const titles = ["Alien", "Aliens", "Älie", "Al"];
  const matched = query.evaluateAll(titles.map((title) => ({ title })));
  assert.deepEqual(matched, [true, true, true, false]);
});

test("a document without the field does not match", () => {
  const query = udf.query("string_distance", { field: "title", target: "" });
  assert.deepEqual(query.evaluateAll([{}, { title: null }, { title: 7 }]), [false, false, false]);
});

test("a negative distance is refused", () => {
  const parameters = { field: "title", target: "Alien", max_distance: -1 };
  assert.throws(() => udf.query("string_distance", parameters), {
    message:
      'function `string_distance` refused its arguments: "parameter `max_distance` must be between 0 and 4294967295, not -1"',
  });
});
