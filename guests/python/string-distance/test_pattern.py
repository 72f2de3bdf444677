"""`Pattern` against the textbook algorithm."""

import random
import unittest

from pattern import Pattern


def distance(left: str, right: str) -> int:
    """Compute Levenshtein's distance from the whole table."""
    above = list(range(len(right) + 1))
    for row, character in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            substituted = above[column - 1] + (character != other)
            current.append(min(above[column] + 1, current[-1] + 1, substituted))
        above = current
    return above[-1]


class Patterns(unittest.TestCase):
    """It tells what the textbook algorithm tells."""

    def setUp(self) -> None:
        """Begin the same random texts for each test."""
        self.random = random.Random(2003)  # noqa: S311 - texts for tests

    def check(self, target: str, text: str, most: int) -> None:
        """Compare the two for one pair of texts."""
        expected = distance(target, text) <= most
        self.assertEqual(Pattern(target, most).matches(text), expected, (target, text, most))

    def text(self, characters: str, most: int) -> str:
        """Make a random text."""
        return "".join(self.random.choices(characters, k=self.random.randint(0, most)))

    def test_short_texts(self) -> None:
        for _ in range(20_000):
            most = self.random.choice([0, 1, 2, 3, 4, 6, 10, 2**32 - 1])
            self.check(self.text("ab中", 9), self.text("ab中", 9), most)

    def test_near_texts(self) -> None:
        for _ in range(500):
            target = self.text("ab😀", 130)
            text = list(target)
            for _ in range(self.random.randint(0, 6)):
                at = self.random.randint(0, len(text))
                text[at : at + self.random.randint(0, 2)] = self.text("ab", 2)
            self.check(target, "".join(text), self.random.choice([0, 1, 2, 3, 5, 8, 60, 200]))

    def test_long_texts(self) -> None:
        target = "abcdefghij" * 1000
        self.assertTrue(Pattern(target, 3).matches(target[1:-2] + "x"))
        self.assertFalse(Pattern(target, 3).matches("x" + target[1:-4] + "x"))
        self.assertFalse(Pattern(target, 3).matches(target[::-1]))


if __name__ == "__main__":
    unittest.main()
