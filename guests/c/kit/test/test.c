// Queries, documents and checks: see `whittle_test.h`.

#include "whittle_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../batch.h"
#include "fake.h"

static const char *test_name = "";
static size_t check_count, failure_count;

// The arguments of the query, whether it is bound, and the error if it was refused.
static fake_field *given;
static size_t given_count;
static bool is_bound;
static const char *refusal;

static void fail(const char *file, int line, const char *message) {
  fprintf(stderr, "%s:%d: %s: %s\n", file, line, test_name, message);
  failure_count++;
}

static const char *shown(fake_result result) {
  if (result.failed) {
    whittle_text text = result.value.of.text;
    return fake_format("the error \"%.*s\"", (int)text.length, text.bytes);
  }
  whittle_text json = fake_json(result.value);
  return fake_format("%.*s", (int)json.length, json.bytes);
}

// Evaluates the documents that were checked once more, in one batch.
static void end_query(void) {
  bool is_evaluated = false;
  for (size_t i = 0; i < fake.document_count; i++) {
    is_evaluated |= fake.documents[i].evaluated;
  }
  if (!is_evaluated) {
    return;
  }
  fake_begin_log(false);
  fake_batch();
  for (size_t i = 0; i < fake.document_count; i++) {
    const fake_document *document = &fake.documents[i];
    const char *alone = shown(document->result), *in_batch = shown(fake.results[i]);
    if (document->evaluated && strcmp(alone, in_batch) != 0) {
      fail(document->file, document->line,
           fake_format("the document gives %s alone, but %s in a batch: both must be the same",
                       alone, in_batch));
    }
  }
}

// Queries.

void test_query(const char *function) {
  end_query();
  fake = (fake_query){0};
  given = NULL;
  given_count = 0;
  is_bound = false;
  refusal = NULL;
  while (*fake_next_line()) {
  }
  memset(whittle_columns, 0, sizeof(whittle_columns));
  for (size_t i = 0; i < whittle_this_udf.function_count; i++) {
    if (strcmp(whittle_this_udf.functions[i].name, function) == 0) {
      fake.function = &whittle_this_udf.functions[i];
      return;
    }
  }
  fprintf(stderr, "%s: the component has no function `%s`\n", test_name, function);
  exit(1);
}

static void give(const char *name, fake_value value) {
  if (!fake.function || is_bound) {
    fprintf(stderr, "%s: call `test_query`, set arguments, and then call `test_document`\n",
            test_name);
    exit(1);
  }
  given = fake_grown(given, given_count, sizeof(*given));
  given[given_count++] = (fake_field){fake_keep_text(whittle_c(name)).bytes, value};
}

static fake_value of_text(const char *text) {
  return (fake_value){FAKE_TEXT, {.text = fake_keep_text(whittle_c(text))}};
}

static fake_value of_json(const char *json) {
  return (fake_value){FAKE_JSON, {.text = fake_keep_text(whittle_c(json))}};
}

void test_boolean_argument(const char *name, bool value) {
  give(name, (fake_value){FAKE_BOOLEAN, {.boolean = value}});
}

void test_int64_argument(const char *name, int64_t value) {
  give(name, (fake_value){FAKE_INT64, {.int64 = value}});
}

void test_float64_argument(const char *name, double value) {
  give(name, (fake_value){FAKE_FLOAT64, {.float64 = value}});
}

void test_text_argument(const char *name, const char *value) { give(name, of_text(value)); }

void test_timestamp_argument(const char *name, int64_t value) {
  give(name, (fake_value){FAKE_TIMESTAMP, {.int64 = value}});
}

void test_json_argument(const char *name, const char *value) { give(name, of_json(value)); }

static void bind(void) {
  exports_whittle_udf_functions_list_argument_t arguments;
  is_bound = true;
  const char *wrong = fake_arguments(given, given_count, &arguments);
  if (wrong) {
    refusal = fake_format("function `%s`: %s", fake.function->name, wrong);
    return;
  }
  udf_string_t name;
  udf_string_dup_n(&name, fake.function->name, strlen(fake.function->name));
  exports_whittle_udf_functions_error_t error;
  fake_begin_log(true);
  fake.phase = FAKE_BIND;
  bool is_ready = exports_whittle_udf_functions_bind(&name, &arguments, &error);
  fake.phase = FAKE_IDLE;
  if (!is_ready) {
    // Both cases of the union are a string.
    udf_string_t reason = error.val.invalid_argument;
    bool is_refused = error.tag == WHITTLE_UDF_TYPES_ERROR_INVALID_ARGUMENT;
    refusal = fake_format("function `%s` %s: \"%.*s\"", fake.function->name,
                          is_refused ? "refused its arguments" : "failed in `prepare`",
                          (int)reason.len, reason.ptr);
    udf_string_free(&reason);
  }
}

