/**
 * What to do without a global object that Node and browsers have and a component does not. That an
 * object is missing is known only from the engine's message; the objects themselves cannot give the
 * advice, since libraries look whether they are there.
 */

const NETWORK = "a UDF has no network, so put what it would load into the documents";
const LOOP = "a UDF has no event loop, so return the result at once";
const RANDOM = "a UDF has no randomness, so hash the document's id, or take a seed as a parameter";
const BROWSER = "a UDF does not run in a browser";
const NODE = "a UDF does not run in Node";

const ADVICE: ReadonlyMap<string, string> = new Map([
  ["fetch", NETWORK],
  ["XMLHttpRequest", NETWORK],
  ["WebSocket", NETWORK],
  ["setTimeout", LOOP],
  ["setInterval", LOOP],
  ["setImmediate", LOOP],
  ["requestAnimationFrame", LOOP],
  ["AbortController", LOOP],
  ["Worker", "a UDF has one thread"],
  ["Intl", "format numbers and dates by hand or with a package such as `date-fns`"],
  ["process", "a UDF has no environment, so take settings as parameters"],
  ["require", "write `import` at the top of the module"],
  ["module", "write `export` in place of `module.exports`"],
  ["exports", "write `export` in place of `exports`"],
  ["global", "it is called `globalThis`"],
  ["__dirname", NODE],
  ["__filename", NODE],
  ["Buffer", "use `Uint8Array`"],
  ["TextEncoder", "use `encodeURIComponent`"],
  ["TextDecoder", "use `decodeURIComponent`"],
  ["URL", "take it apart with a regular expression"],
  ["URLSearchParams", "take them apart with a regular expression"],
  ["crypto", RANDOM],
  ["structuredClone", "copy with `JSON.parse(JSON.stringify(value))`"],
  ["window", BROWSER],
  ["document", BROWSER],
  ["navigator", BROWSER],
  ["localStorage", BROWSER],
]);

/** The message of an error, with advice if it says that one of these objects is missing. */
export function advised(message: string): string {
  const [, missing] = /^'?(\w+)'? is not defined$/.exec(message) ?? [];
  const required = message.startsWith("Dynamic require of ");
  const advice = required ? NODE : missing && ADVICE.get(missing);
  return advice ? `${message}: ${advice} (docs/LIBRARIES.md lists what works)` : message;
}
