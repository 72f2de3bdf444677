"""Arguments of a query in a test, checked against a function's parameters as the host does."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from whittle_guest._dates import timestamp_from
from whittle_guest._parameters import Parameter
from whittle_guest._udf import Udf
from whittle_guest._values import INT64_MAXIMUM, INT64_MINIMUM, Json, Timestamp


class ArgumentError(TypeError):
    """An argument that the function's parameters do not allow: the host refuses the query."""


def checked(udf: Udf, given: Mapping[str, object]) -> dict[str, object]:
    """Check arguments as the host does, and fill in the defaults."""
    known = [parameter.name for parameter in udf.parameters]
    for name in given:
        if name not in known:
            problem = f"unknown parameter `{name}`: {did_you_mean(name, known)}"
            raise ArgumentError(f"function `{udf.name}`: {problem}")
    values = {}
    for parameter in udf.parameters:
        value = _argument(udf, parameter, given)
        if value is not None:
            values[parameter.name] = value
    return values


def _argument(udf: Udf, parameter: Parameter, given: Mapping[str, object]) -> object:
    kind, value = parameter.kind.name, given.get(parameter.name)
    is_null = value is None and (kind != "JSON" or parameter.name not in given)
    if is_null and parameter.default is None and not parameter.optional:
        raise ArgumentError(
            f"function `{udf.name}`: missing parameter `{parameter.name}` ({kind.lower()}): "
            f"{parameter.description}"
        )
    if is_null:
        return parameter.default
    converted = _ARGUMENTS[kind](value)
    if converted is None:
        raise ArgumentError(
            f"function `{udf.name}`: parameter `{parameter.name}` is {kind.lower()}, but "
            f"{_named(value)} was given{_FORMS.get(kind, '')}"
        )
    return converted


_FORMS = {
    "TIMESTAMP": ': give a date and time such as "2024-01-31T12:00:00Z", a date such as '
    '"2024-01-31", or an integer, the microseconds since 1970-01-01T00:00:00Z'
}
"""The accepted forms of an argument, where the name of its kind does not say them."""


def _int64(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if INT64_MINIMUM <= value <= INT64_MAXIMUM else None


def _float64(value: object) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value)


def _timestamp(value: object) -> int | None:
    if isinstance(value, datetime):
        return int(Timestamp.of(value))
    return timestamp_from(value) if isinstance(value, str) else _int64(value)


_ARGUMENTS: dict[str, Callable[[Any], object]] = {
    "BOOLEAN": lambda value: value if isinstance(value, bool) else None,
    "INT64": _int64,
    "FLOAT64": _float64,
    "TEXT": lambda value: value if isinstance(value, str) else None,
    "TIMESTAMP": _timestamp,
    "JSON": lambda value: str(value if isinstance(value, Json) else Json.of(value)),
}


def _named(value: object) -> str:
    kinds: dict[type, str] = {str: "the string ", list: "the list ", dict: "the object "}
    try:
        text = Json.of(value)
    except (TypeError, ValueError):
        return f"a {type(value).__name__}"
    return kinds.get(type(value), "") + (text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


_SHOWN = 60


def did_you_mean(wrong: str, known: list[str]) -> str:
    """Name the known names that are like a wrong one, or else all."""
    near = sorted(
        (edits, name)
        for edits, name in ((_edits(wrong, name), name) for name in known)
        if edits <= max(len(name), len(wrong)) // 3
    )
    if near:
        return f"did you mean {_listed([name for _, name in near])}?"
    if not known:
        return "there are none"
    return f"expected {'one of ' if len(known) > 1 else ''}{_listed(known)}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _edits(left: str, right: str) -> int:
    """Count the edits between two names: their Levenshtein distance."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left):
        above, row[0] = row[0], i + 1
        for j, b in enumerate(right):
            above, row[j + 1] = row[j + 1], min(above + (a != b), row[j] + 1, row[j + 1] + 1)
    return row[-1]
