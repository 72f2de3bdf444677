/** Batches: what a component makes of columns, with a stand-in for the host. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { component, define, document, resolve } from "whittle-guest";
import type { ColumnResults, Kind } from "whittle-guest";

import * as host from "./host.double.js";

type Exports = ReturnType<typeof component>;
type Columns = Parameters<Exports["evaluate"]>[1];
type Evaluation = ReturnType<Parameters<typeof define>[0]["prepare"]>;

beforeEach(() => {
  host.calls.length = 0;
});

/** Evaluates a batch with a function, and returns what it gave. */
function given(
  returns: Kind,
  prepare: () => Evaluation,
  rows: number,
  columns: Columns = [],
  scores: Uint8Array | null = null,
): unknown[][] {
  const exports = component(
    define({ name: "f", description: "", parameters: {}, returns, prepare: prepare as never }),
  );
  exports.bind("f", []);
  host.calls.length = 0;
  exports.evaluate(rows, columns, scores);
  return host.calls.filter(([name]) => name !== "at");
}

const bytes = ({ buffer }: Float64Array | BigInt64Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer);

const flags = (...values: number[]): Uint8Array => new Uint8Array(values);

/** The record of a column; the bytes are not aligned. */
function numbers(field: number, values: Uint8Array, validity: Uint8Array | null = null) {
  const shifted = new Uint8Array(values.length + 1);
  shifted.set(values, 1);
  return { field, validity, values: { tag: "numbers", val: shifted.subarray(1) } } as const;
}

function texts(field: number, values: readonly string[], validity: Uint8Array | null = null) {
  const encoded = values.map((value) => Buffer.from(value));
  const offsets = new Int32Array(values.length + 1);
  encoded.forEach((value, index) => (offsets[index + 1] = offsets[index]! + value.length));
  const val = { offsets: bytes(offsets), bytes: new Uint8Array(Buffer.concat(encoded)) };
  return { field, validity, values: { tag: "texts", val } } as const;
}

/** Fields of all kinds, and columns of them with a row without a value. */
function everything() {
  const fields = {
    boolean: resolve("boolean", "boolean"),
    int64: resolve("int64", "int64"),
    float64: resolve("float64", "float64"),
    text: resolve("text", "text"),
    timestamp: resolve("timestamp", "timestamp"),
    json: resolve("json", "json"),
  };
  const first = host.resolve("last", "text") - 6;
  const validity = flags(1, 0, 1);
  const integers = new BigInt64Array([-1n, 7n, 2n ** 53n - 1n]);
  const columns = [
    numbers(first, flags(1, 1, 0), validity),
    numbers(first + 1, bytes(integers), validity),
    numbers(first + 2, bytes(new Float64Array([0.5, 9, -0])), validity),
    texts(first + 3, ["Up", "", "Amélie 😀"], validity),
    numbers(first + 4, bytes(integers), validity),
    texts(first + 5, ['{"a":[1]}', "", '"é"'], validity),
  ];
  return { fields: Object.values(fields), columns };
}

const ROWS = [
  [true, -1, 0.5, "Up", -1, { a: [1] }],
  [null, null, null, null, null, null],
  [false, 2 ** 53 - 1, -0, "Amélie 😀", 2 ** 53 - 1, "é"],
];

test("fields are read from columns, with and without a value", () => {
  const seen: unknown[] = [];
  const { fields, columns } = everything();
  const evaluate = () => {
    const values = fields.map((field) => field.get());
    seen.push(values);
    const fallback = values[0] === null ? "none" : values;
    fields.forEach((field, index) => {
      assert.equal(field.has(), fallback !== "none");
      const expected = fallback === "none" ? "none" : values[index];
      assert.deepEqual(field.or("none" as never), expected);
    });
    return null;
  };
  given("boolean", () => evaluate, 3, columns);
  assert.deepEqual(seen, ROWS);
});

test("without validity every row has a value, and a missing column has none", () => {
  const [here, missing] = [resolve("here", "float64"), resolve("missing", "text")];
  const field = host.resolve("last", "text") - 2;
  const columns = [
    numbers(field, bytes(new Float64Array([1, 2]))),
    { field: field + 1, validity: null, values: { tag: "missing" } } as const,
  ];
  const evaluate = () => [here.has(), here.or(0), missing.has(), missing.get(), missing.or("-")];
  const [[, , values]] = given("json", () => evaluate, 2, columns) as [[string, null, Uint8Array]];
  assert.equal(Buffer.from(values).toString(), '[true,1,false,null,"-"][true,2,false,null,"-"]');
});

