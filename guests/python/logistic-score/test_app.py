"""The function with documents."""

import unittest

from whittle_guest import InvalidArgumentError
from whittle_guest.testing import Query

from app import LogisticScore
from model import probability

_MODEL = {
    "intercept": -1.5,
    "numeric": [{"field": "price", "weight": -0.8, "mean": 20, "scale": 10}],
    "one_hot": [{"field": "colour", "weights": {"red": 0.4}, "default": 0.1}],
}


class Scores(unittest.TestCase):
    """Probabilities of documents."""

    def test_the_features_of_a_document_are_weighted(self) -> None:
        query = Query(LogisticScore, model=_MODEL)
        documents = [{"price": 30, "colour": "red"}, {"price": 20, "colour": "blue"}, {}]
        expected = [probability(-1.5 - 0.8 + 0.4), probability(-1.4), probability(-1.4)]
        self.assertEqual(query.values(documents), expected)

    def test_a_wrong_model_is_refused_with_the_place(self) -> None:
        with self.assertRaisesRegex(InvalidArgumentError, r"`one_hot\[0\].weights` is missing"):
            Query(LogisticScore, model={**_MODEL, "one_hot": [{"field": "colour"}]})
