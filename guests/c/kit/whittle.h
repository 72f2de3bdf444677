/// Whittle UDFs in C: a table of functions, each with its parameters and two C functions.
///
/// ```c
/// #include "whittle.h"
///
/// static whittle_field field;
/// static int64_t enough;
///
/// static const whittle_parameter parameters[] = {
///     WHITTLE_FIELD("field", "The field that holds the minutes."),
///     WHITTLE_INT64_DEFAULT("enough", "How many minutes are enough.", 120),
/// };
///
/// static whittle_outcome prepare(void) {
///   field = whittle_field_argument("field", WHITTLE_INT64);
///   enough = whittle_int64_argument("enough");
///   return whittle_ready();
/// }
///
/// static whittle_outcome too_long(void) {
///   return whittle_boolean(whittle_int64_or(field, 0) > enough);
/// }
///
/// static const whittle_function functions[] = {{
///     .name = "too_long",
///     .description = "Tells whether a film is longer than it should be.",
///     WHITTLE_PARAMETERS(parameters),
///     .returns = WHITTLE_BOOLEAN,
///     .prepare = prepare,
///     .evaluate = too_long,
/// }};
///
/// const whittle_udf whittle_this_udf = {
///     .name = "films",
///     .version = "0.1.0",
///     .description = "What is wrong with films.",
///     WHITTLE_FUNCTIONS(functions),
/// };
/// ```
///
/// A component has one `whittle_this_udf`. A query binds one function: `prepare` runs once, reads the
/// arguments and resolves the fields; then `evaluate` runs for each document. Queries share no
/// state, so `prepare` can keep its results in static variables.
///
/// Memory: the text of an argument is valid for the whole query, the text of a document until
/// `evaluate` returns; do not free them. Text in an outcome is copied. Use `malloc` for anything else.
#ifndef WHITTLE_H
#define WHITTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// UTF-8, not terminated by NUL; it may contain NULs.
typedef struct {
  const char *bytes;
  /// In bytes.
  size_t length;
} whittle_text;

/// The text of a C string.
whittle_text whittle_c(const char *string);

/// Concatenates texts. The result is valid until `prepare` or `evaluate` returns.
whittle_text whittle_join(const whittle_text *parts, size_t count);

/// The type of a value.
typedef enum {
  /// True or false.
  WHITTLE_BOOLEAN,
  /// A signed integer of 64 bits.
  WHITTLE_INT64,
  /// A floating-point number of 64 bits.
  WHITTLE_FLOAT64,
  /// Unicode text.
  WHITTLE_TEXT,
  /// Microseconds since 1970-01-01T00:00:00 UTC.
  WHITTLE_TIMESTAMP,
  /// A text that is one JSON value.
  WHITTLE_JSON,
} whittle_kind;

/// The result of `prepare` or `evaluate`, created with the functions below.
typedef struct {
  enum {
    WHITTLE_OUTCOME_NULL,
    WHITTLE_OUTCOME_VALUE,
    WHITTLE_OUTCOME_INVALID_ARGUMENT,
    WHITTLE_OUTCOME_FAILED,
    WHITTLE_OUTCOME_READY,
  } tag;
  whittle_kind kind;
  union {
    bool boolean;
    int64_t int64;
    double float64;
    whittle_text text;
  } value;
} whittle_outcome;

/// Of `evaluate`: true or false.
whittle_outcome whittle_boolean(bool value);
/// Of `evaluate`: an integer.
whittle_outcome whittle_int64(int64_t value);
/// Of `evaluate`: a number.
whittle_outcome whittle_float64(double value);
/// Of `evaluate`: a text, in UTF-8.
whittle_outcome whittle_text_value(whittle_text value);
/// Of `evaluate`: an instant, in microseconds since 1970-01-01T00:00:00 UTC.
whittle_outcome whittle_timestamp(int64_t microseconds);
/// Of `evaluate`: the text of one JSON value.
whittle_outcome whittle_json(whittle_text value);
/// Of `evaluate`: no value.
whittle_outcome whittle_null(void);
/// Of `evaluate`: the function failed for this document, for this reason.
whittle_outcome whittle_failed(whittle_text reason);
/// Of `prepare`: the function can be evaluated.
whittle_outcome whittle_ready(void);
/// Of `prepare`: an argument is wrong; the reason names its parameter.
whittle_outcome whittle_invalid_argument(whittle_text reason);

/// A parameter, created with the macros below.
typedef struct {
  const char *name;
  /// One or two sentences for the author of a query.
  const char *description;
  whittle_kind kind;
  enum { WHITTLE_REQUIRED, WHITTLE_OPTIONAL, WHITTLE_DEFAULT } presence;
  union {
    bool boolean;
    int64_t int64;
    double float64;
    const char *text;
  } fallback;
} whittle_parameter;

/// A parameter that the query must set; `k` is `WHITTLE_BOOLEAN` and so on.
#define WHITTLE_REQUIRED_PARAMETER(n, d, k) \
  { .name = (n), .description = (d), .kind = (k), .presence = WHITTLE_REQUIRED }
/// A parameter that the query may omit.
#define WHITTLE_OPTIONAL_PARAMETER(n, d, k) \
  { .name = (n), .description = (d), .kind = (k), .presence = WHITTLE_OPTIONAL }
/// A boolean with a default.
#define WHITTLE_BOOLEAN_DEFAULT(n, d, v)                                                  \
  { .name = (n), .description = (d), .kind = WHITTLE_BOOLEAN, .presence = WHITTLE_DEFAULT, \
    .fallback = {.boolean = (v)} }
