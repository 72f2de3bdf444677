// A weighted score of three numbers, without a kit: with bindings by hand, after version 0.1 of the
// contract alone. It shows the tests that such components keep running.

import { float64Or, resolve } from "./bindings";

// Cases of the contract's kind, value and presence.
const KIND_FLOAT64: u8 = 2;
const KIND_TEXT: u8 = 3;
const VALUE_FLOAT64: u8 = 3;
const VALUE_TEXT: u8 = 4;
const PRESENCE_DEFAULT: u8 = 2;

const FIELDS: string[] = ["price", "rating", "popularity"];
const USUAL: f64[] = [0.3, 0.5, 0.2];

const weights: f64[] = [0, 0, 0];
const fields: u32[] = [0, 0, 0];

/** The result of `bind` and `evaluate`. */
const RESULT: usize = memory.data(24, 8);

export function abort(_message: usize, _file: usize, _line: u32, _column: u32): void {
  unreachable();
}

/** Memory that the host asks for; none is ever freed. */
export function cabi_realloc(_old: usize, _oldSize: usize, _align: usize, size: usize): usize {
  return heap.alloc(size);
}

/** Texts stay: the runtime frees nothing. */
function putText(at: usize, text: string): void {
  store<usize>(at, changetype<usize>(text));
  store<u32>(at, text.length, 4);
}

function isText(at: usize, text: string): bool {
  const length = load<u32>(at, 4);
  const other = load<usize>(at);
  return (
    length == <u32>text.length &&
    memory.compare(other, changetype<usize>(text), 2 * <usize>length) == 0
  );
}

function putParameter(at: usize, name: string, kind: u8, variant: u8): void {
  putText(at, name);
  store<u8>(at, kind, 16);
  store<u8>(at, PRESENCE_DEFAULT, 24);
  store<u8>(at, variant, 32);
}

export function describe(): usize {
  const parameters = heap.alloc(6 * 48);
  memory.fill(parameters, 0, 6 * 48);
  for (let index = 0; index < 3; index++) {
    const weight = parameters + <usize>index * 96;
    putParameter(weight, FIELDS[index] + "_weight", KIND_FLOAT64, VALUE_FLOAT64);
    store<f64>(weight, USUAL[index], 40);
    const field = weight + 48;
    putParameter(field, FIELDS[index] + "_field", KIND_TEXT, VALUE_TEXT);
    putText(field + 40, FIELDS[index]);
  }
  const described = heap.alloc(28);
  memory.fill(described, 0, 28);
  putText(described, "custom_score");
  store<usize>(described, parameters, 16);
  store<u32>(described, 6, 20);
  store<u8>(described, KIND_FLOAT64, 24);
  const manifest = heap.alloc(40);
  memory.fill(manifest, 0, 40);
  putText(manifest, "plain");
  putText(manifest + 8, "0.1.0");
  store<usize>(manifest, described, 32);
  store<u32>(manifest, 1, 36);
  return manifest;
}

export function bind(_name: usize, _nameLength: i32, list: usize, length: i32): usize {
  for (let given = 0; given < length; given++) {
    const argument = list + <usize>given * 24;
    for (let index = 0; index < 3; index++) {
      if (isText(argument, FIELDS[index] + "_weight")) {
        weights[index] = load<f64>(argument, 16);
      } else if (isText(argument, FIELDS[index] + "_field")) {
        fields[index] = resolve(load<usize>(argument, 16), load<i32>(argument, 20), KIND_FLOAT64);
      }
    }
  }
  store<u8>(RESULT, 0);
  return RESULT;
}

export function evaluate(): usize {
  let sum: f64 = 0;
  for (let index = 0; index < 3; index++) {
    sum += weights[index] * float64Or(fields[index], 0);
  }
  store<u8>(RESULT, 0);
  store<u8>(RESULT, VALUE_FLOAT64, 8);
  store<f64>(RESULT, sum, 16);
  return RESULT;
}
