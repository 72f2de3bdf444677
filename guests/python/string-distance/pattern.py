"""A text to compare many others with, bit-parallel.

The table of the textbook algorithm has a row for each character of the target and a column for each
of the text. Here a column is two bits a row, the differences from row to row, held in two whole
numbers, and a column follows from the one before in a few operations: Myers, "A fast bit-vector
algorithm for approximate string matching" (1999). Of a column only the rows near the diagonal
matter, those within the largest distance of it, and the numbers have only their bits: Hyyrö, "A
bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003).

Most texts never get there: a text within `n` edits of the target has one of any `n + 1` pieces of
the target in it unchanged, and finding a piece is one call.
"""


class Pattern:
    """A target text and the largest distance that still matches.

    The distance is Levenshtein's: insertions, deletions and substitutions of Unicode scalar values.
    """

    def __init__(self, target: str, max_distance: int) -> None:
        """Take a target apart."""
        self._target = target
        self._max_distance = max_distance
        self._pieces = _pieces(target, max_distance + 1)
        self._rows: dict[str, int] = {}
        for row, character in enumerate(target):
            self._rows[character] = self._rows.get(character, 0) | 1 << row

    def matches(self, text: str) -> bool:
        """Tell whether a text is within the distance of the target."""
        if abs(len(text) - len(self._target)) > self._max_distance:
            return False
        for piece in self._pieces:
            if piece in text:
                return text == self._target or self._is_near(text)
        return False

    def _is_near(self, text: str) -> bool:
        """Tell it from the table; the lengths are within the distance of one another."""
        band = self._max_distance
        length = len(self._target)
        if band >= max(length, len(text)):
            return True
        if band == 0:
            return text == self._target
        rows = self._rows
        # Of `2 * band + 1` rows the middle one is on the diagonal; the first column has the rows
        # from there on, and each is one more than the row above.
        lowest = 1 << 2 * band
        every = 2 * lowest - 1
        up, down = every ^ ((1 << band) - 1), 0
        # The distance is followed along the lowest row of the band, and along the table's last row
        # from where they meet.
        distance = min(length, band)
        meeting = length - distance
        last = 1 << band + distance - 1
        # From the lowest row each further column can lessen it by one, as far as the table's corner
        # is from the band's.
        hopeless = 2 * band + len(text) - length
        for column, character in enumerate(text):
            equal = (rows.get(character, 0) << band >> column) & every
            diagonal = ((((equal & up) + up) ^ up) | equal | down) & every
            right_up = down | (every ^ (diagonal | up))
            right_down = diagonal & up
            if column < meeting:
                if not diagonal & lowest:
                    distance += 1
            else:
                if right_up & last:
                    distance += 1
                elif right_down & last:
                    distance -= 1
                last >>= 1
            if distance > hopeless:
                return False
            # The band of the next column begins a row further down.
            diagonal >>= 1
            up = right_down | (every ^ (diagonal | right_up))
            down = diagonal & right_up
        return distance <= band


def _pieces(target: str, count: int) -> list[str]:
    """Cut a target into pieces of about one length; too short a target is left whole and empty."""
    length = len(target)
    if count > length:
        return [""]
    return [target[length * i // count : length * (i + 1) // count] for i in range(count)]
