"""The function with documents."""

import unittest

from whittle_guest.testing import Query

from app import CustomScore


class Scores(unittest.TestCase):
    """Weighted sums."""

    def test_the_score_is_a_weighted_sum(self) -> None:
        weights = {"price_weight": 1, "rating_weight": 10.0, "popularity_weight": 100}
        query = Query(CustomScore, **weights, price_field="cost.net")
        documents = [{"cost": {"net": 2}, "rating": 3.5, "popularity": 4}, {"rating": 1}, {}]
        self.assertEqual(query.values(documents), [437.0, 10.0, 0.0])
