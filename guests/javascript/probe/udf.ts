/** Functions for tests: they throw, or never end. */

import { component, define, document, field } from "whittle-guest";

const throws = define({
  name: "throws",
  description: "Throws an error for each document that has the field, with its text.",
  parameters: { field: field("text", "The field whose text is thrown.") },
  returns: "boolean",
  prepare({ field }) {
    return () => {
      const text = field.get();
      if (text !== null) throw new Error(`no good: ${text}`);
      return true;
    };
  },
});

const runs = define({
  name: "runs",
  description:
    "The document's id. If the field is `loop` or `recurse`, it does that without an end.",
  parameters: { field: field("text", "The field with what to do.") },
  returns: "text",
  prepare({ field }) {
    const recurse = (): number => recurse() + 1;
    return () => {
      const what = field.get();
      while (what === "loop");
      if (what === "recurse") recurse();
      return document.id();
    };
  },
});

export const functions = component(throws, runs);
