// JSONPath queries (RFC 9535), evaluated on the nodes of a JSON text.

import { Json, Type } from "../../kit/assembly/json";

/** What a query is evaluated on. */
export class Context {
  /** The document, whose root is `$`. */
  readonly json: Json = new Json();
  /** The node that `@` is. */
  current: i32 = 0;
}

/** A path: `$` or `@`, and its segments. Its list of nodes is used again each time. */
export class Query {
  private nodes: i32[] = [];
  private spare: i32[] = [];

  /**
   * @param fromRoot Whether it begins with `$`.
   * @param segments In their order.
   */
  constructor(
    private readonly fromRoot: bool,
    private readonly segments: Segment[],
  ) {}

  /** Whether it gives one node at most, whatever the document. */
  isSingular(): bool {
    for (let index = 0; index < this.segments.length; index++) {
      if (!this.segments[index].isSingular()) return false;
    }
    return true;
  }

  /** The nodes that it finds; they are good until it is evaluated again. */
  evaluate(context: Context): i32[] {
    let nodes = this.nodes;
    let next = this.spare;
    nodes.length = 0;
    nodes.push(this.start(context));
    const segments = this.segments;
    for (let index = 0; index < segments.length && nodes.length > 0; index++) {
      next.length = 0;
      for (let at = 0; at < nodes.length; at++) {
        unchecked(segments[index]).select(context, unchecked(nodes[at]), next);
      }
      const swapped = nodes;
      nodes = next;
      next = swapped;
    }
    this.nodes = nodes;
    this.spare = next;
    return nodes;
  }

  /** The one node that a singular query finds; -1 if there is none. */
  evaluateSingular(context: Context): i32 {
    let node = this.start(context);
    const segments = this.segments;
    for (let index = 0; index < segments.length && node >= 0; index++) {
      node = unchecked(segments[index]).only(context.json, node);
    }
    return node;
  }

  @inline
  private start(context: Context): i32 {
    return this.fromRoot ? 0 : context.current;
  }
}

/** `[...]`, or `..[...]`. */
export class Segment {
  /**
   * @param isDescendant Whether it looks at a node and all below it.
   * @param selectors In their order.
   */
  constructor(
    private readonly isDescendant: bool,
    private readonly selectors: Selector[],
  ) {}

  /** Whether it gives one node at most. */
  isSingular(): bool {
    return !this.isDescendant && this.selectors.length == 1 && this.selectors[0].isSingular;
  }

  /** Adds the nodes that it finds below a node. */
  select(context: Context, node: i32, found: i32[]): void {
    // A subtree is a run of nodes, outer ones before inner ones.
    const end = this.isDescendant ? context.json.next(node) : node + 1;
    const selectors = this.selectors;
    for (let visited = node; visited < end; visited++) {
      if (!context.json.isContainer(visited)) continue;
      for (let index = 0; index < selectors.length; index++) {
        unchecked(selectors[index]).select(context, visited, found);
      }
    }
  }

  /** The node that a singular segment finds below a node; -1 if there is none. */
  only(json: Json, node: i32): i32 {
    return unchecked(this.selectors[0]).only(json, node);
  }
}

/** What stands between brackets. */
export abstract class Selector {
  /** @param isSingular Whether it gives one node at most. */
  constructor(readonly isSingular: bool) {}

  /** Adds the children of an array or an object that it selects. */
  abstract select(context: Context, node: i32, found: i32[]): void;

  /** The child that a singular selector selects; -1 if there is none. */
  only(json: Json, node: i32): i32 {
    return -1;
  }
}

/** `'name'` */
export class NameSelector extends Selector {
  constructor(private readonly name: string) {
    super(true);
  }

  select(context: Context, node: i32, found: i32[]): void {
    const child = this.only(context.json, node);
    if (child >= 0) found.push(child);
  }

  only(json: Json, node: i32): i32 {
    return json.member(node, this.name);
  }
}

/** `-1` */
export class IndexSelector extends Selector {
  constructor(private readonly index: i64) {
    super(true);
  }

  select(context: Context, node: i32, found: i32[]): void {
    const child = this.only(context.json, node);
    if (child >= 0) found.push(child);
  }

