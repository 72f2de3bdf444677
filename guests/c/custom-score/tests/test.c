#include "whittle_test.h"

static void weighs_the_fields_that_are_there(void) {
  test_query("custom_score");

  test_document();
  test_int64_field("price", 10);
  test_float64_field("rating", 4);
  test_int64_field("popularity", 100);
  CHECK_FLOAT64(0.3 * 10 + 0.5 * 4 + 0.2 * 100);

  test_document();
  test_float64_field("rating", 4);
  test_text_field("price", "10");
  CHECK_FLOAT64(2);

  test_document();
  CHECK_FLOAT64(0);
}

static void a_query_may_name_other_fields_and_weights(void) {
  test_query("custom_score");
  test_text_argument("price_field", "cost.net");
  test_int64_argument("price_weight", -1);

  test_document();
  test_json_field("cost", "{\"net\": 2.5}");
  test_int64_field("price", 100);
  CHECK_FLOAT64(-2.5);
}

int main(void) {
  RUN(weighs_the_fields_that_are_there);
  RUN(a_query_may_name_other_fields_and_weights);
  return test_result();
}
