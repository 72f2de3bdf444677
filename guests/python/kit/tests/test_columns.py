"""Columns, as far as they can be tested outside of a component."""

import unittest

from whittle_guest._columns import Column


class Columns(unittest.TestCase):
    """The values of a field in many documents."""

    def test_iteration_gives_none_for_documents_without_a_value(self) -> None:
        numbers = memoryview(bytes(16)).cast("d")
        self.assertEqual(list(Column(numbers, None)), [0.0, 0.0])
        self.assertEqual(list(Column(numbers, [0, 1])), [None, 0.0])
        self.assertEqual(len(Column(numbers, [0, 1])), 2)

    def test_a_default_stands_for_texts_that_are_missing(self) -> None:
        texts = Column(["a", ""], [1, 0])
        self.assertEqual(texts.filled("b"), ["a", "b"])
        self.assertIs(Column(texts.values, None).filled("b"), texts.values)
