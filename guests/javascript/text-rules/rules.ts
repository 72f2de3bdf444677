/** Rules: what the argument says, checked, and as conditions that are ready to be asked. */

import { InvalidArgument, type Json } from "whittle-guest";

import { fold, hasLength, type Text } from "./text.js";

/** A rule, checked. */
export interface Rule {
  readonly reason: string;
  /** Of the fields, of which one must match; at least one. */
  readonly paths: readonly string[];
  readonly matches: (text: Text) => boolean;
}

/** A condition, for a document that has the text. */
type Condition = (text: Text, value: string) => boolean;

/** The rules of an argument. Throws `InvalidArgument` with the rule's position and key. */
export function parse(argument: Json): Rule[] {
  if (!Array.isArray(argument)) {
    throw new InvalidArgument(`parameter \`rules\` is no list of rules but ${kindOf(argument)}`);
  }
  return argument.map((rule: Json, index) => new Parser(rule, index + 1).parse());
}

const KEYS = [
  "reason",
  "field",
  "contains",
  "regex",
  "length",
  "missing",
  "ignore_case",
  "not",
] as const;

type Key = (typeof KEYS)[number];

/** Conditions on a text, of which a rule has at least one. */
const CONDITIONS = ["contains", "regex", "length"] as const;

/** One rule of the argument. */
class Parser {
  private readonly rule: { readonly [key: string]: Json };

  constructor(
    rule: Json,
    private readonly position: number,
  ) {
    if (!isObject(rule)) throw this.wrong(`is no object but ${kindOf(rule)}`);
    const unknown = Object.keys(rule).find((key) => !(KEYS as readonly string[]).includes(key));
    if (unknown !== undefined) {
      throw this.wrong(`has a key \`${unknown}\`: its keys are ${listed(KEYS)}`);
    }
    this.rule = rule;
  }

  parse(): Rule {
    const reason = this.required("reason", this.text("reason"));
    const paths = this.required("field", this.texts("field"));
    const negated = this.flag("not");
    if (this.flag("missing")) {
      const other = (["not", "ignore_case", ...CONDITIONS] as const).find((key) => this.has(key));
      if (other) throw this.wrongAt(other, "does not go together with `missing`");
      return { reason, paths, matches: (text) => text.get() === null };
    }
    const conditions = this.conditions();
    const matches = (text: Text): boolean => {
      const value = text.get();
      if (value === null) return false;
      return conditions.every((holds) => holds(text, value)) !== negated;
    };
    return { reason, paths, matches };
  }

  private conditions(): Condition[] {
    const ignoreCase = this.flag("ignore_case");
    const conditions = [this.length(), this.contains(ignoreCase), this.regex(ignoreCase)];
    const found = conditions.filter((condition) => condition !== undefined);
    if (found.length === 0) {
      throw this.wrong(`has no condition: give it one of ${listed([...CONDITIONS, "missing"])}`);
    }
    if (this.has("ignore_case") && !this.has("contains") && !this.has("regex")) {
      throw this.wrongAt("ignore_case", "goes with neither `contains` nor `regex`");
    }
    return found;
  }

  private contains(ignoreCase: boolean): Condition | undefined {
    const given = this.texts("contains");
    if (!given) return undefined;
    if (!ignoreCase) return (_, value) => given.some((sought) => value.includes(sought));
    const folded = given.map(fold);
    return (text) => folded.some((sought) => text.folded().includes(sought));
  }

  private regex(ignoreCase: boolean): Condition | undefined {
    const source = this.text("regex");
    if (source === undefined) return undefined;
    try {
      const regex = new RegExp(source, ignoreCase ? "iu" : "u");
      return (_, value) => regex.test(value);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw this.wrongAt("regex", `is no regular expression: ${why}`);
    }
  }

  private length(): Condition | undefined {
    if (!this.has("length")) return undefined;
    const bounds = this.rule["length"]!;
    if (!isObject(bounds)) throw this.wrongAt("length", `is no object but ${kindOf(bounds)}`);
    const keys = Object.keys(bounds);
    const unknown = keys.find((key) => key !== "min" && key !== "max");
    if (unknown !== undefined || keys.length === 0) {
      const what = unknown === undefined ? "is empty" : `has a key \`${unknown}\``;
      throw this.wrongAt("length", `${what}: its keys are \`min\` and \`max\``);
    }
    const bound = (key: "min" | "max", fallback: number): number => {
      const value = Object.hasOwn(bounds, key) ? bounds[key] : fallback;
      if (value === fallback || (Number.isSafeInteger(value) && (value as number) >= 0)) {
        return value as number;
      }
      throw this.wrongAt("length", `has a \`${key}\` that is no whole number from 0`);
    };
    const least = bound("min", 0);
    const most = bound("max", Infinity);
    if (least > most)
      throw this.wrongAt("length", `has a \`min\` of ${least} above its \`max\` of ${most}`);
    return (_, value) => hasLength(value, least, most);
  }

  private has(key: Key): boolean {
    return Object.hasOwn(this.rule, key);
  }

  private required<T>(key: Key, value: T | undefined): T {
    if (value === undefined) throw this.wrongAt(key, "is missing");
    return value;
  }

  private text(key: Key): string | undefined {
    if (!this.has(key)) return undefined;
    const value = this.rule[key]!;
    if (typeof value !== "string") throw this.wrongAt(key, `is no text but ${kindOf(value)}`);
    if (value === "") throw this.wrongAt(key, "is an empty text");
    return value;
  }

  /** One text, or several. */
  private texts(key: Key): string[] | undefined {
    if (!this.has(key)) return undefined;
    const value = this.rule[key]!;
    const texts: readonly Json[] = Array.isArray(value) ? value : [value];
    if (texts.length === 0) throw this.wrongAt(key, "is an empty list");
    return texts.map((text) => {
      if (typeof text !== "string") {
        const found = kindOf(text);
        const isList = Array.isArray(value);
        throw this.wrongAt(key, isList ? `is a list with ${found}` : `is no text but ${found}`);
      }
      if (text === "") throw this.wrongAt(key, "has an empty text");
      return text;
    });
  }

  private flag(key: Key): boolean {
    if (!this.has(key)) return false;
    const value = this.rule[key]!;
    if (typeof value !== "boolean") throw this.wrongAt(key, `is no boolean but ${kindOf(value)}`);
    return value;
  }

  private wrong(what: string): InvalidArgument {
    return new InvalidArgument(`parameter \`rules\`: rule ${this.position} ${what}`);
  }

  private wrongAt(key: Key, what: string): InvalidArgument {
    return new InvalidArgument(
      `parameter \`rules\`: rule ${this.position}: key \`${key}\` ${what}`,
    );
  }
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function listed(keys: readonly string[]): string {
  return keys.map((key) => `\`${key}\``).join(", ");
}
