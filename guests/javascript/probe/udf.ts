/** A function for tests: it throws. */

import { component, define, field } from "whittle-guest";

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

export const functions = component(throws);
