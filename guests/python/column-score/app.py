"""A weighted score of three numbers: `custom-score` for authors who want whole columns."""

from whittle_guest import Field, parameter, udf


@udf(name="custom_score")
class ColumnScore:
    """The weighted sum of a document's price, rating and popularity.

    A field that is missing counts as zero.
    """

    price_weight: float = parameter("What the price is multiplied by.", default=0.3)
    rating_weight: float = parameter("What the rating is multiplied by.", default=0.5)
    popularity_weight: float = parameter("What the popularity is multiplied by.", default=0.2)
    price_field: Field[float] = parameter("The field that holds the price.", default="price")
    rating_field: Field[float] = parameter("The field that holds the rating.", default="rating")
    popularity_field: Field[float] = parameter(
        "The field that holds the popularity.", default="popularity"
    )

    def batch(self, _documents: int) -> list[float]:
        """Compute the sums."""
        of_price, of_rating = self.price_weight, self.rating_weight
        of_popularity = self.popularity_weight
        return [
            of_price * price + of_rating * rating + of_popularity * popularity
            for price, rating, popularity in zip(
                self.price_field.column().filled(0.0),
                self.rating_field.column().filled(0.0),
                self.popularity_field.column().filled(0.0),
                strict=True,
            )
        ]
