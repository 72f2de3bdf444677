/// Unit tests of a UDF on your machine, on fake documents: no WebAssembly, no host.
///
/// ```c
/// #include "whittle_test.h"
///
/// static void films_of_two_hours_are_not_too_long(void) {
///   test_query("too_long");
///   test_text_argument("field", "minutes");
///
///   test_document();
///   test_int64_field("minutes", 121);
///   CHECK_BOOLEAN(true);
///
///   test_document();
///   CHECK_BOOLEAN(false);
/// }
///
/// static void a_negative_limit_is_refused(void) {
///   test_query("too_long");
///   test_text_argument("field", "minutes");
///   test_int64_argument("enough", -1);
///   CHECK_REFUSED("function `too_long` refused its arguments: \"parameter `enough` is negative\"");
/// }
///
/// int main(void) {
///   RUN(films_of_two_hours_are_not_too_long);
///   RUN(a_negative_limit_is_refused);
///   return test_result();
/// }
/// ```
///
/// Compile it with the UDF, the kit and this directory, as the project's Makefile does.
///
/// Arguments and documents are checked and read as in the host, and errors have its words. Each
/// document is evaluated when it is checked; at the end of a query all of its documents are evaluated
/// again in one batch, which must give the same. A panic, and what the contract forbids, ends the
/// program. Unlike in the host, static variables keep their values from one query to the next.
#ifndef WHITTLE_TEST_H
#define WHITTLE_TEST_H

#include "whittle.h"

/// Begins a query with a function, without arguments.
void test_query(const char *function);
/// Sets a parameter. That of a field is the field's path.
void test_boolean_argument(const char *name, bool value);
void test_int64_argument(const char *name, int64_t value);
void test_float64_argument(const char *name, double value);
void test_text_argument(const char *name, const char *value);
/// In microseconds since 1970-01-01T00:00:00 UTC.
void test_timestamp_argument(const char *name, int64_t value);
/// The text of one JSON value.
void test_json_argument(const char *name, const char *value);

/// Begins a document without fields. Its id is its position in the query, and its score is 1.
void test_document(void);
/// Sets a field by its dotted path. The kind of its value decides how it is read: an integer is also a
/// number, a text in ISO 8601 or RFC 3339 form is also a timestamp, anything is also JSON. A field that
/// is not set, and one of another kind, has no value.
void test_boolean_field(const char *path, bool value);
void test_int64_field(const char *path, int64_t value);
void test_float64_field(const char *path, double value);
void test_text_field(const char *path, const char *value);
/// In microseconds since 1970-01-01T00:00:00 UTC.
void test_timestamp_field(const char *path, int64_t value);
/// Any JSON: an object has fields of its own (`seller.address.city`), an array is several values, of
/// which the first that is not null counts.
void test_json_field(const char *path, const char *value);
void test_null_field(const char *path);
void test_id(const char *id);
void test_score(double score);

/// Checks what the function gives for the document: a value, null, or the document's error.
#define CHECK_BOOLEAN(expected) test_check_boolean(__FILE__, __LINE__, expected)
#define CHECK_INT64(expected) test_check_int64(__FILE__, __LINE__, expected)
#define CHECK_FLOAT64(expected) test_check_float64(__FILE__, __LINE__, expected)
#define CHECK_TEXT(expected) test_check_text(__FILE__, __LINE__, expected)
#define CHECK_TIMESTAMP(expected) test_check_timestamp(__FILE__, __LINE__, expected)
#define CHECK_JSON(expected) test_check_json(__FILE__, __LINE__, expected)
#define CHECK_NULL() test_check_null(__FILE__, __LINE__)
#define CHECK_FAILED(message) test_check_failed(__FILE__, __LINE__, message)
/// Checks that the host or the function refuses the query's arguments, with this error.
#define CHECK_REFUSED(message) test_check_refused(__FILE__, __LINE__, message)
/// Checks the next line that the function logged in the query, after its level: `warn: no title`. ""
/// means that there is none.
#define CHECK_LOG(line) test_check_log(__FILE__, __LINE__, line)
/// Checks any condition.
#define CHECK(condition) test_check(__FILE__, __LINE__, condition, #condition)

/// Runs a test.
#define RUN(test) test_run(#test, test)
/// Prints how many checks failed, and returns what `main` returns.
int test_result(void);

void test_check_boolean(const char *file, int line, bool expected);
void test_check_int64(const char *file, int line, int64_t expected);
void test_check_float64(const char *file, int line, double expected);
void test_check_text(const char *file, int line, const char *expected);
void test_check_timestamp(const char *file, int line, int64_t expected);
void test_check_json(const char *file, int line, const char *expected);
void test_check_null(const char *file, int line);
void test_check_failed(const char *file, int line, const char *message);
void test_check_refused(const char *file, int line, const char *message);
void test_check_log(const char *file, int line, const char *expected);
void test_check(const char *file, int line, bool condition, const char *text);
void test_run(const char *name, void (*test)(void));

#endif
