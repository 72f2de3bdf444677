/** An instance of the module: the contract as it lies in memory, as `bindings.ts` has it. */

const FUNCTIONS = "whittle:udf/functions@0.1.0#";

/** In the contract's order. */
const KINDS = ["boolean", "int64", "float64", "text", "timestamp", "json"];
const PRESENCES = ["required", "optional", "default"];
const LEVELS = ["trace", "debug", "info", "warn", "error"];

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** One instance. `host` answers what it asks. */
export class Instance {
  #exports;
  #row = 0;

  constructor(module, host = undefined) {
    const instance = new WebAssembly.Instance(module, this.#imports(host));
    this.#exports = instance.exports;
    this.#exports._initialize();
  }

  get #view() {
    return new DataView(this.#exports.memory.buffer);
  }

  #bytes(at, length) {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }

  /** A text at an address: its own address and its length. */
  #textAt(at) {
    return this.#text(this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true));
  }

  #text(at, length) {
    // A copy, since a text need not be aligned.
    const units = new Uint16Array(this.#bytes(at, length * 2).slice().buffer);
    return Array.from(units, (unit) => String.fromCharCode(unit)).join("");
  }

  #allocate(size, align) {
    return this.#exports.cabi_realloc(0, 0, align, size);
  }

  /** Writes the address and the length of a new text to an address. */
  #putText(at, text) {
    const address = this.#allocate(text.length * 2, 2);
    for (let index = 0; index < text.length; index++) {
      this.#view.setUint16(address + index * 2, text.charCodeAt(index), true);
    }
    this.#putPair(at, address, text.length);
  }

  #putPair(at, address, length) {
    this.#view.setUint32(at, address, true);
    this.#view.setUint32(at + 4, length, true);
  }

  /** Writes the address and the length of a new list of bytes to an address. */
  #putBytes(at, bytes) {
    const address = this.#allocate(bytes.length, 8);
    this.#bytes(address, bytes.length).set(bytes);
    this.#putPair(at, address, bytes.length);
  }

  #imports(host) {
    const option = (field, kind, result, write) => {
      const value = host.read(field >>> 0, kind);
      this.#view.setUint8(result, Number(value !== null));
      if (value !== null) write(value);
    };
    const text = (kind) => (field, result) =>
      option(field, kind, result, (value) => this.#putText(result + 4, value));
    const integer = (kind) => (field, result) =>
      option(field, kind, result, (value) => this.#view.setBigInt64(result + 8, value, true));
    return {
      "whittle:udf/document@0.1.0": {
        resolve: (path, length, kind) => host.resolve(this.#text(path, length), KINDS[kind]),
        has: (field) => Number(host.read(field >>> 0) !== null),
        "get-boolean": (field, result) =>
          option(field, "boolean", result, (value) => this.#view.setUint8(result + 1, value)),
        "get-int64": integer("int64"),
        "get-float64": (field, result) =>
          option(field, "float64", result, (value) =>
            this.#view.setFloat64(result + 8, value, true),
          ),
        "get-timestamp": integer("timestamp"),
        "get-text": text("text"),
        "get-json": text("json"),
        id: (result) => this.#putText(result, host.id()),
        score: () => host.score(),
      },
      "whittle:udf/logging@0.1.0": {
        log: (level, message, length) => host.log(LEVELS[level], this.#text(message, length)),
      },
      "whittle:batch/results@0.2.0": {
        watch: (row) => {
          this.#row = row;
        },
        fail: (row, _variant, message, length) => host.fail(row, this.#text(message, length)),
        put: (hasValidity, validity, rows, values, length, hasOffsets, offsets, offsetsLength) =>
          host.put(
            hasValidity ? this.#bytes(validity, rows).slice() : null,
            this.#bytes(values, length).slice(),
            hasOffsets ? this.#bytes(offsets, offsetsLength).slice() : null,
          ),
      },
    };
  }

  /** The row that the module evaluates now. */
  get row() {
    return this.#view.getUint32(this.#row, true);
  }

  describe() {
    const at = this.#exports[`${FUNCTIONS}describe`]();
    const [name, version, description, author] = [0, 8, 16, 24].map((to) => this.#textAt(at + to));
    const functions = this.#list(at + 32, 28, (each) => ({
      name: this.#textAt(each),
      description: this.#textAt(each + 8),
      parameters: this.#list(each + 16, 48, (parameter) => this.#parameter(parameter)),
      returns: KINDS[this.#view.getUint8(each + 24)],
    }));
    return { name, version, description, author, functions };
  }

  #list(at, size, read) {
    const [start, length] = [this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true)];
    return Array.from({ length }, (_, index) => read(start + index * size));
  }

  #parameter(at) {
    const presence = PRESENCES[this.#view.getUint8(at + 24)];
    return {
      name: this.#textAt(at),
      description: this.#textAt(at + 8),
      kind: KINDS[this.#view.getUint8(at + 16)],
      presence,
      otherwise: presence === "default" ? this.#value(at + 32) : null,
    };
  }

  /** The contract's `value`. */
  #value(at) {
    const variant = this.#view.getUint8(at);
    switch (KINDS[variant - 1]) {
      case undefined:
        return null;
      case "boolean":
        return this.#view.getUint8(at + 8) !== 0;
      case "float64":
        return this.#view.getFloat64(at + 8, true);
      case "text":
      case "json":
        return this.#textAt(at + 8);
      default:
        return this.#view.getBigInt64(at + 8, true);
    }
  }

  /** Binds a function to checked arguments. Returns why it refuses them, or null. */
  bind(name, given) {
    const list = this.#allocate(given.length * 24, 8);
    given.forEach((argument, index) => {
      const at = list + index * 24;
      this.#putText(at, argument.name);
      this.#view.setUint8(at + 8, KINDS.indexOf(argument.kind) + 1);
      this.#putValue(at + 16, argument.kind, argument.value);
    });
    const place = this.#allocate(8, 4);
    this.#putText(place, name);
    const [address, length] = [this.#view.getUint32(place, true), name.length];
    const at = this.#exports[`${FUNCTIONS}bind`](address, length, list, given.length);
    return this.#view.getUint8(at) === 0 ? null : this.#textAt(at + 8);
  }

  #putValue(at, kind, value) {
    if (kind === "boolean") {
      this.#view.setUint8(at, Number(value));
    } else if (kind === "float64") {
      this.#view.setFloat64(at, value, true);
    } else if (kind === "text" || kind === "json") {
      this.#putText(at, value);
    } else {
      this.#view.setBigInt64(at, value, true);
    }
  }

  /** Evaluates one document: `{ value }` or `{ error }`. */
  evaluate() {
    const at = this.#exports[`${FUNCTIONS}evaluate`]();
    const isError = this.#view.getUint8(at) !== 0;
    return isError ? { error: this.#textAt(at + 12) } : { value: this.#value(at + 8) };
  }

  /** Evaluates a batch: fields with their kinds and values. The host gets the results. */
  evaluateBatch(rows, fields, scores) {
    const list = this.#allocate(fields.length * 36, 4);
    fields.forEach(({ kind, values }, index) => {
      const at = list + index * 36;
      this.#bytes(at, 36).fill(0);
      this.#view.setUint32(at, index + 1, true);
      const missing = values.filter((value) => value === null).length;
      if (missing > 0 && missing < rows) {
        this.#view.setUint8(at + 4, 1);
        this.#putBytes(
          at + 8,
          Uint8Array.from(values, (value) => Number(value !== null)),
        );
      }
      const isText = kind === "text" || kind === "json";
      this.#view.setUint8(at + 16, missing === rows ? 0 : isText ? 2 : 1);
      if (missing === rows) return;
      if (isText) {
        const texts = values.map((value) => utf8.encode(value ?? ""));
        const ends = texts.map(
          (
            (end) => (text) =>
              (end += text.length)
          )(0),
        );
        this.#putBytes(at + 20, new Uint8Array(Uint32Array.from([0, ...ends]).buffer));
        this.#putBytes(at + 28, Buffer.concat(texts));
      } else {
        this.#putBytes(at + 20, numbers(kind, values));
      }
    });
    const place = this.#allocate(8, 4);
    this.#putBytes(place, numbers("float64", scores));
    const address = this.#view.getUint32(place, true);
    const run = this.#exports["whittle:batch/functions@0.2.0#evaluate"];
    run(rows, list, fields.length, 1, address, rows * 8);
  }
}

/** The bytes of a column; zeros where it has no value. */
function numbers(kind, values) {
  if (kind === "boolean") return Uint8Array.from(values, Number);
  const words =
    kind === "float64"
      ? Float64Array.from(values, (value) => value ?? 0)
      : BigInt64Array.from(values, (value) => value ?? 0n);
  return new Uint8Array(words.buffer);
}

/** The values of results that were put. */
export function putValues(kind, validity, values, offsets) {
  const view = new DataView(values.buffer);
  const rows = offsets ? offsets.length / 4 - 1 : values.length / (kind === "boolean" ? 1 : 8);
  return Array.from({ length: rows }, (_, row) => {
    if (validity !== null && validity[row] === 0) return null;
    if (kind === "boolean") return values[row] !== 0;
    if (kind === "float64") return view.getFloat64(row * 8, true);
    if (offsets === null) return view.getBigInt64(row * 8, true);
    const [start, end] = new Uint32Array(offsets.buffer, row * 4, 2);
    return fromUtf8.decode(values.subarray(start, end));
  });
}
