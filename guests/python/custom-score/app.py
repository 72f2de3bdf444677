"""A weighted score of three numbers."""

from whittle_guest import Field, parameter, udf


@udf
class CustomScore:
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

    def score(self) -> float:
        """Compute the sum."""
        return (
            self.price_weight * self.price_field.get(0.0)
            + self.rating_weight * self.rating_field.get(0.0)
            + self.popularity_weight * self.popularity_field.get(0.0)
        )
