// Fuzzy matching of texts by edit distance.

import { Filter, TextField, TextParameter, Uint32Parameter, register } from "../../kit/assembly";
import { Pattern } from "./pattern";

class StringDistance extends Filter {
  field: TextField = new TextField("field", "The field whose text is compared.");
  target: TextParameter = new TextParameter("target", "The text that it is compared with.");
  maxDistance: Uint32Parameter = new Uint32Parameter(
    "max_distance",
    "How many edits still match.",
  ).defaultsTo(2);

  private pattern: Pattern = new Pattern("", 0);

  constructor() {
    super(
      "string_distance",
      "Tells whether a text is within a number of edits (insertions, deletions and substitutions of characters) of a target. A document without the field does not match.",
    );
  }

  prepare(): void {
    this.pattern = new Pattern(this.target.value, this.maxDistance.value);
  }

  matches(): bool {
    const text = this.field.borrow();
    return text !== null && this.pattern.matches(text);
  }
}

register(new StringDistance());
