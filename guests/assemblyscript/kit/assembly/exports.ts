// What the component exports. This file is an entry of asconfig.json, beside the project's own:
// asc exports what its entries export.

import * as batch from "./batch";
import { Kind } from "./bindings";
import * as column from "./column";
import { AUTHOR, DESCRIPTION, NAME, VERSION } from "./component";
import { Field } from "./field";
import { collect, realloc, storeText, takeText, wellFormed } from "./memory";
import * as outcome from "./outcome";
import { Outcome } from "./outcome";
import { Parameter, Presence, Value } from "./parameter";
import { Udf, functions } from "./udf";

/** Memory that the host asks for. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  return realloc(old, oldSize, align, size);
}

/** The function that the query bound. */
let bound: Udf | null = null;

/** Texts of the manifest that nothing else refers to. */
const kept: string[] = [];

/** The result of `bind` or `evaluate`: at most a `result<value, error>`. */
const RESULT: usize = memory.data(24, 8);

/** `describe`: a pointer to the manifest. */
export function describe(): usize {
  const manifest = heap.alloc(40);
  keepText(manifest, NAME);
  keepText(manifest + 8, VERSION);
  keepText(manifest + 16, DESCRIPTION);
  keepText(manifest + 24, AUTHOR);
  const length = functions.length;
  const list = heap.alloc(<usize>length * 28);
  for (let index = 0; index < length; index++) {
    writeFunction(list + <usize>index * 28, functions[index]);
  }
  store<usize>(manifest, list, 32);
  store<u32>(manifest, length, 36);
  return manifest;
}

function keepText(at: usize, text: string): void {
  const well = wellFormed(text);
  kept.push(well);
  storeText(at, well);
}

function writeFunction(at: usize, udf: Udf): void {
  keepText(at, udf.name);
  keepText(at + 8, udf.description);
  const parameters = udf.parameters;
  const length = parameters.length;
  const list = heap.alloc(<usize>length * 48);
  for (let index = 0; index < length; index++) {
    writeParameter(list + <usize>index * 48, parameters[index]);
  }
  store<usize>(at, list, 16);
  store<u32>(at, length, 20);
  store<u8>(at, udf.returns, 24);
}

function writeParameter(at: usize, parameter: Parameter): void {
  keepText(at, parameter.name);
  keepText(at + 8, parameter.description);
  store<u8>(at, parameter.kind, 16);
  store<u8>(at, parameter.presence, 24);
  const otherwise = parameter.otherwise;
  if (parameter.presence == Presence.Default && otherwise !== null) {
    outcome.begin();
    parameter.check(otherwise);
    // The component describes itself when it is built, so its author reads this.
    assert(outcome.outcome == Outcome.Value, "the default of " + outcome.message);
    writeValue(at + 32, otherwise);
  }
}

function writeValue(at: usize, value: Value): void {
  store<u8>(at, caseOf(value.kind));
  if (isText(value.kind)) {
    keepText(at + 8, value.text);
  } else {
    store<u64>(at, value.bits, 8);
  }
}

/** The case of the variant `value` that a kind has: null comes before them. */
function caseOf(kind: Kind): u8 {
  return u8(kind) + 1;
}

function isText(kind: Kind): bool {
  return kind == Kind.Text || kind == Kind.Json;
}

/** The function's name, and a list of arguments: a pointer to a `result<_, error>`. */
export function bind(name: usize, nameLength: i32, list: usize, length: i32): usize {
  outcome.begin();
  column.watch();
  store<usize>(RESULT, name);
  store<u32>(RESULT, nameLength, 4);
  const called = takeText(RESULT);
  const udf = find(called);
  if (udf === null) {
    outcome.refuse(`there is no function \`${called}\``);
  } else {
    for (let index = 0; index < length; index++) {
      accept(udf.parameters, list + <usize>index * 24);
    }
    for (let index = 0; index < udf.parameters.length; index++) {
      const parameter = udf.parameters[index];
      if (!parameter.given && parameter instanceof Field) column.leaveOut(parameter.name);
    }
    if (outcome.outcome == Outcome.Value) udf.prepare();
  }
  if (length > 0) heap.free(list);
  bound = udf;
  const isError = writeError(4);
  store<u8>(RESULT, u8(isError));
  return RESULT;
}

function find(name: string): Udf | null {
  for (let index = 0; index < functions.length; index++) {
    if (functions[index].name == name) return functions[index];
  }
  return null;
}

/** Gives a parameter its argument, which the host has checked against the manifest. */
function accept(parameters: Parameter[], argument: usize): void {
  const name = takeText(argument);
  const variant = load<u8>(argument, 8);
  if (variant == 0) return;
  const kind = <Kind>(variant - 1);
  const value = isText(kind)
    ? new Value(kind, 0, takeText(argument + 16))
    : new Value(kind, kind == Kind.Boolean ? load<u8>(argument, 16) : load<u64>(argument, 16));
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index];
    if (parameter.name == name) {
      parameter.given = true;
      parameter.check(value);
      parameter.accept(value);
      return;
    }
  }
}

/** A pointer to a `result<value, error>` for the current document. */
export function evaluate(): usize {
  outcome.begin();
  const udf = bound!;
  collect();
  column.openDocument();
  if (udf.run(0, 1, RESULT + 16) == 1) {
    store<u8>(RESULT, 0);
    store<u8>(RESULT, caseOf(udf.returns), 8);
    if (isText(udf.returns)) storeText(RESULT + 16, udf.text);
  } else {
    const isError = writeError(8);
    store<u8>(RESULT, u8(isError));
    // Where it is no error it is null, the first case of `value`.
    if (!isError) store<u8>(RESULT, 0, 8);
  }
  return RESULT;
}

/**
 * Evaluates the bound function for the rows of a batch: their number, a list of columns, and an
 * option of a list of scores.
 */
export function evaluateBatch(
  rows: u32,
  columns: usize,
  length: i32,
  hasScores: i32,
  scores: usize,
  scoresLength: u32,
): void {
  batch.evaluate(bound!, rows, columns, length, hasScores != 0, scores, scoresLength);
}

/** Writes the error of the present call into the result, if there is one. */
function writeError(at: usize): bool {
  const isInvalid = outcome.outcome == Outcome.InvalidArgument;
  if (!isInvalid && outcome.outcome != Outcome.Failed) return false;
  outcome.mend();
  store<u8>(RESULT + at, u8(!isInvalid));
  storeText(RESULT + at + 4, outcome.message);
  return true;
}
