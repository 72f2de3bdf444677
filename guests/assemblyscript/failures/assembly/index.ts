// The ways in which a function ends a query: the tests pin what an author reads.

import { Filter, TextField, register } from "../../kit/assembly";

// What the compiler must not know.
let zero: i64 = 0;
let many: i64 = 1_000_000_000;

function divide(): i64 {
  return many / zero;
}

function depth(left: i64): i64 {
  if (left == zero) return 0;
  return many / (depth(left - 1) + 1);
}

function loop(): i64 {
  let turns: i64 = 1;
  while (turns != zero) {
    turns += 2;
  }
  return turns;
}

class Fails extends Filter {
  field: TextField = new TextField("field", "The field that names the failure.");

  constructor() {
    super("fails", "Fails in the way that the field names.");
  }

  matches(): bool {
    const what = this.field.get();
    let result: i64 = 0;
    if (what === null) return true;
    if (what == "divide") {
      result = divide();
    } else if (what == "bounds") {
      result = load<i64>(<usize>many);
    } else if (what == "recurse") {
      result = depth(many);
    } else if (what == "loop") {
      result = loop();
    } else if (what == "abort") {
      unreachable();
    }
    return result == 0;
  }
}

register(new Fails());
