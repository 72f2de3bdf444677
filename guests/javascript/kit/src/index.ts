/**
 * Write Whittle UDFs in TypeScript or JavaScript. A UDF is a function with its parameters and result.
 *
 * ```ts
 * import { component, define, field, parameter } from "whittle-guest";
 *
 * const tooLong = define({
 *   name: "too_long",
 *   description: "Tells whether a film is longer than it should be.",
 *   parameters: {
 *     field: field("int64", "The field that holds the minutes."),
 *     enough: parameter("int64", "How many minutes are enough.", { default: 120, minimum: 0 }),
 *   },
 *   returns: "boolean",
 *   prepare({ field, enough }) {
 *     return () => field.or(0) > enough;
 *   },
 * });
 *
 * export const functions = component(tooLong);
 * ```
 *
 * `prepare` runs once per query; the function that it returns runs for each document. A kind is
 * `boolean`, `int64`, `float64`, `text`, `timestamp` or `json`. A thrown error fails the document with
 * its message, or the query if `prepare` throws it. Throw `InvalidArgument` if an argument is wrong.
 *
 * @module
 */

/// <reference path="./contract.d.ts" />

import "#standard";

export type { Column, ColumnResults, Vectors, BatchFunction } from "./columns.js";
export { type Arguments, component, type Declaration, define, type Udf } from "./component.js";
export * as document from "./document.js";
export { InvalidArgument } from "./errors.js";
export { type Field, type Fields, resolve, type WholeField } from "./field.js";
export * as log from "./log.js";
export { type Bounds, field, parameter, type Parameter } from "./parameters.js";
export type { Json, Kind, Timestamp, Values } from "./values.js";