/// An integer with a default.
#define WHITTLE_INT64_DEFAULT(n, d, v)                                                  \
  { .name = (n), .description = (d), .kind = WHITTLE_INT64, .presence = WHITTLE_DEFAULT, \
    .fallback = {.int64 = (v)} }
/// A number with a default.
#define WHITTLE_FLOAT64_DEFAULT(n, d, v)                                                  \
  { .name = (n), .description = (d), .kind = WHITTLE_FLOAT64, .presence = WHITTLE_DEFAULT, \
    .fallback = {.float64 = (v)} }
/// A text with a default.
#define WHITTLE_TEXT_DEFAULT(n, d, v)                                                  \
  { .name = (n), .description = (d), .kind = WHITTLE_TEXT, .presence = WHITTLE_DEFAULT, \
    .fallback = {.text = (v)} }
/// A timestamp with a default, in microseconds since 1970-01-01T00:00:00 UTC.
#define WHITTLE_TIMESTAMP_DEFAULT(n, d, v)                                                  \
  { .name = (n), .description = (d), .kind = WHITTLE_TIMESTAMP, .presence = WHITTLE_DEFAULT, \
    .fallback = {.int64 = (v)} }
/// A JSON value with a default: the text of one JSON value.
#define WHITTLE_JSON_DEFAULT(n, d, v)                                                  \
  { .name = (n), .description = (d), .kind = WHITTLE_JSON, .presence = WHITTLE_DEFAULT, \
    .fallback = {.text = (v)} }
/// The path of a field of the documents.
#define WHITTLE_FIELD(n, d) WHITTLE_REQUIRED_PARAMETER(n, d, WHITTLE_TEXT)
/// The path of a field, with a default.
#define WHITTLE_FIELD_DEFAULT(n, d, path) WHITTLE_TEXT_DEFAULT(n, d, path)

/// A function.
typedef struct {
  /// Letters, digits and `_`; unique in the component.
  const char *name;
  /// One or two sentences for the author of a query.
  const char *description;
  const whittle_parameter *parameters;
  size_t parameter_count;
  /// The kind of every value.
  whittle_kind returns;
  /// Runs once per query: reads arguments, resolves fields.
  whittle_outcome (*prepare)(void);
  /// Runs once per document.
  whittle_outcome (*evaluate)(void);
} whittle_function;

/// The parameters of a function: an array.
#define WHITTLE_PARAMETERS(array) \
  .parameters = (array), .parameter_count = sizeof(array) / sizeof((array)[0])

/// A component.
typedef struct {
  /// Letters, digits, `-` and `_`.
  const char *name;
  /// A semantic version.
  const char *version;
  /// One or two sentences on what the functions are for.
  const char *description;
  /// The author; may be NULL.
  const char *author;
  const whittle_function *functions;
  size_t function_count;
} whittle_udf;

/// The functions of a component: an array.
#define WHITTLE_FUNCTIONS(array) \
  .functions = (array), .function_count = sizeof(array) / sizeof((array)[0])

/// The component that the author declares.
extern const whittle_udf whittle_this_udf;

/// Whether the query sets an optional parameter. Call this and the following functions in `prepare`.
/// They trap, with a message in the log, if the function has no parameter of this name or reads it as
/// another kind.
bool whittle_has_argument(const char *name);
/// The value of a boolean parameter; false if it is optional and omitted.
bool whittle_boolean_argument(const char *name);
/// The value of an integer parameter; 0 if it is optional and omitted.
int64_t whittle_int64_argument(const char *name);
/// The value of a number; 0 if it is optional and omitted.
double whittle_float64_argument(const char *name);
/// The value of a text or JSON parameter; empty if it is optional and omitted.
whittle_text whittle_text_argument(const char *name);
/// The value of a timestamp; 0 if it is optional and omitted.
int64_t whittle_timestamp_argument(const char *name);

/// A field of the documents, as the query's function reads it.
typedef struct {
  uint32_t handle;
  whittle_kind kind;
} whittle_field;

/// In `prepare`: the field that a parameter names, read as a kind.
whittle_field whittle_field_argument(const char *name, whittle_kind kind);
/// In `prepare`: the field at a dotted path, read as a kind.
whittle_field whittle_field_named(const char *path, whittle_kind kind);

/// In `evaluate`: whether the document has a value of the field's kind.
bool whittle_has(whittle_field field);
/// The value of a boolean field, or `other` if there is none.
bool whittle_boolean_or(whittle_field field, bool other);
/// The value of an integer field, or `other` if there is none.
int64_t whittle_int64_or(whittle_field field, int64_t other);
/// The value of a field of numbers, or `other` if there is none.
double whittle_float64_or(whittle_field field, double other);
/// The value of a timestamp field in microseconds, or `other` if there is none.
int64_t whittle_timestamp_or(whittle_field field, int64_t other);
/// Gets the text of a text or JSON field; returns false and leaves `text` unchanged if there is none.
bool whittle_get_text(whittle_field field, whittle_text *text);
/// The document's id.
whittle_text whittle_document_id(void);
/// The score of the document before this function; 1 if it has none.
double whittle_document_score(void);

/// The severity of a log line.
typedef enum {
  WHITTLE_TRACE,
  WHITTLE_DEBUG,
  WHITTLE_INFO,
  WHITTLE_WARN,
  WHITTLE_ERROR,
} whittle_level;

/// Writes a line to the UDF's log. Output to `stdout` and `stderr` goes there too.
void whittle_log(whittle_level level, whittle_text message);

/// Ends the query with a message, for states that should be impossible, as `assert` does.
_Noreturn void whittle_panic(const char *message);

#ifdef __cplusplus
}
#endif

#endif
