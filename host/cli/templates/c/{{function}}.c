// The functions of the component.

#include "whittle.h"

static whittle_field field;
static double low, high;

static const whittle_parameter parameters[] = {
    WHITTLE_FIELD("field", "The field that holds the number."),
    WHITTLE_FLOAT64_DEFAULT("low", "The least number that matches.", 0),
    WHITTLE_REQUIRED_PARAMETER("high", "The greatest number that matches.", WHITTLE_FLOAT64),
};

// Once per query.
static whittle_outcome prepare(void) {
  low = whittle_float64_argument("low");
  high = whittle_float64_argument("high");
  if (low > high) {
    return whittle_invalid_argument(whittle_c("parameter `low` is greater than `high`"));
  }
  field = whittle_field_argument("field", WHITTLE_FLOAT64);
  return whittle_ready();
}

// Once per document.
static whittle_outcome {{function}}(void) {
  if (!whittle_has(field)) {
    return whittle_boolean(false);
  }
  double number = whittle_float64_or(field, 0);
  return whittle_boolean(low <= number && number <= high);
}

static const whittle_function functions[] = {{
    .name = "{{function}}",
    .description = "Tells whether a number is within two others. A document without it does not "
                   "match.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_BOOLEAN,
    .prepare = prepare,
    .evaluate = {{function}},
}};

const whittle_udf whittle_this_udf = {
    .name = "{{name}}",
    .version = "0.1.0",
    .description = "Numbers within bounds.",
    WHITTLE_FUNCTIONS(functions),
};
