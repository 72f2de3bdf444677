// From the text of a path to a query: the grammar of RFC 9535, and what section 2.4 demands of the
// types of functions. Of its functions there are length, count and value; match and search are
// missing, since AssemblyScript has no regular expressions.

import { Json, escapedUnit, hexUnit } from "../../kit/assembly/json";
import { isDigit } from "../../kit/assembly/number";
import {
  ABSENT,
  And,
  Comparison,
  Count,
  Exists,
  FilterSelector,
  IndexSelector,
  Length,
  Literal,
  NameSelector,
  Not,
  Operand,
  Operator,
  Or,
  Query,
  Segment,
  Selector,
  SingularQuery,
  SliceSelector,
  Test,
  ValueOf,
  WildcardSelector,
} from "./query";

/** The largest integer of I-JSON; the least is its negative. */
const MOST_INTEGER: i64 = 9007199254740991;

/** How deep filters, parentheses and functions may lie in one another. */
const MOST_DEPTH: i32 = 64;

/** No operator of a comparison. */
const NO_OPERATOR: i32 = -1;

/** What stands in an expression, before it is clear whether it is compared or tested. */
class Term {
  /** Where it begins. */
  at: i32 = 0;
  /** It, if it is a query. */
  query: Query | null = null;
  /** It, if it is a literal or a function. */
  operand: Operand | null = null;
  /** What a function is called. */
  called: string = "";
}

/**
 * Parses a path. The methods return null where it is not well formed; `problem` says why, and where,
 * counting characters from 1.
 */
export class PathParser {
  /** What is wrong with the path; null if nothing is. */
  problem: string | null = null;

  private at: i32 = 0;
  private depth: i32 = 0;

  constructor(private readonly path: string) {}

  /** The query that the path is; null if it is none. */
  parse(): Query | null {
    if (this.unit() != 0x24 /* $ */) return this.wrong<Query>("a path begins with `$`");
    const query = this.query();
    if (query !== null && this.at < this.path.length) {
      return this.wrong<Query>("expected `.`, `[` or the end of the path");
    }
    return query;
  }

  /** Says what is wrong here, or at another place; the first thing counts. */
  private wrong<T>(what: string, at: i32 = this.at): T | null {
    if (this.problem === null) {
      let position = 1;
      for (let index = 0; index < at; index++) {
        if ((this.path.charCodeAt(index) & 0xfc00) != 0xdc00) position++;
      }
      this.problem = `${what}, at character ${position}`;
    }
    return null;
  }

  /** The code unit some way from here; -1 past the end. */
  @inline
  private unit(ahead: i32 = 0): i32 {
    const index = this.at + ahead;
    return index < this.path.length ? this.path.charCodeAt(index) : -1;
  }

  private take(unit: i32): bool {
    if (this.unit() != unit) return false;
    this.at++;
    return true;
  }

