// The world's exports over the author's tables. Authors need `whittle.h` alone.
//
// What the bindings hand over is theirs to free, what is returned they free after the call: so
// texts are copied on their way out, and what came in for a document is freed before the next one.

#include "whittle.h"

#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <udf.h>

_Static_assert((int)WHITTLE_BOOLEAN == WHITTLE_UDF_TYPES_KIND_BOOLEAN, "kinds are the contract's");
_Static_assert((int)WHITTLE_JSON == WHITTLE_UDF_TYPES_KIND_JSON, "kinds are the contract's");
_Static_assert((int)WHITTLE_ERROR == WHITTLE_UDF_LOGGING_LEVEL_ERROR, "levels are the contract's");

// The bound function, and its arguments for as long as the query lasts.
const whittle_function *whittle_bound;
static exports_whittle_udf_functions_list_argument_t arguments;

// Texts on the heap that live until the document has been evaluated.
static void **held;
static size_t held_count;
static size_t held_capacity;

void *whittle_resized(void *memory, size_t bytes) {
  memory = realloc(memory, bytes ? bytes : 1);
  if (!memory) {
    whittle_panic("out of memory");
  }
  return memory;
}

static void *hold(void *memory) {
  if (held_count == held_capacity) {
    held_capacity = held_capacity ? 2 * held_capacity : 16;
    held = whittle_resized(held, held_capacity * sizeof(*held));
  }
  held[held_count++] = memory;
  return memory;
}

void whittle_release(void) {
  while (held_count) {
    free(held[--held_count]);
  }
}

static void *allocate(size_t bytes) { return whittle_resized(NULL, bytes); }

static udf_string_t copy(whittle_text text) {
  udf_string_t string;
  udf_string_dup_n(&string, text.bytes, text.length);
  return string;
}

static udf_string_t copy_c(const char *string) { return copy(whittle_c(string ? string : "")); }

static whittle_text text_of(udf_string_t string) {
  return (whittle_text){(const char *)string.ptr, string.len};
}

// A text of the host's, which lives until the document has been evaluated.
static whittle_text held_text(udf_string_t string) {
  if (string.len) {
    hold(string.ptr);
  }
  return text_of(string);
}

static bool equal(udf_string_t string, const char *other) {
  size_t length = strlen(other);
  return string.len == length && memcmp(string.ptr, other, length) == 0;
}

whittle_text whittle_c(const char *string) { return (whittle_text){string, strlen(string)}; }

whittle_text whittle_join(const whittle_text *parts, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    length += parts[i].length;
  }
  char *bytes = hold(allocate(length));
  char *end = bytes;
  for (size_t i = 0; i < count; i++) {
    // An empty text may have no address.
    if (parts[i].length) {
      memcpy(end, parts[i].bytes, parts[i].length);
      end += parts[i].length;
    }
  }
  return (whittle_text){bytes, length};
}

// Outcomes.

whittle_outcome whittle_boolean(bool value) {
  return (whittle_outcome){WHITTLE_OUTCOME_VALUE, WHITTLE_BOOLEAN, {.boolean = value}};
}

whittle_outcome whittle_int64(int64_t value) {
  return (whittle_outcome){WHITTLE_OUTCOME_VALUE, WHITTLE_INT64, {.int64 = value}};
}

whittle_outcome whittle_float64(double value) {
  return (whittle_outcome){WHITTLE_OUTCOME_VALUE, WHITTLE_FLOAT64, {.float64 = value}};
}

whittle_outcome whittle_text_value(whittle_text value) {
  return (whittle_outcome){WHITTLE_OUTCOME_VALUE, WHITTLE_TEXT, {.text = value}};
}

whittle_outcome whittle_timestamp(int64_t microseconds) {
  return (whittle_outcome){WHITTLE_OUTCOME_VALUE, WHITTLE_TIMESTAMP, {.int64 = microseconds}};
}

whittle_outcome whittle_json(whittle_text value) {
  return (whittle_outcome){WHITTLE_OUTCOME_VALUE, WHITTLE_JSON, {.text = value}};
}

whittle_outcome whittle_null(void) { return (whittle_outcome){.tag = WHITTLE_OUTCOME_NULL}; }

whittle_outcome whittle_ready(void) { return (whittle_outcome){.tag = WHITTLE_OUTCOME_READY}; }

whittle_outcome whittle_failed(whittle_text reason) {
  return (whittle_outcome){WHITTLE_OUTCOME_FAILED, WHITTLE_TEXT, {.text = reason}};
}

whittle_outcome whittle_invalid_argument(whittle_text reason) {
  return (whittle_outcome){WHITTLE_OUTCOME_INVALID_ARGUMENT, WHITTLE_TEXT, {.text = reason}};
}

// Describing.

