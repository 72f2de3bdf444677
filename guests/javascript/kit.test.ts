/** The kit: what a component exports, with a stand-in for the host. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  component,
  define,
  document,
  field,
  InvalidArgument,
  log,
  parameter,
  resolve,
} from "whittle-guest";
import type { Json, Kind } from "whittle-guest";

import * as host from "./host.double.js";
import { hostError } from "./kit/src/errors.js";
import { placesOf } from "./kit/src/lines.js";
import { lower } from "./kit/src/values.js";

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A component of one function without parameters. */
function returning<K extends Kind>(returns: K, result: () => unknown) {
  const prepare = () => result as () => never;
  const exports = component(
    define({ name: "f", description: "", parameters: {}, returns, prepare }),
  );
  exports.bind("f", []);
  return exports;
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

test("a component describes itself", () => {
  const far = define({
    name: "far",
    description: "Tells it.",
    parameters: {
      field: field("timestamp", "A field.", { default: "at" }),
      maxDistance: parameter("int64", "A distance.", { default: 2, minimum: 0 }),
      unit: parameter("text", "A unit.", { optional: true }),
      weights: parameter("json", "Weights.", { default: { a: [1, null] } }),
      seed: parameter("float64", "A seed."),
    },
    returns: "boolean",
    prepare: () => () => true,
  });
  const text = { kind: "text" };
  assert.deepEqual(json(component(far).describe()), {
    name: "tests",
    version: "1.2.3",
    description: "Tests.",
    author: "",
    functions: [
      {
        name: "far",
        description: "Tells it.",
        returns: "boolean",
        parameters: [
          {
            name: "field",
            description: "A field.",
            ...text,
            presence: { tag: "default", val: { tag: "text", val: "at" } },
          },
          {
            name: "max_distance",
            description: "A distance.",
            kind: "int64",
            presence: { tag: "default", val: { tag: "int64", val: 2 } },
          },
          { name: "unit", description: "A unit.", ...text, presence: { tag: "optional" } },
          {
            name: "weights",
            description: "Weights.",
            kind: "json",
            presence: { tag: "default", val: { tag: "json", val: '{"a":[1,null]}' } },
          },
          {
            name: "seed",
            description: "A seed.",
            kind: "float64",
            presence: { tag: "required" },
          },
        ],
      },
    ],
  });
});

test("arguments become values, and fields are read", () => {
  let given: Json = null;
  const f = define({
    name: "f",
    description: "",
    parameters: {
      textField: field("text", ""),
      jsonField: field("json", "", { optional: true }),
      count: parameter("int64", ""),
      options: parameter("json", ""),
      unit: parameter("text", "", { optional: true }),
    },
    returns: "json",
    prepare({ textField, jsonField, count, options, unit }) {
      given = [count, options, unit ?? null, jsonField === undefined];
      const number = resolve("n", "int64");
      return () => [
        textField.get(),
        textField.or("none"),
        number.has(),
        number.get(),
        number.or(7),
      ];
    },
  });
  const exports = component(f);
  exports.bind("f", [
    { name: "text_field", value: { val: "title" } },
    { name: "count", value: { val: 5 } },
    { name: "options", value: { val: '{"a":1}' } },
  ]);
  assert.deepEqual(given, [5, { a: 1 }, null, true]);
  assert.deepEqual(exports.evaluate(), { tag: "json", val: '[null,"none",false,null,7]' });
  host.fields.set("title", "Up").set("n", 3);
  assert.deepEqual(exports.evaluate(), { tag: "json", val: '["Up","Up",true,3,3]' });
  host.fields.clear();
});

test("a number out of bounds is refused", () => {
  const refused = (bounds: { minimum?: number; maximum?: number }, val: number): string => {
    const count = parameter("int64", "", bounds);
    const parameters = { maxCount: count };
    const f = define({
      name: "f",
      description: "",
      parameters,
      returns: "boolean",
      prepare: () => () => true,
    });
    const error = thrown(() => component(f).bind("f", [{ name: "max_count", value: { val } }]));
    assert.equal((error as { tag: string }).tag, "invalid-argument");
    return (error as { val: string }).val;
  };
  const both = { minimum: 0, maximum: 9 };
  assert.equal(refused(both, -1), "parameter `max_count` must be between 0 and 9, not -1");
  assert.equal(refused(both, 10), "parameter `max_count` must be between 0 and 9, not 10");
  assert.equal(refused({ minimum: 0 }, -1), "parameter `max_count` must be at least 0, not -1");
  assert.equal(refused({ maximum: 9 }, 10), "parameter `max_count` must be at most 9, not 10");
  assert.match(
    refused({}, 2 ** 53),
    /must be between -9007199254740991 and 9007199254740991, not 9007199254740992/,
  );
});

test("a default is of its parameter's kind and within its bounds", () => {
  const count = (options: object) => () => parameter("int64", "A count.", options);
  const told = (message: string) => ({ message: `the default of "A count.": ${message}` });
  assert.throws(
    count({ default: 1.5 }),
    told("1.5 is not a valid int64: return a whole number, as `Math.round` gives"),
  );
  assert.throws(count({ default: -1, minimum: 0 }), told("it must be at least 0, not -1"));
});

test("results are checked against their kind", () => {
  const lowered = (kind: Kind, value: unknown) => ({ ...returning(kind, () => value).evaluate() });
  assert.deepEqual(lowered("boolean", true), { tag: "boolean", val: true });
  assert.deepEqual(lowered("float64", 0.5), { tag: "float64", val: 0.5 });
  assert.deepEqual(lowered("int64", -3), { tag: "int64", val: -3 });
  assert.deepEqual(lowered("timestamp", 1), { tag: "timestamp", val: 1 });
  assert.deepEqual(lowered("text", "a\ud800"), { tag: "text", val: "a\ufffd" });
  assert.deepEqual(lowered("json", [null]), { tag: "json", val: "[null]" });
  for (const kind of ["boolean", "int64", "float64", "text", "timestamp", "json"] as const) {
    assert.deepEqual(lowered(kind, null), { tag: "null" });
    assert.deepEqual(lowered(kind, undefined), { tag: "null" });
  }
  const wrong = (kind: Kind, value: unknown) =>
    thrown(() => returning(kind, () => value).evaluate());
  const failed = (val: string) => ({ tag: "failed", val });
  assert.deepEqual(
    wrong("int64", 1.5),
    failed("1.5 is not a valid int64: return a whole number, as `Math.round` gives"),
  );
  assert.deepEqual(
    wrong("timestamp", NaN),
    failed("NaN is not a valid timestamp: return a whole number, as `Math.round` gives"),
  );
  assert.deepEqual(wrong("boolean", "yes"), failed("a text is not a valid boolean"));
  assert.deepEqual(wrong("text", new Date(0)), failed("a Date is not a valid text"));
  assert.deepEqual(
    wrong("json", () => 1),
    failed("a function is not a valid json"),
  );
});

test("what is thrown is told with its message", () => {
  const told = (error: unknown): unknown =>
    thrown(() =>
      returning("boolean", () => {
        throw error;
      }).evaluate(),
    );
  assert.deepEqual(told(new TypeError("no good")), { tag: "failed", val: "no good" });
  assert.deepEqual(told(new RangeError()), { tag: "failed", val: "RangeError" });
  assert.deepEqual(told("a text"), { tag: "failed", val: "a text" });
  const strange = "a value that is not an error was thrown";
  assert.deepEqual(told(Object.create(null)), { tag: "failed", val: strange });
  assert.deepEqual(told(new InvalidArgument("a")), { tag: "invalid-argument", val: "a" });
  const unbound = { tag: "invalid-argument", val: "there is no function `g`" };
  assert.deepEqual(
    thrown(() => returning("boolean", () => true).bind("g", [])),
    unbound,
  );
});

// The tests begin after all modules have loaded, and the first of them binds a function.
const loaded = [Date.now(), new Date(), Math.random(), crypto.getRandomValues(new Uint8Array(2))];

test("while modules load, the clock is constant and random numbers are fixed", () => {
  assert.deepEqual(loaded, [0, new Date(1), 0.8794664279557765, new Uint8Array([139, 100])]);
});

test("there is no clock and no randomness, and the console is the log", () => {
  const missing = (run: () => unknown, what: string) =>
    assert.throws(run, { message: `a UDF has no ${what} as a parameter` });
  missing(() => Date.now(), "clock: take the time");
  missing(() => new Date(), "clock: take the time");
  missing(() => (Date as unknown as () => string)(), "clock: take the time");
  missing(() => Math.random(), "randomness: take a seed");
  missing(() => crypto.getRandomValues(new Uint8Array(1)), "randomness: take a seed");
  missing(() => crypto.randomUUID(), "randomness: take a seed");
  assert.equal(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
  assert.ok(new Date(0) instanceof Date);
  assert.equal(new Date(0).constructor, Date);

  host.lines.length = 0;
  const console = (globalThis as unknown as { console: { log(...values: unknown[]): void } })
    .console;
  console.log("a", 1, { b: [null] }, new Error("c"));
  log.warn("d");
  assert.deepEqual(host.lines, ['info: a 1 {"b":[null]} Error: c', "warn: d"]);
  assert.equal(document.id(), "an id");
  assert.equal(document.score(), 1);
});

test("a wrong declaration says what is expected, also without the types", () => {
  const declared = (changes: object) => () => {
    const right = { name: "f", description: "F.", parameters: {}, returns: "boolean" };
    define({ ...right, prepare: () => () => true, ...changes } as never);
  };
  const kinds = '"boolean", "int64", "float64", "text", "timestamp", "json"';
  const throws = (run: () => void, message: string) => assert.throws(run, { message });
  throws(declared({ name: undefined }), "a function has no `name`: it is a string");
  throws(
    declared({ description: undefined }),
    "function `f`: it has no `description`: it is a string",
  );
  throws(
    declared({ returns: "bool" }),
    `function \`f\`: \`returns\` is "bool"; expected one of ${kinds}`,
  );
  throws(declared({ prepare: undefined }), "function `f`: it has no function `prepare`");
  throws(declared({ parameters: undefined }), "function `f`: it has no `parameters`");
  throws(
    declared({ parameters: { count: "int64" } }),
    "function `f`: parameter `count` is made by neither `parameter(...)` nor `field(...)`",
  );
  throws(
    () => parameter("integer" as never, "A count."),
    `the kind of a parameter is "integer"; expected one of ${kinds}`,
  );
  throws(
    () => field("string" as never, "A text."),
    `the kind of a field is "string"; expected one of ${kinds}`,
  );
  throws(
    () => component([] as never),
    "`component(...)` takes what `define(...)` returns, as `component(first, second)`",
  );
});

test("a result of another kind says what to return instead", () => {
  const message = (kind: Kind, value: unknown) =>
    (thrown(() => returning(kind, () => value).evaluate()) as { val: string }).val;
  assert.equal(
    message("int64", 2n),
    "2n is not a valid int64: return a number, exact up to 2^53 - 1",
  );
  assert.equal(
    message("int64", 2 ** 53),
    "9007199254740992 is not a valid int64: integers are exact up to 2^53 - 1",
  );
  assert.equal(
    message("timestamp", new Date(0)),
    "a Date is not a valid timestamp: return microseconds, `date.getTime() * 1000`",
  );
  assert.equal(
    message("timestamp", "2024-01-31"),
    "a text is not a valid timestamp: return microseconds, `Date.parse(text) * 1000`",
  );
});

test("a stack is shown as the author's lines", () => {
  const stack = "    at f (/udf.js:1:608)\n    at g (/udf.js:2:605)\n    at h (/udf.js:1:701)";
  assert.equal(placesOf(stack), stack.trim());
  const global = globalThis as { WHITTLE_LINES?: string };
  global.WHITTLE_LINES = "udf.ts|lib/words.ts\n1,1;1,600,0,2;1,700,1,9;2,1";
  assert.equal(placesOf(stack), "udf.ts:2, lib/words.ts:9");
  delete global.WHITTLE_LINES;
});

test("what a component does not have is missing with advice", () => {
  const told = (message: string) => hostError(new ReferenceError(message)).val;
  const place = "(docs/LIBRARIES.md lists what works)";
  assert.equal(
    told("setTimeout is not defined"),
    `setTimeout is not defined: a UDF has no event loop, so return the result at once ${place}`,
  );
  assert.equal(
    told('Dynamic require of "fs" is not supported'),
    `Dynamic require of "fs" is not supported: a UDF does not run in Node ${place}`,
  );
  assert.equal(told("total is not defined"), "total is not defined");
  assert.equal(told("the unit is not defined"), "the unit is not defined");
});

test("`prepare` returns a function", () => {
  const bound = (prepare: unknown) => {
    const rest = { name: "f", description: "F.", parameters: {}, returns: "boolean" };
    return thrown(() => component(define({ ...rest, prepare } as never)).bind("f", []));
  };
  const failed = (found: string) => ({
    tag: "failed",
    val: `it returned ${found}: return a function that evaluates a document, or an object with a method \`batch\``,
  });
  assert.deepEqual(
    bound(() => {}),
    failed("nothing"),
  );
  assert.deepEqual(
    bound(() => 3),
    failed("a value of type number"),
  );
  assert.deepEqual(
    bound(async () => {}),
    failed("a promise, and a UDF cannot wait"),
  );
});

test("a promise is no result", () => {
  const message = (kind: Kind) =>
    `a promise is not a valid ${kind}: a UDF cannot wait, so the function must not be \`async\``;
  for (const kind of ["boolean", "json"] as const) {
    assert.throws(() => lower(kind, Promise.resolve(true)), { message: message(kind) });
  }
});
