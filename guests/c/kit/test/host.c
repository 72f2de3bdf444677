// The contract's imports over fake documents, and the way into the kit's exports.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../batch.h"
#include "fake.h"
#include "whittle_json.h"

fake_query fake;

void fake_misuse(const char *reason) {
  fprintf(stderr, "the guest broke the contract: %s\n", reason);
  abort();
}

void udf_string_dup_n(udf_string_t *string, const char *bytes, size_t length) {
  // An empty string has no memory, as in a component.
  string->ptr = length ? whittle_resized(NULL, length) : NULL;
  string->len = length;
  if (length) {
    memcpy(string->ptr, bytes, length);
  }
}

void udf_string_free(udf_string_t *string) { free(string->ptr); }

void udf_list_u8_free(udf_list_u8_t *list) { free(list->ptr); }

typedef exports_whittle_batch_functions_list_column_t column_list;

void exports_whittle_batch_functions_list_column_free(column_list *columns) {
  for (size_t i = 0; i < columns->len; i++) {
    exports_whittle_batch_functions_column_t *column = &columns->ptr[i];
    if (column->validity.is_some) {
      udf_list_u8_free(&column->validity.val);
    }
    if (column->values.tag == WHITTLE_BATCH_COLUMNS_VALUES_NUMBERS) {
      udf_list_u8_free(&column->values.val.numbers);
    } else if (column->values.tag == WHITTLE_BATCH_COLUMNS_VALUES_TEXTS) {
      udf_list_u8_free(&column->values.val.texts.offsets);
      udf_list_u8_free(&column->values.val.texts.bytes);
    }
  }
  free(columns->ptr);
}

// Reading.

static const fake_document *present(void) {
  if (fake.phase != FAKE_EVALUATE) {
    fake_misuse("it read a document outside of `evaluate`, where there is none: `prepare` sees only "
                "the parameters");
  }
  return &fake.documents[fake.first + whittle_row];
}

static fake_value read_any(uint32_t handle) {
  const fake_document *document = present();
  if (handle == 0 || handle > fake.field_count) {
    fake_misuse(fake_format("it read the field handle %u, which no lookup returned: look up the "
                            "field in `prepare`", handle));
  }
  return fake_read(document, fake.fields[handle - 1].path, fake.fields[handle - 1].kind);
}

static fake_value read_as(uint32_t handle, whittle_kind kind) {
  fake_value value = read_any(handle);
  if (fake.fields[handle - 1].kind != kind) {
    fake_misuse(fake_format("it read the field `%s` as %s, but resolved it as %s",
                            fake.fields[handle - 1].path, fake_kind_name(kind),
                            fake_kind_name(fake.fields[handle - 1].kind)));
  }
  return value;
}

uint32_t whittle_udf_document_resolve(udf_string_t *path, uint8_t kind) {
  if (fake.phase != FAKE_BIND) {
    fake_misuse("it looked up a field outside of `prepare`: look up all fields there, before the "
                "first document");
  }
  const char *text = fake_keep_text((whittle_text){(const char *)path->ptr, path->len}).bytes;
  for (uint32_t i = 0; i < fake.field_count; i++) {
    if (fake.fields[i].kind == kind && strcmp(fake.fields[i].path, text) == 0) {
      return i + 1;
    }
  }
  fake.fields = fake_grown(fake.fields, fake.field_count, sizeof(*fake.fields));
  fake.fields[fake.field_count].path = text;
  fake.fields[fake.field_count].kind = kind;
  return (uint32_t)++fake.field_count;
}

bool whittle_udf_document_has(uint32_t field) { return read_any(field).tag != FAKE_NULL; }

#define GETTER(name, type, kind, member)                                        \
  bool whittle_udf_document_get_##name(uint32_t field, type *value) {           \
    fake_value found = read_as(field, kind);                                    \
    if (found.tag == FAKE_NULL) {                                               \
      return false;                                                             \
    }                                                                           \
    *value = found.of.member;                                                   \
    return true;                                                                \
  }                                                                             \
  type whittle_udf_document_##name##_or(uint32_t field, type other) {           \
    whittle_udf_document_get_##name(field, &other);                             \
    return other;                                                               \
  }

GETTER(boolean, bool, WHITTLE_BOOLEAN, boolean)
GETTER(int64, int64_t, WHITTLE_INT64, int64)
GETTER(float64, double, WHITTLE_FLOAT64, float64)
GETTER(timestamp, int64_t, WHITTLE_TIMESTAMP, int64)

