// The functions of `make peers` for which this repository has no UDF in AssemblyScript.

import { Filter, Int64Field, IntegerScore, register } from "../../../../../../guests/assemblyscript/kit/assembly";

class Noop extends Filter {
  constructor() {
    super("noop", "Matches every document.");
  }

  matches(): bool {
    return true;
  }
}

class BusinessDays extends IntegerScore {
  start: Int64Field = new Int64Field("start_field", "The field that holds the start.");
  end: Int64Field = new Int64Field("end_field", "The field that holds the end.");

  constructor() {
    super("business_days", "How many weekdays there are from a day to another.");
  }

  score(): i64 {
    return weekdaysBefore(this.end.or(0)) - weekdaysBefore(this.start.or(0));
  }
}

/** The weekdays before a day after 1970, from a day on that is the same for all. */
function weekdaysBefore(day: i64): i64 {
  // 1970-01-01 was a Thursday.
  const days = day + 3;
  return (days / 7) * 5 + min<i64>(days % 7, 5);
}

register(new Noop());
register(new BusinessDays());
