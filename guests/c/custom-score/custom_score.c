// A weighted score of three numbers.

#include "whittle.h"

static double price_weight, rating_weight, popularity_weight;
static whittle_field price, rating, popularity;

static const whittle_parameter parameters[] = {
    WHITTLE_FLOAT64_DEFAULT("price_weight", "What the price is multiplied by.", 0.3),
    WHITTLE_FLOAT64_DEFAULT("rating_weight", "What the rating is multiplied by.", 0.5),
    WHITTLE_FLOAT64_DEFAULT("popularity_weight", "What the popularity is multiplied by.", 0.2),
    WHITTLE_FIELD_DEFAULT("price_field", "The field that holds the price.", "price"),
    WHITTLE_FIELD_DEFAULT("rating_field", "The field that holds the rating.", "rating"),
    WHITTLE_FIELD_DEFAULT("popularity_field", "The field that holds the popularity.",
                          "popularity"),
};

static whittle_outcome prepare(void) {
  price_weight = whittle_float64_argument("price_weight");
  rating_weight = whittle_float64_argument("rating_weight");
  popularity_weight = whittle_float64_argument("popularity_weight");
  price = whittle_field_argument("price_field", WHITTLE_FLOAT64);
  rating = whittle_field_argument("rating_field", WHITTLE_FLOAT64);
  popularity = whittle_field_argument("popularity_field", WHITTLE_FLOAT64);
  return whittle_ready();
}

static whittle_outcome score(void) {
  return whittle_float64(price_weight * whittle_float64_or(price, 0) +
                         rating_weight * whittle_float64_or(rating, 0) +
                         popularity_weight * whittle_float64_or(popularity, 0));
}

static const whittle_function functions[] = {{
    .name = "custom_score",
    .description = "The weighted sum of a document's price, rating and popularity. A field that "
                   "is missing counts as zero.",
    WHITTLE_PARAMETERS(parameters),
    .returns = WHITTLE_FLOAT64,
    .prepare = prepare,
    .evaluate = score,
}};

const whittle_udf whittle_this_udf = {
    .name = "custom-score",
    .version = "0.1.0",
    .description = "A weighted score of three numbers.",
    .author = "The Whittle authors",
    WHITTLE_FUNCTIONS(functions),
};
