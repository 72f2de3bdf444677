"""Fields of the documents, resolved once and read for each document or for a whole batch."""

from typing import Any, Generic, TypeVar, overload

from whittle_guest import _columns
from whittle_guest._columns import Column
from whittle_guest._host import columns, document, native, types
from whittle_guest._values import KIND_TYPES, Json, Kind, Timestamp, kind_of

T = TypeVar("T", bool, int, float, str, Timestamp, Json)


class Field(Generic[T]):
    """A field of the documents, read as `bool`, `int`, `float`, `str`, `Timestamp` or `Json`.

    As a parameter its value is the field's dotted path. A document that has no such field, or one
    of another kind, has no value in it. An int is read as a `float` too, and a text in ISO 8601 or
    RFC 3339 form as a `Timestamp`; anything is read as `Json`.
    """

    __slots__ = ()

    @staticmethod
    def named(path: str, read_as: type[T]) -> "Field[T]":
        """Resolve a field whose path is not a parameter.

        In `prepare` only: to resolve one later ends the query.
        """
        kind = kind_of(read_as)
        if kind is None:
            raise TypeError(f"a field can be read as {KIND_TYPES}, not as {read_as!r}")
        return resolve(path, kind)

    def has(self) -> bool:
        """Whether the document has a value."""
        raise NotImplementedError

    @overload
    def get(self) -> T | None: ...
    @overload
    def get(self, default: T) -> T: ...
    def get(self, default: T | None = None) -> T | None:
        """Read the value; `default`, or none, if the document has no value."""
        raise NotImplementedError

    def column(self) -> Column[T]:
        """Read the values of all documents of a batch, in the method `batch`."""
        raise NotImplementedError


class _Resolved(native.Column, Field[Any]):
    """A field in a component. `get` and `has` are in C."""

    __slots__ = ("_given", "_handle", "_kind")

    _handle: int
    _kind: Kind
    _given: Any
    """The column of the present batch, whose memory `get` reads; none outside of one."""

    def resolved(self, handle: int, kind: Kind) -> "_Resolved":
        """Set what the field is."""
        self._handle, self._kind, self._given = handle, kind, None
        made = kind.type if kind.type in (Timestamp, Json) else None
        name = kind.name.lower()
        getter, getter_or = getattr(document, f"get_{name}"), getattr(document, f"{name}_or", None)
        self.bind(getattr(types.Kind, kind.name).value, getter, getter_or, handle, made)
        return self

    def enter(self, given: Any) -> None:  # noqa: ANN401 - comes from the bindings
        """Take the column of a batch."""
        self._given = given
        values = getattr(given.values, "value", None)
        if isinstance(values, bytes):
            self.open(given.validity, values, None)
        elif values is not None:
            self.open(given.validity, values.bytes, values.offsets)
        elif isinstance(given.values, columns.Values_Missing):
            self.open(None, None, None)

    def leave(self) -> None:
        """Forget the column."""
        self._given = None
        self.close()

    def column(self) -> Column[Any]:
        return _columns.of(self, self._kind, self._given)


RESOLVED: dict[int, _Resolved] = {}
"""The fields of the query, by their handles."""


def resolve(path: str, kind: Kind) -> Field[Any]:
    """Resolve a field that is read as a kind."""
    handle: int = document.resolve(path, getattr(types.Kind, kind.name))
    if handle not in RESOLVED:
        RESOLVED[handle] = _Resolved().resolved(handle, kind)
    return RESOLVED[handle]
