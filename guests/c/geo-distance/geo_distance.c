// Distances on the earth.

#include <math.h>

#include "whittle.h"

// The earth's mean radius R1 in metres: (2a + b) / 3 of the ellipsoid WGS 84, as the International
// Union of Geodesy and Geophysics defines it (Moritz, "Geodetic Reference System 1980").
static const double RADIUS = 6371008.8;
static const double RADIANS = 3.14159265358979323846 / 180;

static double latitude, longitude, cosine_of_latitude;
static whittle_field lat_field, lon_field;

static const whittle_parameter parameters[] = {
    WHITTLE_FIELD("lat_field", "The field that holds the latitude, in degrees north."),
    WHITTLE_FIELD("lon_field", "The field that holds the longitude, in degrees east."),
    WHITTLE_REQUIRED_PARAMETER("lat", "The latitude to measure from, between -90 and 90.",
                               WHITTLE_FLOAT64),
    WHITTLE_REQUIRED_PARAMETER("lon", "The longitude to measure from, between -180 and 180.",
                               WHITTLE_FLOAT64),
};

// False for what is no number too.
static bool is_between(double value, double bound) { return value >= -bound && value <= bound; }

static whittle_outcome prepare(void) {
  latitude = whittle_float64_argument("lat");
  longitude = whittle_float64_argument("lon");
  if (!is_between(latitude, 90)) {
    return whittle_invalid_argument(whittle_c("parameter `lat` is not between -90 and 90"));
  }
  if (!is_between(longitude, 180)) {
    return whittle_invalid_argument(whittle_c("parameter `lon` is not between -180 and 180"));
  }
  cosine_of_latitude = cos(latitude * RADIANS);
  lat_field = whittle_field_argument("lat_field", WHITTLE_FLOAT64);
  lon_field = whittle_field_argument("lon_field", WHITTLE_FLOAT64);
  return whittle_ready();
}

static double square(double value) { return value * value; }

// The haversine formula, which is exact for small distances where the cosine rule is not: Sinnott,
// "Virtues of the Haversine" (1984).
static double haversine(double lat, double lon) {
  double half = square(sin((lat - latitude) * RADIANS / 2)) +
                cosine_of_latitude * cos(lat * RADIANS) *
                    square(sin((lon - longitude) * RADIANS / 2));
  // Between antipodes rounding may go past 1.
  return 2 * RADIUS * asin(sqrt(fmin(half, 1)));
}

static whittle_outcome geo_distance(void) {
  // No place has these, and JSON has no such number.
  double lat = whittle_float64_or(lat_field, INFINITY);
  double lon = whittle_float64_or(lon_field, INFINITY);
  if (lat == INFINITY || lon == INFINITY) {
    return whittle_null();
  }
  if (!is_between(lat, 90)) {
    return whittle_failed(whittle_c("its latitude is not between -90 and 90"));
  }
  if (!is_between(lon, 180)) {
    return whittle_failed(whittle_c("its longitude is not between -180 and 180"));
  }
  return whittle_float64(haversine(lat, lon));
}

static const whittle_function functions[] = {{
    .name = "geo_distance",
    .description = "The distance in metres along the surface of the earth, taken for a sphere, "
                   "between a document's place and another. A document without a place has none.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_FLOAT64,
    .prepare = prepare,
    .evaluate = geo_distance,
}};

const whittle_udf whittle_this_udf = {
    .name = "geo-distance",
    .version = "0.1.0",
    .description = "Distances on the earth.",
    .author = "The Whittle authors",
    WHITTLE_FUNCTIONS(functions),
};
