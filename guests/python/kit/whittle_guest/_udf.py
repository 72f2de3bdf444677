"""Functions: classes with parameters and one method."""

import dataclasses
import re
import typing
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
"""The methods that make a result, and the types that each may return; none for any."""


@dataclass(frozen=True)
class Udf:
    """A function as the class declares it."""

    name: str
    description: str
    parameters: list[Parameter]
    returns: Kind
    nullable: bool
    make: Callable[..., Any]
    method: str

    def bind(self, arguments: dict[str, object]) -> Callable[[], object]:
        """Prepare the function for a query; the result computes a document's."""
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
        compute: Callable[[], object] = getattr(made, self.method)
        return compute


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


def _result_of(cls: type) -> tuple[str, Kind, bool]:
    methods = [method for method in _METHODS if callable(getattr(cls, method, None))]
    if len(methods) != 1:
        raise TypeError(f"`{cls.__name__}` needs one method `matches`, `score` or `value`")
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
    return method, kind, nullable


def _snake_case(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.lower()


def _one_line(text: str) -> str:
    return " ".join(text.split())