static bool get_text(uint32_t field, whittle_kind kind, udf_string_t *text) {
  fake_value found = read_as(field, kind);
  if (found.tag == FAKE_NULL) {
    return false;
  }
  udf_string_dup_n(text, found.of.text.bytes, found.of.text.length);
  return true;
}

bool whittle_udf_document_get_text(uint32_t field, udf_string_t *value) {
  return get_text(field, WHITTLE_TEXT, value);
}

bool whittle_udf_document_get_json(uint32_t field, udf_string_t *value) {
  return get_text(field, WHITTLE_JSON, value);
}

void whittle_udf_document_id(udf_string_t *id) {
  const char *text = present()->id;
  udf_string_dup_n(id, text, strlen(text));
}

double whittle_udf_document_score(void) { return present()->score; }

// The log.

static const char **lines;
static size_t line_count, next_line;
static bool keeps_lines;

void fake_begin_log(bool is_kept) { keeps_lines = is_kept; }

const char *fake_next_line(void) { return next_line < line_count ? lines[next_line++] : ""; }

void whittle_udf_logging_log(uint8_t level, udf_string_t *message) {
  static const char *const levels[] = {"trace", "debug", "info", "warn", "error"};
  const char *line = fake_format("%s: %.*s", levels[level], (int)message->len, message->ptr);
  if (level == WHITTLE_ERROR) {
    // It may be the last words before a panic.
    fprintf(stderr, "%s\n", line);
  }
  if (keeps_lines) {
    lines = fake_grown(lines, line_count, sizeof(*lines));
    lines[line_count++] = line;
  }
}

// Results.

static fake_result failed(const char *message, size_t length) {
  whittle_text text = fake_keep_text((whittle_text){message, length});
  return (fake_result){true, {FAKE_TEXT, {.text = text}}};
}

static fake_result wrong_kind(whittle_kind found) {
  const char *message = fake_format("declared %s, but returned %s",
                                    fake_kind_name(fake.function->returns), fake_kind_name(found));
  return failed(message, strlen(message));
}

static fake_result checked(fake_value value) {
  if (value.tag == FAKE_JSON && !whittle_json_is_valid(value.of.text)) {
    const char *message = fake_format("returned a text that is not JSON: \"%.*s\"",
                                      (int)value.of.text.length, value.of.text.bytes);
    return failed(message, strlen(message));
  }
  return (fake_result){false, value};
}

fake_result fake_single(size_t document) {
  exports_whittle_udf_functions_value_t given = {0};
  exports_whittle_udf_functions_error_t error = {0};
  fake.phase = FAKE_EVALUATE;
  fake.first = document;
  bool is_value = exports_whittle_udf_functions_evaluate(&given, &error);
  fake.phase = FAKE_IDLE;
  if (!is_value) {
    fake_result result = failed((const char *)error.val.failed.ptr, error.val.failed.len);
    udf_string_free(&error.val.failed);
    return result;
  }
  fake_value value = {.tag = given.tag};
  switch (given.tag) {
    case FAKE_NULL:
      return (fake_result){false, value};
    case FAKE_BOOLEAN:
      value.of.boolean = given.val.boolean;
      break;
    case FAKE_FLOAT64:
      value.of.float64 = given.val.float64;
      break;
    case FAKE_TEXT:
    case FAKE_JSON:
      value.of.text =
          fake_keep_text((whittle_text){(const char *)given.val.text.ptr, given.val.text.len});
      udf_string_free(&given.val.text);
      break;
    default:
      value.of.int64 = given.val.int64;
  }
  return given.tag == fake_tag_of(fake.function->returns) ? checked(value)
                                                 : wrong_kind((whittle_kind)(given.tag - 1));
}

void whittle_batch_results_watch(udf_list_u32_t *row) { (void)row; }

void whittle_batch_results_fail(uint32_t row, whittle_batch_results_error_t *error) {
  fake.results[row] = failed((const char *)error->val.failed.ptr, error->val.failed.len);
}

void whittle_batch_results_wrong_kind(uint32_t row, uint8_t found) {
  fake.results[row] = wrong_kind(found);
}

