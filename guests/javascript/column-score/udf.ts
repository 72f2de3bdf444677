/** The weighted score of `custom-score`, computed for many documents at once. */

import { component, define, field, parameter } from "whittle-guest";

const customScore = define({
  name: "custom_score",
  description:
    "The weighted sum of a document's price, rating and popularity. A field that is missing counts " +
    "as zero.",
  parameters: {
    priceWeight: parameter("float64", "What the price is multiplied by.", { default: 0.3 }),
    ratingWeight: parameter("float64", "What the rating is multiplied by.", { default: 0.5 }),
    popularityWeight: parameter("float64", "What the popularity is multiplied by.", {
      default: 0.2,
    }),
    priceField: field("float64", "The field that holds the price.", { default: "price" }),
    ratingField: field("float64", "The field that holds the rating.", { default: "rating" }),
    popularityField: field("float64", "The field that holds the popularity.", {
      default: "popularity",
    }),
  },
  returns: "float64",
  prepare({
    priceWeight,
    ratingWeight,
    popularityWeight,
    priceField,
    ratingField,
    popularityField,
  }) {
    return {
      batch(documents) {
        const price = priceField.column().filled(0);
        const rating = ratingField.column().filled(0);
        const popularity = popularityField.column().filled(0);
        const scores = new Float64Array(documents);
        for (let index = 0; index < documents; index++) {
          scores[index] =
            priceWeight * price[index]! +
            ratingWeight * rating[index]! +
            popularityWeight * popularity[index]!;
        }
        return scores;
      },
    };
  },
});

export const functions = component(customScore);
