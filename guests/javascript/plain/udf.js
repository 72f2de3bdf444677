// A weighted score of three numbers, without a kit: with what componentize-qjs makes of version 0.1
// of the contract alone. It shows the tests that such components keep running.

import { float64Or, resolve } from "whittle:udf/document@0.1.0";

const FIELDS = { price: 0.3, rating: 0.5, popularity: 0.2 };

function parameter(name, kind, tag, val) {
  return { name, description: "", kind, presence: { tag: "default", val: { tag, val } } };
}

let bound = [];

export const functions = {
  describe() {
    const parameters = Object.entries(FIELDS).flatMap(([name, weight]) => [
      parameter(`${name}_weight`, "float64", "float64", weight),
      parameter(`${name}_field`, "text", "text", name),
    ]);
    return {
      name: "plain",
      version: "0.1.0",
      description: "A weighted score of three numbers, without a kit.",
      author: "",
      functions: [{ name: "custom_score", description: "", parameters, returns: "float64" }],
    };
  },

  bind(_name, given) {
    const values = Object.fromEntries(given.map(({ name, value }) => [name, value.val]));
    bound = Object.keys(FIELDS).map((name) => ({
      weight: values[`${name}_weight`],
      field: resolve(values[`${name}_field`], "float64"),
    }));
  },

  evaluate() {
    const sum = bound.reduce((sum, { weight, field }) => sum + weight * float64Or(field, 0), 0);
    return { tag: "float64", val: sum };
  },
};
