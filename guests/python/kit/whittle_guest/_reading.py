"""Documents as a function reads them: what a data node does, in Python.

An index has one type for each field, and a function reads values of that type. A field's type is
the one that an index would take from the documents that are given together: integers make a field
of integers, texts that are all dates a field of dates. `docs/VECTORS.md` in Whittle's repository
has the rules; a test there compares what is read here with what the host reads.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from whittle_guest._dates import OPTIONAL, SLASHES, micros, millis, timestamp_from
from whittle_guest._exact import NegativeZero, Written, parsed, written
from whittle_guest._values import INT64_MAXIMUM, INT64_MINIMUM, Json, Timestamp

Source = Mapping[str, Any]
"""A document: values by path, as nested or as dotted keys."""


class Reader:
    """Reads documents that are given together."""

    def __init__(self, documents: Sequence[Source], *, mapped: bool = True) -> None:
        self._mapped = mapped
        self._types: dict[str, str] = {}
        for document in documents:
            _check_keys(document)
            for path, value in _scalars(document, ""):
                shown = _type_of(value)
                if shown is not None and self._has_room(path):
                    known = self._types.get(path, shown)
                    self._types[path] = _widest(known, shown)

    def _has_room(self, path: str) -> bool:
        """Tell whether a field can be there: none is in another."""
        return path in self._types or not any(
            path.startswith(f"{known}.") or known.startswith(f"{path}.") for known in self._types
        )

    def read(self, document: Source, path: str, kind: str) -> object:
        """Read a field as a kind: the value in the form of the contract, or none."""
        if kind == "JSON":
            return _json_at(document, path)
        if not self._mapped:
            return _unmapped(document, path, kind)
        field = self._types.get(path, "")
        if not field and self._types.get(path.removesuffix(".keyword")) == "text":
            return self._keyword(document, path.removesuffix(".keyword"), kind)
        if kind not in _READ_AS.get(field, ()):
            return None
        found = (_TO[field](value) for at, value in _scalars(document, path) if at == path)
        return _as(kind, next((value for value in found if value is not None), None))

    def _keyword(self, document: Source, path: str, kind: str) -> object:
        """Read the sub-field that a field of texts has: its first text that is not too long."""
        if kind not in _READ_AS["text"]:
            return None
        found = (_text(value) for at, value in _scalars(document, path) if at == path)
        short = (text for text in found if text is not None and _is_short(text))
        return _as(kind, next(short, None))


_LONGEST_KEYWORD = 256
"""In units of UTF-16."""


def _is_short(text: str) -> bool:
    return len(text.encode("utf-16-le")) // 2 <= _LONGEST_KEYWORD


def _check_keys(value: object) -> None:
    """Refuse a document that no index takes, because of a key."""
    if isinstance(value, Json):
        value = parsed(value)
    if isinstance(value, (list, tuple)):
        for inner in value:
            _check_keys(inner)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if any(not name.strip() for name in key.split(".")):
                raise ValueError(f"a document cannot have the key `{key}`: a part of it is empty")
            _check_keys(inner)


def _as(kind: str, value: Any) -> object:  # noqa: ANN401
    """Convert a value of a field to the kind that it is read as."""
    if value is not None and kind == "FLOAT64":
        return float(value)
    return timestamp_from(value) if kind == "TIMESTAMP" and isinstance(value, str) else value


_READ_AS = {
    "boolean": ("BOOLEAN",),
    "long": ("INT64", "FLOAT64"),
    "double": ("FLOAT64",),
    "date": ("TIMESTAMP",),
    "slashes": ("TIMESTAMP",),
    "text": ("TEXT", "TIMESTAMP"),
}
"""The types of fields, and the kinds that each is read as."""

_NUMBER = re.compile(
    r"[+-]?(inf|infinity|nan|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)", re.IGNORECASE | re.ASCII
)


def _scalars(value: object, wanted: str, path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the values of a document that are not objects or lists, with the path of each.

    Branches that cannot lead to the wanted path are passed over; an empty one is led to by all.
    """
    if isinstance(value, Json):
        value = parsed(value)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            at = f"{path}.{key}" if path else key
            if wanted in ("", at) or wanted.startswith(f"{at}."):
                yield from _scalars(inner, wanted, at)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _scalars(inner, wanted, path)
    else:
        yield path, value


