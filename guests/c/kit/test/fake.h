// Between the parts of the fake host. Tests need `whittle_test.h` alone.
#ifndef WHITTLE_TEST_FAKE_H
#define WHITTLE_TEST_FAKE_H

#include "udf.h"
#include "whittle.h"

// What a value is: a kind, or null, which comes before them.
typedef enum {
  FAKE_NULL,
  FAKE_BOOLEAN,
  FAKE_INT64,
  FAKE_FLOAT64,
  FAKE_TEXT,
  FAKE_TIMESTAMP,
  FAKE_JSON,
} fake_tag;

static inline fake_tag fake_tag_of(whittle_kind kind) { return (fake_tag)(kind + 1); }

// A value, or none. Its text is kept.
typedef struct {
  fake_tag tag;
  union {
    bool boolean;
    int64_t int64;
    double float64;
    whittle_text text;
  } of;
} fake_value;

typedef struct {
  const char *path;
  fake_value value;
} fake_field;

// What the function gives for a document: a value, null or an error.
typedef struct {
  bool failed;
  fake_value value;
} fake_result;

typedef struct {
  const char *id;
  double score;
  fake_field *fields;
  size_t field_count;
  bool evaluated;
  fake_result result;
  // Where it was checked.
  const char *file;
  int line;
} fake_document;

// The query: its documents, and the fields that the function has resolved, by handle - 1.
typedef struct {
  enum { FAKE_IDLE, FAKE_BIND, FAKE_EVALUATE } phase;
  const whittle_function *function;
  fake_document *documents;
  size_t document_count;
  // The document of the first row.
  size_t first;
  struct {
    const char *path;
    whittle_kind kind;
  } *fields;
  size_t field_count;
  // Of a batch.
  fake_result *results;
  size_t result_count;
} fake_query;

extern fake_query fake;

// Memory that lives until the program ends.
void *fake_keep(size_t bytes);
whittle_text fake_keep_text(whittle_text text);
// The list with room for one more.
void *fake_grown(void *list, size_t count, size_t size);
// A text of so many formatted arguments, kept.
__attribute__((format(printf, 1, 2), nonnull(1))) const char *fake_format(const char *format, ...);

const char *fake_kind_name(whittle_kind kind);
// A value as JSON.
whittle_text fake_json(fake_value value);
// A field of a document, read as a kind.
fake_value fake_read(const fake_document *document, const char *path, whittle_kind kind);
// ISO 8601 and RFC 3339.
bool fake_timestamp(whittle_text text, int64_t *microseconds);
const char *fake_timestamp_text(int64_t microseconds);

// The lines of the log that were not checked yet.
void fake_begin_log(bool is_kept);
const char *fake_next_line(void);

// Evaluates all documents of the query, or one, in a batch.
void fake_batch(void);
fake_result fake_single(size_t document);
_Noreturn void fake_misuse(const char *reason);

// The arguments for a function, checked; NULL or the error.
const char *fake_arguments(const fake_field *given, size_t count,
                           exports_whittle_udf_functions_list_argument_t *arguments);

#endif
