/** Fuzzy matching of texts by edit distance. */

import { component, define, field, parameter } from "whittle-guest";

import { Pattern } from "./pattern.js";

const stringDistance = define({
  name: "string_distance",
  description:
    "Tells whether a text is within a number of edits (insertions, deletions and substitutions of " +
    "characters) of a target. A document without the field does not match.",
  parameters: {
    field: field("text", "The field whose text is compared."),
    target: parameter("text", "The text that it is compared with."),
    maxDistance: parameter("int64", "How many edits still match.", {
      default: 2,
      minimum: 0,
      maximum: 2 ** 32 - 1,
    }),
  },
  returns: "boolean",
  prepare({ field, target, maxDistance }) {
    const pattern = new Pattern(target, maxDistance);
    return () => {
      const text = field.get();
      return text !== null && pattern.matches(text);
    };
  },
});

export const functions = component(stringDistance);
