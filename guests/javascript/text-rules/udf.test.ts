/** The function with documents. */

import assert from "node:assert/strict";
import test from "node:test";

import { query } from "whittle-guest/testing";

import { functions } from "./udf.js";

const rules = [
  { reason: "shouts", field: "title", regex: "^[A-Z !]+$" },
  { reason: "has no author", field: "author.name", missing: true },
];

test("the reason is that of the first rule that matches", () => {
  const reasons = query(functions, "text_rules", { rules });
  const author = { name: "Ann" };
  const documents = [{ title: "BUY NOW!" }, { title: "Buy now" }, { title: "Buy now", author }, {}];
  assert.deepEqual(reasons.values(documents), ["shouts", "has no author", null, "has no author"]);
  const all = query(functions, "text_rules", { rules, mode: "all" });
  assert.equal(all.value({ title: "BUY NOW!" }), "shouts; has no author");
});

test("an unknown mode is refused", () => {
  assert.throws(() => query(functions, "text_rules", { rules, mode: "last" }), {
    name: "InvalidArgument",
    message: 'parameter `mode`: "last" is neither `first` nor `all`',
  });
});
