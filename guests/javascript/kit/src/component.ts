/** From functions to the contract's exports. */

import { endLoading } from "#standard";

import * as batch from "./batch.js";
import { evaluateOne, evaluateRows, type BatchFunction } from "./columns.js";
import { hostError, InvalidArgument } from "./errors.js";
import type { Parameter } from "./parameters.js";
import { type Kind, KINDS, type Lowered, lower, notAKind, type Values } from "./values.js";

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** What `prepare` gets of some parameters. */
export type Arguments<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never;
};

/** A function, declared. */
export interface Declaration<P extends Parameters, K extends Kind> {
  /** The function's name in queries: letters, digits and `_`. */
  readonly name: string;
  /** One or two sentences for the author of a query. */
  readonly description: string;
  /** In the order in which they are shown. In queries `maxDistance` is `max_distance`. */
  readonly parameters: P;
  /** The kind of the result: boolean for a filter, a number for a score. */
  readonly returns: K;
  /**
   * Prepares one query, and returns the function that evaluates a document of it, or an object whose
   * method `batch` evaluates many. What is thrown here ends the query; as `InvalidArgument` it
   * blames an argument. What the returned function throws fails the document.
   */
  readonly prepare: (values: Arguments<P>) => (() => Values[K] | null) | BatchFunction<K>;
}

/** A function, whatever its parameters are. */
export interface Udf {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  readonly returns: Kind;
  /** Prepares a query whose arguments are known to be right in kind. */
  readonly prepare: (values: Readonly<Record<string, unknown>>) => unknown;
}

/** Declares a function. */
export function define<P extends Parameters, K extends Kind>(declaration: Declaration<P, K>): Udf {
  check(declaration as unknown as Udf);
  const { prepare, ...rest } = declaration;
  return { ...rest, prepare: (values) => prepare(values as Arguments<P>) };
}

/** Throws if a declaration is not what its type says, which plain JavaScript does not check. */
function check(declaration: Udf): void {
  const { name, description, parameters, returns, prepare } = declaration;
  if (typeof name !== "string") throw new TypeError("a function has no `name`: it is a string");
  const wrong = (problem: string): never => {
    throw new TypeError(`function \`${name}\`: ${problem}`);
  };
  if (typeof description !== "string") wrong("it has no `description`: it is a string");
  if (!KINDS.includes(returns)) wrong(`\`returns\` ${notAKind(returns)}`);
  if (typeof prepare !== "function") wrong("it has no function `prepare`");
  for (const [key, parameter] of Object.entries(parameters ?? wrong("it has no `parameters`"))) {
    if (typeof parameter?.lift !== "function") {
      wrong(`parameter \`${key}\` is made by neither \`parameter(...)\` nor \`field(...)\``);
    }
  }
}

interface Argument {
  readonly name: string;
  readonly value: { readonly val: Lowered };
}

interface Result {
  readonly tag: Kind;
  val: Lowered;
}

/** Nothing in tests, which do not read it. */
const project = typeof WHITTLE_PROJECT === "undefined" ? {} : WHITTLE_PROJECT;

const NULL = { tag: "null" } as const;

/** What a component exports, under the name `functions`. */
export interface Exports {
  describe(): object;
  bind(name: string, given: readonly Argument[]): void;
  /** Evaluates the current document. */
  evaluate(): Result | typeof NULL;
  /** Evaluates a batch: the contract's other function of this name. */
  evaluate(
    rows: number,
    columns: readonly batch.ColumnRecord[],
    scores: Uint8Array | null | undefined,
  ): void;
}

/** A function that was prepared. */
interface Bound {
  readonly one: () => Result | typeof NULL;
  readonly rows: (rows: number) => void;
}

/**
 * The component of some functions: `export const functions = component(first, second)` in the
 * project's main module. Its name, version, description and author are those in `package.json`.
 */
export function component(...udfs: readonly [Udf, ...Udf[]]): Exports {
  if (!udfs.every((udf) => typeof udf?.prepare === "function")) {
    throw new TypeError(
      "`component(...)` takes what `define(...)` returns, as `component(first, second)`",
    );
  }
  const manifest = { ...project, functions: udfs.map(described) };
  const unbound = (): never => {
    throw new Error("no function is bound");
  };
  let bound: Bound = { one: unbound, rows: unbound };
  const evaluate = (
    rows?: number,
    columns: readonly batch.ColumnRecord[] = [],
    scores?: Uint8Array | null,
  ): Result | typeof NULL => {
    if (rows !== undefined) {
      batch.inside(columns, scores, () => bound.rows(rows));
      return NULL;
    }
    try {
      return bound.one();
    } catch (thrown) {
      throw hostError(thrown);
    }
  };
  return {
    describe() {
      for (const log of endLoading()) log();
      return manifest;
    },
    bind(name, given) {
      try {
        endLoading();
        const udf = udfs.find((udf) => udf.name === name);
        if (!udf) throw new InvalidArgument(`there is no function \`${name}\``);
        bound = prepared(udf, udf.prepare(lifted(udf.parameters, given)));
        batch.watch();
      } catch (thrown) {
        throw hostError(thrown);
      }
    },
    evaluate,
  };
}

function prepared({ returns }: Udf, evaluation: unknown): Bound {
  if (typeof evaluation === "function") {
    const compute = evaluation as () => unknown;
    return {
      one: lowered(returns, compute),
      rows: (rows) => batch.byDocument(returns, rows, compute),
    };
  }
  const whole = evaluation as Partial<BatchFunction<Kind>> | null | undefined;
  if (typeof whole?.batch !== "function") {
    throw new TypeError(
      `it returned ${shown(evaluation)}: return a function that evaluates a document, ` +
        "or an object with a method `batch`",
    );
  }
  const evaluate = (documents: number) => whole.batch!(documents);
  return {
    one: lowered(returns, () => evaluateOne(returns, evaluate)),
    rows: (rows) => evaluateRows(returns, rows, evaluate),
  };
}

/** What `prepare` returned, for an error. */
function shown(evaluation: unknown): string {
  if (evaluation instanceof Promise) return "a promise, and a UDF cannot wait";
  return evaluation == null ? "nothing" : `a value of type ${typeof evaluation}`;
}

/** The contract's `evaluate` of the current document. */
function lowered(kind: Kind, compute: () => unknown): () => Result | typeof NULL {
  // One object for all results: the host has read it before the next document.
  const result: Result = { tag: kind, val: 0 };
  // What a boolean and a float need no further look at.
  const plain = kind === "float64" ? "number" : kind;
  return () => {
    const value = compute();
    if (typeof value === plain) {
      result.val = value as Lowered;
    } else if (value == null) {
      return NULL;
    } else {
      result.val = lower(kind, value);
    }
    return result;
  };
}

/** The values of the parameters, by the names that the author gave them. */
function lifted(parameters: Parameters, given: readonly Argument[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, parameter] of Object.entries(parameters)) {
    const name = snakeCase(key);
    const argument = given.find((argument) => argument.name === name);
    values[key] = argument && parameter.lift(name, argument.value.val);
  }
  return values;
}

/** A function's record in the manifest. */
function described({ name, description, parameters, returns }: Udf): object {
  const records = Object.entries(parameters).map(([key, { description, kind, presence }]) => {
    return { name: snakeCase(key), description, kind, presence };
  });
  return { name, description, parameters: records, returns };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
