// Fake documents, which must be read and checked as the host does it, and the reader of JSON.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Document, Float64, load, parseFields } from "whittle-kit/testing.mjs";

const here = import.meta.dirname;
const udf = await load(here);

test("a value is read as its kind only", () => {
  const fields = {
    flag: true,
    int: 10,
    float: new Float64(10),
    half: 0.5,
    text: "10",
    since: new Date(1),
    iso: "2024-02-29T12:30:00.25Z",
    none: null,
  };
  const read = (path) =>
    ["boolean", "int64", "float64", "text", "timestamp", "json"].map((kind) =>
      udf.query(kind, { field: path }).evaluate(fields),
    );
  const iso = "2024-02-29T12:30:00.25Z";
  const since = "1970-01-01T00:00:00.001Z";
  assert.deepEqual(read("flag"), [true, null, null, null, null, true]);
  assert.deepEqual(read("int"), [null, 10, 10, null, null, 10]);
  assert.deepEqual(read("float"), [null, null, 10, null, null, 10]);
  assert.deepEqual(read("half"), [null, null, 0.5, null, null, 0.5]);
  assert.deepEqual(read("text"), [null, null, null, "10", null, "10"]);
  assert.deepEqual(read("since"), [null, null, null, null, 1000, since]);
  assert.deepEqual(read("iso"), [null, null, null, null, 1709209800250000, iso]);
  assert.deepEqual(read("none"), [null, null, null, null, null, null]);
  assert.deepEqual(read("nothing"), [null, null, null, null, null, null]);
});

test("the first value counts", () => {
  const fields = {
    list: [null, [2], 3],
    a: { b: 2, c: 3, "d.e": 4, f: [{ g: 1 }, {}, { g: 2 }] },
    "a.b": 1,
    most: 9223372036854775807n,
    beyond: 9223372036854775808n,
  };
  const integer = (path) => udf.query("int64", { field: path }).evaluate(fields);
  const paths = ["list", "a.b", "a.c", "a.d.e", "a.f.g", "a.x", "most", "beyond"];
  assert.deepEqual(paths.map(integer), [2, 2, 3, 4, 1, null, 9223372036854775807n, null]);
  const json = (path) => udf.query("json", { field: path }).evaluate(fields);
  assert.deepEqual(
    [json("list"), json("a.f.g")],
    [
      [null, [2], 3],
      [1, 2],
    ],
  );
});

test("arguments are converted to the kinds of their parameters", () => {
  const given = (parameters) => udf.query("given", parameters).evaluate({});
  assert.equal(given({ text: "ä😀" }), "ä😀 2 none 7 [1]");
  const all = { text: "", int: 3, weight: 1, since: "1970-01-01T00:00:01Z", json: { a: [null] } };
  assert.equal(given(all), ' 3 1.0 1000000 {"a":[null]}');
});

test("wrong arguments are refused in the words of the host", () => {
  const refused = (parameters) => {
    try {
      udf.query("given", parameters);
    } catch (error) {
      return error.message;
    }
    return "";
  };
  assert.deepEqual(
    [
      refused({}),
      refused({ text: "", txt: 1 }),
      refused({ text: 3 }),
      refused({ text: "", int: 2.5 }),
      refused({ text: "", int: -1 }),
      refused({ text: "", since: "soon" }),
    ],
    [
      "function `given`: missing parameter `text` (text): A text.",
      "function `given`: unknown parameter `txt`: did you mean `text`?",
      "function `given`: parameter `text` is text, but 3 was given",
      "function `given`: parameter `int` is int64, but 2.5 was given",
      'function `given` refused its arguments: "parameter `int` must be between 0 and 4294967295, not -1"',
      'function `given`: parameter `since` is timestamp, but the string "soon" was given',
    ],
  );
  assert.throws(() => udf.query("gven"), { message: /^unknown function `gven`: expected one of / });
});

test("numbers are checked against their bounds", () => {
  const given = (parameters) => {
    try {
      return udf.query("bounded", parameters).evaluate({});
    } catch (error) {
      return error.message.replace("function `bounded` refused its arguments: ", "");
    }
  };
  assert.deepEqual(
    [
      given({}),
      given({ share: 100, shift: -1, count: 0 }),
      given({ share: 100.5 }),
      given({ shift: -2 }),
      given({ count: 10 }),
    ],
    [
      "50.0 0 9",
      "100.0 -1 0",
      '"parameter `share` must be between 0.5 and 100.0, not 100.5"',
      '"parameter `shift` must be at least -1, not -2"',
      '"parameter `count` must be between 0 and 9, not 10"',
    ],
  );
});

test("a document has an id, a score, log lines and an error", () => {
  const query = udf.query("label");
  const documents = [
    { title: "Alien" },
    new Document({}, { id: "b" }),
    new Document({ title: "" }, { score: 2.5 }),
  ];
  assert.deepEqual(query.evaluateAll(documents), [
    "0: Alien (1.0)",
    new Error("no title"),
    "2:  (2.5)",
  ]);
  assert.deepEqual(query.logs, ["warn: b has no title"]);
  assert.throws(() => query.evaluate({}), { message: "no title" });
  assert.throws(() => udf.query("not_json").evaluate({}), {
    message: 'returned a text that is not JSON: "{"',
  });
});

test("a batch must give what single documents give", () => {
  assert.throws(() => udf.query("count").evaluateAll([{}, {}]), {
    message:
      "document `0` gives { value: 1n } alone, but { value: 3n } in a batch: both must be the same",
  });
});

