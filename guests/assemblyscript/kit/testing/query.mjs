/** A function that is bound to the arguments of one query. */

import { deepStrictEqual } from "node:assert";
import { inspect } from "node:util";

import { checked } from "./arguments.mjs";
import { Document } from "./document.mjs";
import { putValues } from "./instance.mjs";
import { together, unmapped } from "./reading.mjs";

/** The host of one instance: what the contract lets it ask, and the errors of what it does not. */
class Host {
  instance = null;
  phase = "";
  fields = [];
  documents = [];
  /** Reads a field of one of the documents. */
  readField = null;
  inBatch = false;
  logs = [];
  lastError = "";
  failures = new Map();
  results = [];

  constructor(returns) {
    this.returns = returns;
  }

  resolve(path, kind) {
    if (this.phase !== "bind") {
      misuse(
        "it looked up a field outside of `prepare`: look up all fields there, before the first document",
      );
    }
    const known = this.fields.findIndex((field) => field.path === path && field.kind === kind);
    return (known < 0 ? this.fields.push({ path, kind }) - 1 : known) + 1;
  }

  #document() {
    if (this.phase !== "evaluate") {
      misuse(
        "it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters",
      );
    }
    return this.documents[this.inBatch ? this.instance.row : 0];
  }

  read(handle, kind) {
    const document = this.#document();
    const field = this.fields[handle - 1];
    if (field === undefined) {
      misuse(
        `it read the field handle ${handle}, which no lookup returned: look up the field in \`prepare\``,
      );
    }
    if (kind !== undefined && kind !== field.kind) {
      misuse(`it read the field \`${field.path}\` as ${kind}, but resolved it as ${field.kind}`);
    }
    return this.readField(document.fields, field.path, field.kind);
  }

  id() {
    return this.#document().id;
  }

  score() {
    return this.#document().score;
  }

  log(level, message) {
    if (level === "error") this.lastError = message;
    this.logs.push(`${level}: ${message}`);
  }

  fail(row, message) {
    this.failures.set(row, message);
  }

  put(validity, values, offsets) {
    for (const value of putValues(this.returns, validity, values, offsets)) {
      const error = this.failures.get(this.results.length);
      this.results.push(error === undefined ? { value } : { error });
    }
  }
}

function misuse(reason) {
  throw new Error(`the guest broke the contract: ${reason}`);
}

/** A query with a function, in an instance that `instance` makes for a host. */
export class Query {
  #host;
  #instance;
  #declared;
  #stopped = false;

  constructor(instance, declared, parameters) {
    this.#declared = declared;
    const { name } = declared;
    let given;
    try {
      given = checked(declared.parameters, parameters);
    } catch (error) {
      throw new Error(`function \`${name}\`: ${error.message}`);
    }
    this.#host = new Host(declared.returns);
    this.#instance = instance(this.#host);
    this.#host.instance = this.#instance;
    const refused = this.#run("bind", [], () => this.#instance.bind(name, given));
    if (refused !== null) {
      throw new Error(`function \`${name}\` refused its arguments: "${refused}"`);
    }
  }

  /** The lines that the function has logged, each after its level: `warn: no title`. */
  get logs() {
    return this.#host.logs;
  }

  /**
   * The value of a document: an object with the fields, or a `Document`. Null means no value. An
   * integer or a timestamp is a number, or a bigint if a number cannot hold it; a timestamp is in
   * microseconds. Throws the document's error.
   */
  evaluate(document) {
    const [result] = this.#evaluate([document]);
    if (result instanceof Error) throw result;
    return result;
  }

  /**
   * The values of documents, which are read together, as those of one index; an error stands for
   * itself. They are evaluated one by one, and all in one batch, which must give the same.
   *
   * With `mapped: false`, documents are read as by an index whose mapping leaves their fields out:
   * values are those that the documents have, and are not converted.
   */
  evaluateAll(documents, { mapped = true } = {}) {
    return this.#evaluate(documents, mapped);
  }

  #evaluate(given, mapped = true) {
    const documents = given.map((each, position) => {
      const document = each instanceof Document ? each : new Document(each);
      return { ...document, id: document.id ?? String(position) };
    });
    this.#host.readField = mapped ? together(documents.map(({ fields }) => fields)) : unmapped;
    const alone = documents.map((document) =>
      this.#run("evaluate", [document], () => this.#checked(this.#instance.evaluate())),
    );
    const inBatch = this.#batch(documents);
    documents.forEach(({ id }, row) => {
      try {
        deepStrictEqual(inBatch[row], alone[row]);
      } catch {
        const [one, other] = [inspect(alone[row]), inspect(inBatch[row])];
        throw new Error(
          `document \`${id}\` gives ${one} alone, but ${other} in a batch: both must be the same`,
        );
      }
    });
    return alone.map(({ value, error }) => (error === undefined ? shown(value) : new Error(error)));
  }

  #batch(documents) {
    const host = this.#host;
    if (documents.length === 0) return [];
    const logs = [...host.logs];
    host.failures.clear();
    host.results = [];
    const columns = host.fields.map(({ path, kind }) => ({
      kind,
      values: documents.map(({ fields }) => host.readField(fields, path, kind)),
    }));
    const scores = documents.map(({ score }) => score);
    host.inBatch = true;
    this.#run("evaluate", documents, () =>
      this.#instance.evaluateBatch(documents.length, columns, scores),
    );
    host.inBatch = false;
    host.logs = logs;
    return host.results.map((result) => this.#checked(result));
  }

  /** A result as the host checks it: JSON is parsed. */
  #checked(result) {
    if (this.#declared.returns !== "json" || typeof result.value !== "string") return result;
    try {
      return { value: JSON.parse(result.value) };
    } catch {
      return { error: `returned a text that is not JSON: "${result.value}"` };
    }
  }

  #run(phase, documents, call) {
    const host = this.#host;
    if (this.#stopped) {
      throw new Error(
        `function \`${this.#declared.name}\` has already been stopped: bind it again`,
      );
    }
    host.phase = phase;
    host.documents = documents;
    host.lastError = "";
    try {
      const result = call();
      host.phase = "";
      return result;
    } catch (error) {
      this.#stopped = true;
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      const last = host.lastError === "" ? "" : `, after it logged "${host.lastError}"`;
      throw new Error(`the guest trapped: ${error.message}${last}`, { cause: error });
    }
  }
}

/** An integer as a number, if that can hold it. */
function shown(value) {
  const isSafe = typeof value === "bigint" && Number.isSafeInteger(Number(value));
  return isSafe ? Number(value) : value;
}
