/** What is known of the current document beside its fields. */

import * as host from "whittle:udf/document@0.1.0";

/** The document's id, unique within the query. */
export function id(): string {
  return host.id();
}

/** The score that the query gave the document before this function; 1 where it gave none. */
export function score(): number {
  return host.score();
}
