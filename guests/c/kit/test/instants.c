// Timestamps as texts, as the host reads them: ISO 8601 and RFC 3339.

#include "fake.h"

#include <stdio.h>
#include <string.h>

// Days are those of Howard Hinnant, "chrono-compatible low-level date algorithms".

static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
  int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
  int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
  int64_t shifted = (5 * of_year + 2) / 153;
  *day = of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted < 10 ? shifted + 3 : shifted - 9;
  *year = years + era * 400 + (*month <= 2);
}

const char *fake_timestamp_text(int64_t microseconds) {
  int64_t second = microseconds / 1000000, fraction = microseconds % 1000000;
  if (fraction < 0) {
    fraction += 1000000;
    second--;
  }
  int64_t days = second / 86400, rest = second % 86400, year, month, day;
  if (rest < 0) {
    rest += 86400;
    days--;
  }
  date_of(days, &year, &month, &day);
  char shown[16] = "";
  if (fraction) {
    snprintf(shown, sizeof(shown), ".%06d", (int)fraction);
  }
  return fake_format("%04d-%02d-%02dT%02d:%02d:%02d%sZ", (int)year, (int)month, (int)day,
                     (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60), shown);
}

// A number of so many digits.
static bool take_digits(whittle_text *text, size_t count, int64_t *number) {
  *number = 0;
  if (text->length < count) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    if (text->bytes[i] < '0' || text->bytes[i] > '9') {
      return false;
    }
    *number = *number * 10 + (text->bytes[i] - '0');
  }
  *text = (whittle_text){text->bytes + count, text->length - count};
  return true;
}

static bool take(whittle_text *text, const char *one_of) {
  if (!text->length || !memchr(one_of, text->bytes[0], strlen(one_of))) {
    return false;
  }
  *text = (whittle_text){text->bytes + 1, text->length - 1};
  return true;
}

// The digits of a fraction of a second in microseconds; what is finer is dropped.
static bool take_fraction(whittle_text *text, int64_t *microseconds) {
  int64_t digit, scale = 100000;
  *microseconds = 0;
  if (!text->length || !take_digits(text, 1, &digit)) {
    return false;
  }
  do {
    *microseconds += digit * scale;
    scale /= 10;
  } while (take_digits(text, 1, &digit));
  return true;
}

// The offset is less than a day.
static bool take_zone(whittle_text *text, int64_t *seconds) {
  int64_t hours, minutes = 0;
  *seconds = 0;
  if (!text->length || take(text, "Zz")) {
    return true;
  }
  bool is_west = text->bytes[0] == '-';
  if (!take(text, "+-") || !take_digits(text, 2, &hours)) {
    return false;
  }
  bool has_colon = take(text, ":");
  if ((has_colon || text->length) && !take_digits(text, 2, &minutes)) {
    return false;
  }
  *seconds = (is_west ? -1 : 1) * (hours * 3600 + minutes * 60);
  return hours * 3600 + minutes * 60 < 86400;
}

// A time without colons has no fraction, and a blank before its offset. A leap second is the first
// second of the next minute.
static bool take_time(whittle_text *text, int64_t *seconds, int64_t *microseconds) {
  int64_t hour, minute, second, zone;
  if (!take_digits(text, 2, &hour)) {
    return false;
  }
  bool has_colons = take(text, ":");
  if (!take_digits(text, 2, &minute) || (has_colons && !take(text, ":")) ||
      !take_digits(text, 2, &second) || hour > 23 || minute > 59 || second > 60) {
    return false;
  }
  if (has_colons && take(text, ".") && !take_fraction(text, microseconds)) {
    return false;
  }
  bool is_blank = false;
  while (take(text, " \t\n\r")) {
    is_blank = true;
  }
  bool is_offset = text->length && (text->bytes[0] == '+' || text->bytes[0] == '-');
  if ((is_blank && !is_offset) || (is_offset && !has_colons && !is_blank) ||
      !take_zone(text, &zone)) {
    return false;
  }
  *seconds = hour * 3600 + minute * 60 + second - zone;
  return true;
}

bool fake_timestamp(whittle_text text, int64_t *microseconds) {
  int64_t year, month, day, seconds = 0, fraction = 0;
  if (!take_digits(&text, 4, &year) || !take(&text, "-") || !take_digits(&text, 2, &month) ||
      !take(&text, "-") || !take_digits(&text, 2, &day)) {
    return false;
  }
  int64_t days = days_of(year, month, day), same_year, same_month, same_day;
  date_of(days, &same_year, &same_month, &same_day);
  if (year != same_year || month != same_month || day != same_day) {
    return false;
  }
  if (take(&text, "Tt ") && !take_time(&text, &seconds, &fraction)) {
    return false;
  }
  *microseconds = (days * 86400 + seconds) * 1000000 + fraction;
  return text.length == 0;
}
