"""The values that cross the boundary."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

INT64_MINIMUM = -(2**63)
INT64_MAXIMUM = 2**63 - 1


class Timestamp(int):
    """An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it."""

    __slots__ = ()

    @classmethod
    def of(cls, instant: datetime) -> Self:
        """Convert an instant; one without a time zone is refused with a `ValueError`."""
        if instant.utcoffset() is None:
            raise ValueError(f"{instant} has no time zone")
        return cls((instant - _EPOCH) // _MICROSECOND)

    def to_datetime(self) -> datetime:
        """Convert to UTC. Years before 1 and after 9999 raise an `OverflowError`."""
        return _EPOCH + timedelta(microseconds=self)


class Json(str):
    """The text of one JSON value."""

    __slots__ = ()

    @classmethod
    def of(cls, value: object) -> Self:
        """Write a value; one that JSON has not, such as NaN, raises a `ValueError`."""
        return cls(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))

    def parse(self) -> object:
        """Read the value."""
        return json.loads(self)


@dataclass(frozen=True)
class Kind:
    """A kind of value in the contract and in Python."""

    name: str
    """As the contract's enum has it, in upper case."""
    case: str
    """As the contract's variant has it, in camel case."""
    type: type
    lower: Callable[[object], object]
    """What crosses the boundary for a value of the author's; raises where it is not of the kind."""

    def lift(self, value: object) -> object:
        """Give the author what has crossed the boundary."""
        return value if type(value) is self.type else self.type(value)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _mismatch(value, "bool")


def _int64(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mismatch(value, "int")
    if not INT64_MINIMUM <= value <= INT64_MAXIMUM:
        raise OverflowError(f"{value} does not fit in 64 bits")
    return value


def _timestamp(value: object) -> int:
    if isinstance(value, datetime):
        raise _mismatch(value, "Timestamp", "return `Timestamp.of(instant)`")
    return _int64(value)


def _float64(value: object) -> float:
    # An int is welcome where a float is, as everywhere in Python.
    if isinstance(value, (float, int)) and not isinstance(value, bool):
        return float(value)
    raise _mismatch(value, "float")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _mismatch(value, "str")
    # Raises for a lone surrogate, which is not valid Unicode. Whether it is ASCII a str knows.
    if not value.isascii():
        value.encode()
    return value


def _json(value: object) -> str:
    if isinstance(value, Json):
        return _text(value)
    raise _mismatch(value, "Json", "return `Json.of(value)`")


def _mismatch(value: object, expected: str, instead: str | None = None) -> TypeError:
    message = f"{type(value).__name__} where {expected} is declared"
    return TypeError(f"{message}: {instead}" if instead else message)


_KINDS = {
    kind.type: kind
    for kind in (
        Kind("BOOLEAN", "Boolean", bool, _boolean),
        Kind("INT64", "Int64", int, _int64),
        Kind("FLOAT64", "Float64", float, _float64),
        Kind("TEXT", "Text", str, _text),
        Kind("TIMESTAMP", "Timestamp", Timestamp, _timestamp),
        Kind("JSON", "Json", Json, _json),
    )
}

KIND_TYPES = "`bool`, `int`, `float`, `str`, `Timestamp` or `Json`"
"""The types that have a kind, for messages."""


def kind_of(python_type: object) -> Kind | None:
    """Find the kind of a type."""
    return _KINDS.get(python_type) if isinstance(python_type, type) else None
