/** JSON whose numbers keep their digits, as the host reads and writes it. */

/** A number of a JSON text, as it was written there. */
export class Digits {
  constructor(readonly digits: string) {}

  toJSON(): number {
    return Number(this.digits);
  }
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],:]/g;
/** The beginning of a text that nobody writes: it stands for a number. */
const NUMBER = "\0number ";

/** Reads a JSON text. A key that comes twice in an object is refused, as the host does. */
export function parsed(text: string): unknown {
  refuseDoubledKeys(text);
  return parsedLast(text);
}

/** Reads a JSON text; of a key that comes twice in an object, the last counts. */
export function parsedLast(text: string): unknown {
  const marked = text.replace(TOKENS, (token) =>
    /^[-\d]/.test(token) ? JSON.stringify(`${NUMBER}${token}`) : token,
  );
  return JSON.parse(marked, (_, value: unknown) => {
    const isNumber = typeof value === "string" && value.startsWith(NUMBER);
    return isNumber ? new Digits(value.slice(NUMBER.length)) : value;
  });
}

/** Writes a value without blanks. */
export function written(value: unknown): string {
  if (value instanceof Digits) return value.digits;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map((inner) => written(inner ?? null)).join(",")}]`;
  const isObject = typeof value === "object" && value !== null && !(value instanceof Date);
  if (!isObject) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${written(inner)}`).join(",")}}`;
}

/** What is valid JSON otherwise, the parser finds out. */
function refuseDoubledKeys(text: string): void {
  const open: (Set<string> | null)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : null);
    if (token === "}" || token === "]") open.pop();
    if (token === ":") {
      const key = JSON.parse(last) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) throw new SyntaxError(`duplicate key \`${key}\``);
      keys?.add(key);
    }
    last = token;
  }
}
