// Unit tests on fake documents: `make test`. `kit/test/whittle_test.h` documents them.

#include "whittle_test.h"

static void the_bounds_match(void) {
  test_query("{{function}}");
  test_text_argument("field", "price");
  test_float64_argument("low", 10);
  test_float64_argument("high", 20);

  test_document();
  test_float64_field("price", 10);
  CHECK_BOOLEAN(true);

  test_document();
  test_int64_field("price", 21);
  CHECK_BOOLEAN(false);
}

static void a_missing_field_does_not_match(void) {
  test_query("{{function}}");
  test_text_argument("field", "price");
  test_float64_argument("high", 1);

  test_document();
  CHECK_BOOLEAN(false);
}

static void the_bounds_are_in_order(void) {
  test_query("{{function}}");
  test_text_argument("field", "price");
  test_float64_argument("low", 3);
  test_float64_argument("high", 2);
  CHECK_REFUSED(
      "function `{{function}}` refused its arguments: \"parameter `low` is greater than `high`\"");
}

int main(void) {
  RUN(the_bounds_match);
  RUN(a_missing_field_does_not_match);
  RUN(the_bounds_are_in_order);
  return test_result();
}
