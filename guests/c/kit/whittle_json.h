/// Reads values out of JSON texts, such as those of JSON fields and parameters.
///
/// ```c
/// whittle_text seller, city;
/// double stars;
/// if (whittle_get_text(field, &seller) &&
///     whittle_json_text(whittle_json_at(seller, "address.city"), &city) &&
///     whittle_json_float64(whittle_json_at(seller, "ratings[0].stars"), &stars)) {
///   ...
/// }
/// ```
///
/// A value is the part of the text in which it stands, so `whittle_json_at` allocates nothing. In
/// place of a value that is not there it returns a text without bytes, which nothing reads as a value.
#ifndef WHITTLE_JSON_H
#define WHITTLE_JSON_H

#include "whittle.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The value at a path: names of members with dots between them, and positions of elements in brackets,
/// from 0 on. The empty path is the whole value. A name with a dot or a bracket has no path: see
/// `whittle_json_next`. If an object has a name twice, the last one counts.
whittle_text whittle_json_at(whittle_text json, const char *path);

/// Whether the text is one JSON value (RFC 8259), nested at most 128 levels deep.
bool whittle_json_is_valid(whittle_text json);
/// Whether the value is null.
bool whittle_json_is_null(whittle_text json);
/// Gets a boolean. Like all of these it returns false if the value is another one, and leaves `value`
/// unchanged.
bool whittle_json_boolean(whittle_text json, bool *value);
/// Gets a number that is an integer: one without a fraction and an exponent, of 64 bits with a sign.
bool whittle_json_int64(whittle_text json, int64_t *value);
/// Gets any number: the nearest double.
bool whittle_json_float64(whittle_text json, double *value);
/// Gets a string, without its quotes and escapes. It lives as long as other texts: see `whittle.h`.
bool whittle_json_text(whittle_text json, whittle_text *value);

/// A walk over the elements of an array or the members of an object.
typedef struct {
  whittle_text rest;
  bool is_object;
} whittle_json_walk;

/// Begins a walk; one over any other value ends at once.
whittle_json_walk whittle_json_each(whittle_text json);
/// Gets the next value, and the JSON string of its name, or no bytes in an array; `name` may be NULL.
/// Returns false after the last one.
bool whittle_json_next(whittle_json_walk *walk, whittle_text *name, whittle_text *value);

#ifdef __cplusplus
}
#endif

#endif
