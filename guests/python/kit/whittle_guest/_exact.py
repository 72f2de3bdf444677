"""JSON whose numbers keep their digits, as the host reads and writes it."""

import json
from collections.abc import Mapping
from typing import Any


class Written(float):
    """A number of a JSON text, with the digits that it was written in."""

    __slots__ = ("digits",)

    digits: str

    @classmethod
    def of(cls, digits: str) -> "Written":
        """Read the digits."""
        number = cls(digits)
        number.digits = digits
        return number


class NegativeZero(int):
    """The integer `-0`, which an `int` would write as `0`."""

    __slots__ = ()

    digits = "-0"


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    """Read a JSON text. A key that comes twice in an object is refused, as the host does."""
    return json.loads(
        text,
        parse_float=Written.of,
        parse_int=_integer,
        object_pairs_hook=_object,
        parse_constant=_refuse,
    )


def written(value: object) -> str:
    """Write a value without blanks; a number that JSON does not have raises a `ValueError`."""
    if isinstance(value, (Written, NegativeZero)):
        return value.digits
    if isinstance(value, Mapping):
        members = (f"{_text(key)}:{written(inner)}" for key, inner in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(written(inner) for inner in value)}]"
    return _text(value)


def _integer(digits: str) -> int:
    return NegativeZero() if digits == "-0" else int(digits)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise ValueError(f"duplicate key `{key}`")
        members[key] = value
    return members


def _refuse(name: str) -> None:
    raise ValueError(f"JSON does not have {name}")
