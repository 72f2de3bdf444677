"""Scores by logistic regression."""

from whittle_guest import Field, Json, parameter, udf

import model


@udf
class LogisticScore:
    """The probability that a logistic regression gives a document.

    The model is a JSON object: `intercept`; `numeric` features, each a `field` with its `weight`,
    and, where they are needed, `mean`, `scale` and the `default` for documents without the field;
    and `one_hot` features, each a `field` with the `weights` of its texts and the `default` for
    others.
    """

    model: Json = parameter(
        'The model, such as {"intercept": -1.5, "numeric": [{"field": "price", "weight": -0.8, '
        '"mean": 20, "scale": 10}], "one_hot": [{"field": "colour", "weights": {"red": 0.4}, '
        '"default": 0.1}]}.'
    )

    def prepare(self) -> None:
        """Read the model, and resolve the fields of its features."""
        read = model.read(self.model.parse())
        self.intercept = read.intercept
        self.numeric = [
            (Field.named(feature.field, float), feature.default, feature.contribution)
            for feature in read.numeric
        ]
        self.one_hot = [
            (Field.named(feature.field, str), feature.weights, feature.default)
            for feature in read.one_hot
        ]

    def score(self) -> float:
        """Compute the probability."""
        logit = self.intercept
        for field, default, contribution in self.numeric:
            logit += contribution(field.get(default))
        for text, weights, other in self.one_hot:
            value = text.get()
            logit += other if value is None else weights.get(value, other)
        return model.probability(logit)
