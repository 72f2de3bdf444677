/** The global objects that a component has others of, as Node has them. */

/** The properties of some objects at a time. */
interface Taken {
  /** Gives the objects these properties again. */
  put(): void;
}

/** What QuickJS does not have, of what authors and their packages may try. */
const MISSING = [
  ...["Intl", "URL", "URLSearchParams", "TextEncoder", "TextDecoder", "structuredClone", "fetch"],
  ...["setTimeout", "setInterval", "setImmediate", "AbortController", "EventTarget", "Blob"],
  ...["process", "global", "Buffer", "require", "crypto"],
];

/** The objects, and the names of their properties. */
const PLACES: readonly (readonly [object, readonly string[]])[] = [
  [globalThis, ["Date", "console", "performance", ...MISSING]],
  [Math, ["random"]],
  [Date, ["now"]],
  [Date.prototype, ["constructor"]],
  [
    (globalThis as unknown as { readonly crypto: object }).crypto,
    ["getRandomValues", "randomUUID"],
  ],
];

/** The properties as they are now. */
export function taken(): Taken {
  const found = PLACES.flatMap(([object, names]) =>
    names.map((name) => ({
      object,
      name,
      property: Object.getOwnPropertyDescriptor(object, name),
    })),
  );
  return {
    put() {
      for (const { object, name, property } of found) {
        if (property) Object.defineProperty(object, name, property);
        else Reflect.deleteProperty(object, name);
      }
    },
  };
}

/** Takes away what QuickJS does not have. */
export function hide(): void {
  for (const name of MISSING) Reflect.deleteProperty(globalThis, name);
}

const node = taken();

/** Gives Node its own again. */
export function restore(): void {
  node.put();
}

/** What this module uses of Node's `Buffer`, which the author's code does not have. */
const { Buffer } = globalThis as unknown as {
  readonly Buffer: {
    from(bytes: Uint8Array): { toString(form: "base64"): string };
    from(text: string, form: "base64"): Uint8Array;
  };
};

function define(object: object, name: string, value: unknown): void {
  if (!(name in object)) Object.defineProperty(object, name, { value, configurable: true });
}

// Node 20 has no base64 of bytes; both engines do.
define(Uint8Array.prototype, "toBase64", function (this: Uint8Array) {
  return Buffer.from(this).toString("base64");
});
define(Uint8Array, "fromBase64", (text: string) => new Uint8Array(Buffer.from(text, "base64")));
