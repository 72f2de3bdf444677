/**
 * A host for tests: the interfaces that a component imports, for documents that a query has been
 * given. It does what the host does, value for value and error for error.
 */

import type { Kind } from "../values.js";

/** A field that a function has resolved, and its values in the documents. */
interface Asked {
  readonly path: string;
  readonly kind: Kind;
  values: readonly Value[];
}

/** A value in the form of the contract; an integer of 64 bits is a bigint. */
export type Value = boolean | bigint | number | string | null;

/** What a batch gave. */
type Put =
  | { readonly what: "fail"; readonly row: number; readonly error: unknown }
  | {
      readonly what: "put";
      readonly validity: Uint8Array | null;
      readonly values: Uint8Array;
      readonly offsets: Uint8Array | null;
    };

/** A call that the host does not allow at that time. In a component it ends the query. */
export class BrokenContract extends Error {
  override readonly name = "BrokenContract";
}

/** What the host knows of a query. */
export class State {
  phase: "bind" | "evaluate" | "outside" = "outside";
  /** By their handles. */
  readonly fields = new Map<number, Asked>();
  ids: readonly string[] = [];
  scores: readonly number[] = [];
  row = 0;
  put: Put[] = [];
  /** What the function did, which ends the query even if it catches the error. */
  broken: BrokenContract | null = null;

  constructor(readonly log: string[] = []) {}
}

let state = new State();

/** Makes a query the present one. */
export function enter(present: State): void {
  state = present;
}

function misuse(reason: string): never {
  state.broken = new BrokenContract(`the guest broke the contract: ${reason}`);
  throw state.broken;
}

function evaluating(): void {
  if (state.phase !== "evaluate") {
    misuse(
      "it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters",
    );
  }
}

function value(handle: number): Value {
  evaluating();
  return state.fields.get(handle)?.values[state.row] ?? null;
}

/** An integer as QuickJS has it. */
function lifted(value: Value): boolean | number | string | null {
  return typeof value === "bigint" ? Number(value) : value;
}

const get = (handle: number) => lifted(value(handle));
const or = (handle: number, fallback: unknown) => get(handle) ?? fallback;

/** No two queries have the same handles, since the kit knows fields by them. */
let handles = 0;

export const document = {
  resolve(path: string, kind: Kind): number {
    if (state.phase !== "bind") {
      misuse(
        "it looked up a field outside of `prepare`: look up all fields there, before the first document",
      );
    }
    for (const [handle, asked] of state.fields) {
      if (asked.path === path && asked.kind === kind) return handle;
    }
    state.fields.set(++handles, { path, kind, values: [] });
    return handles;
  },
  has: (handle: number) => value(handle) !== null,
  getBoolean: get,
  getInt64: get,
  getFloat64: get,
  getTimestamp: get,
  getText: get,
  getJson: get,
  booleanOr: or,
  int64Or: or,
  float64Or: or,
  timestampOr: or,
  id(): string {
    evaluating();
    return state.ids[state.row]!;
  },
  score(): number {
    evaluating();
    return state.scores[state.row]!;
  },
};

export const logging = {
  log(level: string, message: string): void {
    state.log.push(`${level}: ${message}`);
  },
};

export const results = {
  watch(): void {},
  at(row: number): void {
    state.row = row;
  },
  fail(row: number, error: unknown): void {
    state.put.push({ what: "fail", row, error });
  },
  put(validity: Uint8Array | null, values: Uint8Array, offsets: Uint8Array | null): void {
    state.put.push({ what: "put", validity, values, offsets });
  },
};
