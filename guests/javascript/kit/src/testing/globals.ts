/** The global objects that a component has others of, as Node has them. */

/** The properties of some objects at a time. */
interface Taken {
  /** Gives the objects these properties again. */
  put(): void;
}

declare const crypto: object;

const OBJECTS = [globalThis, crypto, Math, Date, Date.prototype];
const NAMES = [
  ...["Date", "console", "performance", "now", "constructor"],
  ...["random", "getRandomValues", "randomUUID"],
];

/** The properties as they are now. */
export function taken(): Taken {
  const found = OBJECTS.flatMap((object) =>
    NAMES.map((name) => ({
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

const node = taken();

/** Gives Node its own again. */
export function restore(): void {
  node.put();
}

// Node 20 has no base64 of bytes; both engines do.
declare const Buffer: {
  from(bytes: Uint8Array): { toString(form: "base64"): string };
  from(text: string, form: "base64"): Uint8Array;
};

function define(object: object, name: string, value: unknown): void {
  if (!(name in object)) Object.defineProperty(object, name, { value, configurable: true });
}

define(Uint8Array.prototype, "toBase64", function (this: Uint8Array) {
  return Buffer.from(this).toString("base64");
});
define(Uint8Array, "fromBase64", (text: string) => new Uint8Array(Buffer.from(text, "base64")));
