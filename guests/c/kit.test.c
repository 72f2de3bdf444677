// What the kit for tests makes of documents and arguments, which must be as in the host, and the JSON
// helper. The functions are those of this file.

#include <stdlib.h>
#include <string.h>

#include "whittle_json.h"
#include "whittle_test.h"

static whittle_field field;

#define READER(name, read_kind, type, outcome, get)                                             \
  static whittle_outcome prepare_##name(void) {                                                 \
    field = whittle_field_argument("field", read_kind);                                         \
    return whittle_ready();                                                                     \
  }                                                                                             \
  static whittle_outcome read_##name(void) {                                                    \
    return whittle_has(field) ? outcome(get(field, (type)0)) : whittle_null();                  \
  }

static whittle_text text_or(whittle_field of, const char *other) {
  whittle_text text = whittle_c(other ? other : "");
  whittle_get_text(of, &text);
  return text;
}

READER(boolean, WHITTLE_BOOLEAN, bool, whittle_boolean, whittle_boolean_or)
READER(int64, WHITTLE_INT64, int64_t, whittle_int64, whittle_int64_or)
READER(float64, WHITTLE_FLOAT64, double, whittle_float64, whittle_float64_or)
READER(text, WHITTLE_TEXT, const char *, whittle_text_value, text_or)
READER(timestamp, WHITTLE_TIMESTAMP, int64_t, whittle_timestamp, whittle_timestamp_or)
READER(json, WHITTLE_JSON, const char *, whittle_json, text_or)

static const whittle_parameter readers[] = {WHITTLE_FIELD("field", "The field.")};

// The arguments, in one text.
static whittle_text given;
static char shown[200];

static whittle_outcome prepare_given(void) {
  whittle_text since = whittle_c(whittle_timestamp_argument("since") == 7 ? "7" : "other");
  whittle_text parts[] = {
      whittle_text_argument("text"),
      whittle_c(" "),
      since,
      whittle_c(" "),
      whittle_text_argument("json"),
      whittle_c(whittle_has_argument("weight") ? " weighed" : ""),
  };
  whittle_text all = whittle_join(parts, 6);
  memcpy(shown, all.bytes, all.length);
  given = (whittle_text){shown, all.length};
  if (whittle_int64_argument("int") < 0) {
    return whittle_invalid_argument(whittle_c("parameter `int` is negative"));
  }
  return whittle_ready();
}

static whittle_outcome get_given(void) { return whittle_text_value(given); }

static const whittle_parameter arguments[] = {
    WHITTLE_REQUIRED_PARAMETER("text", "A text.", WHITTLE_TEXT),
    WHITTLE_INT64_DEFAULT("int", "An integer.", 2),
    WHITTLE_OPTIONAL_PARAMETER("weight", "A number.", WHITTLE_FLOAT64),
    WHITTLE_TIMESTAMP_DEFAULT("since", "An instant.", 7),
    WHITTLE_JSON_DEFAULT("json", "Anything.", "[1]"),
};

static whittle_outcome prepare_label(void) {
  field = whittle_field_named("title", WHITTLE_TEXT);
  return whittle_ready();
}

// The id and title of a document with a score.
static whittle_outcome label(void) {
  whittle_text title;
  if (whittle_document_score() == 0) {
    return whittle_boolean(true);
  }
  if (!whittle_get_text(field, &title)) {
    whittle_log(WHITTLE_WARN, whittle_c("no title"));
    return whittle_failed(whittle_c("it has no title"));
  }
  whittle_text parts[] = {whittle_document_id(), whittle_c(": "), title};
  return whittle_text_value(whittle_join(parts, 3));
}

// Results of the wrong step.
static whittle_outcome return_null(void) { return whittle_null(); }
static whittle_outcome return_ready(void) { return whittle_ready(); }
static whittle_outcome return_failed(void) { return whittle_failed(whittle_c("no table")); }

#define FUNCTION(n, p, r, ready, run)                                                           \
  {                                                                                             \
    .name = (n), .description = "", WHITTLE_PARAMETERS(p), .returns = (r), .prepare = (ready), \
    .evaluate = (run)                                                                           \
  }

