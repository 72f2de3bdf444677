// Fake documents: their values, read as the host does it, and memory.

#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "whittle_json.h"

// All memory, so that it stays reachable.
static void **kept;
static size_t kept_count;

void *fake_keep(size_t bytes) {
  if ((kept_count & (kept_count - 1)) == 0) {
    kept = realloc(kept, (kept_count ? 2 * kept_count : 1) * sizeof(*kept));
  }
  void *memory = calloc(1, bytes ? bytes : 1);
  if (!kept || !memory) {
    abort();
  }
  return kept[kept_count++] = memory;
}

void *fake_grown(void *list, size_t count, size_t size) {
  // A list that grows by one has room for the next power of two.
  if (count & (count - 1)) {
    return list;
  }
  void *larger = fake_keep((count ? 2 * count : 1) * size);
  if (count) {
    memcpy(larger, list, count * size);
  }
  return larger;
}

whittle_text fake_keep_text(whittle_text text) {
  char *bytes = fake_keep(text.length + 1);
  if (text.length) {
    memcpy(bytes, text.bytes, text.length);
  }
  return (whittle_text){bytes, text.length};
}

const char *fake_format(const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  char *text = fake_keep((size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  va_end(arguments);
  return text;
}

const char *fake_kind_name(whittle_kind kind) {
  static const char *const names[] = {"boolean", "int64", "float64", "text", "timestamp", "json"};
  return names[kind];
}

// The shortest decimal that is this number, in the form in which the host writes it.
static const char *number_text(double number) {
  char text[40];
  int digits = 0;
  do {
    snprintf(text, sizeof(text), "%.*e", digits, number);
  } while (strtod(text, NULL) != number && ++digits < 17);
  int exponent = atoi(strchr(text, 'e') + 1);
  if (exponent >= -5 && exponent < 16) {
    return fake_format("%.*f", digits - exponent > 1 ? digits - exponent : 1, number);
  }
  *strchr(text, 'e') = '\0';
  return fake_format("%se%d", text, exponent);
}

static whittle_text quoted(whittle_text text) {
  char *start = fake_keep(text.length * 6 + 3), *to = start;
  *to++ = '"';
  for (size_t i = 0; i < text.length; i++) {
    unsigned char byte = (unsigned char)text.bytes[i];
    if (byte == '"' || byte == '\\') {
      *to++ = '\\';
    }
    if (byte < 0x20) {
      to += sprintf(to, "\\u%04x", byte);
    } else {
      *to++ = (char)byte;
    }
  }
  *to++ = '"';
  return (whittle_text){start, (size_t)(to - start)};
}

whittle_text fake_json(fake_value value) {
  switch (value.tag) {
    case FAKE_NULL:
      return whittle_c("null");
    case FAKE_BOOLEAN:
      return whittle_c(value.of.boolean ? "true" : "false");
    case FAKE_INT64:
      return whittle_c(fake_format("%lld", (long long)value.of.int64));
    case FAKE_FLOAT64:
      return whittle_c(number_text(value.of.float64));
    case FAKE_TEXT:
      return quoted(value.of.text);
    case FAKE_TIMESTAMP:
      return quoted(whittle_c(fake_timestamp_text(value.of.int64)));
    default:
      return value.of.text;
  }
}

// The values at a path in JSON: of lists on the way, those of each element.
typedef struct {
  whittle_text *values;
  size_t count;
  bool through_list;
} found;

static void add(found *at, whittle_text value) {
  at->values = fake_grown(at->values, at->count, sizeof(*at->values));
  at->values[at->count++] = value;
}

static bool is_array(whittle_text json) { return json.length && json.bytes[0] == '['; }

// A member of an object by its exact name.
static bool member(whittle_text json, whittle_text name, whittle_text *value) {
  whittle_json_walk walk = whittle_json_each(json);
  whittle_text key, each, text;
  bool is_there = false;
  while (walk.is_object && whittle_json_next(&walk, &key, &each)) {
    if (whittle_json_text(key, &text) && text.length == name.length &&
        memcmp(text.bytes, name.bytes, name.length) == 0) {
      *value = each;
      is_there = true;
    }
  }
  return is_there;
}

// The longest name first.
static bool collect(found *at, whittle_text json, const char *path) {
  whittle_text value;
  if (is_array(json)) {
    size_t before = at->count;
    whittle_json_walk walk = whittle_json_each(json);
    while (whittle_json_next(&walk, NULL, &value)) {
      collect(at, value, path);
    }
    at->through_list |= at->count > before;
    return at->count > before;
  }
  if (member(json, whittle_c(path), &value)) {
    add(at, value);
    return true;
  }
  for (size_t dot = strlen(path); dot-- > 0;) {
    if (path[dot] == '.' && member(json, (whittle_text){path, dot}, &value) &&
        collect(at, value, path + dot + 1)) {
      return true;
    }
  }
  return false;
}

// The first value that is not null, in lists too.
static bool first_of(whittle_text json, whittle_text *value) {
  if (!is_array(json)) {
    *value = json;
    return !whittle_json_is_null(json);
  }
  whittle_json_walk walk = whittle_json_each(json);
  whittle_text each;
  while (whittle_json_next(&walk, NULL, &each)) {
    if (first_of(each, value)) {
      return true;
    }
  }
  return false;
}

static const fake_value no_value = {.tag = FAKE_NULL};

static fake_value text_as(whittle_text text, whittle_kind kind) {
  int64_t instant;
  if (kind == WHITTLE_TEXT) {
    return (fake_value){FAKE_TEXT, {.text = fake_keep_text(text)}};
  }
  if (kind == WHITTLE_TIMESTAMP && fake_timestamp(text, &instant)) {
    return (fake_value){FAKE_TIMESTAMP, {.int64 = instant}};
  }
  return no_value;
}

static fake_value json_as(whittle_text json, whittle_kind kind) {
  fake_value value = no_value;
  whittle_text text;
  if (kind == WHITTLE_BOOLEAN && whittle_json_boolean(json, &value.of.boolean)) {
    value.tag = FAKE_BOOLEAN;
  } else if (kind == WHITTLE_INT64 && whittle_json_int64(json, &value.of.int64)) {
    value.tag = FAKE_INT64;
  } else if (kind == WHITTLE_FLOAT64 && whittle_json_float64(json, &value.of.float64)) {
    value.tag = FAKE_FLOAT64;
  } else if (whittle_json_text(json, &text)) {
    return text_as(text, kind);
  }
  return value;
}

static fake_value values_as(const found *at, whittle_kind kind) {
  whittle_text value;
  if (kind != WHITTLE_JSON) {
    for (size_t i = 0; i < at->count; i++) {
      if (first_of(at->values[i], &value)) {
        return json_as(value, kind);
      }
    }
    return no_value;
  }
  if (!at->through_list) {
    bool is_there = at->count && !whittle_json_is_null(at->values[0]);
    return is_there ? (fake_value){FAKE_JSON, {.text = at->values[0]}} : no_value;
  }
  const char *all = "";
  for (size_t i = 0; i < at->count; i++) {
    all = fake_format("%s%s%.*s", all, i ? "," : "", (int)at->values[i].length,
                      at->values[i].bytes);
  }
  return (fake_value){FAKE_JSON, {.text = whittle_c(fake_format("[%s]", all))}};
}

static fake_value value_as(fake_value value, whittle_kind kind) {
  if (value.tag == FAKE_NULL) {
    return no_value;
  }
  if (value.tag == FAKE_JSON) {
    found at = {&value.of.text, 1, false};
    return values_as(&at, kind);
  }
  if (kind == WHITTLE_JSON) {
    return (fake_value){FAKE_JSON, {.text = fake_json(value)}};
  }
  if (value.tag == fake_tag_of(kind)) {
    return value;
  }
  if (value.tag == FAKE_INT64 && kind == WHITTLE_FLOAT64) {
    return (fake_value){FAKE_FLOAT64, {.float64 = (double)value.of.int64}};
  }
  return value.tag == FAKE_TEXT ? text_as(value.of.text, kind) : no_value;
}

static const fake_value *field_of(const fake_document *document, const char *path, size_t length) {
  for (size_t i = document->field_count; i-- > 0;) {
    const char *known = document->fields[i].path;
    if (strlen(known) == length && memcmp(known, path, length) == 0) {
      return &document->fields[i].value;
    }
  }
  return NULL;
}

fake_value fake_read(const fake_document *document, const char *path, whittle_kind kind) {
  const fake_value *value = field_of(document, path, strlen(path));
  if (value) {
    return value_as(*value, kind);
  }
  for (size_t dot = strlen(path); dot-- > 0;) {
    value = path[dot] == '.' ? field_of(document, path, dot) : NULL;
    found at = {0};
    if (value && value->tag == FAKE_JSON && collect(&at, value->of.text, path + dot + 1)) {
      return values_as(&at, kind);
    }
  }
  return no_value;
}
