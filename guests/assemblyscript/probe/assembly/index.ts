// For the end-to-end tests: what becomes of an exception.

import { Filter, TextField, register } from "../../kit/assembly";

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

register(new Throws());
