/** The results of a batch, from one document after the other, in the form that the host takes. */

import { results as host } from "#host";

import { hostError } from "./errors.js";
import { encode } from "./text.js";
import { type Kind, lower } from "./values.js";

/** Texts are given to the host before the batch is over when they have so many UTF-16 units. */
const PART_UNITS = 1 << 16;

/** Results for the rows of a batch, which come in their order. */
export interface Results {
  /** The values of booleans and floats, which can be set here too. */
  readonly values: Uint8Array | Float64Array;
  /** The result of a row. Throws if it is not of the kind. */
  set(at: number, value: unknown): void;
  /** The row has an error in place of a result. */
  fail(at: number, thrown: unknown): void;
  /** Gives the results to the host; nothing comes after it. */
  put(): void;
}

/** No results yet, for values of a kind. */
export function resultsOf(kind: Kind, rows: number): Results {
  return kind === "text" || kind === "json" ? new TextResults(kind) : new NumberResults(kind, rows);
}

class NumberResults implements Results {
  readonly values: Uint8Array | Float64Array;
  /** The low and the high half of each integer. */
  private readonly halves: Int32Array;
  private validity: Uint8Array | null = null;

  constructor(
    private readonly kind: Exclude<Kind, "text" | "json">,
    private readonly rows: number,
  ) {
    this.values = kind === "boolean" ? new Uint8Array(rows) : new Float64Array(rows);
    this.halves = kind === "boolean" ? new Int32Array(0) : new Int32Array(this.values.buffer);
  }

  set(at: number, value: unknown): void {
    if (value == null) return this.none(at);
    lower(this.kind, value);
    if (this.kind === "int64" || this.kind === "timestamp") {
      // Both are taken modulo 2^32.
      this.halves[2 * at] = value as number;
      this.halves[2 * at + 1] = Math.floor((value as number) / 2 ** 32);
    } else {
      this.values[at] = value as number;
    }
  }

  fail(at: number, thrown: unknown): void {
    this.none(at);
    host.fail(at, hostError(thrown));
  }

  put(): void {
    host.put(this.validity, new Uint8Array(this.values.buffer), null);
  }

  private none(at: number): void {
    this.validity ??= new Uint8Array(this.rows).fill(1);
    this.validity[at] = 0;
  }
}

class TextResults implements Results {
  readonly values = new Uint8Array(0);
  /** Of the rows that the host has not got. */
  private texts: string[] = [];
  private units = 0;
  private missing: number[] = [];

  constructor(private readonly kind: "text" | "json") {}

  set(_: number, value: unknown): void {
    if (value == null) this.none();
    else this.add(lower(this.kind, value) as string);
  }

  fail(at: number, thrown: unknown): void {
    host.fail(at, hostError(thrown));
    this.none();
  }

  put(): void {
    const { texts, missing } = this;
    if (texts.length === 0) return;
    let validity = null;
    if (missing.length > 0) {
      validity = new Uint8Array(texts.length).fill(1);
      for (const index of missing) validity[index] = 0;
    }
    const { bytes, offsets } = encode(texts);
    host.put(validity, bytes, new Uint8Array(offsets.buffer));
    this.texts = [];
    this.units = 0;
    this.missing = [];
  }

  private none(): void {
    this.missing.push(this.texts.length);
    this.add("");
  }

  private add(text: string): void {
    this.texts.push(text);
    this.units += text.length;
    if (this.units >= PART_UNITS) this.put();
  }
}
