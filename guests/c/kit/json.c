// JSON texts (RFC 8259), read where they stand: see `whittle_json.h`.

#include "whittle_json.h"

#include <stdlib.h>
#include <string.h>

// As deep as the host reads JSON.
#define MOST_DEPTH 128

static const whittle_text nothing = {"", 0};

// The rest of a text, from which a reader takes.
typedef struct {
  const char *at, *end;
} reader;

static void skip_space(reader *from) {
  while (from->at < from->end && memchr(" \t\n\r", *from->at, 4)) {
    from->at++;
  }
}

static bool take(reader *from, char character) {
  if (from->at == from->end || *from->at != character) {
    return false;
  }
  from->at++;
  return true;
}

static bool take_word(reader *from, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(from->end - from->at) < length || memcmp(from->at, word, length) != 0) {
    return false;
  }
  from->at += length;
  return true;
}

static int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  char letter = (char)(digit | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Takes four hexadecimal digits; -1 if they are not there.
static int32_t take_hex(reader *from) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = from->at < from->end ? hex_digit(*from->at) : -1;
    if (digit < 0) {
      return -1;
    }
    value = value << 4 | digit;
    from->at++;
  }
  return value;
}

static bool take_string(reader *from) {
  if (!take(from, '"')) {
    return false;
  }
  while (from->at < from->end) {
    unsigned char byte = (unsigned char)*from->at++;
    if (byte == '"') {
      return true;
    }
    if (byte < 0x20) {
      return false;
    }
    if (byte == '\\') {
      if (from->at == from->end) {
        return false;
      }
      char escape = *from->at++;
      if (escape == 'u' ? take_hex(from) < 0 : !memchr("\"\\/bfnrt", escape, 8)) {
        return false;
      }
    }
  }
  return false;
}

static bool take_digits(reader *from) {
  const char *start = from->at;
  while (from->at < from->end && *from->at >= '0' && *from->at <= '9') {
    from->at++;
  }
  return from->at > start;
}

static bool take_number(reader *from) {
  take(from, '-');
  if (!take(from, '0') && !take_digits(from)) {
    return false;
  }
  if (take(from, '.') && !take_digits(from)) {
    return false;
  }
  if (take(from, 'e') || take(from, 'E')) {
    if (!take(from, '+')) {
      take(from, '-');
    }
    return take_digits(from);
  }
  return true;
}

static bool take_value(reader *from, int depth);

// The name of a member, if it is one, and its value.
static bool take_child(reader *from, bool is_object, int depth) {
  skip_space(from);
  if (is_object) {
    if (!take_string(from)) {
      return false;
    }
    skip_space(from);
    if (!take(from, ':')) {
      return false;
    }
  }
  return take_value(from, depth);
}

static bool take_children(reader *from, bool is_object, int depth) {
  char end = is_object ? '}' : ']';
  skip_space(from);
  if (take(from, end)) {
    return true;
  }
  do {
    if (!take_child(from, is_object, depth)) {
      return false;
    }
    skip_space(from);
  } while (take(from, ','));
  return take(from, end);
}

static bool take_value(reader *from, int depth) {
  skip_space(from);
  if (from->at == from->end) {
    return false;
  }
  switch (*from->at) {
    case '{':
    case '[': {
      bool is_object = *from->at++ == '{';
      return depth < MOST_DEPTH && take_children(from, is_object, depth + 1);
    }
    case '"':
      return take_string(from);
    case 't':
      return take_word(from, "true");
    case 'f':
      return take_word(from, "false");
    case 'n':
      return take_word(from, "null");
    default:
      return take_number(from);
  }
}

static reader reader_of(whittle_text text) {
  return (reader){text.bytes, text.bytes + text.length};
}

// The value without the space around it.
static whittle_text trimmed(whittle_text json) {
  reader from = reader_of(json);
  skip_space(&from);
  while (from.end > from.at && memchr(" \t\n\r", from.end[-1], 4)) {
    from.end--;
  }
  return (whittle_text){from.at, (size_t)(from.end - from.at)};
}

bool whittle_json_is_valid(whittle_text json) {
  reader from = reader_of(json);
  if (!take_value(&from, 0)) {
    return false;
  }
  skip_space(&from);
  return from.at == from.end;
}

whittle_json_walk whittle_json_each(whittle_text json) {
  whittle_text value = trimmed(json);
  if (value.length == 0 || (value.bytes[0] != '{' && value.bytes[0] != '[')) {
    return (whittle_json_walk){nothing, false};
  }
  return (whittle_json_walk){{value.bytes + 1, value.length - 1}, value.bytes[0] == '{'};
}

bool whittle_json_next(whittle_json_walk *walk, whittle_text *name, whittle_text *value) {
  reader from = reader_of(walk->rest);
  skip_space(&from);
  take(&from, ',');
  skip_space(&from);
  whittle_text key = {from.at, 0};
  walk->rest = nothing;
  if (walk->is_object) {
    if (!take_string(&from)) {
      return false;
    }
    key.length = (size_t)(from.at - key.bytes);
    skip_space(&from);
    if (!take(&from, ':')) {
      return false;
    }
    skip_space(&from);
  }
  const char *start = from.at;
  if (!take_value(&from, 0)) {
    return false;
  }
  if (name) {
    *name = key;
  }
  *value = (whittle_text){start, (size_t)(from.at - start)};
  walk->rest = (whittle_text){from.at, (size_t)(from.end - from.at)};
  return true;
}

static bool equal(whittle_text one, whittle_text other) {
  return one.length == other.length && memcmp(one.bytes, other.bytes, one.length) == 0;
}