test("a method that was taken from a field reads the batch of its call", () => {
  const field = resolve("price", "float64");
  const handle = host.resolve("last", "text") - 1;
  const taken: (typeof field.or)[] = [];
  const evaluate = () => {
    taken.push(field.or);
    return taken.map((or) => or(-1));
  };
  const exports = component(
    define({
      name: "f",
      description: "",
      parameters: {},
      returns: "json",
      prepare: () => evaluate,
    }),
  );
  exports.bind("f", []);
  host.fields.set("price", 9);
  host.calls.length = 0;
  const values = bytes(new Float64Array([5]));
  for (const validity of [null, flags(0), flags(1), null]) {
    exports.evaluate(1, [numbers(handle, values, validity)], null);
  }
  exports.evaluate();
  host.fields.clear();
  const results = host.calls.filter(([name]) => name === "put");
  assert.deepEqual(
    results.map(([, , given]) => JSON.parse(Buffer.from(given as Uint8Array).toString())),
    [[5], [-1, -1], [5, 5, 5], [5, 5, 5, 5]],
  );
  assert.equal(taken.length, 5);
  assert.deepEqual(exports.evaluate(), { tag: "json", val: "[-1,-1,-1,-1,-1,-1]" });
});

test("large texts stay with the host", () => {
  const field = resolve("large", "text");
  const handle = host.resolve("last", "text") - 1;
  const columns = [{ field: handle, validity: flags(1, 1), values: { tag: "large" } } as const];
  host.fields.set("large", "long");
  const calls = given("text", () => () => field.get(), 2, columns);
  host.fields.clear();
  assert.deepEqual(calls, [
    ["put", null, new Uint8Array(Buffer.from("longlong")), bytes(new Int32Array([0, 4, 8]))],
  ]);
});

test("scores are 1 if the batch has none", () => {
  const evaluate = () => document.score();
  const put = (values: number[]) => [["put", null, bytes(new Float64Array(values)), null]];
  assert.deepEqual(
    given("float64", () => evaluate, 2),
    put([1, 1]),
  );
  const scores = bytes(new Float64Array([2, 3]));
  assert.deepEqual(
    given("float64", () => evaluate, 2, [], scores),
    put([2, 3]),
  );
});

/** A function that gives these values for the rows, or throws. */
function giving(values: readonly unknown[]): () => Evaluation {
  return () => {
    let row = 0;
    return () => {
      const value = values[row++];
      if (value instanceof Error) throw value;
      return value as never;
    };
  };
}

test("results are put in the form of a column, and errors with their rows", () => {
  const results = (kind: Kind, ...values: unknown[]) => given(kind, giving(values), values.length);
  const fail = (row: number, val: string) => ["fail", row, { tag: "failed", val }];
  assert.deepEqual(results("float64", 0.5, null, new Error("no"), "text"), [
    fail(2, "no"),
    fail(3, "a text is not a valid float64"),
    ["put", [1, 0, 0, 0], bytes(new Float64Array([0.5, 0, 0, 0])), null],
  ]);
  assert.deepEqual(results("boolean", true, false), [["put", null, flags(1, 0), null]]);
  const integers = new BigInt64Array([-1n, 0n, 2n ** 53n - 1n, 1n - 2n ** 53n, 2n ** 32n, 0n]);
  const most = Number.MAX_SAFE_INTEGER;
  for (const kind of ["int64", "timestamp"] as const) {
    assert.deepEqual(results(kind, -1, -0, most, -most, 2 ** 32, 1.5), [
      fail(5, `1.5 is not a valid ${kind}: return a whole number, as \`Math.round\` gives`),
      ["put", [1, 1, 1, 1, 1, 0], bytes(integers), null],
    ]);
  }
  assert.deepEqual(results("text", "é", undefined, "", new Error("no"), "a\ud800"), [
    fail(3, "no"),
    [
      "put",
      [1, 0, 1, 0, 1],
      new Uint8Array(Buffer.from("éa\ufffd")),
      bytes(new Int32Array([0, 2, 2, 2, 2, 6])),
    ],
  ]);
});

test("many texts are put in parts", () => {
  const text = "x".repeat(40_000);
  const calls = given("text", giving([text, text, null, text]), 4);
  const lengths = calls.map(([, validity, values]) => [validity, (values as Uint8Array).length]);
  assert.deepEqual(lengths, [
    [null, 80_000],
    [[0, 1], 40_000],
  ]);
});

test("whole columns are read and returned", () => {
  const seen: unknown[] = [];
  const { fields, columns } = everything();
  const evaluate = (documents: number): ColumnResults<"float64"> => {
    for (const field of fields) {
      const { values, validity } = field.column();
      assert.deepEqual(validity, flags(1, 0, 1));
      seen.push([...values].filter((_, row) => validity![row]));
      assert.notEqual(field.or, undefined);
    }
    assert.deepEqual(fields[2]!.column().filled(4 as never), new Float64Array([0.5, 4, -0]));
    assert.deepEqual(document.scores(), new Float64Array([1, 1, 1]));
    return { values: new Float64Array(documents).fill(8), validity: flags(1, 1, 0) };
  };
  assert.deepEqual(
    given("float64", () => ({ batch: evaluate }), 3, columns),
    [["put", [1, 1, 0], bytes(new Float64Array([8, 8, 8])), null]],
  );
  const columnsOfRows = ROWS[0]!.map((_, field) => [ROWS[0]![field], ROWS[2]![field]]);
  columnsOfRows[0] = [1, 0];
  assert.deepEqual(seen, columnsOfRows);
});