  private takeWord(word: string): bool {
    if (!this.path.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private skipSpace(): void {
    while (true) {
      const unit = this.unit();
      if (unit != 0x20 && unit != 0x09 && unit != 0x0a && unit != 0x0d) return;
      this.at++;
    }
  }

  /** `$` or `@`, and segments. */
  private query(): Query | null {
    const fromRoot = this.unit() == 0x24; /* $ */
    this.at++;
    const segments = new Array<Segment>();
    while (true) {
      // Space after the last segment is not the query's.
      const end = this.at;
      this.skipSpace();
      const unit = this.unit();
      if (unit != 0x2e /* . */ && unit != 0x5b /* [ */) {
        this.at = end;
        return new Query(fromRoot, segments);
      }
      const segment = this.segment();
      if (segment === null) return null;
      segments.push(segment);
    }
  }

  /** `[...]`, `.name`, `.*`, or one of these after two dots. */
  private segment(): Segment | null {
    let isDescendant = false;
    if (this.take(0x2e /* . */)) {
      isDescendant = this.take(0x2e /* . */);
      if (!isDescendant || this.unit() != 0x5b /* [ */) {
        const selector = this.shorthand();
        return selector === null ? null : new Segment(isDescendant, [selector]);
      }
    }
    this.at++;
    const selectors = new Array<Selector>();
    do {
      this.skipSpace();
      const selector = this.selector();
      if (selector === null) return null;
      selectors.push(selector);
      this.skipSpace();
    } while (this.take(0x2c /* , */));
    if (!this.take(0x5d /* ] */)) return this.wrong<Segment>("expected `,` or `]`");
    return new Segment(isDescendant, selectors);
  }

  /** `*`, or a name without quotes. */
  private shorthand(): Selector | null {
    if (this.take(0x2a /* * */)) return new WildcardSelector();
    const start = this.at;
    if (!isNameFirst(this.unit())) return this.wrong<Selector>("expected a name or `*`");
    while (isNameFirst(this.unit()) || isDigit(this.unit())) this.at++;
    return new NameSelector(this.path.substring(start, this.at));
  }

  /** What stands between brackets and commas. */
  private selector(): Selector | null {
    const unit = this.unit();
    if (unit == 0x22 /* " */ || unit == 0x27 /* ' */) {
      const name = this.text();
      return name === null ? null : new NameSelector(name);
    }
    if (this.take(0x2a /* * */)) return new WildcardSelector();
    if (this.take(0x3f /* ? */)) {
      this.skipSpace();
      const test = this.or();
      return test === null ? null : new FilterSelector(test);
    }
    if (unit == 0x3a /* : */ || this.isInteger()) return this.indexOrSlice();
    return this.wrong<Selector>("expected a name in quotes, an index, a slice, `*` or `?`");
  }

  @inline
  private isInteger(): bool {
    return this.unit() == 0x2d /* - */ || isDigit(this.unit());
  }

  private indexOrSlice(): Selector | null {
    const start = this.optionalInteger();
    if (this.problem !== null) return null;
    const end = this.at;
    this.skipSpace();
    if (!this.take(0x3a /* : */)) {
      this.at = end;
      return new IndexSelector(start);
    }
    this.skipSpace();
    const stop = this.optionalInteger();
    this.skipSpace();
    let step = ABSENT;
    if (this.take(0x3a /* : */)) {
      this.skipSpace();
      step = this.optionalInteger();
    }
    if (this.problem !== null) return null;
    return new SliceSelector(start, stop, step == ABSENT ? 1 : step);
  }

  /** An integer of I-JSON, or `ABSENT` if there is none. */
  private optionalInteger(): i64 {
    if (!this.isInteger()) return ABSENT;
    const start = this.at;
    const isNegative = this.take(0x2d /* - */);
    const first = this.unit();
    let value: i64 = 0;
    while (isDigit(this.unit())) {
      value = min<i64>(value * 10 + (this.unit() - 0x30), MOST_INTEGER + 1);
      this.at++;
    }
    const digits = this.at - start - i32(isNegative);
    if (digits == 0) {
      this.wrong<Selector>("expected digits");
    } else if (first == 0x30 /* 0 */ && (digits > 1 || isNegative)) {
      this.wrong<Selector>("an integer has no leading zeros, and zero has no sign", start);
    } else if (value > MOST_INTEGER) {
      this.wrong<Selector>(`the integer is not within ±${MOST_INTEGER}`, start);
    }
    return isNegative ? -value : value;
  }

  /** A text in single or double quotes. */
  private text(): string | null {
    const start = this.at;
    const quote = this.unit();
    this.at++;
    const units = new Array<i32>();
    while (true) {
      const unit = this.unit();
      if (unit < 0) return this.wrong<string>("the quote has no end", start);
      if (unit < 0x20) return this.wrong<string>("a control character must be escaped");
      if (this.take(quote)) return String.fromCharCodes(units);
      if (unit != 0x5c /* \ */) {
        units.push(unit);
        this.at++;
      } else if (!this.escape(quote, units)) {
        return null;
      }
    }
  }

  /** An escape sequence, added to the text's code units. */
  private escape(quote: i32, units: i32[]): bool {
    const letter = this.unit(1);
    if (letter == quote) {
      units.push(quote);
    } else if (letter == 0x75 /* u */) {
      return this.escapedCharacter(units);
    } else {
      switch (letter) {
        case 0x2f /* / */:
        case 0x5c /* \ */:
        case 0x62 /* b */:
        case 0x66 /* f */:
        case 0x6e /* n */:
        case 0x72 /* r */:
        case 0x74 /* t */:
          units.push(escapedUnit(letter));
          break;
        default:
          this.wrong<string>("no such escape sequence");
          return false;
      }
    }
    this.at += 2;
    return true;
  }

  /** `\u` and four hexadecimal digits, or two of them that are a surrogate pair. */
  private escapedCharacter(units: i32[]): bool {
    const start = this.at;
    const first = hexUnit(this.path, start + 2);
    if (first < 0) {
      this.wrong<string>("expected four hexadecimal digits after `\\u`");
      return false;
    }
    this.at += 6;
    units.push(first);
    if ((first & 0xf800) != 0xd800) return true;
    const second =
      this.unit() == 0x5c /* \ */ && this.unit(1) == 0x75 /* u */
        ? hexUnit(this.path, this.at + 2)
        : -1;
    if (first >= 0xdc00 || (second & ~0x3ff) != 0xdc00) {
      this.wrong<string>("half a surrogate pair is no character", start);
      return false;
    }
    this.at += 6;
    units.push(second);
    return true;
  }

  /** Goes one level deeper, which `leave` ends. */
  private enter(): bool {
    if (this.depth == MOST_DEPTH) {
      this.wrong<Test>(`the path is nested deeper than ${MOST_DEPTH} levels`);
      return false;
    }
    this.depth++;
    return true;
  }

  @inline
  private leave(): void {
    this.depth--;
  }

  /** `a || b` */
  private or(): Test | null {
    if (!this.enter()) return null;
    const tests = new Array<Test>();
    while (true) {
      const test = this.and();
      if (test === null) return null;
      tests.push(test);
      const end = this.at;
      this.skipSpace();
      if (!this.takeWord("||")) {
        this.at = end;
        this.leave();
        return tests.length == 1 ? tests[0] : new Or(tests);
      }
      this.skipSpace();
    }
  }

  /** `a && b` */
  private and(): Test | null {
    const tests = new Array<Test>();
    while (true) {
      const test = this.basic();
      if (test === null) return null;
      tests.push(test);
      const end = this.at;
      this.skipSpace();
      if (!this.takeWord("&&")) {
        this.at = end;
        return tests.length == 1 ? tests[0] : new And(tests);
      }
      this.skipSpace();
    }
  }

  /** A comparison, a query that is tested, or a test in parentheses. */
  private basic(): Test | null {
    const isNegated = this.take(0x21 /* ! */);
    if (isNegated) this.skipSpace();
    let test: Test | null = null;
    if (this.take(0x28 /* ( */)) {
      this.skipSpace();
      test = this.or();
      if (test === null) return null;
      this.skipSpace();
      if (!this.take(0x29 /* ) */)) return this.wrong<Test>("expected `)`");
    } else {
      const left = this.term();
      if (left === null) return null;
      const end = this.at;
      this.skipSpace();
      const operatorAt = this.at;
      const operator = this.operator();
      if (operator != NO_OPERATOR) {
        if (isNegated) {
          return this.wrong<Test>("`!` before a comparison needs parentheses", operatorAt);
        }
        return this.comparison(left, <Operator>operator);
      }
      this.at = end;
      test = this.existence(left);
      if (test === null) return null;
    }
    return isNegated ? new Not(test) : test;
  }

  private comparison(left: Term, operator: Operator): Test | null {
    this.skipSpace();
    const right = this.term();
    if (right === null) return null;
    const leftSide = this.compared(left);
    if (leftSide === null) return null;
    const rightSide = this.compared(right);
    return rightSide === null ? null : new Comparison(leftSide, operator, rightSide);
  }

  /** The operator here, or `NO_OPERATOR`. */
  private operator(): i32 {
    if (this.takeWord("==")) return Operator.Equal;
    if (this.takeWord("!=")) return Operator.NotEqual;
    if (this.takeWord("<=")) return Operator.LessOrEqual;
    if (this.takeWord(">=")) return Operator.GreaterOrEqual;
    if (this.takeWord("<")) return Operator.Less;
    if (this.takeWord(">")) return Operator.Greater;
    return NO_OPERATOR;
  }

  /** A term that is tested. */
  private existence(term: Term): Test | null {
    const query = term.query;
    if (query !== null) return new Exists(query);
    if (term.called.length > 0) {
      return this.wrong<Test>(`what \`${term.called}\` gives must be compared`, term.at);
    }
    return this.wrong<Test>("a literal must be compared", term.at);
  }

  /** A term as a side of a comparison, or as an argument that is a value. */
  private compared(term: Term): Operand | null {
    const query = term.query;
    if (query === null) return term.operand;
    if (!query.isSingular()) {
      return this.wrong<Operand>("only a query for one node has a value to compare", term.at);
    }
    return new SingularQuery(query);
  }

  /** A query, a literal or a function. */
  private term(): Term | null {
    const term = new Term();
    term.at = this.at;
    const unit = this.unit();
    if (unit == 0x24 /* $ */ || unit == 0x40 /* @ */) {
      if (!this.enter()) return null;
      term.query = this.query();
      this.leave();
      return term.query === null ? null : term;
    }
    if (unit == 0x22 /* " */ || unit == 0x27 /* ' */) {
      const text = this.text();
      if (text === null) return null;
      term.operand = new Literal(Json.ofText(text));
      return term;
    }
    if (this.isInteger()) {
      term.operand = this.number();
      return term.operand === null ? null : term;
    }
    // Keywords before functions: none of those begins like one.
    if (this.takeWord("true") || this.takeWord("false") || this.takeWord("null")) {
      term.operand = new Literal(Json.of(this.path.substring(term.at, this.at)));
      return term;
    }
    return this.call(term);
  }

  /** A number, which is JSON's. */
  private number(): Operand | null {
    const start = this.at;
    while (isNumberUnit(this.unit())) this.at++;
    const json = Json.of(this.path.substring(start, this.at));
    if (json.problem !== null) return this.wrong<Operand>("no number of JSON", start);
    return new Literal(json);
  }

  /** A function and its argument. */
  private call(term: Term): Term | null {
    while (isFunctionUnit(this.unit(), this.at == term.at)) this.at++;
    const name = this.path.substring(term.at, this.at);
    if (name.length == 0 || !this.take(0x28 /* ( */)) {
      return this.wrong<Term>("expected a query, a literal or a function", term.at);
    }
    term.called = name;
    const takesNodes = name == "count" || name == "value";
    if (!takesNodes && name != "length") {
      return this.wrong<Term>(
        `there is no function \`${name}\`, only length, count and value`,
        term.at,
      );
    }
    if (!this.enter()) return null;
    this.skipSpace();
    const argument = this.term();
    if (argument === null) return null;
    this.skipSpace();
    if (!this.take(0x29 /* ) */)) {
      return this.wrong<Term>(`expected \`)\`: \`${name}\` takes one argument`);
    }
    this.leave();
    const query = argument.query;
    if (takesNodes) {
      if (query === null) return this.wrong<Term>(`\`${name}\` takes a query`, argument.at);
      term.operand = name == "count" ? new Count(query) : new ValueOf(query);
      return term;
    }
    const operand = this.compared(argument);
    if (operand === null) return null;
    term.operand = new Length(operand);
    return term;
  }
}

/** Whether a name without quotes may begin with a code unit. */
function isNameFirst(unit: i32): bool {
  const letter = unit | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || unit == 0x5f /* _ */ || unit >= 0x80;
}

/** Whether a code unit may be in a number. */
function isNumberUnit(unit: i32): bool {
  return (
    isDigit(unit) ||
    unit == 0x2d /* - */ ||
    unit == 0x2b /* + */ ||
    unit == 0x2e /* . */ ||
    (unit | 0x20) == 0x65 /* e */
  );
}

/** Whether a code unit may be in a function's name. */
function isFunctionUnit(unit: i32, isFirst: bool): bool {
  if (unit >= 0x61 && unit <= 0x7a) return true;
  return !isFirst && (unit == 0x5f /* _ */ || isDigit(unit));
}