static _Noreturn void panic_of(const whittle_text *parts, size_t count) {
  whittle_log(WHITTLE_ERROR, whittle_join(parts, count));
  abort();
}

static whittle_udf_types_value_t fallback(const whittle_parameter *parameter) {
  // The tags of values are those of kinds, after null.
  whittle_udf_types_value_t value = {.tag = (uint8_t)(parameter->kind + 1)};
  switch (parameter->kind) {
    case WHITTLE_BOOLEAN:
      value.val.boolean = parameter->fallback.boolean;
      break;
    case WHITTLE_INT64:
    case WHITTLE_TIMESTAMP:
      value.val.int64 = parameter->fallback.int64;
      break;
    case WHITTLE_FLOAT64:
      value.val.float64 = parameter->fallback.float64;
      break;
    case WHITTLE_TEXT:
    case WHITTLE_JSON:
      value.val.text = copy_c(parameter->fallback.text);
      break;
  }
  return value;
}

static whittle_udf_types_parameter_t describe_parameter(const whittle_parameter *parameter) {
  whittle_udf_types_parameter_t described = {
      .name = copy_c(parameter->name),
      .description = copy_c(parameter->description),
      .kind = (uint8_t)parameter->kind,
      .presence = {.tag = (uint8_t)parameter->presence},
  };
  if (parameter->presence == WHITTLE_DEFAULT) {
    described.presence.val.default_ = fallback(parameter);
  }
  return described;
}

static whittle_udf_types_function_t describe_function(const whittle_function *function) {
  if (!function->evaluate) {
    whittle_text parts[] = {whittle_c("function `"), whittle_c(function->name ? function->name : ""),
                            whittle_c("` has no `.evaluate`")};
    panic_of(parts, 3);
  }
  whittle_udf_types_function_t described = {
      .name = copy_c(function->name),
      .description = copy_c(function->description),
      .returns = (uint8_t)function->returns,
  };
  size_t count = function->parameter_count;
  if (count) {
    described.parameters.ptr = allocate(count * sizeof(*described.parameters.ptr));
    described.parameters.len = count;
  }
  for (size_t i = 0; i < count; i++) {
    described.parameters.ptr[i] = describe_parameter(&function->parameters[i]);
  }
  return described;
}

void exports_whittle_udf_functions_describe(exports_whittle_udf_functions_manifest_t *manifest) {
  const whittle_udf *udf = &whittle_this_udf;
  *manifest = (exports_whittle_udf_functions_manifest_t){
      .name = copy_c(udf->name),
      .version = copy_c(udf->version),
      .description = copy_c(udf->description),
      .author = copy_c(udf->author),
  };
  size_t count = udf->function_count;
  if (count) {
    manifest->functions.ptr = allocate(count * sizeof(*manifest->functions.ptr));
    manifest->functions.len = count;
  }
  for (size_t i = 0; i < count; i++) {
    manifest->functions.ptr[i] = describe_function(&udf->functions[i]);
  }
}

// Binding.

static void refuse(exports_whittle_udf_functions_error_t *error, whittle_text reason) {
  error->tag = WHITTLE_UDF_TYPES_ERROR_INVALID_ARGUMENT;
  error->val.invalid_argument = copy(reason);
}

static void fail(exports_whittle_udf_functions_error_t *error, whittle_text reason) {
  error->tag = WHITTLE_UDF_TYPES_ERROR_FAILED;
  error->val.failed = copy(reason);
}

static const whittle_function *find(udf_string_t name) {
  for (size_t i = 0; i < whittle_this_udf.function_count; i++) {
    if (equal(name, whittle_this_udf.functions[i].name)) {
      return &whittle_this_udf.functions[i];
    }
  }
  return NULL;
}

bool exports_whittle_udf_functions_bind(udf_string_t *name,
                                        exports_whittle_udf_functions_list_argument_t *given,
                                        exports_whittle_udf_functions_error_t *error) {
  whittle_bound = find(*name);
  if (!whittle_bound) {
    refuse(error, whittle_c("the component has no such function"));
    return false;
  }
  udf_string_free(name);
  arguments = *given;
  whittle_watch_row();
  whittle_outcome outcome = whittle_bound->prepare ? whittle_bound->prepare() : whittle_ready();
  bool is_ready = outcome.tag == WHITTLE_OUTCOME_READY;
  if (outcome.tag == WHITTLE_OUTCOME_INVALID_ARGUMENT) {
    refuse(error, outcome.value.text);
  } else if (outcome.tag == WHITTLE_OUTCOME_FAILED) {
    fail(error, outcome.value.text);
  } else if (!is_ready) {
    fail(error, whittle_c("it returned a result of `evaluate`: return `whittle_ready()`"));
  }
  whittle_release();
  return is_ready;
}

