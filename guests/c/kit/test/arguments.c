// A query's arguments, checked against a function's parameters as the host does it, in its words.

#include "fake.h"

#include <stdlib.h>
#include <string.h>

// The Levenshtein distance in bytes.
static size_t edits(const char *left, const char *right) {
  size_t length = strlen(right), *row = fake_keep((length + 1) * sizeof(*row));
  for (size_t i = 0; i <= length; i++) {
    row[i] = i;
  }
  for (size_t i = 0; left[i]; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < length; j++) {
      size_t best = diagonal + (left[i] != right[j]);
      diagonal = row[j + 1];
      best = row[j] + 1 < best ? row[j] + 1 : best;
      row[j + 1] = diagonal + 1 < best ? diagonal + 1 : best;
    }
  }
  return row[length];
}

// The parameters that are most similar to a wrong name, or all of them if none is.
static const char *did_you_mean(const char *wrong, const whittle_function *function) {
  const char *near = "", *all = "";
  for (size_t i = 0; i < function->parameter_count; i++) {
    const char *name = function->parameters[i].name, *comma = i ? ", " : "";
    all = fake_format("%s%s`%s`", all, comma, name);
  }
  // The nearest first.
  for (size_t distance = 0; distance <= strlen(wrong) + 64; distance++) {
    for (size_t i = 0; i < function->parameter_count; i++) {
      const char *name = function->parameters[i].name;
      size_t longer = strlen(name) > strlen(wrong) ? strlen(name) : strlen(wrong);
      if (distance <= longer / 3 && edits(wrong, name) == distance) {
        near = fake_format("%s%s`%s`", near, *near ? ", " : "", name);
      }
    }
  }
  if (*near) {
    return fake_format("did you mean %s?", near);
  }
  if (!function->parameter_count) {
    return "there are none";
  }
  return fake_format("expected %s%s", function->parameter_count == 1 ? "" : "one of ", all);
}

static const whittle_parameter *parameter_of(const whittle_function *function, const char *name) {
  for (size_t i = 0; i < function->parameter_count; i++) {
    if (strcmp(function->parameters[i].name, name) == 0) {
      return &function->parameters[i];
    }
  }
  return NULL;
}

static udf_string_t string_of(whittle_text text) {
  return (udf_string_t){(uint8_t *)fake_keep_text(text).bytes, text.length};
}

// The default, or else no value.
static whittle_udf_types_value_t fallback(const whittle_parameter *parameter) {
  whittle_udf_types_value_t value = {.tag = WHITTLE_UDF_TYPES_VALUE_NULL};
  if (parameter->presence != WHITTLE_DEFAULT) {
    return value;
  }
  // The tags of values are those of kinds, after null.
  value.tag = (uint8_t)(parameter->kind + 1);
  switch (parameter->kind) {
    case WHITTLE_BOOLEAN:
      value.val.boolean = parameter->fallback.boolean;
      break;
    case WHITTLE_FLOAT64:
      value.val.float64 = parameter->fallback.float64;
      break;
    case WHITTLE_TEXT:
    case WHITTLE_JSON:
      value.val.text = string_of(whittle_c(parameter->fallback.text));
      break;
    default:
      value.val.int64 = parameter->fallback.int64;
  }
  return value;
}

// An argument of a parameter's kind; false if it is of another.
static bool of_kind(fake_value given, whittle_kind kind, whittle_udf_types_value_t *value) {
  int64_t instant;
  *value = (whittle_udf_types_value_t){.tag = (uint8_t)(kind + 1)};
  if (kind == WHITTLE_JSON) {
    value->val.json = string_of(fake_json(given));
  } else if (given.tag == fake_tag_of(kind)) {
    switch (kind) {
      case WHITTLE_BOOLEAN:
        value->val.boolean = given.of.boolean;
        break;
      case WHITTLE_FLOAT64:
        value->val.float64 = given.of.float64;
        break;
      case WHITTLE_TEXT:
        value->val.text = string_of(given.of.text);
        break;
      default:
        value->val.int64 = given.of.int64;
    }
  } else if (kind == WHITTLE_FLOAT64 && given.tag == FAKE_INT64) {
    value->val.float64 = (double)given.of.int64;
  } else if (kind == WHITTLE_TIMESTAMP && given.tag == FAKE_INT64) {
    value->val.timestamp = given.of.int64;
  } else if (kind == WHITTLE_TIMESTAMP && given.tag == FAKE_TEXT &&
             fake_timestamp(given.of.text, &instant)) {
    value->val.timestamp = instant;
  } else {
    return false;
  }
  return true;
}

// A value as the host's errors show it.
static const char *shown(fake_value value) {
  whittle_text json = fake_json(value);
  const char *what = "";
  if (value.tag == FAKE_TIMESTAMP) {
    return "timestamp";
  }
  if (json.bytes[0] == '"') {
    what = "the string ";
  } else if (json.bytes[0] == '[' || json.bytes[0] == '{') {
    what = json.bytes[0] == '[' ? "the list " : "the object ";
  }
  return fake_format("%s%.*s%s", what, (int)(json.length < 60 ? json.length : 60), json.bytes,
                     json.length > 60 ? "..." : "");
}

static const char *check_names(const fake_field *given, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!parameter_of(fake.function, given[i].path)) {
      return fake_format("unknown parameter `%s`: %s", given[i].path,
                         did_you_mean(given[i].path, fake.function));
    }
    for (size_t j = 0; j < i; j++) {
      if (strcmp(given[i].path, given[j].path) == 0) {
        return fake_format("parameter `%s` is given twice", given[i].path);
      }
    }
  }
  return NULL;
}

const char *fake_arguments(const fake_field *given, size_t count,
                           exports_whittle_udf_functions_list_argument_t *arguments) {
  const char *wrong = check_names(given, count);
  size_t most = fake.function->parameter_count;
  *arguments = (exports_whittle_udf_functions_list_argument_t){
      fake_keep(most * sizeof(*arguments->ptr)), 0};
  for (size_t i = 0; i < most && !wrong; i++) {
    const whittle_parameter *parameter = &fake.function->parameters[i];
    whittle_udf_types_value_t value = fallback(parameter);
    bool is_given = false;
    for (size_t j = 0; j < count && !wrong; j++) {
      if (strcmp(given[j].path, parameter->name) == 0) {
        is_given = true;
        if (!of_kind(given[j].value, parameter->kind, &value)) {
          wrong = fake_format("parameter `%s` is %s, but %s was given", parameter->name,
                              fake_kind_name(parameter->kind), shown(given[j].value));
        }
      }
    }
    if (!wrong && !is_given && parameter->presence == WHITTLE_REQUIRED) {
      wrong = fake_format("missing parameter `%s` (%s): %s", parameter->name,
                          fake_kind_name(parameter->kind), parameter->description);
    }
    if (is_given || parameter->presence == WHITTLE_DEFAULT) {
      arguments->ptr[arguments->len++] =
          (whittle_udf_types_argument_t){string_of(whittle_c(parameter->name)), value};
    }
  }
  return wrong;
}
