/** Rules for the texts of documents, and why one breaks them. */

import { component, define, InvalidArgument, parameter, resolve } from "whittle-guest";

import { parse } from "./rules.js";
import { TextField } from "./text.js";

const textRules = define({
  name: "text_rules",
  description:
    "The reason of the first rule that a document's texts match, or of all of them; null where none " +
    "does. A document without a rule's field matches it only if the rule asks for `missing`.",
  parameters: {
    rules: parameter(
      "json",
      "A list of objects: each has a `reason`, a `field` (a path, or a list of which one must match) " +
        "and conditions that must all hold: `contains` (a text, or a list of which one is enough), " +
        '`regex`, `length` ({"min": ..., "max": ...}, in characters), or `missing`: true alone. ' +
        "`ignore_case`: true is for `contains` and `regex`, and `not`: true asks that the conditions " +
        "do not hold.",
    ),
    mode: parameter("text", "`first`, or `all` for the reasons of all rules, joined by `; `.", {
      default: "first",
    }),
  },
  returns: "text",
  prepare({ rules: json, mode }) {
    if (mode !== "first" && mode !== "all") {
      throw new InvalidArgument(`parameter \`mode\`: "${mode}" is neither \`first\` nor \`all\``);
    }
    // A field is read once a document, however many rules are about it.
    const fields = new Map<string, TextField>();
    const rules = parse(json).map(({ reason, paths, matches }) => {
      const read = paths.map((path) => {
        const field = fields.get(path) ?? new TextField(resolve(path, "text"));
        fields.set(path, field);
        return field;
      });
      return { reason, matches: () => read.some(matches) };
    });
    const all = [...fields.values()];
    return () => {
      for (const field of all) field.forget();
      if (mode === "first") return rules.find((rule) => rule.matches())?.reason ?? null;
      const matching = rules.filter((rule) => rule.matches());
      return matching.length > 0 ? matching.map((rule) => rule.reason).join("; ") : null;
    };
  },
});

export const functions = component(textRules);