static const whittle_function functions[] = {
    FUNCTION("boolean", readers, WHITTLE_BOOLEAN, prepare_boolean, read_boolean),
    FUNCTION("int64", readers, WHITTLE_INT64, prepare_int64, read_int64),
    FUNCTION("float64", readers, WHITTLE_FLOAT64, prepare_float64, read_float64),
    FUNCTION("text", readers, WHITTLE_TEXT, prepare_text, read_text),
    FUNCTION("timestamp", readers, WHITTLE_TIMESTAMP, prepare_timestamp, read_timestamp),
    FUNCTION("json", readers, WHITTLE_JSON, prepare_json, read_json),
    FUNCTION("given", arguments, WHITTLE_TEXT, prepare_given, get_given),
    {.name = "label", .description = "", .returns = WHITTLE_TEXT, .prepare = prepare_label,
     .evaluate = label},
    {.name = "value_in_prepare", .description = "", .returns = WHITTLE_TEXT,
     .prepare = return_null, .evaluate = label},
    {.name = "failed_in_prepare", .description = "", .returns = WHITTLE_TEXT,
     .prepare = return_failed, .evaluate = label},
    {.name = "ready_in_evaluate", .description = "", .returns = WHITTLE_TEXT,
     .evaluate = return_ready},
};

const whittle_udf whittle_this_udf = {
    .name = "kit", .version = "0.1.0", .description = "", WHITTLE_FUNCTIONS(functions)};

// The document that is read as every kind.
static void document(const char *function, const char *path) {
  test_query(function);
  test_text_argument("field", path);
  test_document();
  test_boolean_field("flag", true);
  test_int64_field("int", 10);
  test_float64_field("float", 10);
  test_text_field("text", "10");
  test_timestamp_field("since", 1);
  test_text_field("iso", "2024-02-29T12:30:00.25Z");
  test_null_field("null");
  test_json_field("list", "[null, [2], 3]");
  test_json_field("a", "{\"b\": 2, \"c\": 3, \"d.e\": 4, \"f\": [{\"g\": 1}, {}, {\"g\": 2}]}");
  test_int64_field("a.b", 1);
}

static void a_value_is_read_as_its_kind_only(void) {
  document("boolean", "flag");
  CHECK_BOOLEAN(true);
  document("boolean", "int");
  CHECK_NULL();
  document("int64", "int");
  CHECK_INT64(10);
  document("int64", "float");
  CHECK_NULL();
  document("float64", "int");
  CHECK_FLOAT64(10);
  document("float64", "text");
  CHECK_NULL();
  document("text", "text");
  CHECK_TEXT("10");
  document("text", "int");
  CHECK_NULL();
  document("text", "since");
  CHECK_NULL();
  document("timestamp", "since");
  CHECK_TIMESTAMP(1);
  document("timestamp", "iso");
  CHECK_TIMESTAMP(1709209800250000);
  document("timestamp", "text");
  CHECK_NULL();
  document("boolean", "null");
  CHECK_NULL();
  document("json", "null");
  CHECK_NULL();
  document("json", "nothing");
  CHECK_NULL();
}

// The value of a text that is read as a timestamp.
static void instant_of(const char *text) {
  test_query("timestamp");
  test_text_argument("field", "at");
  test_document();
  test_text_field("at", text);
}

static void texts_are_read_as_timestamps_as_the_host_does(void) {
  instant_of("2024-02-29 12:30:00 +02");
  CHECK_TIMESTAMP(1709202600000000);
  instant_of("2024-02-29T123000Z");
  CHECK_TIMESTAMP(1709209800000000);
  instant_of("2024-02-29 23:59:60");
  CHECK_TIMESTAMP(1709251200000000);
  instant_of("0000-01-01");
  CHECK_TIMESTAMP(-62167219200000000);
  static const char *const others[] = {
      "2024-02-29 123000+02:00", "2024-02-29 123000.5", "2024-02-29 12:30:00 Z",
      "2024-02-29 12:30:00+24:00", "2024-02-29T12:30", "2024-02-29 ", " 2024-02-29", "2024-02",
  };
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    instant_of(others[i]);
    CHECK_NULL();
  }
}

static void anything_is_read_as_json(void) {
  document("json", "flag");
  CHECK_JSON("true");
  document("json", "float");
  CHECK_JSON("10.0");
  document("json", "text");
  CHECK_JSON("\"10\"");
  document("json", "since");
  CHECK_JSON("\"1970-01-01T00:00:00.000001Z\"");
  document("json", "list");
  CHECK_JSON("[null, [2], 3]");
  document("json", "a.f.g");
  CHECK_JSON("[1,2]");
}

