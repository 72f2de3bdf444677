import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "whittle-kit/testing.mjs";

const udf = await load(import.meta.dirname);

test("weighs the fields that are there", () => {
  const query = udf.query("custom_score");
  const full = { price: 10, rating: 4, popularity: 100 };
  const partial = { price: "dear", rating: 4 };
  const expected = 0.3 * 10 + 0.5 * 4 + 0.2 * 100;
  assert.deepEqual(query.evaluateAll([full, partial, {}]), [expected, 2, 0]);
});

test("a query may name other fields and weights", () => {
  const query = udf.query("custom_score", { price_field: "cost.net", price_weight: -1 });
  assert.equal(query.evaluate({ cost: { net: 2.5 }, price: 100 }), -2.5);
});
