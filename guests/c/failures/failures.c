// The ways in which a function ends a query: the tests pin what an author reads.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "whittle.h"

static whittle_field field;

static const whittle_parameter parameters[] = {
    WHITTLE_FIELD("field", "The field that names the failure."),
};

static whittle_outcome prepare(void) {
  field = whittle_field_argument("field", WHITTLE_TEXT);
  return whittle_ready();
}

// What the compiler must not know.
static volatile int64_t zero = 0;
static volatile int64_t many = 1000000000;

static int64_t divide(void) {
  return many / zero;
}

static int64_t read_outside(void) {
  const volatile int64_t *numbers = (const volatile int64_t *)(uintptr_t)many;
  return numbers[1];
}

__attribute__((noinline)) static int64_t depth(int64_t left) {
  if (left == zero) {
    return 0;
  }
  return many / (depth(left - 1) + 1);
}

__attribute__((noinline)) static int64_t wide(int64_t left) {
  volatile int64_t numbers[1000];
  numbers[left % 1000] = left;
  if (left == zero) {
    return 0;
  }
  return wide(left - 1) + numbers[left % 1000];
}

static int64_t loop(void) {
  int64_t turns = 0;
  while (many > 0) {
    turns += many;
  }
  return turns;
}

static whittle_text what;

static bool is(const char *name) {
  return what.length == strlen(name) && memcmp(what.bytes, name, what.length) == 0;
}

static whittle_outcome fails(void) {
  if (!whittle_get_text(field, &what)) {
    return whittle_boolean(true);
  }
  int64_t result = 0;
  if (is("divide")) {
    result = divide();
  } else if (is("bounds")) {
    result = read_outside();
  } else if (is("recurse")) {
    result = depth(many);
  } else if (is("locals")) {
    result = wide(many);
  } else if (is("loop")) {
    result = loop();
  } else if (is("abort")) {
    abort();
  } else if (is("exit")) {
    exit(3);
  } else if (is("kind")) {
    result = whittle_int64_or(field, 0);
  }
  return whittle_boolean(result == 0);
}

static const whittle_function functions[] = {{
    .name = "fails",
    .description = "Fails in the way that the field names.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_BOOLEAN,
    .prepare = prepare,
    .evaluate = fails,
}};

const whittle_udf whittle_this_udf = {
    .name = "failures",
    .version = "0.1.0",
    .description = "Functions that only the tests use.",
    WHITTLE_FUNCTIONS(functions),
};
