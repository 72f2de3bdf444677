import assert from "node:assert/strict";
import test from "node:test";

import { query } from "whittle-guest/testing";

import { functions } from "../udf.js";

test("a text has all words, in any order and case", () => {
  const films = query(functions, "{{function}}", { field: "title", words: "star WARS" });
  const titles = ["Star Wars", "Wars of the star", "Star Trek"];
  assert.deepEqual(films.values(titles.map((title) => ({ title }))), [true, true, false]);
});

test("a document without the text does not match", () => {
  const films = query(functions, "{{function}}", { field: "title", words: "star" });
  assert.equal(films.value({}), false);
  assert.equal(films.value({ title: null }), false);
});

test("no words are refused", () => {
  const bind = () => query(functions, "{{function}}", { field: "title", words: "  " });
  assert.throws(bind, { message: "parameter `words` has no word" });
});
