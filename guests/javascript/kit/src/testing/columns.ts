/** Columns as the host hands them over, and results as it takes them. */

import type { ColumnRecord } from "../batch.js";
import { encode, texts } from "../text.js";
import type { Kind } from "../values.js";
import type { State, Value } from "./host.js";

/** The columns of the fields that a function has resolved. */
export function columnsOf({ fields }: State): ColumnRecord[] {
  return [...fields].map(([field, { kind, values }]) => {
    if (values.every((value) => value === null)) {
      return { field, validity: null, values: { tag: "missing" } };
    }
    const isWhole = values.every((value) => value !== null);
    const validity = isWhole ? null : Uint8Array.from(values, (value) => (value === null ? 0 : 1));
    return { field, validity, values: contents(kind, values) };
  });
}

function contents(kind: Kind, values: readonly Value[]): ColumnRecord["values"] {
  if (kind === "text" || kind === "json") {
    const { bytes, offsets } = encode(values.map((value) => String(value ?? "")));
    return { tag: "texts", val: { offsets: new Uint8Array(offsets.buffer), bytes } };
  }
  return { tag: "numbers", val: new Uint8Array(numbers(kind, values).buffer) };
}

function numbers(kind: Kind, values: readonly Value[]): Uint8Array | Float64Array | BigInt64Array {
  if (kind === "boolean") return Uint8Array.from(values, (value) => (value ? 1 : 0));
  if (kind === "float64") return Float64Array.from(values, (value) => Number(value ?? 0));
  return BigInt64Array.from(values, (value) => BigInt(value ?? 0));
}

/** A result of a batch: a value, or the error in place of one. */
export type Result = { readonly value: Value } | { readonly error: unknown };

/** The results that a function has put. */
export function resultsOf(kind: Kind, { put }: State): Result[] {
  const results: Result[] = [];
  const failed = new Map<number, unknown>();
  for (const part of put) {
    if (part.what === "fail") {
      failed.set(part.row, part.error);
      continue;
    }
    const { validity } = part;
    decoded(kind, part).forEach((value, index) => {
      const error = failed.get(results.length);
      const isNull = validity !== null && validity[index] === 0;
      results.push(error === undefined ? { value: isNull ? null : value } : { error });
    });
  }
  return results;
}

function decoded(
  kind: Kind,
  { values, offsets }: { readonly values: Uint8Array; readonly offsets: Uint8Array | null },
): readonly Value[] {
  if (offsets !== null) {
    const text = texts({ tag: "texts", val: { offsets, bytes: values } });
    return Array.from({ length: offsets.length / 4 - 1 }, (_, index) => text(index));
  }
  const { buffer } = values.slice();
  if (kind === "boolean") return Array.from(values, (value) => value === 1);
  return kind === "float64" ? [...new Float64Array(buffer)] : [...new BigInt64Array(buffer)];
}
