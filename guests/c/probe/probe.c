// What the tests of every language ask: how a failure arrives.

#include "whittle.h"

static whittle_field field;

static const whittle_parameter parameters[] = {
    WHITTLE_FIELD("field", "The field whose text the failure tells."),
};

static whittle_outcome prepare(void) {
  field = whittle_field_argument("field", WHITTLE_TEXT);
  return whittle_ready();
}

static whittle_outcome throws(void) {
  whittle_text text;
  if (!whittle_get_text(field, &text)) {
    return whittle_boolean(true);
  }
  whittle_text parts[] = {whittle_c("no good: "), text};
  return whittle_failed(whittle_join(parts, 2));
}

static const whittle_function functions[] = {{
    .name = "throws",
    .description = "Matches, but fails where the document has the field.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_BOOLEAN,
    .prepare = prepare,
    .evaluate = throws,
}};

const whittle_udf whittle_this_udf = {
    .name = "probe",
    .version = "0.1.0",
    .description = "Functions that only the tests use.",
    WHITTLE_FUNCTIONS(functions),
};
