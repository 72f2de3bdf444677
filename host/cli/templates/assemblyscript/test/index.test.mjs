// Unit tests on fake documents: `npm test`. `kit/testing.mjs` documents them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "whittle-kit/testing.mjs";

const udf = await load();

test("the part of the words that a text has", () => {
  const query = udf.query("{{function}}", { field: "title", words: "star wars" });
  const titles = ["Star Wars", "A Star Is Born", "Alien"];
  const scores = query.evaluateAll(titles.map((title) => ({ title })));
  assert.deepEqual(scores, [1, 0.5, 0]);
  assert.equal(query.evaluate({}), 0);
});

test("there must be a word", () => {
  assert.throws(() => udf.query("{{function}}", { field: "title", words: " " }), {
    message:
      'function `{{function}}` refused its arguments: "parameter `words`: there is no word in it"',
  });
});
