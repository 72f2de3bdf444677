// A weighted score of three numbers.

import { Float64Field, Float64Parameter, Score, register } from "../../kit/assembly";

class CustomScore extends Score {
  priceWeight: Float64Parameter = new Float64Parameter(
    "price_weight",
    "What the price is multiplied by.",
  ).defaultsTo(0.3);
  ratingWeight: Float64Parameter = new Float64Parameter(
    "rating_weight",
    "What the rating is multiplied by.",
  ).defaultsTo(0.5);
  popularityWeight: Float64Parameter = new Float64Parameter(
    "popularity_weight",
    "What the popularity is multiplied by.",
  ).defaultsTo(0.2);
  priceField: Float64Field = new Float64Field(
    "price_field",
    "The field that holds the price.",
  ).defaultsTo("price");
  ratingField: Float64Field = new Float64Field(
    "rating_field",
    "The field that holds the rating.",
  ).defaultsTo("rating");
  popularityField: Float64Field = new Float64Field(
    "popularity_field",
    "The field that holds the popularity.",
  ).defaultsTo("popularity");

  constructor() {
    super(
      "custom_score",
      "The weighted sum of a document's price, rating and popularity. A field that is missing counts as zero.",
    );
  }

  score(): f64 {
    return (
      this.priceWeight.value * this.priceField.or(0) +
      this.ratingWeight.value * this.ratingField.or(0) +
      this.popularityWeight.value * this.popularityField.or(0)
    );
  }
}

register(new CustomScore());
