// Uses each part of the C library that docs/LIBRARIES.md lists, so that vectors.json tests the list.

#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "whittle.h"

static const char *name;
static whittle_field field;

static const whittle_parameter parameters[] = {
    WHITTLE_REQUIRED_PARAMETER("name", "The name of the part.", WHITTLE_TEXT),
    WHITTLE_FIELD_DEFAULT("field", "The field with the text.", "text"),
};

// The text of the present document and the result, both terminated by NUL.
static char text[256], result[256];

static const char *terminated(whittle_text from, char *to, size_t size) {
  size_t length = from.length < size ? from.length : size - 1;
  memcpy(to, from.bytes, length);
  to[length] = 0;
  return to;
}

static whittle_outcome prepare(void) {
  static char space[64];
  name = terminated(whittle_text_argument("name"), space, sizeof space);
  field = whittle_field_argument("field", WHITTLE_TEXT);
  return whittle_ready();
}

static int compare(const void *a, const void *b) { return *(const char *)a - *(const char *)b; }

static bool use_math(void) {
  snprintf(result, sizeof result, "%.6f", sin(strtod(text, NULL)));
  return true;
}

static bool use_regex(void) {
  regex_t year;
  regmatch_t match;
  if (regcomp(&year, "[0-9]{4}", REG_EXTENDED) != 0) return false;
  bool found = regexec(&year, text, 1, &match, 0) == 0;
  if (found) {
    snprintf(result, sizeof result, "%.*s", (int)(match.rm_eo - match.rm_so), text + match.rm_so);
  }
  regfree(&year);
  return found;
}

static bool use_qsort(void) {
  strcpy(result, text);
  qsort(result, strlen(result), 1, compare);
  return true;
}

static bool use_string(void) {
  const char *found = strstr(text, "b");
  strcpy(result, found ? found : "");
  return true;
}

static bool use_rand(void) {
  srand((unsigned)atoi(text));
  snprintf(result, sizeof result, "%d", rand() % 1000);
  return true;
}

static bool use_strftime(void) {
  time_t seconds = (time_t)strtoll(text, NULL, 10);
  return strftime(result, sizeof result, "%A, %d %B %Y", gmtime(&seconds)) > 0;
}

static bool use_time(void) {
  snprintf(result, sizeof result, "%lld", (long long)time(NULL));
  return true;
}

static bool use_wchar(void) {
  // There is only the locale C, in which a byte is a character.
  snprintf(result, sizeof result, "%d", (int)mbstowcs(NULL, text, 0));
  return true;
}

static bool use_files(void) {
  if (fopen(text, "r") != NULL) return true;
  snprintf(result, sizeof result, "%s", strerror(errno));
  return false;
}

static bool use_environment(void) {
  const char *value = getenv(text);
  strcpy(result, value ? value : "it is not set");
  return value != NULL;
}

static const struct {
  const char *name;
  bool (*use)(void);
} uses[] = {
    {"math.h", use_math},         {"regex.h", use_regex},   {"qsort", use_qsort},
    {"string.h", use_string},     {"rand", use_rand},       {"strftime", use_strftime},
    {"time", use_time},           {"mbstowcs", use_wchar},  {"fopen", use_files},
    {"getenv", use_environment},
};

static whittle_outcome library(void) {
  whittle_text given = {"", 0};
  whittle_get_text(field, &given);
  terminated(given, text, sizeof text);
  for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
    if (strcmp(uses[i].name, name) == 0) {
      result[0] = 0;
      bool good = uses[i].use();
      return good ? whittle_text_value(whittle_c(result)) : whittle_failed(whittle_c(result));
    }
  }
  return whittle_failed(whittle_c("unknown library"));
}

static const whittle_function functions[] = {{
    .name = "library",
    .description = "What a part of the C library makes of the document's text.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_TEXT,
    .prepare = prepare,
    .evaluate = library,
}};

const whittle_udf whittle_this_udf = {
    .name = "libraries",
    .version = "0.1.0",
    .description = "Uses the parts of the C library that docs/LIBRARIES.md lists.",
    .author = "The Whittle authors",
    WHITTLE_FUNCTIONS(functions),
};