// The parameter of a name. If there is none, the code has a mistake, whatever the query is.
static const whittle_parameter *declared(const char *name) {
  for (size_t i = 0; i < whittle_bound->parameter_count; i++) {
    if (strcmp(whittle_bound->parameters[i].name, name) == 0) {
      return &whittle_bound->parameters[i];
    }
  }
  whittle_text parts[] = {whittle_c("function `"), whittle_c(whittle_bound->name),
                          whittle_c("` has no parameter `"), whittle_c(name), whittle_c("`")};
  panic_of(parts, 5);
}

static whittle_text kind_name(whittle_kind kind) {
  static const char *const names[] = {"boolean", "int64", "float64", "text", "timestamp", "json"};
  return whittle_c(names[kind]);
}

// The value of a parameter that was declared; NULL if the query omits it.
static const whittle_udf_types_value_t *given(const char *name) {
  for (size_t i = 0; i < arguments.len; i++) {
    if (equal(arguments.ptr[i].name, name)) {
      return &arguments.ptr[i].value;
    }
  }
  return NULL;
}

// The value of a parameter of a kind; NULL if the query omits it.
static const whittle_udf_types_value_t *argument(const char *name, whittle_kind kind) {
  const whittle_parameter *parameter = declared(name);
  if (parameter->kind != kind) {
    whittle_text parts[] = {whittle_c("parameter `"), whittle_c(name), whittle_c("` is "),
                            kind_name(parameter->kind), whittle_c(", but the code reads it as "),
                            kind_name(kind)};
    panic_of(parts, 6);
  }
  return given(name);
}

bool whittle_has_argument(const char *name) {
  declared(name);
  return given(name);
}

bool whittle_boolean_argument(const char *name) {
  const whittle_udf_types_value_t *value = argument(name, WHITTLE_BOOLEAN);
  return value && value->val.boolean;
}

int64_t whittle_int64_argument(const char *name) {
  const whittle_udf_types_value_t *value = argument(name, WHITTLE_INT64);
  return value ? value->val.int64 : 0;
}

double whittle_float64_argument(const char *name) {
  const whittle_udf_types_value_t *value = argument(name, WHITTLE_FLOAT64);
  return value ? value->val.float64 : 0;
}

int64_t whittle_timestamp_argument(const char *name) {
  const whittle_udf_types_value_t *value = argument(name, WHITTLE_TIMESTAMP);
  return value ? value->val.timestamp : 0;
}

whittle_text whittle_text_argument(const char *name) {
  if (declared(name)->kind == WHITTLE_JSON) {
    const whittle_udf_types_value_t *value = given(name);
    return value ? text_of(value->val.json) : whittle_c("");
  }
  const whittle_udf_types_value_t *value = argument(name, WHITTLE_TEXT);
  return value ? text_of(value->val.text) : whittle_c("");
}

static whittle_field resolve(whittle_text path, whittle_kind kind) {
  udf_string_t string = {(uint8_t *)path.bytes, path.length};
  uint32_t handle = whittle_udf_document_resolve(&string, (uint8_t)kind);
  whittle_add_column(handle, kind);
  return (whittle_field){handle, kind};
}

whittle_field whittle_field_argument(const char *name, whittle_kind kind) {
  return resolve(whittle_text_argument(name), kind);
}

whittle_field whittle_field_named(const char *path, whittle_kind kind) {
  return resolve(whittle_c(path), kind);
}

// Evaluating.

static void give(whittle_outcome outcome, exports_whittle_udf_functions_value_t *value) {
  if (outcome.tag == WHITTLE_OUTCOME_NULL) {
    value->tag = WHITTLE_UDF_TYPES_VALUE_NULL;
    return;
  }
  value->tag = (uint8_t)(outcome.kind + 1);
  switch (outcome.kind) {
    case WHITTLE_BOOLEAN:
      value->val.boolean = outcome.value.boolean;
      break;
    case WHITTLE_INT64:
    case WHITTLE_TIMESTAMP:
      value->val.int64 = outcome.value.int64;
      break;
    case WHITTLE_FLOAT64:
      value->val.float64 = outcome.value.float64;
      break;
    case WHITTLE_TEXT:
    case WHITTLE_JSON:
      value->val.text = copy(outcome.value.text);
      break;
  }
}

bool exports_whittle_udf_functions_evaluate(exports_whittle_udf_functions_value_t *value,
                                            exports_whittle_udf_functions_error_t *error) {
  if (!whittle_bound) {
    error->tag = WHITTLE_UDF_TYPES_ERROR_FAILED;
    error->val.failed = copy_c("no function is bound");
    return false;
  }
  whittle_open_document();
  whittle_outcome outcome = whittle_bound->evaluate();
  bool succeeded = outcome.tag == WHITTLE_OUTCOME_VALUE || outcome.tag == WHITTLE_OUTCOME_NULL;
  if (succeeded) {
    give(outcome, value);
  } else {
    fail(error, whittle_reason(&outcome));
  }
  whittle_release();
  return succeeded;
}

