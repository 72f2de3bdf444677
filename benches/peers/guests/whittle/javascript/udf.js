/** The functions of `make peers` for which this repository has no UDF in JavaScript. */

import { component, define, field, parameter } from "whittle-guest";

const noop = define({
  name: "noop",
  description: "Matches every document.",
  parameters: {},
  returns: "boolean",
  prepare() {
    return () => true;
  },
});

const noopColumns = define({
  name: "noop_columns",
  description: "Matches every document: a batch at a time.",
  parameters: {},
  returns: "boolean",
  prepare() {
    return { batch: (documents) => new Uint8Array(documents).fill(1) };
  },
});

const regexValue = define({
  name: "regex_value",
  description: "The first group of the first match of a regular expression.",
  parameters: {
    field: field("text", "The field whose text is searched."),
    pattern: parameter("text", "The regular expression."),
  },
  returns: "text",
  prepare({ field, pattern }) {
    const regex = new RegExp(pattern, "u");
    return () => {
      const text = field.get();
      return text === null ? null : (regex.exec(text)?.[1] ?? null);
    };
  },
});

const jsonPath = define({
  name: "json_path",
  description: "Tells whether the member at a path such as `$.seller.country` is a value.",
  parameters: {
    field: field("json", "The field whose JSON value is searched."),
    path: parameter("text", "Member names, such as `$.seller.country`."),
    operator: parameter("text", "`equals`."),
    value: parameter("json", "What the member is compared with."),
  },
  returns: "boolean",
  prepare({ field, path, value }) {
    const names = path.split(".").slice(1);
    return () => {
      // JSON is parsed when it is read.
      let found = field.get();
      for (const name of names) found = found?.[name];
      return found === value;
    };
  },
});

/** Weekdays before a day, from a day on that is the same for all. */
function weekdaysBefore(day) {
  // 1970-01-01 was a Thursday.
  const week = Math.floor((day + 3) / 7);
  return 5 * week + Math.min(day + 3 - 7 * week, 5);
}

const businessDays = define({
  name: "business_days",
  description: "How many weekdays there are from a day to another.",
  parameters: {
    startField: field("int64", "The field that holds the start."),
    endField: field("int64", "The field that holds the end."),
  },
  returns: "int64",
  prepare({ startField, endField }) {
    return () => weekdaysBefore(endField.or(0)) - weekdaysBefore(startField.or(0));
  },
});

export const functions = component(noop, noopColumns, regexValue, jsonPath, businessDays);
