// JSONPath (RFC 9535) over a JSON field.
//
// Numbers are compared as doubles, as RFC 9535 has it: integers past 2^53 may equal their
// neighbours, and what is beyond the largest double is infinite. `json_nodes` gives every value as it
// stands in the document. Where an object has a name twice, a path by name finds the last.

import {
  Filter,
  JsonField,
  JsonParameter,
  JsonValue,
  TextParameter,
  register,
} from "../../kit/assembly";
import { Json, Type } from "../../kit/assembly/json";
import { PathParser } from "./path";
import { Context, Query } from "./query";

/** What the filter asks of the nodes, in the order of `OPERATORS`. */
const enum Operator {
  Exists,
  Equals,
  Contains,
  LessThan,
  GreaterThan,
}

const OPERATORS: string[] = ["exists", "equals", "contains", "less_than", "greater_than"];

/** A parameter that holds a path. */
class PathParameter {
  private readonly parameter: TextParameter = new TextParameter(
    "path",
    "The JSONPath (RFC 9535), such as `$.offers[?@.price < 20]`.",
  );
  private query: Query | null = null;

  /** Parses the path; gives what is wrong with it. */
  prepare(): string | null {
    const parser = new PathParser(this.parameter.value);
    this.query = parser.parse();
    const problem = parser.problem;
    return problem === null ? null : "parameter `path`: " + problem;
  }

  /** The nodes that the path finds in a document. */
  @inline
  evaluate(context: Context): i32[] {
    return this.query!.evaluate(context);
  }
}

class JsonPath extends Filter {
  field: JsonField = new JsonField("field", "The field that is looked into.");
  path: PathParameter = new PathParameter();
  operator: TextParameter = new TextParameter(
    "operator",
    "What is asked of the nodes that the path finds: exists, equals, contains, less_than or greater_than.",
  );
  value: JsonParameter = new JsonParameter(
    "value",
    "What a node is compared with: any JSON value. For all operators but exists.",
  ).optional();

  private asks: Operator = Operator.Exists;
  private readonly wanted: Json = new Json();
  /** The value's characters, if it is a text. */
  private wantedText: string = "";
  private readonly context: Context = new Context();

  constructor() {
    super(
      "json_path",
      "Tells whether a JSONPath (RFC 9535) finds a node in a field that is as asked. A document without the field does not match.",
    );
  }

  prepare(): void {
    const problem = this.path.prepare();
    if (problem !== null) return this.refuse(problem);
    const operator = this.operator.value;
    const index = OPERATORS.indexOf(operator);
    if (index < 0) {
      return this.refuse(
        `parameter \`operator\`: "${operator}" is not one of ${OPERATORS.join(", ")}`,
      );
    }
    this.asks = <Operator>index;
    if (this.asks == Operator.Exists) return;
    if (!this.value.given) {
      return this.refuse(`parameter \`value\`: ${operator} needs one`);
    }
    this.wanted.parse(this.value.value);
    const unreadable = this.wanted.problem;
    if (unreadable !== null) return this.refuse("parameter `value`: " + unreadable);
    if (this.wanted.type(0) == Type.Text) this.wantedText = this.wanted.text(0);
  }

  matches(): bool {
    const text = this.field.get();
    if (text === null) return false;
    const json = this.context.json;
    json.parse(text);
    const problem = json.problem;
    if (problem !== null) return this.fail(problem);
    const nodes = this.path.evaluate(this.context);
    if (this.asks == Operator.Exists) return nodes.length > 0;
    for (let index = 0; index < nodes.length; index++) {
      if (this.isAsAsked(json, unchecked(nodes[index]))) return true;
    }
    return false;
  }

  private isAsAsked(json: Json, node: i32): bool {
    switch (this.asks) {
      case Operator.Equals:
        return json.equals(node, this.wanted, 0);
      case Operator.Contains:
        return this.isIn(json, node);
      case Operator.LessThan:
        return json.isLess(node, this.wanted, 0);
      default:
        return this.wanted.isLess(0, json, node);
    }
  }

  /** Whether the value is part of a text, or an element of an array. */
  private isIn(json: Json, node: i32): bool {
    if (json.type(node) == Type.Text) {
      return this.wanted.type(0) == Type.Text && json.text(node).includes(this.wantedText);
    }
    if (json.type(node) != Type.Array) return false;
    const end = json.next(node);
    for (let child = node + 1; child < end; child = json.next(child)) {
      if (json.equals(child, this.wanted, 0)) return true;
    }
    return false;
  }
}

register(new JsonPath());

class JsonNodes extends JsonValue {
  field: JsonField = new JsonField("field", "The field that is looked into.");
  path: PathParameter = new PathParameter();

  private readonly context: Context = new Context();

  constructor() {
    super(
      "json_nodes",
      "The list of all nodes that a JSONPath (RFC 9535) finds in a field, as they stand there; none for a document without the field.",
    );
  }

  prepare(): void {
    const problem = this.path.prepare();
    if (problem !== null) this.refuse(problem);
  }

  value(): string | null {
    const text = this.field.get();
    if (text === null) return null;
    const json = this.context.json;
    json.parse(text);
    const problem = json.problem;
    if (problem !== null) return this.fail(problem);
    const nodes = this.path.evaluate(this.context);
    const texts = new Array<string>(nodes.length);
    for (let index = 0; index < nodes.length; index++) texts[index] = json.raw(nodes[index]);
    return "[" + texts.join(",") + "]";
  }
}

register(new JsonNodes());