test("results of whole columns have every kind", () => {
  const results = <K extends Kind>(kind: K, columns: () => ColumnResults<K>) =>
    given(kind, () => ({ batch: columns }) as never, 2);
  assert.deepEqual(
    results("boolean", () => flags(1, 0)),
    [["put", null, flags(1, 0), null]],
  );
  assert.deepEqual(
    results("int64", () => new Float64Array([-1, 2])),
    [["put", null, bytes(new BigInt64Array([-1n, 2n])), null]],
  );
  const text = ["put", [1, 0], new Uint8Array(Buffer.from("a")), bytes(new Int32Array([0, 1, 1]))];
  assert.deepEqual(
    results("text", () => ({ values: ["a", "b"], validity: flags(1, 0) })),
    [text],
  );
});

test("documents fail alone, though columns are evaluated together", () => {
  const field = resolve("n", "float64");
  const handle = host.resolve("last", "text") - 1;
  const columns = [numbers(handle, bytes(new Float64Array([1, -1, 4])))];
  const evaluate = () => {
    const { values } = field.column();
    if (values.some((value) => value < 0)) throw new Error("below zero");
    return values.map(Math.sqrt);
  };
  assert.deepEqual(
    given("float64", () => ({ batch: evaluate }), 3, columns),
    [
      ["fail", 1, { tag: "failed", val: "below zero" }],
      ["put", [1, 0, 1], bytes(new Float64Array([1, 0, 2])), null],
    ],
  );
});

test("results that do not fit fail the documents", () => {
  const message = (kind: Kind, result: unknown): unknown => {
    const [call] = given(kind, () => ({ batch: () => result }) as never, 1);
    return call![0] === "fail" ? (call![2] as { val: string }).val : call;
  };
  const number = "`batch` must return the values of kind float64 in Float64Array";
  assert.equal(message("float64", undefined), number);
  assert.equal(message("float64", [1]), number);
  assert.equal(
    message("float64", new Float64Array(2)),
    "`batch` returned 2 results for 1 documents",
  );
  const values = new Float64Array(1);
  assert.equal(
    message("float64", { values, validity: [true] }),
    "`batch` must return the validity in Uint8Array",
  );
  assert.equal(
    message("float64", { values, validity: flags(2) }),
    "`batch` returned a validity that is neither 0 nor 1",
  );
  assert.equal(
    message("boolean", flags(2)),
    "`batch` returned a value of kind boolean that is neither 0 nor 1",
  );
  assert.equal(
    message("int64", new Float64Array([0.5])),
    "0.5 is not a valid int64: return a whole number, as `Math.round` gives",
  );
});

test("a function for whole columns evaluates the current document", () => {
  const f = define({
    name: "f",
    description: "",
    parameters: {},
    returns: "text",
    prepare() {
      const title = resolve("title", "text");
      return {
        batch: (documents) => {
          assert.equal(documents, 1);
          const { values, validity } = title.column();
          return { values: values.map((value) => value.toUpperCase()), validity };
        },
      };
    },
  });
  const exports = component(f);
  exports.bind("f", []);
  assert.deepEqual(exports.evaluate(), { tag: "null" });
  host.fields.set("title", "up");
  assert.deepEqual(exports.evaluate(), { tag: "text", val: "UP" });
  host.fields.clear();
});

test("one document and many are not confused", () => {
  const field = resolve("n", "float64");
  const handle = host.resolve("last", "text") - 1;
  const columns = [numbers(handle, bytes(new Float64Array([1])))];
  const message = (evaluation: Evaluation): unknown => {
    const [call] = given("float64", () => evaluation, 1, columns);
    return (call![2] as { val: string }).val;
  };
  const many = (read: () => unknown): Evaluation => ({
    batch: () => {
      read();
      return new Float64Array(1);
    },
  });
  const fields = "`batch` evaluates many documents: read fields with `column`";
  assert.equal(message(many(() => field.get())), fields);
  assert.equal(message(many(() => field.or(0))), fields);
  assert.equal(message(many(() => field.has())), fields);
  const known = "`batch` evaluates many documents: only `scores` is known";
  assert.equal(message(many(() => document.id())), known);
  assert.equal(message(many(() => document.score())), known);
  assert.equal(
    message(() => field.column().values[0]!),
    "`column` can be called only by `batch`",
  );
  assert.equal(
    message(() => document.scores()[0]!),
    "`scores` can be called only by `batch`",
  );
});
