// The functions of `make peers` for which this repository has no UDF in C.

#include "whittle.h"

static whittle_outcome noop(void) { return whittle_boolean(true); }

static whittle_field start, end;

static const whittle_parameter of_business_days[] = {
    WHITTLE_FIELD("start_field", "The field that holds the start."),
    WHITTLE_FIELD("end_field", "The field that holds the end."),
};

static whittle_outcome prepare_business_days(void) {
  start = whittle_field_argument("start_field", WHITTLE_INT64);
  end = whittle_field_argument("end_field", WHITTLE_INT64);
  return whittle_ready();
}

// The weekdays before a day after 1970, from a day on that is the same for all.
static int64_t weekdays_before(int64_t day) {
  // 1970-01-01 was a Thursday.
  day += 3;
  int64_t weekday = day % 7;
  return day / 7 * 5 + (weekday < 5 ? weekday : 5);
}

static whittle_outcome business_days(void) {
  return whittle_int64(weekdays_before(whittle_int64_or(end, 0)) -
                       weekdays_before(whittle_int64_or(start, 0)));
}

static const whittle_function functions[] = {
    {
        .name = "noop",
        .description = "Matches every document.",
        .returns = WHITTLE_BOOLEAN,
        .evaluate = noop,
    },
    {
        .name = "business_days",
        .description = "How many weekdays there are from a day to another.",
        WHITTLE_PARAMETERS(of_business_days),
        .returns = WHITTLE_INT64,
        .prepare = prepare_business_days,
        .evaluate = business_days,
    },
};

const whittle_udf whittle_this_udf = {
    .name = "peers",
    .version = "0.1.0",
    .description = "Functions for `make peers`.",
    WHITTLE_FUNCTIONS(functions),
};