// Whether the JSON string of a name is that name.
static bool is_named(whittle_text quoted, whittle_text name) {
  whittle_text inner = {quoted.bytes + 1, quoted.length - 2};
  if (inner.length && memchr(inner.bytes, '\\', inner.length)) {
    return whittle_json_text(quoted, &inner) && equal(inner, name);
  }
  return equal(inner, name);
}

static whittle_text member(whittle_text json, whittle_text name) {
  whittle_text found = nothing, key, value;
  whittle_json_walk walk = whittle_json_each(json);
  while (walk.is_object && whittle_json_next(&walk, &key, &value)) {
    if (is_named(key, name)) {
      found = value;
    }
  }
  return found;
}

static whittle_text element(whittle_text json, size_t index) {
  whittle_text value;
  whittle_json_walk walk = whittle_json_each(json);
  while (!walk.is_object && whittle_json_next(&walk, NULL, &value)) {
    if (index-- == 0) {
      return value;
    }
  }
  return nothing;
}

whittle_text whittle_json_at(whittle_text json, const char *path) {
  whittle_text value = trimmed(json);
  while (*path && value.length) {
    if (*path == '[') {
      char *end;
      size_t index = strtoul(path + 1, &end, 10);
      if (end == path + 1 || *end != ']') {
        return nothing;
      }
      value = element(value, index);
      path = end + 1;
    } else {
      size_t length = strcspn(path, ".[");
      value = member(value, (whittle_text){path, length});
      path += length;
    }
    if (*path == '.') {
      path++;
    }
  }
  return value;
}

bool whittle_json_is_null(whittle_text json) { return equal(trimmed(json), whittle_c("null")); }

bool whittle_json_boolean(whittle_text json, bool *value) {
  whittle_text word = trimmed(json);
  bool is_true = equal(word, whittle_c("true"));
  if (!is_true && !equal(word, whittle_c("false"))) {
    return false;
  }
  *value = is_true;
  return true;
}

// The whole text is a number.
static bool is_number(whittle_text text) {
  reader from = reader_of(text);
  return take_number(&from) && from.at == from.end;
}

bool whittle_json_int64(whittle_text json, int64_t *value) {
  whittle_text digits = trimmed(json);
  bool is_negative = digits.length && digits.bytes[0] == '-';
  if (!is_number(digits) || (is_negative && digits.length == 2 && digits.bytes[1] == '0')) {
    return false;
  }
  uint64_t most = (uint64_t)INT64_MAX + is_negative, number = 0;
  for (size_t i = is_negative; i < digits.length; i++) {
    if (digits.bytes[i] < '0' || digits.bytes[i] > '9') {
      return false;
    }
    uint64_t digit = (uint64_t)(digits.bytes[i] - '0');
    if (number > (most - digit) / 10) {
      return false;
    }
    number = number * 10 + digit;
  }
  *value = (int64_t)(is_negative ? 0 - number : number);
  return true;
}

bool whittle_json_float64(whittle_text json, double *value) {
  whittle_text digits = trimmed(json);
  if (!is_number(digits)) {
    return false;
  }
  whittle_text parts[] = {digits, {"", 1}};
  *value = strtod(whittle_join(parts, 2).bytes, NULL);
  return true;
}

static char *put_utf8(char *to, uint32_t character) {
  if (character < 0x80) {
    *to++ = (char)character;
    return to;
  }
  if (character < 0x800) {
    *to++ = (char)(0xc0 | character >> 6);
  } else {
    if (character < 0x10000) {
      *to++ = (char)(0xe0 | character >> 12);
    } else {
      *to++ = (char)(0xf0 | character >> 18);
      *to++ = (char)(0x80 | (character >> 12 & 0x3f));
    }
    *to++ = (char)(0x80 | (character >> 6 & 0x3f));
  }
  *to++ = (char)(0x80 | (character & 0x3f));
  return to;
}

// The character of `\u` and what follows; half of a surrogate pair becomes U+FFFD.
static uint32_t take_character(reader *from) {
  uint32_t unit = (uint32_t)take_hex(from);
  if (unit < 0xd800 || unit > 0xdfff) {
    return unit;
  }
  reader ahead = *from;
  if (unit < 0xdc00 && take(&ahead, '\\') && take(&ahead, 'u')) {
    uint32_t low = (uint32_t)take_hex(&ahead);
    if (low >= 0xdc00 && low <= 0xdfff) {
      *from = ahead;
      return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  return 0xfffd;
}

bool whittle_json_text(whittle_text json, whittle_text *value) {
  whittle_text quoted = trimmed(json);
  reader from = reader_of(quoted);
  if (!take_string(&from) || from.at != from.end) {
    return false;
  }
  whittle_text inner = {quoted.bytes + 1, quoted.length - 2};
  if (!inner.length || !memchr(inner.bytes, '\\', inner.length)) {
    *value = inner;
    return true;
  }
  // No character is longer than its escape.
  char *start = (char *)whittle_join(&inner, 1).bytes, *to = start;
  for (from = reader_of(inner); from.at < from.end;) {
    char byte = *from.at++;
    if (byte == '\\') {
      char escape = *from.at++;
      if (escape == 'u') {
        to = put_utf8(to, take_character(&from));
        continue;
      }
      const char *escapes = "bfnrt", *controls = "\b\f\n\r\t";
      const char *known = strchr(escapes, escape);
      byte = known ? controls[known - escapes] : escape;
    }
    *to++ = byte;
  }
  *value = (whittle_text){start, (size_t)(to - start)};
  return true;
}