static fake_value value_at(size_t index, const uint8_t *values, const uint8_t *offsets) {
  fake_value value = {.tag = fake_tag_of(fake.function->returns)};
  if (offsets) {
    uint32_t ends[2];
    memcpy(ends, offsets + index * 4, 8);
    whittle_text text = {(const char *)values + ends[0], ends[1] - ends[0]};
    value.of.text = fake_keep_text(text);
  } else if (value.tag == FAKE_BOOLEAN) {
    value.of.boolean = values[index] != 0;
  } else {
    memcpy(&value.of, values + index * 8, 8);
  }
  return value;
}

void whittle_batch_results_put(udf_list_u8_t *validity, udf_list_u8_t *values,
                               udf_list_u8_t *offsets) {
  size_t width = fake.function->returns == WHITTLE_BOOLEAN ? 1 : 8;
  size_t rows = offsets ? offsets->len / 4 - 1 : values->len / width;
  for (size_t i = 0; i < rows; i++) {
    fake_result *result = &fake.results[fake.result_count++];
    if (!result->failed && (!validity || validity->ptr[i])) {
      *result = checked(value_at(i, values->ptr, offsets ? offsets->ptr : NULL));
    }
  }
}

// A field of all documents, as the host hands it over.
static exports_whittle_batch_functions_column_t column_of(uint32_t handle) {
  whittle_kind kind = fake.fields[handle - 1].kind;
  size_t rows = fake.document_count, length = 0, missing = 0;
  bool is_text = kind == WHITTLE_TEXT || kind == WHITTLE_JSON;
  size_t width = kind == WHITTLE_BOOLEAN ? 1 : 8;
  uint8_t *validity = calloc(rows, 1), *offsets = calloc(rows + 1, 4);
  uint8_t *values = is_text ? NULL : calloc(rows, width);
  for (size_t row = 0; row < rows; row++) {
    fake_value value = fake_read(&fake.documents[row], fake.fields[handle - 1].path, kind);
    validity[row] = value.tag != FAKE_NULL;
    missing += value.tag == FAKE_NULL;
    if (is_text && validity[row]) {
      values = whittle_resized(values, length + value.of.text.length);
      memcpy(values + length, value.of.text.bytes, value.of.text.length);
      length += value.of.text.length;
    } else if (validity[row]) {
      memcpy(values + row * width, &value.of, width);
    }
    uint32_t end = (uint32_t)length;
    memcpy(offsets + (row + 1) * 4, &end, 4);
  }
  exports_whittle_batch_functions_column_t column = {.field = handle};
  if (missing == rows) {
    column.values.tag = WHITTLE_BATCH_COLUMNS_VALUES_MISSING;
  } else if (is_text) {
    column.values.tag = WHITTLE_BATCH_COLUMNS_VALUES_TEXTS;
    column.values.val.texts.offsets = (udf_list_u8_t){offsets, (rows + 1) * 4};
    column.values.val.texts.bytes = (udf_list_u8_t){values, length};
  } else {
    column.values.tag = WHITTLE_BATCH_COLUMNS_VALUES_NUMBERS;
    column.values.val.numbers = (udf_list_u8_t){values, rows * width};
  }
  if (column.values.tag != WHITTLE_BATCH_COLUMNS_VALUES_TEXTS) {
    free(offsets);
  }
  if (missing == rows) {
    free(values);
  }
  if (missing && missing < rows) {
    column.validity.is_some = true;
    column.validity.val = (udf_list_u8_t){validity, rows};
  } else {
    free(validity);
  }
  return column;
}

void fake_batch(void) {
  size_t rows = fake.document_count;
  fake.results = fake_keep(rows * sizeof(*fake.results));
  fake.result_count = 0;
  fake.first = 0;
  column_list columns = {malloc((fake.field_count + 1) * sizeof(*columns.ptr)), fake.field_count};
  for (uint32_t i = 0; i < fake.field_count; i++) {
    columns.ptr[i] = column_of(i + 1);
  }
  udf_list_u8_t scores = {malloc(rows * 8), rows * 8};
  for (size_t row = 0; row < rows; row++) {
    memcpy(scores.ptr + row * 8, &fake.documents[row].score, 8);
  }
  fake.phase = FAKE_EVALUATE;
  exports_whittle_batch_functions_evaluate((uint32_t)rows, &columns, &scores);
  fake.phase = FAKE_IDLE;
  whittle_row = 0;
}