  only(json: Json, node: i32): i32 {
    return json.element(node, this.index);
  }
}

/** `*` */
export class WildcardSelector extends Selector {
  constructor() {
    super(false);
  }

  select(context: Context, node: i32, found: i32[]): void {
    const json = context.json;
    const end = json.next(node);
    for (let child = node + 1; child < end; child = json.next(child)) found.push(child);
  }
}

/** What stands for a part of a slice that is left out: no integer of I-JSON. */
export const ABSENT: i64 = i64.MIN_VALUE;

/** `start:end:step` */
export class SliceSelector extends Selector {
  private readonly children: i32[] = [];

  /**
   * @param start The first index, or `ABSENT`.
   * @param end The index after the last, or `ABSENT`.
   * @param step What lies between two; backwards if it is negative.
   */
  constructor(
    private readonly start: i64,
    private readonly end: i64,
    private readonly step: i64,
  ) {
    super(false);
  }

  select(context: Context, node: i32, found: i32[]): void {
    const json = context.json;
    const step = this.step;
    if (json.type(node) != Type.Array || step == 0) return;
    const children = this.children;
    children.length = 0;
    const last = json.next(node);
    for (let child = node + 1; child < last; child = json.next(child)) children.push(child);

    // The bounds of RFC 9535, section 2.3.4.2.2.
    const length = i64(children.length);
    if (step > 0) {
      const lower = min(max(fromEnd(this.start, 0, length), 0), length);
      const upper = min(max(fromEnd(this.end, length, length), 0), length);
      for (let index = lower; index < upper; index += step) found.push(children[i32(index)]);
    } else {
      const upper = min(max(fromEnd(this.start, length - 1, length), -1), length - 1);
      const lower = min(max(fromEnd(this.end, -1 - length, length), -1), length - 1);
      for (let index = upper; index > lower; index += step) found.push(children[i32(index)]);
    }
  }
}

/** A bound of a slice; a negative one counts from the end. */
function fromEnd(bound: i64, otherwise: i64, length: i64): i64 {
  if (bound == ABSENT) bound = otherwise;
  return bound < 0 ? bound + length : bound;
}

/** `?test` */
export class FilterSelector extends Selector {
  constructor(private readonly test: Test) {
    super(false);
  }

  select(context: Context, node: i32, found: i32[]): void {
    const json = context.json;
    const outer = context.current;
    const end = json.next(node);
    for (let child = node + 1; child < end; child = json.next(child)) {
      context.current = child;
      if (this.test.holds(context)) found.push(child);
    }
    context.current = outer;
  }
}

/** What is true or false of a node. */
export abstract class Test {
  /** Whether it is true of the context's current node. */
  abstract holds(context: Context): bool;
}

/** `a || b` */
export class Or extends Test {
  constructor(private readonly tests: Test[]) {
    super();
  }

  holds(context: Context): bool {
    for (let index = 0; index < this.tests.length; index++) {
      if (this.tests[index].holds(context)) return true;
    }
    return false;
  }
}

/** `a && b` */
export class And extends Test {
  constructor(private readonly tests: Test[]) {
    super();
  }

  holds(context: Context): bool {
    for (let index = 0; index < this.tests.length; index++) {
      if (!this.tests[index].holds(context)) return false;
    }
    return true;
  }
}

/** `!a` */
export class Not extends Test {
  constructor(private readonly test: Test) {
    super();
  }

  holds(context: Context): bool {
    return !this.test.holds(context);
  }
}

/** `@.a`: whether there is a node. */
export class Exists extends Test {
  private readonly isSingular: bool;

  constructor(private readonly query: Query) {
    super();
    this.isSingular = query.isSingular();
  }

  holds(context: Context): bool {
    return this.isSingular
      ? this.query.evaluateSingular(context) >= 0
      : this.query.evaluate(context).length > 0;
  }
}

/** How two values are compared. */
export const enum Operator {
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
}

/** `a == b` */
export class Comparison extends Test {
  constructor(
    private readonly left: Operand,
    private readonly operator: Operator,
    private readonly right: Operand,
  ) {
    super();
  }

