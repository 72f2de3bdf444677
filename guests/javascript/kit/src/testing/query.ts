/** A function with its arguments, and what it gives for documents. */

import type { Exports } from "../component.js";
import { last, withoutStack } from "../errors.js";
import type { Json, Kind } from "../values.js";
import { checked, type Function } from "./arguments.js";
import { columnsOf, type Result, resultsOf } from "./columns.js";
import { BrokenContract, enter, State, type Value } from "./host.js";
import { type Source, together, unmapped } from "./reading.js";
import { inside } from "./standard.js";

withoutStack();

/** A document with more than its fields. */
export class Document {
  constructor(
    readonly source: Source,
    /** Its position if it is not given. */
    readonly id?: string | undefined,
    readonly score = 1,
  ) {}
}

/** In place of a value: the message of the error with which a document's evaluation ended. */
export class Failure {
  constructor(readonly message: string) {}
}

/** A function with its arguments. */
export class Query {
  readonly #functions: Exports;
  readonly #name: string;
  readonly #given: ReturnType<typeof checked>;
  readonly #returns: Kind;
  #state = new State();

  constructor(functions: Exports, name: string, args: Readonly<Record<string, unknown>>) {
    this.#functions = functions;
    this.#name = name;
    const described = functions.describe() as { readonly functions: readonly Function[] };
    const declared = described.functions;
    this.#given = checked(declared, name, args);
    this.#returns = declared.find((declared) => declared.name === name)!.returns;
    this.#bind();
  }

  /** The lines that the function has logged, each after its level: `info: so many words`. */
  get log(): readonly string[] {
    return this.#state.log;
  }

  /** Evaluates the function for a document. What the author's function throws is thrown here. */
  value(document: Source | Document): Json {
    this.#bindAgain();
    this.#load([document], true);
    return this.#running("evaluate", () => {
      const { tag, val } = this.#functions.evaluate() as { tag: string; val?: Value };
      return tag === "null" ? null : shown(this.#returns, val!);
    });
  }

  /**
   * Evaluates the function for documents that are read together, in one batch. A document whose
   * evaluation throws has a `Failure`. Throws if a document alone gives something else.
   *
   * With `mapped: false`, documents are read as by an index whose mapping leaves their fields out:
   * values are those that the documents have, and are not converted.
   */
  values(documents: readonly (Source | Document)[], { mapped = true } = {}): (Json | Failure)[] {
    this.#bindAgain();
    this.#load(documents, mapped);
    if (documents.length === 0) return [];
    const lines = this.log.length;
    const each = documents.map((_, row) => this.#alone(row));
    this.#state.log.length = lines;
    this.#state.row = 0;
    this.#state.put = [];
    const { scores } = this.#state;
    const given = scores.every((score) => score === 1) ? null : Float64Array.from(scores);
    const bytes = given && new Uint8Array(given.buffer);
    const columns = columnsOf(this.#state);
    this.#running("evaluate", () => {
      this.#functions.evaluate(documents.length, columns, bytes);
    });
    const whole = resultsOf(this.#returns, this.#state).map((result) => this.#shown(result));
    whole.forEach((result, at) => {
      const [one, other] = [JSON.stringify(each[at]), JSON.stringify(result)];
      if (one === other) return;
      throw new Error(`document ${at}: \`batch\` gives ${other}, and alone it gives ${one}`);
    });
    return whole;
  }

  /**
   * Several queries can be of one component, which has one function bound. A query binds once, so
   * what `prepare` logs is in the log once.
   */
  #bindAgain(): void {
    const { log } = this.#state;
    const lines = log.length;
    this.#bind();
    log.length = lines;
  }

  #bind(): void {
    const { log } = this.#state;
    this.#state = new State(log);
    this.#running("bind", () => this.#functions.bind(this.#name, this.#given as never));
  }

  #load(given: readonly (Source | Document)[], mapped: boolean): void {
    const documents = given.map((one) => (one instanceof Document ? one : new Document(one)));
    const read = mapped ? together(documents.map(({ source }) => source)) : unmapped;
    this.#state.ids = documents.map(({ id }, at) => id ?? String(at));
    this.#state.scores = documents.map(({ score }) => score);
    for (const asked of this.#state.fields.values()) {
      asked.values = documents.map(({ source }) => read(source, asked.path, asked.kind));
    }
  }

  /** The result of one of the documents, without a batch. */
  #alone(row: number): Json | Failure {
    this.#state.row = row;
    try {
      return this.#running("evaluate", () => {
        const { tag, val } = this.#functions.evaluate() as { tag: string; val?: Value };
        return this.#shown({ value: tag === "null" ? null : val! });
      });
    } catch (thrown) {
      if (thrown instanceof BrokenContract) throw thrown;
      return this.#shown({ error: this.#error });
    }
  }

  /** What the component made of the last thrown value. */
  #error: unknown;

  #shown(result: Result): Json | Failure {
    if ("value" in result) return shown(this.#returns, result.value);
    return new Failure((result.error as { readonly val: string }).val);
  }

  /** Runs the author's code as in a component: with this query's host, and without a clock. */
  #running<T>(phase: State["phase"], run: () => T): T {
    enter(this.#state);
    this.#state.phase = phase;
    try {
      return inside(run);
    } catch (thrown) {
      this.#error = thrown;
      const isHostError = typeof thrown === "object" && thrown !== null && "tag" in thrown;
      throw isHostError ? last : thrown;
    } finally {
      this.#state.phase = "outside";
      // Whether the author's code has caught it or not.
      if (this.#state.broken) throw this.#state.broken;
    }
  }
}

/** A value as the author has it. */
function shown(kind: Kind, value: Value): Json {
  if (kind === "json" && value !== null) return JSON.parse(String(value)) as Json;
  return typeof value === "bigint" ? Number(value) : value;
}
