/**
 * The contract as the engines present it: what the host gives a component.
 *
 * A number of 64 bits is a `number` in QuickJS and a `bigint` in StarlingMonkey; `engine.ts` makes
 * one of the two.
 */

declare module "whittle:udf/document@0.1.0" {
  /** A kind, as in `values.ts`. */
  type Kind = "boolean" | "int64" | "float64" | "text" | "timestamp" | "json";
  export function resolve(path: string, kind: Kind): number;
  export function has(field: number): boolean;
  export function getBoolean(field: number): boolean | null | undefined;
  export function getInt64(field: number): number | bigint | null | undefined;
  export function getFloat64(field: number): number | null | undefined;
  export function getTimestamp(field: number): number | bigint | null | undefined;
  export function getText(field: number): string | null | undefined;
  export function getJson(field: number): string | null | undefined;
  export function booleanOr(field: number, fallback: boolean): boolean;
  export function int64Or(field: number, fallback: number | bigint): number | bigint;
  export function float64Or(field: number, fallback: number): number;
  export function timestampOr(field: number, fallback: number | bigint): number | bigint;
  export function id(): string;
  export function score(): number;
}

declare module "whittle:batch/results@0.2.0" {
  export function watch(row: Uint32Array): void;
  export function at(row: number): void;
  export function fail(
    row: number,
    error: { readonly tag: "invalid-argument" | "failed"; readonly val: string },
  ): void;
  export function put(
    validity: Uint8Array | null,
    values: Uint8Array,
    offsets: Uint8Array | null,
  ): void;
}

declare module "whittle:udf/logging@0.1.0" {
  export function log(level: "trace" | "debug" | "info" | "warn" | "error", message: string): void;
}

/** The engine that the component runs in; `whittle build` fills it in. */
declare const WHITTLE_ENGINE: "quickjs" | "starlingmonkey";

/** What the project's `package.json` says of it; `whittle build` fills it in. */
declare const WHITTLE_PROJECT: {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly author: string;
};

/** Both engines have these, though they are of browsers. */
declare function atob(text: string): string;
declare function btoa(text: string): string;
