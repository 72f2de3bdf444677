"""Fields of the documents, resolved once and read for each document."""

# ruff: noqa: ANN401 - what comes of the bindings is `Any`; `Field.get` has the types.

from typing import Any, Generic, TypeVar, overload

from whittle_guest._host import document, types
from whittle_guest._values import KIND_TYPES, Json, Kind, Timestamp, kind_of

T = TypeVar("T", bool, int, float, str, Timestamp, Json)

# Names of this module, so that a read looks up one name and not two.
_has = document.has
_get_boolean = document.get_boolean
_get_int64 = document.get_int64
_get_float64 = document.get_float64
_get_timestamp = document.get_timestamp
_get_text = document.get_text
_get_json = document.get_json
_boolean_or = document.boolean_or
_int64_or = document.int64_or
_float64_or = document.float64_or
_timestamp_or = document.timestamp_or


class Field(Generic[T]):
    """A field of the documents, read as `bool`, `int`, `float`, `str`, `Timestamp` or `Json`.

    As a parameter its value is the field's dotted path. A document that has no such field, or one
    of another kind, has no value in it. An int is read as a `float` too, and a text in ISO 8601 or
    RFC 3339 form as a `Timestamp`; anything is read as `Json`.
    """

    __slots__ = ("_handle",)

    _handle: int

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
        present: bool = _has(self._handle)
        return present

    @overload
    def get(self) -> T | None: ...
    @overload
    def get(self, default: T) -> T: ...
    def get(self, default: T | None = None) -> T | None:
        """Read the value; `default`, or none, where the document has no value.

        Numbers, booleans and timestamps are read faster with a default.
        """
        raise NotImplementedError


class _BooleanField(Field[bool]):
    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        if default is None:
            return _get_boolean(self._handle)
        return _boolean_or(self._handle, default)


class _Int64Field(Field[int]):
    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        if default is None:
            return _get_int64(self._handle)
        return _int64_or(self._handle, default)


class _Float64Field(Field[float]):
    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        if default is None:
            return _get_float64(self._handle)
        return _float64_or(self._handle, default)


class _TimestampField(Field[Timestamp]):
    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        if default is None:
            value = _get_timestamp(self._handle)
            return None if value is None else Timestamp(value)
        return Timestamp(_timestamp_or(self._handle, default))


class _TextField(Field[str]):
    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        value = _get_text(self._handle)
        return default if value is None else value


class _JsonField(Field[Json]):
    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        value = _get_json(self._handle)
        return default if value is None else Json(value)


_FIELDS: dict[str, type[Field[Any]]] = {
    "BOOLEAN": _BooleanField,
    "INT64": _Int64Field,
    "FLOAT64": _Float64Field,
    "TEXT": _TextField,
    "TIMESTAMP": _TimestampField,
    "JSON": _JsonField,
}


def resolve(path: str, kind: Kind) -> Field[Any]:
    """Resolve a field that is read as a kind."""
    field = _FIELDS[kind.name]()
    field._handle = document.resolve(path, getattr(types.Kind, kind.name))  # noqa: SLF001 - ours
    return field
