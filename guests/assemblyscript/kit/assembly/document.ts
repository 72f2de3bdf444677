import * as batch from "./batch";
import * as bindings from "./bindings";
import { RETURNED, expectText, returnedText } from "./memory";

/** The current document's id, unique within the query. Not while a query is prepared. */
export function id(): string {
  expectText();
  bindings.documentId(RETURNED);
  return returnedText(RETURNED);
}

/**
 * The score that the query gave the current document before this function; 1 where it gave none.
 * Not while a query is prepared.
 */
export function score(): f64 {
  return batch.score();
}
