/** A stand-in for the host in the kit's tests: one document or a batch, and the lines of the log. */

// Node 20 has no base64 of bytes; both engines do.
Object.defineProperty(Uint8Array.prototype, "toBase64", {
  value(this: Uint8Array) {
    return Buffer.from(this).toString("base64");
  },
});
Object.defineProperty(Uint8Array, "fromBase64", {
  value: (text: string) => new Uint8Array(Buffer.from(text, "base64")),
});

/** The fields of the present document, by path. */
export const fields = new Map<string, unknown>();

/** The lines of the log. */
export const lines: string[] = [];

const resolved: { path: string; kind: string }[] = [];

function value(field: number, kind: string): unknown {
  const { path, kind: declared } = resolved[field]!;
  if (kind !== declared) throw new Error(`${path} is ${declared}, but was read as ${kind}`);
  return fields.get(path) ?? null;
}

const getter = (kind: string) => (field: number) => value(field, kind);
const or = (kind: string) => (field: number, fallback: unknown) => value(field, kind) ?? fallback;

export function resolve(path: string, kind: string): number {
  return resolved.push({ path, kind }) - 1;
}

export const has = (field: number): boolean => fields.has(resolved[field]!.path);
export const getBoolean = getter("boolean");
export const getInt64 = getter("int64");
export const getFloat64 = getter("float64");
export const getTimestamp = getter("timestamp");
export const getText = getter("text");
export const getJson = getter("json");
export const booleanOr = or("boolean");
export const int64Or = or("int64");
export const float64Or = or("float64");
export const timestampOr = or("timestamp");
export const id = (): string => "an id";
export const score = (): number => 1;

export function log(level: string, message: string): void {
  lines.push(`${level}: ${message}`);
}

/** What a batch gave: calls of the functions of `results`. */
export const calls: unknown[][] = [];

export const watch = (row: Uint32Array): number => calls.push(["watch", row]);
export const at = (row: number): number => calls.push(["at", row]);
export const fail = (row: number, error: unknown): number => calls.push(["fail", row, error]);

export function put(
  validity: Uint8Array | null,
  values: Uint8Array,
  offsets: Uint8Array | null,
): void {
  calls.push(["put", validity && [...validity], values, offsets]);
}
