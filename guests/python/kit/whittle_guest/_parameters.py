"""Parameters: how a class declares them, and how a query's arguments become them."""

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any

from whittle_guest._errors import InvalidArgumentError
from whittle_guest._fields import Field, resolve
from whittle_guest._values import KIND_TYPES, Kind, kind_of

_METADATA = "whittle"
_TEXT = typing.cast("Kind", kind_of(str))


@dataclass(frozen=True)
class _Declared:
    """What `parameter` was given."""

    description: str
    minimum: float | None
    maximum: float | None


def parameter(
    description: str,
    *,
    default: object = dataclasses.MISSING,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:  # noqa: ANN401 - stands where a value of the parameter's type is expected
    """Declare a parameter of a function.

    `description` is one or two sentences for the author of a query. `default` is the value where a
    query gives none: of the parameter's type; for a `Field` its path. A number below `minimum` or
    above `maximum` is refused.
    """
    metadata = {_METADATA: _Declared(description, minimum, maximum)}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function."""

    name: str
    description: str
    kind: Kind
    """The kind of its argument."""
    optional: bool
    default: object
    """The default in the form of the contract; `None` if there is none."""
    field: Kind | None
    """The kind that the field is read as, for a parameter that names one."""
    minimum: float | None
    maximum: float | None

    def lift(self, argument: object) -> object:
        """Make of an argument what the author gets."""
        if self.field is not None:
            return resolve(typing.cast("str", argument), self.field)
        if self.minimum is not None or self.maximum is not None:
            problem = self._out_of_bounds(typing.cast("float", argument))
            if problem is not None:
                raise InvalidArgumentError(f"parameter `{self.name}` {problem}")
        return self.kind.lift(argument)

    def _out_of_bounds(self, value: float) -> str | None:
        # Written so that NaN is out of every bound.
        is_enough = self.minimum is None or value >= self.minimum
        is_too_much = self.maximum is not None and not value <= self.maximum
        if is_enough and not is_too_much:
            return None
        if self.minimum is not None and self.maximum is not None:
            return f"must be between {self.minimum} and {self.maximum}, not {value}"
        if self.minimum is not None:
            return f"must be at least {self.minimum}, not {value}"
        return f"must be at most {self.maximum}, not {value}"


def parameters_of(cls: type) -> list[Parameter]:
    """List the parameters of a function's class, which is a dataclass."""
    hints = typing.get_type_hints(cls)
    return [
        _parameter(f"{cls.__name__}.{field.name}", field, hints[field.name])
        for field in dataclasses.fields(cls)
        if field.init
    ]


def _parameter(place: str, field: "dataclasses.Field[object]", hint: object) -> Parameter:
    declared: _Declared | None = field.metadata.get(_METADATA)
    if declared is None:
        raise TypeError(
            f"`{place}` is declared without `parameter(...)`; declare attributes that `prepare` "
            "sets with `dataclasses.field(init=False)`, or not at all"
        )
    inner, optional = without_none(hint)
    read_as = None
    if typing.get_origin(inner) is Field:
        read_as = kind_of(typing.get_args(inner)[0])
        kind = None if read_as is None else _TEXT
    else:
        kind = kind_of(inner)
    if kind is None:
        raise TypeError(
            f"`{place}` cannot be a parameter: use {KIND_TYPES}, one of these `| None`, or a "
            "`Field` of one of these"
        )
    if (declared.minimum, declared.maximum) != (None, None) and kind.type not in (int, float):
        raise TypeError(f"`{place}` has a minimum or maximum but is not a number")
    parameter = Parameter(
        name=field.name,
        description=declared.description,
        kind=kind,
        optional=optional,
        default=None,
        field=read_as,
        minimum=declared.minimum,
        maximum=declared.maximum,
    )
    default = None if field.default is dataclasses.MISSING else field.default
    return parameter if default is None else _with_default(place, parameter, default)


def _with_default(place: str, parameter: Parameter, default: object) -> Parameter:
    try:
        lowered = parameter.kind.lower(default)
        if parameter.field is None:
            parameter.lift(lowered)
    except (TypeError, ValueError, OverflowError, InvalidArgumentError) as error:
        raise TypeError(f"the default of `{place}`: {error}") from error
    return dataclasses.replace(parameter, default=lowered)


def without_none(hint: object) -> tuple[object, bool]:
    """Tell `T | None` from `T`: the `T`, and whether there is the `None`."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint, False
    inner = [arm for arm in typing.get_args(hint) if arm is not type(None)]
    return (inner[0], True) if len(inner) == 1 else (hint, False)
