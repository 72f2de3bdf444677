// The functions of the kit's tests: what they read, and what is wrong with them.

import {
  BooleanField,
  BooleanParameter,
  Filter,
  Float64Field,
  Float64Parameter,
  Int64Field,
  Int64Parameter,
  IntegerScore,
  JsonField,
  JsonParameter,
  JsonReader,
  JsonValue,
  Score,
  TextField,
  TextParameter,
  TextValue,
  TimestampField,
  TimestampParameter,
  TimestampValue,
  Uint32Parameter,
  document,
  register,
  warn,
} from "../../kit/assembly";

class ReadBoolean extends Filter {
  field: BooleanField = new BooleanField("field", "");
  constructor() {
    super("boolean", "");
  }
  matches(): bool {
    return this.field.has() ? this.field.or(false) : this.none();
  }
}
register(new ReadBoolean());

class ReadInt64 extends IntegerScore {
  field: Int64Field = new Int64Field("field", "");
  constructor() {
    super("int64", "");
  }
  score(): i64 {
    return this.field.has() ? this.field.or(0) : this.none();
  }
}
register(new ReadInt64());

class ReadFloat64 extends Score {
  field: Float64Field = new Float64Field("field", "");
  constructor() {
    super("float64", "");
  }
  score(): f64 {
    return this.field.has() ? this.field.or(0) : this.none();
  }
}
register(new ReadFloat64());

class ReadText extends TextValue {
  field: TextField = new TextField("field", "");
  constructor() {
    super("text", "");
  }
  value(): string | null {
    return this.field.get();
  }
}
register(new ReadText());

class ReadTimestamp extends TimestampValue {
  field: TimestampField = new TimestampField("field", "");
  constructor() {
    super("timestamp", "");
  }
  value(): i64 {
    return this.field.has() ? this.field.or(0) : this.none();
  }
}
register(new ReadTimestamp());

class ReadJson extends JsonValue {
  field: JsonField = new JsonField("field", "");
  constructor() {
    super("json", "");
  }
  value(): string | null {
    return this.field.get();
  }
}
register(new ReadJson());

class NotJson extends JsonValue {
  constructor() {
    super("not_json", "");
  }
  value(): string | null {
    return "{";
  }
}
register(new NotJson());

class Given extends TextValue {
  word: TextParameter = new TextParameter("text", "A text.");
  int: Uint32Parameter = new Uint32Parameter("int", "An integer.").defaultsTo(2);
  weight: Float64Parameter = new Float64Parameter("weight", "A number.").optional();
  since: TimestampParameter = new TimestampParameter("since", "An instant.").defaultsTo(7);
  json: JsonParameter = new JsonParameter("json", "Anything.").defaultsTo("[1]");

  constructor() {
    super("given", "");
  }
  value(): string | null {
    const weight = this.weight.given ? this.weight.value.toString() : "none";
    return `${this.word.value} ${this.int.value} ${weight} ${this.since.value} ${this.json.value}`;
  }
}
register(new Given());

class Bounded extends TextValue {
  share: Float64Parameter = new Float64Parameter("share", "A share.")
    .minimum(0.5)
    .maximum(100)
    .defaultsTo(50);
  shift: Int64Parameter = new Int64Parameter("shift", "A shift.").minimum(-1).optional();
  count: Uint32Parameter = new Uint32Parameter("count", "A count.").maximum(9).defaultsTo(9);

  constructor() {
    super("bounded", "");
  }
  value(): string | null {
    return `${this.share.value} ${this.shift.value} ${this.count.value}`;
  }
}
register(new Bounded());

class Label extends TextValue {
  private title: TextField = new TextField();
  constructor() {
    super("label", "");
  }
  prepare(): void {
    this.title.at("title");
  }
  value(): string | null {
    const title = this.title.get();
    if (title === null) {
      warn(`${document.id()} has no title`);
      return this.fail("no title");
    }
    return `${document.id()}: ${title} (${document.score()})`;
  }
}
register(new Label());

/** What an instance must not do: count documents. */
class Count extends IntegerScore {
  private count: i64 = 0;
  constructor() {
    super("count", "");
  }
  score(): i64 {
    this.count++;
    return this.count;
  }
}
register(new Count());

class Misuse extends Filter {
  early: BooleanParameter = new BooleanParameter("early", "");
  private title: TextField = new TextField();
  private unresolved: TextField = new TextField();
  constructor() {
    super("misuse", "");
  }
  prepare(): void {
    this.title.at("title");
    if (this.early.value) this.title.get();
  }
  matches(): bool {
    return this.unresolved.get() !== null;
  }
}
register(new Misuse());

class Throws extends Filter {
  constructor() {
    super("throws", "");
  }
  matches(): bool {
    throw new Error("no good");
  }
}
register(new Throws());

/** What a path finds in a JSON text, read in each way. */
class At extends TextValue {
  field: TextField = new TextField("field", "");
  path: TextParameter = new TextParameter("path", "");
  private reader: JsonReader = new JsonReader();
  constructor() {
    super("at", "");
  }
  value(): string | null {
    const reader = this.reader;
    if (!reader.read(this.field.get())) return "not JSON";
    const path = this.path.value;
    if (!reader.has(path)) return null;
    const text = reader.text(path);
    return (
      `${reader.isNull(path)} ${reader.booleanOr(path, false)} ${reader.integerOr(path, -1)} ` +
      `${reader.numberOr(path, -1)} ${text === null ? "-" : text} ${reader.length(path)} ` +
      `${reader.raw(path)!}`
    );
  }
}
register(new At());
