"""A logistic regression, read from JSON.

Errors name the place in the model that is wrong, as `numeric[1].weight`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from whittle_guest import FailedError, InvalidArgumentError

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Numeric:
    """A number of the document, standardised and weighted."""

    field: str
    weight: float
    mean: float
    scale: float
    default: float
    """What counts where a document has no such number."""

    def contribution(self, value: float) -> float:
        """Tell what a number adds to the sum."""
        return self.weight * ((value - self.mean) / self.scale)


@dataclass(frozen=True)
class OneHot:
    """A text of the document, each value of which has a weight."""

    field: str
    weights: Mapping[str, float]
    default: float
    """The weight of other texts, and of none."""


@dataclass(frozen=True)
class Model:
    """A logistic regression."""

    intercept: float
    numeric: list[Numeric]
    one_hot: list[OneHot]


def probability(logit: float) -> float:
    """Compute the logistic function; the exponential never overflows, since it is at most 1."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    if math.isnan(logit):
        raise FailedError("the features have no sum: it overflows both ways")
    grown = math.exp(logit)
    return grown / (1 + grown)


def read(json: object) -> Model:
    """Read a model.

    ```json
    {
      "intercept": -1.5,
      "numeric": [{"field": "price", "weight": -0.8, "mean": 20, "scale": 10, "default": 25}],
      "one_hot": [{"field": "colour", "weights": {"red": 0.4, "blue": -0.2}, "default": 0.1}]
    }
    ```

    `mean` is 0 and `scale` 1 where they are left out. The `default` of a numeric feature is then
    its mean, so that a document without it is an average one; that of a one-hot feature is 0.
    """
    keys = _Keys(json, "")
    model = Model(
        intercept=keys.number("intercept"),
        numeric=keys.items("numeric", _numeric),
        one_hot=keys.items("one_hot", _one_hot),
    )
    keys.end()
    return model


def _numeric(json: object, path: str) -> Numeric:
    keys = _Keys(json, path)
    mean = keys.number("mean", 0.0)
    scale = keys.number("scale", 1.0)
    if scale == 0:
        _refuse(f"{path}.scale", "is 0")
    feature = Numeric(
        field=keys.text("field"),
        weight=keys.number("weight"),
        mean=mean,
        scale=scale,
        default=keys.number("default", mean),
    )
    keys.end()
    return feature


def _one_hot(json: object, path: str) -> OneHot:
    keys = _Keys(json, path)
    feature = OneHot(
        field=keys.text("field"),
        weights=keys.numbers("weights"),
        default=keys.number("default", 0.0),
    )
    keys.end()
    return feature


class _Keys:
    """The keys of a JSON object, each read once."""

    def __init__(self, json: object, path: str) -> None:
        if not isinstance(json, dict):
            _refuse(path, f"is {_named(json)}, not an object")
        self._left = dict(json)
        self._path = path

    def number(self, key: str, default: float | None = None) -> float:
        """Take a number, or the default where there is no such key."""
        if default is not None and key not in self._left:
            return default
        return _number(self._take(key), self._at(key))

    def text(self, key: str) -> str:
        """Take a text that is not empty."""
        value = self._take(key)
        if not isinstance(value, str):
            _refuse(self._at(key), f"is {_named(value)}, not a text")
        if not value:
            _refuse(self._at(key), "is empty")
        return value

    def numbers(self, key: str) -> dict[str, float]:
        """Take an object of numbers."""
        value, path = self._take(key), self._at(key)
        if not isinstance(value, dict):
            _refuse(path, f"is {_named(value)}, not an object")
        return {name: _number(number, _member(path, name)) for name, number in value.items()}

    def items(self, key: str, read_item: Callable[[object, str], _Item]) -> list[_Item]:
        """Take a list; none where there is no such key."""
        if key not in self._left:
            return []
        value, path = self._take(key), self._at(key)
        if not isinstance(value, list):
            _refuse(path, f"is {_named(value)}, not a list")
        return [read_item(item, f"{path}[{index}]") for index, item in enumerate(value)]

    def end(self) -> None:
        """Refuse a key that nothing has taken."""
        for key in self._left:
            _refuse(self._at(key), "is not a key of a model")

    def _take(self, key: str) -> object:
        if key not in self._left:
            _refuse(self._at(key), "is missing")
        return self._left.pop(key)

    def _at(self, key: str) -> str:
        return _member(self._path, key)


def _member(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _number(value: object, path: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        _refuse(path, f"is {_named(value)}, not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(path, "is not a finite number")
    return number


def _named(json: object) -> str:
    if json is None:
        return "null"
    names = {bool: "a boolean", dict: "an object", list: "a list", str: "a text"}
    return names.get(type(json), "a number")


def _refuse(path: str, problem: str) -> NoReturn:
    place = f"`{path}`" if path else "it"
    raise InvalidArgumentError(f"parameter `model`: {place} {problem}")
