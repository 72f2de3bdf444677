/** Functions with a fake host: what they read, give and log, and what goes wrong. */

import assert from "node:assert/strict";
import test from "node:test";

import { component, define, document, field, log, parameter, resolve } from "whittle-guest";
import type { Json, Kind } from "whittle-guest";
import { document as made, Failure, query, type Source } from "whittle-guest/testing";
import { run } from "whittle-guest/vectors";

const KINDS = ["boolean", "int64", "float64", "text", "timestamp", "json"] as const;

const each = define({
  name: "each",
  description: "What a field is as each kind, document by document.",
  parameters: { field: parameter("text", "The path.") },
  returns: "json",
  prepare({ field }) {
    const fields = KINDS.map((kind) => resolve(field, kind));
    return () => fields.map((field): Json => field.get());
  },
});

const whole = define({
  name: "whole",
  description: "The same, in whole columns.",
  parameters: { field: parameter("text", "The path.") },
  returns: "json",
  prepare({ field }) {
    const fields = KINDS.map((kind) => resolve(field, kind));
    return {
      batch(documents) {
        const columns = fields.map((field) => field.column());
        return Array.from({ length: documents }, (_, at) =>
          columns.map(({ values, validity }, kind): Json => {
            if (validity !== null && validity[at] === 0) return null;
            return kind === 0 ? values[at] === 1 : values[at]!;
          }),
        );
      },
    };
  },
});

const prepared = define({
  name: "prepared",
  description: "Logs when it is prepared.",
  parameters: {},
  returns: "boolean",
  prepare() {
    log.info("prepared");
    return () => true;
  },
});

const odd = define({
  name: "odd",
  description: "Does what a number says.",
  parameters: {
    number: field("int64", "The field that says what.", { default: "number" }),
    since: parameter("timestamp", "An instant.", { optional: true }),
    least: parameter("int64", "The least number.", { default: 0, minimum: 0 }),
  },
  returns: "float64",
  prepare({ number, least, since }) {
    return () => {
      console.log("number", number.get());
      switch (number.or(least)) {
        case 1:
          throw new RangeError("one is odd");
        case 2:
          return "two" as unknown as number;
        case 3:
          return Date.now();
        case 4:
          try {
            resolve("other", "text");
          } catch {
            return 4;
          }
          return 0;
        case 6:
          return new TextEncoder().encode("a").length;
        case 5:
          log.warn(`${document.id()} ${document.score()}`);
          return document.score();
        default:
          return since ?? null;
      }
    };
  },
});

const returned = (returns: Kind, value: Json) =>
  define({
    name: returns,
    description: "A value of a kind.",
    parameters: {},
    returns,
    prepare: () => () => value as never,
  });

const different = define({
  name: "different",
  description: "Gives how many documents there are.",
  parameters: {},
  returns: "float64",
  prepare: () => ({ batch: (documents) => new Float64Array(documents).fill(documents) }),
});

const functions = component(
  each,
  whole,
  odd,
  prepared,
  different,
  returned("int64", -3),
  returned("timestamp", 2 ** 40),
  returned("boolean", true),
  returned("text", "ä"),
);

/** What a field is that has these values in a document each, alone and in whole columns. */
function read(...values: unknown[]): unknown {
  const documents = values.map((value): Source => ({ a: { b: value } }));
  const found = query(functions, "each", { field: "a.b" }).values(documents);
  assert.deepEqual(query(functions, "whole", { field: "a.b" }).values(documents), found);
  return found;
}

test("a field has the type that its values have together", () => {
  assert.deepEqual(read(1, 2.5, null, "7"), [
    [null, null, 1, null, null, 1],
    [null, null, 2.5, null, null, 2.5],
    [null, null, null, null, null, null],
    [null, null, 7, null, null, "7"],
  ]);
  assert.deepEqual(read(3, 4), [
    [null, 3, 3, null, null, 3],
    [null, 4, 4, null, null, 4],
  ]);
  assert.deepEqual(read(true), [[true, null, null, null, null, true]]);
  assert.deepEqual(read("2024-02-29"), [[null, null, null, null, 1709164800000000, "2024-02-29"]]);
  const second = "1970-01-01T00:00:01.000Z";
  assert.deepEqual(read(new Date(1000)), [[null, null, null, null, 1000000, second]]);
  assert.deepEqual(read([null, ["ä"], "b"]), [[null, null, null, "ä", null, [null, ["ä"], "b"]]]);
});

test("unmapped fields are not converted", () => {
  const documents = [{ a: 1 }, { a: "2024-02-29" }];
  assert.deepEqual(query(functions, "each", { field: "a" }).values(documents, { mapped: false }), [
    [null, 1, 1, null, null, 1],
    [null, null, null, "2024-02-29", 1709164800000000, "2024-02-29"],
  ]);
});