whittle_text whittle_reason(const whittle_outcome *outcome) {
  return outcome->tag == WHITTLE_OUTCOME_READY
             ? whittle_c("`evaluate` returned `whittle_ready()`, a result of `prepare`: for no value, "
                         "return `whittle_null()`")
             : outcome->value.text;
}

// A field is read in a way in which it was not resolved, or in `prepare`: the host ends the query.
static _Noreturn void misread(whittle_field field, whittle_kind kind) {
  switch (kind) {
    case WHITTLE_BOOLEAN:
      whittle_udf_document_boolean_or(field.handle, false);
      break;
    case WHITTLE_INT64:
      whittle_udf_document_int64_or(field.handle, 0);
      break;
    case WHITTLE_FLOAT64:
      whittle_udf_document_float64_or(field.handle, 0);
      break;
    default:
      whittle_udf_document_timestamp_or(field.handle, 0);
  }
  abort();
}

// The column from which a field is read as a kind; NULL if the host has the values.
static inline const whittle_column *column_of(whittle_field field, whittle_kind kind) {
  if (field.handle >= WHITTLE_HANDLES) {
    return NULL;
  }
  const whittle_column *column = &whittle_columns[field.handle];
  return column->here == kind + 1 ? column : NULL;
}

static inline const whittle_column *numbers_of(whittle_field field, whittle_kind kind) {
  const whittle_column *column = column_of(field, kind);
  if (!column) {
    misread(field, kind);
  }
  return column;
}

static inline bool is_valid(const whittle_column *column) {
  return !column->validity || column->validity[whittle_row];
}

bool whittle_has(whittle_field field) {
  const whittle_column *column = column_of(field, field.kind);
  return column ? is_valid(column) : whittle_udf_document_has(field.handle);
}

bool whittle_boolean_or(whittle_field field, bool other) {
  const whittle_column *column = numbers_of(field, WHITTLE_BOOLEAN);
  return is_valid(column) ? column->values[whittle_row] != 0 : other;
}

static inline int64_t word_of(whittle_field field, whittle_kind kind, int64_t other) {
  const whittle_column *column = numbers_of(field, kind);
  if (is_valid(column)) {
    memcpy(&other, column->values + (size_t)whittle_row * 8, 8);
  }
  return other;
}

int64_t whittle_int64_or(whittle_field field, int64_t other) {
  return word_of(field, WHITTLE_INT64, other);
}

double whittle_float64_or(whittle_field field, double other) {
  const whittle_column *column = numbers_of(field, WHITTLE_FLOAT64);
  if (is_valid(column)) {
    memcpy(&other, column->values + (size_t)whittle_row * 8, 8);
  }
  return other;
}

int64_t whittle_timestamp_or(whittle_field field, int64_t other) {
  return word_of(field, WHITTLE_TIMESTAMP, other);
}

bool whittle_get_text(whittle_field field, whittle_text *text) {
  bool is_json = field.kind == WHITTLE_JSON;
  const whittle_column *column = column_of(field, is_json ? WHITTLE_JSON : WHITTLE_TEXT);
  if (column) {
    if (!is_valid(column)) {
      return false;
    }
    uint32_t places[2];
    memcpy(places, column->offsets + (size_t)whittle_row * 4, 8);
    *text = (whittle_text){(const char *)column->values + places[0], places[1] - places[0]};
    return true;
  }
  udf_string_t string;
  bool found = is_json ? whittle_udf_document_get_json(field.handle, &string)
                       : whittle_udf_document_get_text(field.handle, &string);
  if (!found) {
    return false;
  }
  *text = held_text(string);
  return true;
}

whittle_text whittle_document_id(void) {
  udf_string_t string;
  whittle_udf_document_id(&string);
  return held_text(string);
}

double whittle_document_score(void) {
  if (!whittle_in_batch) {
    return whittle_udf_document_score();
  }
  double score = 1;
  if (whittle_scores) {
    memcpy(&score, whittle_scores + (size_t)whittle_row * 8, 8);
  }
  return score;
}

void whittle_log(whittle_level level, whittle_text message) {
  udf_string_t string = {(uint8_t *)message.bytes, message.length};
  whittle_udf_logging_log((uint8_t)level, &string);
}

void whittle_panic(const char *message) {
  whittle_log(WHITTLE_ERROR, whittle_c(message));
  abort();
}

#ifdef __wasm__
/// What `assert` calls: wasi-libc's own prints to the console, where the message is a line among others.
_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function) {
  (void)function;
  char message[512];
  snprintf(message, sizeof message, "%s:%d: assertion failed: %s", file, line, expression);
  whittle_panic(message);
}
#endif
