"""The world's exports: what componentize-py makes a component of.

It imports the project's module `app`, whose functions become the component's. Nothing imports this
module but componentize-py.
"""

import gc
import importlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from componentize_py_types import Err
from wit_world.imports import results, types

from whittle_guest import _batches, _errors, _loading, _standard, log
from whittle_guest._parameters import Parameter
from whittle_guest._udf import DECLARED, Udf
from whittle_guest._values import Kind


def _load() -> dict[str, Any]:
    """Import the project, and read its `pyproject.toml`, which lies beside `app`."""
    _loading.begin()
    app = importlib.import_module("app")
    if not DECLARED:
        raise TypeError("the module `app` declares no function: add a class with `@udf`")
    folder = Path(str(app.__file__)).parent
    if hasattr(app, "__path__"):
        folder = folder.parent
    with (folder / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file).get("project", {})
    for key in ("name", "version"):
        if not isinstance(project.get(key), str):
            raise TypeError(f"`pyproject.toml` has no `project.{key}`")
    return project


def _manifest(project: dict[str, Any]) -> object:
    authors = (author.get("name", author.get("email", "")) for author in project.get("authors", []))
    return types.Manifest(
        name=project["name"],
        version=project["version"],
        description=project.get("description", ""),
        author=", ".join(authors),
        functions=[_function(udf) for udf in DECLARED.values()],
    )


def _function(udf: Udf) -> object:
    return types.Function(
        name=udf.name,
        description=udf.description,
        parameters=[_parameter(parameter) for parameter in udf.parameters],
        returns=_kind(udf.returns),
    )


def _parameter(parameter: Parameter) -> object:
    presence: object
    if parameter.default is not None:
        presence = types.Presence_Default(_value(parameter.kind)(parameter.default))
    elif parameter.optional:
        presence = types.Presence_Optional()
    else:
        presence = types.Presence_Required()
    return types.Parameter(
        name=parameter.name,
        description=parameter.description,
        kind=_kind(parameter.kind),
        presence=presence,
    )


def _kind(kind: Kind) -> object:
    return getattr(types.Kind, kind.name)


def _value(kind: Kind) -> Callable[[object], Any]:
    """Find the contract's case for values of a kind."""
    case: Callable[[object], Any] = getattr(types, f"Value_{kind.case}")
    return case


def _evaluate(udf: Udf, compute: Callable[[], object]) -> Callable[[], object]:
    """Make the world's `evaluate` of one document."""
    kind, lower = udf.returns.type, udf.returns.lower
    # What a bool or a float is needs no further look.
    plain = kind if kind in (bool, float) else None
    null = types.Value_Null()
    # One object for all results: the host has read it before the next document.
    result = _value(udf.returns)(None)

    def evaluate() -> object:
        try:
            value = compute()
            if type(value) is plain:
                result.value = value
            elif value is None and udf.nullable:
                return null
            else:
                result.value = lower(value)
        except BaseException as error:  # noqa: BLE001 - or it would trap, and its message be lost
            raise _told(error) from None
        return result

    return evaluate


class _Origins:
    """Where exceptions came from, for the log. The first of a query is enough."""

    def __init__(self) -> None:
        self._have_told = False

    def tell(self, message: str, error: BaseException) -> None:
        if not self._have_told:
            self._have_told = True
            origin = _errors.origin(error)
            log.warn(f"{message} ({origin})" if origin else message)


_origins = _Origins()


def _told(error: BaseException) -> Err[object]:
    """Make of an exception the contract's error; where the first came from goes to the log."""
    message = _errors.message(error)
    if isinstance(error, _errors.InvalidArgumentError):
        return Err(types.Error_InvalidArgument(message))
    if not isinstance(error, _errors.FailedError):
        _origins.tell(message, error)
    return Err(types.Error_Failed(message))


def _fail(row: int, error: BaseException) -> None:
    results.fail(row, _told(error).value)


def _unbound(*_: object) -> Any:  # noqa: ANN401
    raise RuntimeError("no function is bound")


class WhittleUdfFunctions:
    """The interface `functions` of the package `whittle:udf`."""

    evaluate: ClassVar[Callable[[], object]] = staticmethod(_unbound)
    """Evaluate the bound function for a document; `bind` puts the function's own here."""

    __slots__ = ()

    def describe(self) -> object:
        """Describe the component."""
        _standard.replace()
        return _MANIFEST

    def bind(self, function: str, arguments: list[Any]) -> None:
        """Prepare a function for a query."""
        try:
            _standard.replace()
            # The contract has no argument that is null; an absent one and it would be the same.
            values = {given.name: getattr(given.value, "value", None) for given in arguments}
            udf = _declared(function)
            bound = udf.bind(values)
            WhittleUdfFunctions.evaluate = staticmethod(_evaluate(udf, bound.compute))
            batches = _batches.Batches(udf, bound, _fail)
            WhittleBatchFunctions.evaluate = staticmethod(batches.evaluate)
        except BaseException as error:  # noqa: BLE001 - or it would trap, and its message be lost
            raise _told(error) from None


class WhittleBatchFunctions:
    """The interface `functions` of the package `whittle:batch`."""

    evaluate: ClassVar[Callable[..., None]] = staticmethod(_unbound)
    """Evaluate the bound function for a batch; `bind` puts the function's own here."""

    __slots__ = ()


def _declared(function: str) -> Udf:
    udf = DECLARED.get(function)
    if udf is None:
        raise _errors.InvalidArgumentError(f"there is no function `{function}`")
    return udf


_MANIFEST = _manifest(_load())
# What is there now stays: collections need not look at it for every query anew.
gc.collect()
gc.freeze()
