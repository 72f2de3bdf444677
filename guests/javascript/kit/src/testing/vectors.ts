/**
 * Test vectors in Node: what the functions of a project give, without building a component. Whether
 * that is what was expected is not decided here.
 */

import type { Exports } from "../component.js";
import { InvalidArgument } from "../errors.js";
import { ArgumentError } from "./arguments.js";
import { Digits, parsed } from "./exact.js";
import { BrokenContract } from "./host.js";
import { Document, Failure, Query } from "./query.js";
import type { Source } from "./reading.js";

interface Case {
  readonly function: string;
  readonly params?: Record<string, unknown>;
  readonly documents: readonly Source[];
  readonly values?: unknown;
  readonly mapping?: unknown;
}

type Suite = Omit<Case, "documents"> & { readonly cases: readonly Case[] };

/** Runs a file of vectors, and gives a line of JSON for each case when it has run. */
export function* run(functions: Exports, text: string): Generator<string> {
  const vectors = expanded(parsed(text)) as Suite | readonly Suite[];
  const suites = Array.isArray(vectors) ? (vectors as readonly Suite[]) : [vectors as Suite];
  for (const { cases, ...suite } of suites) {
    for (const one of cases) {
      const { mapping = suite.mapping, ...rest } = one;
      yield JSON.stringify(found(functions, { ...rest, function: suite.function, mapping }));
    }
  }
}

function found(functions: Exports, one: Case): object {
  const { function: name, params = {}, mapping } = one;
  const isUnmapped = JSON.stringify(mapping) === '{"enabled":false}';
  if (mapping !== undefined && !isUnmapped) {
    return { skipped: "the case has a mapping, which only the host reads documents with" };
  }
  let query: Query | null = null;
  try {
    query = new Query(functions, name, params);
    const documents = one.documents.map(documentOf);
    const results = query.values(documents, { mapped: !isUnmapped });
    const logs = query.log;
    const failed = results.findIndex((result) => result instanceof Failure);
    if (one.values === undefined && failed >= 0) {
      const message = line((results[failed] as Failure).message);
      const id = documents[failed]!.id ?? failed;
      return { error: `function \`${name}\` failed for document \`${id}\`: "${message}"`, logs };
    }
    const errors: Record<number, string> = {};
    const values = results.map((result, at) => {
      if (!(result instanceof Failure)) return typeof result === "number" ? json(result) : result;
      errors[at] = line(result.message);
      return null;
    });
    return { values, errors, logs };
  } catch (thrown) {
    const message = line(thrown instanceof Error ? thrown.message || thrown.name : String(thrown));
    const logs = query?.log ?? [];
    if (thrown instanceof ArgumentError) return { error: message, logs };
    if (thrown instanceof BrokenContract) {
      return { error: `function \`${name}\` was stopped: ${message}`, logs };
    }
    const verb =
      thrown instanceof InvalidArgument ? "refused its arguments" : "failed in `prepare`";
    return { error: `function \`${name}\` ${verb}: "${message}"`, logs };
  }
}

/** A message as one line, as the host has it. */
function line(message: string): string {
  return message.replace(/[\n\r\t]/g, " ");
}

function json(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function documentOf(sample: Source): Document {
  const { _id: id, _score: score, _source: source, ...rest } = sample;
  const isSource = typeof source === "object" && source !== null && !Array.isArray(source);
  if (!isSource || Object.keys(rest).length > 0) return new Document(sample);
  const given = id == null ? undefined : String(id instanceof Digits ? id.digits : id);
  return new Document(source as Source, given, score == null ? 1 : Number(JSON.stringify(score)));
}

/** Writes out the strings that are written as a repetition. */
function expanded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null || value instanceof Digits) return value;
  const { repeat, times, ...rest } = value as Record<string, unknown>;
  const isRepetition = typeof repeat === "string" && times instanceof Digits;
  if (isRepetition && Object.keys(rest).length === 0) return repeat.repeat(Number(times.digits));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expanded(inner)]));
}