static void the_first_value_and_the_longest_name_count(void) {
  document("int64", "list");
  CHECK_INT64(2);
  document("int64", "a.b");
  CHECK_INT64(1);
  document("int64", "a.c");
  CHECK_INT64(3);
  document("int64", "a.d.e");
  CHECK_INT64(4);
  document("int64", "a.f.g");
  CHECK_INT64(1);
  document("int64", "a.x");
  CHECK_NULL();
}

static void arguments_have_their_defaults(void) {
  test_query("given");
  test_text_argument("text", "a");
  test_document();
  CHECK_TEXT("a 7 [1]");

  test_query("given");
  test_text_argument("text", "b");
  test_text_argument("since", "1970-01-01T00:00:00.000007Z");
  test_int64_argument("weight", 1);
  test_json_argument("json", "{}");
  test_document();
  CHECK_TEXT("b 7 {} weighed");
}

static void wrong_arguments_are_refused_in_the_words_of_the_host(void) {
  test_query("given");
  CHECK_REFUSED("function `given`: missing parameter `text` (text): A text.");
  test_query("given");
  test_text_argument("txt", "a");
  CHECK_REFUSED("function `given`: unknown parameter `txt`: did you mean `text`?");
  test_query("given");
  test_int64_argument("text", 3);
  CHECK_REFUSED("function `given`: parameter `text` is text, but 3 was given");
  test_query("given");
  test_text_argument("text", "a");
  test_float64_argument("int", 2.5);
  CHECK_REFUSED("function `given`: parameter `int` is int64, but 2.5 was given");
  test_query("given");
  test_text_argument("text", "a");
  test_text_argument("since", "soon");
  CHECK_REFUSED(
      "function `given`: parameter `since` is timestamp, but the string \"soon\" was given");
  test_query("given");
  test_text_argument("text", "a");
  test_int64_argument("int", -1);
  CHECK_REFUSED("function `given` refused its arguments: \"parameter `int` is negative\"");
}

static void a_document_has_an_id_a_score_and_errors(void) {
  test_query("label");
  test_document();
  test_text_field("title", "Alien");
  CHECK_TEXT("0: Alien");
  test_document();
  CHECK_FAILED("it has no title");
  CHECK_LOG("warn: no title");
  CHECK_LOG("");
  test_document();
  test_id("b");
  test_text_field("title", "");
  CHECK_TEXT("b: ");
  test_document();
  test_score(0);
  CHECK_FAILED("declared text, but returned boolean");
}

static void each_step_has_its_own_results(void) {
  test_query("value_in_prepare");
  CHECK_REFUSED("function `value_in_prepare` failed in `prepare`: \"it returned a result of "
                "`evaluate`: return `whittle_ready()`\"");
  test_query("failed_in_prepare");
  CHECK_REFUSED("function `failed_in_prepare` failed in `prepare`: \"no table\"");
  test_query("ready_in_evaluate");
  test_document();
  CHECK_FAILED("`evaluate` returned `whittle_ready()`, a result of `prepare`: for no value, return "
               "`whittle_null()`");
}

static bool text_is(whittle_text text, const char *expected) {
  return text.length == strlen(expected) && memcmp(text.bytes, expected, text.length) == 0;
}