test("what the contract forbids has the words of the host", () => {
  assert.throws(() => udf.query("misuse", { early: true }), {
    message:
      "the guest broke the contract: it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters",
  });
  const query = udf.query("misuse", { early: false });
  assert.throws(() => query.evaluate({}), {
    message:
      "the guest broke the contract: it read the field handle 4294967295, which no lookup returned: look up the field in `prepare`",
  });
  assert.throws(() => query.evaluate({}), {
    message: "function `misuse` has already been stopped: bind it again",
  });
});

test("an exception ends the query with its message", () => {
  assert.throws(() => udf.query("throws").evaluate({}), {
    message: 'the guest trapped: unreachable, after it logged "no good"',
  });
});

test("a path finds values in JSON", () => {
  const json = JSON.stringify({
    a: { b: [1, { c: -25.5 }] },
    t: "é😀\n",
    yes: true,
    none: null,
    most: 0,
  }).replace('"most":0', '"most":9223372036854775807,"beyond":9223372036854775808');
  const at = (path) => udf.query("at", { field: "json", path }).evaluate({ json });
  assert.equal(at("a.b[0]"), "false false 1 1.0 - 0 1");
  assert.equal(at("a.b[1].c"), "false false -1 -25.5 - 0 -25.5");
  assert.equal(at("a.b"), 'false false -1 -1.0 - 2 [1,{"c":-25.5}]');
  assert.equal(at("t"), 'false false -1 -1.0 é😀\n 0 "é😀\\n"');
  assert.equal(at("yes"), "false true -1 -1.0 - 0 true");
  assert.equal(at("none"), "true false -1 -1.0 - 0 null");
  assert.match(at("most"), /^false false 9223372036854775807 /);
  assert.match(at("beyond"), /^false false -1 922337203685477/);
  assert.equal(at("").endsWith(json), true);
  for (const path of ["a.b[2]", "a.b[-1]", "a.b[x]", "a.b[", "a.b[]", "a.x.y", "t[0]", "[0]"]) {
    assert.equal(at(path), null, path);
  }
  const query = udf.query("at", { field: "json", path: "" });
  assert.equal(query.evaluate({ json: "{" }), "not JSON");
  assert.equal(query.evaluate({}), "not JSON");
});

test("the shared vectors hold on fake documents", async () => {
  for (const [project, file] of [
    ["custom-score", "custom_score"],
    ["string-distance", "string_distance"],
    ["json-path", "json_path"],
    ["json-path", "json_nodes"],
  ]) {
    const component = await load(join(here, "..", project));
    const vectors = join(here, "../../../tests/vectors", `${file}.json`);
    const suite = JSON.parse(await readFile(vectors, "utf8"), repeated);
    for (const one of suite.cases) {
      const { name, params = {}, documents, values, error, error_prefix } = one;
      const mapped = (one.mapping ?? suite.mapping)?.enabled !== false;
      const evaluate = () => {
        const query = component.query(suite.function, params);
        return query.evaluateAll(documents.map(documentOf), { mapped }).map((result) => {
          if (result instanceof Error) throw result;
          return result;
        });
      };
      if (values === undefined) {
        // The command tells the function and the document of a document's error too.
        const told = error_prefix ?? error;
        const isTold = ({ message }) => message.startsWith(told) || told.includes(message);
        assert.throws(evaluate, isTold, `${file}: ${name}`);
      } else {
        assert.deepEqual(evaluate(), values, `${file}: ${name}`);
      }
    }
  }
});

test("documents are read as the host does, which runs the same vectors", async () => {
  const vectors = await readFile(join(here, "../../../tests/vectors/read_kinds.json"), "utf8");
  const { cases } = JSON.parse(vectors);
  assert.ok(cases.length > 500);
  // Documents with their digits.
  const written = parseFields(vectors).cases;
  const kinds = ["boolean", "int64", "float64", "text", "timestamp", "json"];
  cases.forEach(({ name, params, values }, at) => {
    const { documents } = written[at];
    const read = kinds.map((kind) => udf.query(kind, params).evaluateAll(documents));
    const found = documents.map((_, row) => read.map((column) => column[row]));
    assert.deepEqual(plain(found), plain(values), name);
  });
});

/** A value with numbers for integers of any size, and one zero. */
function plain(value) {
  const text = JSON.stringify(value, (_, inner) =>
    typeof inner === "bigint" ? Number(inner) : inner,
  );
  return JSON.parse(text);
}

/** A text that a vectors file writes as a repetition. */
function repeated(_key, value) {
  const isRepeated = typeof value?.repeat === "string" && Object.keys(value).length === 2;
  return isRepeated ? value.repeat.repeat(value.times) : value;
}

function documentOf(document) {
  if (document._source === undefined) return document;
  return new Document(document._source, { id: document._id, score: document._score });
}

test("an error of asc is told with its place", async () => {
  const project = await mkdtemp(join(here, "../target-"));
  try {
    await writeFile(join(project, "package.json"), await readFile(join(here, "package.json")));
    const config = {
      extends: "../kit/asconfig.json",
      entries: ["index.ts", "../kit/assembly/exports.ts"],
    };
    await writeFile(join(project, "asconfig.json"), JSON.stringify(config));
    await writeFile(join(project, "index.ts"), 'const one: i32 = "one";\n');
    await assert.rejects(load(project), {
      message: /^asc failed:\n[^]*ERROR TS2322[^]*index\.ts\(1,18\)/,
    });
  } finally {
    await rm(project, { recursive: true });
  }
});
