/** Functions for tests: they throw, never end, or read a field as each kind. */

import { component, define, document, field, parameter, resolve } from "whittle-guest";
import type { Json } from "whittle-guest";

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

const readKinds = define({
  name: "read_kinds",
  description: "What a field reads as each kind, in the contract's order.",
  parameters: { field: parameter("text", "The path that all fields have.") },
  returns: "json",
  prepare({ field }) {
    const kinds = ["boolean", "int64", "float64", "text", "timestamp", "json"] as const;
    const fields = kinds.map((kind) => resolve(field, kind));
    return () => fields.map((field): Json => field.get());
  },
});

export const functions = component(throws, runs, readKinds);
