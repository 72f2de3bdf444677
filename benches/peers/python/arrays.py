"""NumPy: a function of whole columns.

Columns are arrays from the start, as NumPy's users have them; a column with nulls has a second array, which
tells the rows with values.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conversation import Unsupported

SCORE = ("price", "rating", "popularity")


def prepare(rows: dict[str, Any]) -> Callable[[], NDArray[Any]]:
    """A call that evaluates the function for all rows."""
    columns = rows["columns"]
    match rows["work"]:
        case "noop":
            count = len(columns["x"])
            return lambda: np.ones(count, dtype=bool)
        case "score":
            price, rating, popularity = (np.array(columns[name]) for name in SCORE)
            return lambda: 0.3 * price + 0.5 * rating + 0.2 * popularity
        case "score-nulls":
            prices, ratings, popularities = (nullable(columns[name]) for name in SCORE)
            return lambda: (
                0.3 * np.where(*prices, 0.0)
                + 0.5 * np.where(*ratings, 0.0)
                + 0.2 * np.where(*popularities, 0.0)
            )
        case "business-days":
            start, end = (np.array(columns[name], dtype="M8[D]") for name in ("start", "end"))
            return lambda: np.busday_count(start, end)
        case "distance":
            raise Unsupported("NumPy has no edit distance")
        case "regex":
            raise Unsupported("NumPy has no regular expressions")
        case _:
            raise Unsupported("NumPy has no JSON")


def nullable(column: list[float | None]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which rows have values, and the values, with anything in the other rows."""
    present = np.array([value is not None for value in column])
    return present, np.array([0.0 if value is None else value for value in column])