void test_check_refused(const char *file, int line, const char *message) {
  check_count++;
  if (!is_bound) {
    bind();
  }
  if (!refusal || strcmp(refusal, message) != 0) {
    fail(file, line, fake_format("expected the error\n  %s\n but got\n  %s", message,
                                 refusal ? refusal : "none: the arguments are accepted"));
  }
}

// Documents.

void test_document(void) {
  if (!is_bound) {
    bind();
  }
  if (refusal) {
    fprintf(stderr, "%s: %s\n", test_name, refusal);
    exit(1);
  }
  fake.documents = fake_grown(fake.documents, fake.document_count, sizeof(*fake.documents));
  fake.documents[fake.document_count] = (fake_document){
      .id = fake_format("%zu", fake.document_count),
      .score = 1,
  };
  fake.document_count++;
}

static fake_document *last(void) {
  if (!fake.document_count) {
    fprintf(stderr, "%s: call `test_document` first\n", test_name);
    exit(1);
  }
  return &fake.documents[fake.document_count - 1];
}

static void set(const char *path, fake_value value) {
  fake_document *document = last();
  document->fields =
      fake_grown(document->fields, document->field_count, sizeof(*document->fields));
  document->fields[document->field_count++] =
      (fake_field){fake_keep_text(whittle_c(path)).bytes, value};
}

void test_boolean_field(const char *path, bool value) {
  set(path, (fake_value){FAKE_BOOLEAN, {.boolean = value}});
}

void test_int64_field(const char *path, int64_t value) {
  set(path, (fake_value){FAKE_INT64, {.int64 = value}});
}

void test_float64_field(const char *path, double value) {
  set(path, (fake_value){FAKE_FLOAT64, {.float64 = value}});
}

void test_text_field(const char *path, const char *value) { set(path, of_text(value)); }

void test_timestamp_field(const char *path, int64_t value) {
  set(path, (fake_value){FAKE_TIMESTAMP, {.int64 = value}});
}

void test_json_field(const char *path, const char *value) { set(path, of_json(value)); }

void test_null_field(const char *path) { set(path, (fake_value){.tag = FAKE_NULL}); }

void test_id(const char *id) { last()->id = fake_keep_text(whittle_c(id)).bytes; }

void test_score(double score) { last()->score = score; }

// Checks.

static void check(const char *file, int line, fake_result expected) {
  fake_document *document = last();
  fake_begin_log(true);
  document->result = fake_single(fake.document_count - 1);
  document->evaluated = true;
  document->file = file;
  document->line = line;
  check_count++;
  bool is_same = expected.failed == document->result.failed &&
                 expected.value.tag == document->result.value.tag &&
                 strcmp(shown(expected), shown(document->result)) == 0;
  if (!is_same) {
    fail(file, line,
         fake_format("expected %s, but the function gave %s", shown(expected),
                     shown(document->result)));
  }
}

void test_check_boolean(const char *file, int line, bool expected) {
  check(file, line, (fake_result){false, {FAKE_BOOLEAN, {.boolean = expected}}});
}

void test_check_int64(const char *file, int line, int64_t expected) {
  check(file, line, (fake_result){false, {FAKE_INT64, {.int64 = expected}}});
}

void test_check_float64(const char *file, int line, double expected) {
  check(file, line, (fake_result){false, {FAKE_FLOAT64, {.float64 = expected}}});
}

void test_check_text(const char *file, int line, const char *expected) {
  check(file, line, (fake_result){false, of_text(expected)});
}

void test_check_timestamp(const char *file, int line, int64_t expected) {
  check(file, line, (fake_result){false, {FAKE_TIMESTAMP, {.int64 = expected}}});
}

void test_check_json(const char *file, int line, const char *expected) {
  check(file, line, (fake_result){false, of_json(expected)});
}

void test_check_null(const char *file, int line) { check(file, line, (fake_result){0}); }

void test_check_failed(const char *file, int line, const char *message) {
  check(file, line, (fake_result){true, of_text(message)});
}

void test_check_log(const char *file, int line, const char *expected) {
  const char *logged = fake_next_line();
  check_count++;
  if (strcmp(logged, expected) != 0) {
    fail(file, line, fake_format("expected the line \"%s\", but got \"%s\"", expected, logged));
  }
}

void test_check(const char *file, int line, bool condition, const char *text) {
  check_count++;
  if (!condition) {
    fail(file, line, text);
  }
}

void test_run(const char *name, void (*test)(void)) {
  test_name = name;
  test();
  end_query();
  fake = (fake_query){0};
}

int test_result(void) {
  if (failure_count) {
    fprintf(stderr, "%zu of %zu checks failed\n", failure_count, check_count);
    return 1;
  }
  printf(check_count == 1 ? "%zu check passed\n" : "all %zu checks passed\n", check_count);
  return 0;
}
