// Fuzzy matching of texts by edit distance.

#include <stdlib.h>

#include "pattern.h"
#include "whittle.h"

static whittle_field field;
static pattern target;

static const whittle_parameter parameters[] = {
    WHITTLE_FIELD("field", "The field whose text is compared."),
    WHITTLE_REQUIRED_PARAMETER("target", "The text that it is compared with.", WHITTLE_TEXT),
    WHITTLE_INT64_DEFAULT("max_distance", "How many edits still match.", 2),
};

// A number in decimal, at the end of the buffer.
static whittle_text decimal(int64_t number, char buffer[20]) {
  char *end = buffer + 20, *start = end;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  do {
    *--start = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (number < 0) {
    *--start = '-';
  }
  return (whittle_text){start, (size_t)(end - start)};
}

static whittle_outcome prepare(void) {
  field = whittle_field_argument("field", WHITTLE_TEXT);
  int64_t max_distance = whittle_int64_argument("max_distance");
  if (max_distance < 0 || max_distance > UINT32_MAX) {
    char buffer[20];
    whittle_text parts[] = {
        whittle_c("parameter `max_distance` must be between 0 and 4294967295, not "),
        decimal(max_distance, buffer),
    };
    return whittle_invalid_argument(whittle_join(parts, 2));
  }
  if (!pattern_prepare(&target, whittle_text_argument("target"), (size_t)max_distance)) {
    whittle_panic("out of memory");
  }
  return whittle_ready();
}

static whittle_outcome matches(void) {
  whittle_text text;
  return whittle_boolean(whittle_get_text(field, &text) && pattern_matches(&target, text));
}

static const whittle_function functions[] = {{
    .name = "string_distance",
    .description = "Tells whether a text is within a number of edits (insertions, deletions and "
                   "substitutions of characters) of a target. A document without the field does "
                   "not match.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_BOOLEAN,
    .prepare = prepare,
    .evaluate = matches,
}};

const whittle_udf whittle_this_udf = {
    .name = "string-distance",
    .version = "0.1.0",
    .description = "Fuzzy matching of texts by edit distance.",
    .author = "The Whittle authors",
    WHITTLE_FUNCTIONS(functions),
};
