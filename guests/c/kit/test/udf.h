// The contract's bindings on your machine: the names that `whittle build` generates for a component, as
// far as the kit uses them. `host.c` implements them over fake documents.
#ifndef WHITTLE_TEST_UDF_H
#define WHITTLE_TEST_UDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint8_t *ptr;
  size_t len;
} udf_string_t;

typedef struct {
  uint8_t *ptr;
  size_t len;
} udf_list_u8_t;

typedef struct {
  uint32_t *ptr;
  size_t len;
} udf_list_u32_t;

void udf_string_dup_n(udf_string_t *string, const char *bytes, size_t length);
void udf_string_free(udf_string_t *string);
void udf_list_u8_free(udf_list_u8_t *list);

#define WHITTLE_UDF_TYPES_KIND_BOOLEAN 0
#define WHITTLE_UDF_TYPES_KIND_INT64 1
#define WHITTLE_UDF_TYPES_KIND_FLOAT64 2
#define WHITTLE_UDF_TYPES_KIND_TEXT 3
#define WHITTLE_UDF_TYPES_KIND_TIMESTAMP 4
#define WHITTLE_UDF_TYPES_KIND_JSON 5

#define WHITTLE_UDF_TYPES_VALUE_NULL 0

#define WHITTLE_UDF_LOGGING_LEVEL_ERROR 4

typedef struct {
  uint8_t tag;
  union {
    bool boolean;
    int64_t int64;
    double float64;
    udf_string_t text;
    int64_t timestamp;
    udf_string_t json;
  } val;
} whittle_udf_types_value_t;
typedef whittle_udf_types_value_t exports_whittle_udf_functions_value_t;

typedef struct {
  udf_string_t name;
  udf_string_t description;
  uint8_t kind;
  struct {
    uint8_t tag;
    union {
      whittle_udf_types_value_t default_;
    } val;
  } presence;
} whittle_udf_types_parameter_t;

typedef struct {
  udf_string_t name;
  udf_string_t description;
  struct {
    whittle_udf_types_parameter_t *ptr;
    size_t len;
  } parameters;
  uint8_t returns;
} whittle_udf_types_function_t;

typedef struct {
  udf_string_t name;
  udf_string_t version;
  udf_string_t description;
  udf_string_t author;
  struct {
    whittle_udf_types_function_t *ptr;
    size_t len;
  } functions;
} exports_whittle_udf_functions_manifest_t;

typedef struct {
  udf_string_t name;
  whittle_udf_types_value_t value;
} whittle_udf_types_argument_t;

typedef struct {
  whittle_udf_types_argument_t *ptr;
  size_t len;
} exports_whittle_udf_functions_list_argument_t;

#define WHITTLE_UDF_TYPES_ERROR_INVALID_ARGUMENT 0
#define WHITTLE_UDF_TYPES_ERROR_FAILED 1

typedef struct {
  uint8_t tag;
  union {
    udf_string_t invalid_argument;
    udf_string_t failed;
  } val;
} exports_whittle_udf_functions_error_t;
typedef exports_whittle_udf_functions_error_t whittle_batch_results_error_t;

#define WHITTLE_BATCH_COLUMNS_VALUES_MISSING 0
#define WHITTLE_BATCH_COLUMNS_VALUES_NUMBERS 1
#define WHITTLE_BATCH_COLUMNS_VALUES_TEXTS 2

typedef struct {
  uint32_t field;
  struct {
    bool is_some;
    udf_list_u8_t val;
  } validity;
  struct {
    uint8_t tag;
    union {
      udf_list_u8_t numbers;
      struct {
        udf_list_u8_t offsets;
        udf_list_u8_t bytes;
      } texts;
    } val;
  } values;
} exports_whittle_batch_functions_column_t;

typedef struct {
  exports_whittle_batch_functions_column_t *ptr;
  size_t len;
} exports_whittle_batch_functions_list_column_t;

void exports_whittle_batch_functions_list_column_free(
    exports_whittle_batch_functions_list_column_t *columns);

// What a component exports, which the kit implements.
void exports_whittle_udf_functions_describe(exports_whittle_udf_functions_manifest_t *manifest);
bool exports_whittle_udf_functions_bind(udf_string_t *name,
                                        exports_whittle_udf_functions_list_argument_t *arguments,
                                        exports_whittle_udf_functions_error_t *error);
bool exports_whittle_udf_functions_evaluate(exports_whittle_udf_functions_value_t *value,
                                            exports_whittle_udf_functions_error_t *error);
void exports_whittle_batch_functions_evaluate(uint32_t rows,
                                              exports_whittle_batch_functions_list_column_t *columns,
                                              udf_list_u8_t *scores);

// What it imports.
uint32_t whittle_udf_document_resolve(udf_string_t *path, uint8_t kind);
bool whittle_udf_document_has(uint32_t field);
bool whittle_udf_document_get_boolean(uint32_t field, bool *value);
bool whittle_udf_document_get_int64(uint32_t field, int64_t *value);
bool whittle_udf_document_get_float64(uint32_t field, double *value);
bool whittle_udf_document_get_timestamp(uint32_t field, int64_t *value);
bool whittle_udf_document_get_text(uint32_t field, udf_string_t *value);
bool whittle_udf_document_get_json(uint32_t field, udf_string_t *value);
bool whittle_udf_document_boolean_or(uint32_t field, bool other);
int64_t whittle_udf_document_int64_or(uint32_t field, int64_t other);
double whittle_udf_document_float64_or(uint32_t field, double other);
int64_t whittle_udf_document_timestamp_or(uint32_t field, int64_t other);
void whittle_udf_document_id(udf_string_t *id);
double whittle_udf_document_score(void);
void whittle_udf_logging_log(uint8_t level, udf_string_t *message);
void whittle_batch_results_watch(udf_list_u32_t *row);
void whittle_batch_results_fail(uint32_t row, whittle_batch_results_error_t *error);
void whittle_batch_results_wrong_kind(uint32_t row, uint8_t found);
void whittle_batch_results_put(udf_list_u8_t *validity, udf_list_u8_t *values,
                               udf_list_u8_t *offsets);

#endif