test("what is logged while a query is prepared is in its log once", () => {
  const prepared = query(functions, "prepared");
  assert.equal(prepared.value({}), true);
  assert.deepEqual(prepared.values([{}, {}]), [true, true]);
  assert.deepEqual(prepared.log, ["info: prepared"]);
});

test("a value is as the component gives it, and errors are the author's", () => {
  const odd = query(functions, "odd");
  assert.equal(odd.value({}), null);
  assert.throws(() => odd.value({ number: 1 }), new RangeError("one is odd"));
  const scored = made({ number: 5 }, { id: "five", score: 2 });
  assert.equal(odd.value(scored), 2);
  assert.deepEqual(
    odd.values([{ number: 1 }, { number: 2 }, scored, { number: 3 }, { number: 6 }]),
    [
      new Failure("one is odd"),
      new Failure("a text is not a valid float64"),
      2,
      new Failure("a UDF has no clock: take the time as a parameter"),
      new Failure(
        "TextEncoder is not defined: use `encodeURIComponent` (docs/LIBRARIES.md lists what works)",
      ),
    ],
  );
  assert.deepEqual(odd.log.slice(0, 4), [
    "info: number null",
    "info: number 1",
    "info: number 5",
    "warn: five 2",
  ]);
  // Only the author's code is in a component.
  assert.ok(Date.now() > 0 && new TextEncoder().encode("a").length === 1);
  for (const [kind, value] of [
    ["int64", -3],
    ["timestamp", 2 ** 40],
    ["boolean", true],
    ["text", "ä"],
  ] as const) {
    assert.equal(query(functions, kind).value({}), value);
    assert.deepEqual(query(functions, kind).values([{}, {}]), [value, value]);
  }
});

test("a call that the host does not allow ends the query", () => {
  assert.throws(() => query(functions, "odd").value({ number: 4 }), {
    name: "BrokenContract",
    message:
      "the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document",
  });
  assert.throws(
    () => document.id(),
    /it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters/,
  );
});

test("arguments are checked as the host does", () => {
  for (const [given, problem] of [
    [{ nomber: "a" }, "unknown parameter `nomber`: did you mean `number`?"],
    [{ number: 3 }, "parameter `number` is text, but 3 was given"],
    [
      { since: "soon" },
      'parameter `since` is timestamp, but the string "soon" was given: give a date and time such ' +
        'as "2024-01-31T12:00:00Z", a date such as "2024-01-31", or an integer, the microseconds ' +
        "since 1970-01-01T00:00:00Z",
    ],
    [{ least: 2.5 }, "parameter `least` is int64, but 2.5 was given"],
  ] as const) {
    const message = `function \`odd\`: ${problem}`;
    assert.throws(() => query(functions, "odd", given), { name: "ArgumentError", message });
  }
  assert.throws(() => query(functions, "each"), /missing parameter `field` \(text\): The path\./);
  assert.throws(() => query(functions, "oddd"), /unknown function `oddd`: did you mean `odd`\?/);
  assert.throws(() => query(functions, "odd", { least: -1 }), {
    name: "InvalidArgument",
    message: "parameter `least` must be at least 0, not -1",
  });
  assert.equal(query(functions, "odd", { since: new Date(1) }).value({}), 1000);
});

test("a batch that differs from single documents is told", () => {
  assert.throws(() => query(functions, "different").values([{}, {}]), {
    message: "document 0: `batch` gives 2, and alone it gives 1",
  });
});

test("vectors give a line for each case", () => {
  const given = (rest: object) => ({ params: {}, ...rest });
  const cases = [
    given({ documents: [{ number: 1 }, {}], values: [null, null] }),
    given({ documents: [{ number: 1 }] }),
    given({ documents: [{ _id: "b", _score: 2, _source: { number: 5 } }], values: [2] }),
    given({ params: { least: -1 }, documents: [] }),
    given({ params: { numbers: "a" }, documents: [] }),
    given({ documents: [], values: [], mapping: { properties: {} } }),
  ];
  const lines = [...run(functions, JSON.stringify({ function: "odd", cases }))];
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      {
        values: [null, null],
        errors: { 0: "one is odd" },
        logs: ["info: number 1", "info: number null"],
      },
      { error: 'function `odd` failed for document `0`: "one is odd"', logs: ["info: number 1"] },
      { values: [2], errors: {}, logs: ["info: number 5", "warn: b 2"] },
      {
        error:
          'function `odd` refused its arguments: "parameter `least` must be at least 0, not -1"',
        logs: [],
      },
      { error: "function `odd`: unknown parameter `numbers`: did you mean `number`?", logs: [] },
      { skipped: "the case has a mapping, which only the host reads documents with" },
    ],
  );
});
