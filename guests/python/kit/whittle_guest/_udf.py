"""Functions: classes with parameters and one method, or two."""

import dataclasses
import re
import typing
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform, overload

from whittle_guest._parameters import Parameter, parameter, parameters_of, without_none
from whittle_guest._values import KIND_TYPES, Kind, kind_of

_Class = TypeVar("_Class", bound=type)

_METHODS: dict[str, tuple[type, ...] | None] = {
    "matches": (bool,),
    "score": (float, int),
    "value": None,
}
"""The methods that make a document's result, and the types that each may return; none for any."""

_BATCH = "batch"
"""The method that makes the results of a whole batch."""


@dataclass(frozen=True)
class Bound:
    """A function that is prepared for a query."""

    compute: Callable[[], object]
    """Makes the result of a document."""
    batch: Callable[[int], Any] | None
    """Makes the results of a batch of so many documents, if the author wants whole columns."""


@dataclass(frozen=True)
class Udf:
    """A function as the class declares it."""

    name: str
    description: str
    parameters: list[Parameter]
    returns: Kind
    nullable: bool
    make: Callable[..., Any]
    method: str | None

    def bind(self, arguments: dict[str, object]) -> Bound:
        """Prepare the function for a query."""
        values = {
            parameter.name: parameter.lift(arguments[parameter.name])
            if parameter.name in arguments
            else None
            for parameter in self.parameters
        }
        made = self.make(**values)
        prepare = getattr(made, "prepare", None)
        if prepare is not None:
            prepare()
        batch = getattr(made, _BATCH, None)
        if self.method is None:
            return Bound(lambda: values_of(batch, 1)[0], batch)
        return Bound(getattr(made, self.method), batch)


def values_of(batch: Any, documents: int) -> Any:  # noqa: ANN401 - a list, or numbers in memory
    """Get the results of a batch: a list, an array or a `memoryview`, one for each document."""
    values = batch(documents)
    if not isinstance(values, (list, array, memoryview)):
        values = list(values)
    if len(values) != documents:
        raise ValueError(f"`{_BATCH}` gave {len(values)} values for {documents} documents")
    return values


DECLARED: dict[str, Udf] = {}
"""Every function that `udf` has seen, by name, in that order."""


@overload
def udf(cls: _Class, /) -> _Class: ...
@overload
def udf(*, name: str) -> Callable[[_Class], _Class]: ...
@dataclass_transform(kw_only_default=True, field_specifiers=(parameter, dataclasses.field))
def udf(cls: type | None = None, /, *, name: str | None = None) -> Any:
    """Declare a class as a function: a decorator, as `@udf` or as `@udf(name="...")`.

    It makes a dataclass of it, and a function of the component.
    """
    if cls is None:
        return lambda cls: _declare(cls, name)
    return _declare(cls, name)


def _declare(cls: type, name: str | None) -> type:
    # Of a class without a docstring a dataclass has its signature.
    description = cls.__dict__.get("__doc__")
    if not description:
        raise TypeError(f"`{cls.__name__}` has no docstring: add the function's description as one")
    made: type = dataclasses.dataclass(kw_only=True, eq=False)(cls)
    method, returns, nullable = _result_of(cls)
    declared = Udf(
        name=_snake_case(cls.__name__) if name is None else name,
        description=_one_line(description),
        parameters=parameters_of(made),
        returns=returns,
        nullable=nullable,
        make=made,
        method=method,
    )
    if declared.name in DECLARED:
        raise TypeError(f"duplicate function `{declared.name}`")
    DECLARED[declared.name] = declared
    return made


def _result_of(cls: type) -> tuple[str | None, Kind, bool]:
    methods = [method for method in _METHODS if callable(getattr(cls, method, None))]
    batch = getattr(cls, _BATCH, None)
    if len(methods) > 1 or not (methods or callable(batch)):
        raise TypeError(f"`{cls.__name__}` needs one method `matches`, `score` or `value`")
    if not methods:
        return None, *_batch_result_of(cls)
    method = methods[0]
    hints = typing.get_type_hints(getattr(cls, method))
    inner, nullable = without_none(hints.get("return"))
    kind = kind_of(inner)
    allowed = _METHODS[method]
    if kind is None or (allowed is not None and kind.type not in allowed):
        types = KIND_TYPES if allowed is None else " or ".join(f"`{a.__name__}`" for a in allowed)
        raise TypeError(
            f"`{cls.__name__}.{method}` is annotated to return {types}, or one of these `| None`"
        )
    if callable(batch) and _batch_result_of(cls) != (kind, nullable):
        raise TypeError(f"`{cls.__name__}.{_BATCH}` returns other values than `{method}`")
    return method, kind, nullable


def _batch_result_of(cls: type) -> tuple[Kind, bool]:
    hint = typing.get_type_hints(getattr(cls, _BATCH)).get("return")
    arguments = typing.get_args(hint)
    inner, nullable = without_none(arguments[0] if len(arguments) == 1 else None)
    kind = kind_of(inner)
    if kind is None:
        raise TypeError(
            f"`{cls.__name__}.{_BATCH}` is annotated to return `Sequence[T]`, where T is "
            f"{KIND_TYPES}, or one of these `| None`"
        )
    return kind, nullable


def _snake_case(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.lower()


def _one_line(text: str) -> str:
    return " ".join(text.split())
