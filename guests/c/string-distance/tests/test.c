#include "whittle_test.h"

static void query(void) {
  test_query("string_distance");
  test_text_argument("field", "title");
  test_text_argument("target", "Alien");
}

static void matches_texts_within_the_distance(void) {
  query();

  test_document();
  test_text_field("title", "Alien");
  CHECK_BOOLEAN(true);

  test_document();
  test_text_field("title", "Älie");
  CHECK_BOOLEAN(true);

  test_document();
  test_text_field("title", "Al");
  CHECK_BOOLEAN(false);
}

static void a_document_without_the_field_does_not_match(void) {
  query();

  test_document();
  CHECK_BOOLEAN(false);

  test_document();
  test_null_field("title");
  CHECK_BOOLEAN(false);

  test_document();
  test_int64_field("title", 7);
  CHECK_BOOLEAN(false);
}

static void a_negative_distance_is_refused(void) {
  query();
  test_int64_argument("max_distance", -1);
  CHECK_REFUSED(
      "function `string_distance` refused its arguments: \"parameter `max_distance` must be "
      "between 0 and 4294967295, not -1\"");
}

int main(void) {
  RUN(matches_texts_within_the_distance);
  RUN(a_document_without_the_field_does_not_match);
  RUN(a_negative_distance_is_refused);
  return test_result();
}