static void json_is_read_by_path(void) {
  whittle_text json = whittle_c(
      " {\"a\": {\"b\": [1, {\"c\": -2.5e1}]}, \"t\": \"x\\u00e9\\ud83d\\ude00\\n\\ud800\", "
      "\"yes\": true, \"null\": null, \"a\": {\"b\": [10, {\"c\": -2.5e1}]}, \"\\u0061b\": 7} ");
  whittle_text text;
  int64_t integer = 0;
  double number = 0;
  bool flag = false;
  CHECK(whittle_json_is_valid(json));
  CHECK(whittle_json_int64(whittle_json_at(json, "a.b[0]"), &integer) && integer == 10);
  CHECK(whittle_json_float64(whittle_json_at(json, "a.b[1].c"), &number) && number == -25);
  CHECK(!whittle_json_int64(whittle_json_at(json, "a.b[1].c"), &integer) && integer == 10);
  CHECK(whittle_json_int64(whittle_json_at(json, "ab"), &integer) && integer == 7);
  CHECK(whittle_json_boolean(whittle_json_at(json, "yes"), &flag) && flag);
  CHECK(whittle_json_is_null(whittle_json_at(json, "null")));
  CHECK(whittle_json_text(whittle_json_at(json, "t"), &text));
  CHECK(text_is(text, "x\xc3\xa9\xf0\x9f\x98\x80\n\xef\xbf\xbd"));
  CHECK(text_is(whittle_json_at(json, "a.b"), "[10, {\"c\": -2.5e1}]"));
  CHECK(whittle_json_at(json, "a.b[2]").length == 0);
  CHECK(whittle_json_at(json, "a.x.y").length == 0);
  CHECK(whittle_json_at(json, "a.b[x]").length == 0);
  CHECK(!whittle_json_text(whittle_json_at(json, "none"), &text));
}

static void json_integers_have_64_bits(void) {
  int64_t integer;
  CHECK(whittle_json_int64(whittle_c("9223372036854775807"), &integer) && integer == INT64_MAX);
  CHECK(whittle_json_int64(whittle_c("-9223372036854775808"), &integer) && integer == INT64_MIN);
  CHECK(!whittle_json_int64(whittle_c("9223372036854775808"), &integer));
  CHECK(!whittle_json_int64(whittle_c("1.0"), &integer));
  CHECK(!whittle_json_int64(whittle_c("\"1\""), &integer));
}

static void children_are_walked(void) {
  whittle_text name, value;
  int sum = 0;
  whittle_json_walk walk = whittle_json_each(whittle_c("{\"a.b\": 1, \"c\": [2, 3]}"));
  CHECK(whittle_json_next(&walk, &name, &value) && text_is(name, "\"a.b\"") && text_is(value, "1"));
  CHECK(whittle_json_next(&walk, &name, &value) && text_is(value, "[2, 3]"));
  CHECK(!whittle_json_next(&walk, &name, &value));
  for (walk = whittle_json_each(value); whittle_json_next(&walk, NULL, &value);) {
    sum += atoi(value.bytes);
  }
  CHECK(sum == 5);
  walk = whittle_json_each(whittle_c("7"));
  CHECK(!whittle_json_next(&walk, NULL, &value));
}

// A copy without a byte behind it, so that a sanitizer sees what is read past the end.
static bool is_valid(const char *json, size_t length) {
  char *copy = malloc(length ? length : 1);
  memcpy(copy, json, length);
  bool valid = whittle_json_is_valid((whittle_text){copy, length});
  whittle_json_at((whittle_text){copy, length}, "a[1].b");
  free(copy);
  return valid;
}

static void what_is_not_json_is_not_valid(void) {
  const char *whole = "{\"a\": [1.5e+3, {\"b\": \"\\u00e9\"}, true, null]}";
  for (size_t length = 0; length < strlen(whole); length++) {
    CHECK(!is_valid(whole, length));
  }
  CHECK(is_valid(whole, strlen(whole)));
  const char *wrong[] = {"01", "1.", "-", "[1,]", "{\"a\"}", "{a: 1}", "\"\t\"", "\"\\x\"",
                         "tru", "1 2", "[1}", "+1", "", "\"\\u12g4\""};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
    CHECK(!is_valid(wrong[i], strlen(wrong[i])));
  }
  char deep[300];
  memset(deep, '[', 150);
  memset(deep + 150, ']', 150);
  CHECK(!is_valid(deep, 300));
  CHECK(is_valid(deep + 22, 256));
}

int main(void) {
  RUN(a_value_is_read_as_its_kind_only);
  RUN(texts_are_read_as_timestamps_as_the_host_does);
  RUN(anything_is_read_as_json);
  RUN(the_first_value_and_the_longest_name_count);
  RUN(arguments_have_their_defaults);
  RUN(wrong_arguments_are_refused_in_the_words_of_the_host);
  RUN(each_step_has_its_own_results);
  RUN(a_document_has_an_id_a_score_and_errors);
  RUN(json_is_read_by_path);
  RUN(json_integers_have_64_bits);
  RUN(children_are_walked);
  RUN(what_is_not_json_is_not_valid);
  return test_result();
}
