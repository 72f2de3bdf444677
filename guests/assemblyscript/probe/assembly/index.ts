// For tests and benchmarks: a function for each kind that gives back what it reads, and what becomes
// of an exception.

import {
  BooleanField,
  Filter,
  Float64Field,
  Int64Field,
  IntegerScore,
  JsonField,
  JsonValue,
  Score,
  TextField,
  TextValue,
  TimestampField,
  TimestampValue,
  register,
} from "../../kit/assembly";

const READ = "The field's value.";
const FIELD = "The field that is read.";

class ReadBoolean extends Filter {
  field: BooleanField = new BooleanField("field", FIELD);

  constructor() {
    super("read_boolean", READ);
  }

  matches(): bool {
    return this.field.has() ? this.field.or(false) : this.none();
  }
}

class ReadInt64 extends IntegerScore {
  field: Int64Field = new Int64Field("field", FIELD);

  constructor() {
    super("read_int64", READ);
  }

  score(): i64 {
    return this.field.has() ? this.field.or(0) : this.none();
  }
}

class ReadFloat64 extends Score {
  field: Float64Field = new Float64Field("field", FIELD);

  constructor() {
    super("read_float64", READ);
  }

  score(): f64 {
    return this.field.has() ? this.field.or(0) : this.none();
  }
}

class ReadTimestamp extends TimestampValue {
  field: TimestampField = new TimestampField("field", FIELD);

  constructor() {
    super("read_timestamp", READ);
  }

  value(): i64 {
    return this.field.has() ? this.field.or(0) : this.none();
  }
}

class ReadText extends TextValue {
  field: TextField = new TextField("field", FIELD);

  constructor() {
    super("read_text", READ);
  }

  value(): string | null {
    return this.field.get();
  }
}

class ReadJson extends JsonValue {
  field: JsonField = new JsonField("field", FIELD);

  constructor() {
    super("read_json", READ);
  }

  value(): string | null {
    return this.field.get();
  }
}

class Throws extends Filter {
  field: TextField = new TextField("field", "The field whose text it throws.");

  constructor() {
    super("throws", "Throws for a document that has a text, else matches.");
  }

  matches(): bool {
    const text = this.field.get();
    if (text !== null) throw new Error("no good: " + text);
    return true;
  }
}

register(new ReadBoolean());
register(new ReadInt64());
register(new ReadFloat64());
register(new ReadTimestamp());
register(new ReadText());
register(new ReadJson());
register(new Throws());
