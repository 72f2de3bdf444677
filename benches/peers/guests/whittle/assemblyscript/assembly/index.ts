// The functions of `make peers` for which this repository has no UDF in AssemblyScript.

import { Filter, IntegerScore, TimestampField, register } from "../../../../../../guests/assemblyscript/kit/assembly";

class Noop extends Filter {
  constructor() {
    super("noop", "Matches every document.");
  }

  matches(): bool {
    return true;
  }
}

class BusinessDays extends IntegerScore {
  start: TimestampField = new TimestampField("start_field", "The field that holds the start.");
  end: TimestampField = new TimestampField("end_field", "The field that holds the end.");

  constructor() {
    super("business_days", "How many weekdays there are from an instant to another.");
  }

  score(): i64 {
    return weekdaysBefore(this.end.or(0)) - weekdaysBefore(this.start.or(0));
  }
}

/** The weekdays before an instant after 1970, from a day on that is the same for all. */
function weekdaysBefore(instant: i64): i64 {
  // 1970-01-01 was a Thursday.
  const day = instant / (24 * 60 * 60 * 1_000_000) + 3;
  return (day / 7) * 5 + min<i64>(day % 7, 5);
}

register(new Noop());
register(new BusinessDays());