def _type_of(value: object) -> str | None:
    """Tell which type of field a value makes; none makes none."""
    match value:
        case None:
            return None
        case str():
            return _type_of_text(value)
        case int() if not INT64_MINIMUM <= value <= INT64_MAXIMUM:
            return "double"
        case float() if not isinstance(value, Written) and not math.isfinite(value):
            raise ValueError(f"a document cannot have {value}: JSON does not have it")
    for types, field in _TYPES.items():
        if isinstance(value, types):
            return field
    raise TypeError(
        f"a document cannot have a {type(value).__name__}: use None, bool, int, float, str, "
        "datetime, Timestamp, Json, a list or a dict"
    )


_TYPES = {
    (bool,): "boolean",
    (datetime, date, Timestamp): "date",
    (int,): "long",
    (float,): "double",
}
"""The first that fits: a bool is an int too."""


def _type_of_text(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return "text"
    if micros(OPTIONAL, text) is not None:
        return "date"
    return "text" if micros(SLASHES, text) is None else "slashes"


def _widest(known: str, shown: str) -> str:
    """Tell the type of a field that has values of both types."""
    if (known, shown) == ("long", "double"):
        return "double"
    is_date = known in ("date", "slashes")
    return "text" if is_date and shown != known and shown in ("date", "slashes", "text") else known


def _digits(value: object) -> str | None:
    """Give the digits of a number, or of a text that may be one."""
    if isinstance(value, (Written, NegativeZero)):
        return value.digits
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return None if isinstance(value, Timestamp) else str(value)


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "": False}.get(value) if isinstance(value, str) else None


def _long(value: object) -> int | None:
    digits = _digits(value)
    if digits is None or not _NUMBER.fullmatch(digits):
        return None
    try:
        decimal = Decimal(digits)
        # The fraction is left out. No integer of 64 bits has more than 19 digits.
        number = int(decimal) if decimal == 0 or decimal.adjusted() < 19 else INT64_MAXIMUM + 1  # noqa: PLR2004
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return number if INT64_MINIMUM <= number <= INT64_MAXIMUM else None


def _double(value: object) -> float | None:
    digits = _digits(value)
    if digits is None or not _NUMBER.fullmatch(digits):
        return None
    number = float(digits)
    return number if abs(number) < float("inf") else None


def _date(value: object, form: "re.Pattern[str]" = OPTIONAL) -> int | None:
    if isinstance(value, Timestamp):
        return int(value)
    if isinstance(value, datetime):
        return int(Timestamp.of(value))
    if isinstance(value, date):
        return int(Timestamp.of(datetime(value.year, value.month, value.day, tzinfo=UTC)))
    digits = _digits(value)
    if digits is None:
        return None
    instant = micros(form, digits)
    return millis(digits) if instant is None else instant


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _digits(value)


_TO: dict[str, Any] = {
    "boolean": _boolean,
    "long": _long,
    "double": _double,
    "date": _date,
    "slashes": lambda value: _date(value, SLASHES),
    "text": _text,
}
"""Converts a value to the type of its field; none where it has no such value."""


def _unmapped(document: Source, path: str, kind: str) -> object:
    """Read a field without a type: its first value, if that is of the kind."""
    values: list[Any] = []
    _collect(document, path, values)
    first = next((value for value in _flat(values) if value is not None), None)
    field = None if isinstance(first, Mapping) else _type_of(first)
    if isinstance(first, str):
        field = "text"
    if field is None or kind not in _READ_AS[field]:
        return None
    return _as(kind, _date(first) if field == "date" else first)


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


def _json_at(document: Source, path: str) -> Json | None:
    """Read a field as JSON: the value as it was written, or all values at the path."""
    values: list[Any] = []
    through_list = _collect(document, path, values)
    if not values or (not through_list and values[0] is None):
        return None
    return Json(written(_plain(values if through_list else values[0])))


def _collect(value: object, path: str, values: list[Any]) -> bool:
    """Collect the values at a path, the longest key first; tell whether a list leads to them."""
    if isinstance(value, Json):
        value = parsed(value)
    before = len(values)
    if isinstance(value, (list, tuple)):
        for element in value:
            _collect(element, path, values)
        return len(values) > before
    if not isinstance(value, Mapping):
        return False
    if path in value:
        values.append(value[path])
        return False
    for dot in reversed([place for place, character in enumerate(path) if character == "."]):
        through_list = _collect(value.get(path[:dot]), path[dot + 1 :], values)
        if len(values) > before:
            return through_list
    return False


def _plain(value: object) -> object:
    """Give a value as JSON has it: instants as their texts, and no text of JSON."""
    match value:
        case Json():
            return parsed(value)
        case Timestamp():
            return value.to_datetime().isoformat()
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
    return value
