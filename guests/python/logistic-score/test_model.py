"""The logistic function against arithmetic with 60 digits."""

import decimal
import math
import unittest

from whittle_guest import FailedError

from model import probability


class Probability(unittest.TestCase):
    """It is exact to the last digits wherever a float can be, and never overflows."""

    def test_it_is_near_the_exact_value(self) -> None:
        for step in range(-7000, 7001, 7):
            logit = step / 10
            with decimal.localcontext(prec=60):
                exact = 1 / (1 + (-decimal.Decimal(logit)).exp())
            with self.subTest(logit=logit):
                self.assertTrue(math.isclose(probability(logit), exact, rel_tol=1e-15))

    def test_large_sums_give_the_bounds(self) -> None:
        for logit in (1e3, 1e300, math.inf):
            self.assertEqual((probability(logit), probability(-logit)), (1.0, 0.0))

    def test_a_sum_that_is_no_number_is_refused(self) -> None:
        with self.assertRaises(FailedError):
            probability(math.nan)


if __name__ == "__main__":
    unittest.main()
