/** The function with whole columns. */

import assert from "node:assert/strict";
import test from "node:test";

import { query } from "whittle-guest/testing";

import { functions } from "./udf.js";

test("the score is a weighted sum", () => {
  const weights = { price_weight: 1, rating_weight: 10, popularity_weight: 100 };
  const scores = query(functions, "custom_score", { ...weights, price_field: "cost.net" });
  const documents = [{ cost: { net: 2 }, rating: 3.5, popularity: 4 }, { rating: 1 }, {}];
  assert.deepEqual(scores.values(documents), [437, 10, 0]);
});
