/** What is known of the current document beside its fields. */

import { document as host } from "#host";

import { columns, range, row, scores as given } from "./batch.js";

function one(): void {
  if (range !== null) throw new Error("`batch` evaluates many documents: only `scores` is known");
}

/** The document's id, unique within the query. */
export function id(): string {
  one();
  return host.id();
}

/** The score that the query gave the document before this function; 1 where it gave none. */
export function score(): number {
  one();
  if (columns === null) return host.score();
  return given === null ? 1 : given[row]!;
}

/** The scores of the documents that `batch` is called for. Not to be written to. */
export function scores(): Float64Array {
  if (range === null) throw new Error("`scores` can be called only by `batch`");
  const { start, end } = range;
  if (given !== null) return given.subarray(start, end);
  return new Float64Array(end - start).fill(columns === null ? host.score() : 1);
}