  holds(context: Context): bool {
    const left = this.left.evaluate(context);
    const right = this.right.evaluate(context);
    switch (this.operator) {
      case Operator.Equal:
        return left.equals(right);
      case Operator.NotEqual:
        return !left.equals(right);
      case Operator.Less:
        return left.isLess(right);
      case Operator.LessOrEqual:
        return left.isLess(right) || left.equals(right);
      case Operator.Greater:
        return right.isLess(left);
      default:
        return right.isLess(left) || left.equals(right);
    }
  }
}

/** What is compared: a node, a number that was computed, or nothing. */
export class Value {
  /** The text that the node is in; null if it is no node. */
  private json: Json | null = null;
  private node: i32 = -1;
  /** A number that was computed; NaN if it is none. */
  private computed: f64 = NaN;

  /** Sets it to a node, or to nothing if that is negative. */
  setNode(json: Json, node: i32): this {
    this.json = json;
    this.node = node;
    this.computed = NaN;
    return this;
  }

  /** Sets it to a number. */
  setNumber(computed: f64): this {
    this.json = null;
    this.node = -1;
    this.computed = computed;
    return this;
  }

  /** Whether it is nothing: where a query found no node, or a function has no result. */
  @inline
  isNothing(): bool {
    return this.node < 0 && isNaN(this.computed);
  }

  /** Its number; NaN if it is none. */
  private number(): f64 {
    const json = this.json;
    if (json === null || this.node < 0) return this.computed;
    return json.type(this.node) == Type.Number ? json.number(this.node) : NaN;
  }

  /** What `length` makes of it: NaN is nothing. */
  length(): f64 {
    const json = this.json;
    if (json === null || this.node < 0) return NaN;
    switch (json.type(this.node)) {
      case Type.Text:
        return countCharacters(json.text(this.node));
      case Type.Array:
      case Type.Object:
        return json.children(this.node);
      default:
        return NaN;
    }
  }

  /** Whether it equals another: nothing equals nothing alone. */
  equals(other: Value): bool {
    if (this.isNothing() || other.isNothing()) return this.isNothing() && other.isNothing();
    const json = this.json;
    const otherJson = other.json;
    if (json !== null && otherJson !== null) return json.equals(this.node, otherJson, other.node);
    return this.number() == other.number();
  }

  /** Whether it is before another: both are numbers, or both texts. */
  isLess(other: Value): bool {
    const json = this.json;
    const otherJson = other.json;
    if (json !== null && otherJson !== null && this.node >= 0 && other.node >= 0) {
      return json.isLess(this.node, otherJson, other.node);
    }
    return this.number() < other.number();
  }
}

/** Unicode scalar values: a surrogate pair is one. */
function countCharacters(text: string): i32 {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) == 0xdc00) count--;
  }
  return count;
}

/** A side of a comparison, or a function's argument. */
export abstract class Operand {
  /** The value that it last had. */
  protected readonly result: Value = new Value();

  /** Its value, which is good until it is evaluated again. */
  abstract evaluate(context: Context): Value;
}

/** `'text'`, `1`, `true`, `false` or `null` */
export class Literal extends Operand {
  constructor(json: Json) {
    super();
    this.result.setNode(json, 0);
  }

  evaluate(context: Context): Value {
    return this.result;
  }
}

/** `@.a`: the value of the one node. */
export class SingularQuery extends Operand {
  constructor(private readonly query: Query) {
    super();
  }

  evaluate(context: Context): Value {
    return this.result.setNode(context.json, this.query.evaluateSingular(context));
  }
}

/** `length(@.a)` */
export class Length extends Operand {
  constructor(private readonly argument: Operand) {
    super();
  }

  evaluate(context: Context): Value {
    return this.result.setNumber(this.argument.evaluate(context).length());
  }
}

/** `count(@.*)` */
export class Count extends Operand {
  constructor(private readonly query: Query) {
    super();
  }

  evaluate(context: Context): Value {
    return this.result.setNumber(this.query.evaluate(context).length);
  }
}

/** `value(@..a)`: the value of the node, if there is just one. */
export class ValueOf extends Operand {
  constructor(private readonly query: Query) {
    super();
  }

  evaluate(context: Context): Value {
    const nodes = this.query.evaluate(context);
    return this.result.setNode(context.json, nodes.length == 1 ? nodes[0] : -1);
  }
}
