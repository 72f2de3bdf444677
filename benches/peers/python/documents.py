"""A call of a Python function for each document, with its fields as arguments."""

import json
import re
from collections.abc import Callable
from typing import Any


def prepare(rows: dict[str, Any]) -> Callable[[], list[Any]]:
    """A call that evaluates the function for all rows."""
    make, fields = FUNCTIONS[rows["work"]]
    function = make(**rows["parameters"])
    columns = [rows["columns"][field] for field in fields]
    return lambda: list(map(function, *columns))


def noop() -> Callable[[float], bool]:
    return lambda x: True


def score() -> Callable[[float | None, float | None, float | None], float]:
    def score(price: float | None, rating: float | None, popularity: float | None) -> float:
        return 0.3 * (price or 0.0) + 0.5 * (rating or 0.0) + 0.2 * (popularity or 0.0)

    return score


def distance(target: str, max_distance: int) -> Callable[[str], bool]:
    """Levenshtein's distance."""

    def matches(title: str) -> bool:
        if abs(len(title) - len(target)) > max_distance:
            return False
        previous = list(range(len(target) + 1))
        for row, character in enumerate(title, 1):
            current = [row]
            for column, other in enumerate(target):
                cost = character != other
                current.append(
                    min(current[column] + 1, previous[column + 1] + 1, previous[column] + cost)
                )
            previous = current
        return previous[-1] <= max_distance

    return matches


def regex(pattern: str) -> Callable[[str], str | None]:
    search = re.compile(pattern).search

    def group(title: str) -> str | None:
        match = search(title)
        return match[1] if match else None

    return group


def json_path(path: str, equals: str) -> Callable[[str], bool]:
    keys = path.split(".")[1:]

    def matches(data: str) -> bool:
        value = json.loads(data)
        for key in keys:
            if not isinstance(value, dict):
                return False
            value = value.get(key)
        return value == equals

    return matches


def weekdays_before(day: int) -> int:
    """Mondays to Fridays before a day, counted from a Monday."""
    week, weekday = divmod(day + 3, 7)  # 1970-01-01 was a Thursday.
    return 5 * week + min(weekday, 5)


def business_days() -> Callable[[int, int], int]:
    return lambda start, end: weekdays_before(end) - weekdays_before(start)


SCORE = (score, ["price", "rating", "popularity"])

FUNCTIONS: dict[str, tuple[Callable[..., Callable[..., Any]], list[str]]] = {
    "noop": (noop, ["x"]),
    "score": SCORE,
    "score-nulls": SCORE,
    "distance": (distance, ["title"]),
    "regex": (regex, ["title"]),
    "json": (json_path, ["data"]),
    "business-days": (business_days, ["start", "end"]),
}
