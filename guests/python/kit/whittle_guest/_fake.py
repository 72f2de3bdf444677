"""A host for tests: the interfaces that a component imports, and the module in C, in Python.

It does what the host does, value for value and error for error. `whittle_guest.testing` sets what
the documents are, and calls the author's functions; nothing here knows of documents as such, only
of the columns that a function has asked for.
"""

import itertools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NoReturn

Kind = IntEnum("Kind", ["BOOLEAN", "INT64", "FLOAT64", "TEXT", "TIMESTAMP", "JSON"], start=0)
Level = IntEnum("Level", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"], start=0)

FORMATS: dict[Kind, Any] = {
    Kind.BOOLEAN: "?",
    Kind.INT64: "q",
    Kind.FLOAT64: "d",
    Kind.TIMESTAMP: "q",
}
"""How values that are no texts lie in memory, as `struct` names it."""


class BrokenContractError(Exception):
    """A call that the host does not allow at that time. In a component it ends the query."""


@dataclass
class Asked:
    """A field that a function has resolved, and its values in the documents."""

    path: str
    kind: Kind
    values: list[Any] = field(default_factory=list)


@dataclass
class State:
    """What the host knows of the query."""

    phase: str = ""
    """`bind`, `evaluate` or neither."""
    fields: dict[int, Asked] = field(default_factory=dict)
    """By their handles."""
    ids: Sequence[str] = ()
    scores: Sequence[float] = ()
    row: int = 0
    in_batch: bool = False
    log: list[str] = field(default_factory=list)
    put: list[Any] = field(default_factory=list)
    """The results of a batch, or the error in place of one."""
    broken: BrokenContractError | None = None

    def misuse(self, reason: str) -> NoReturn:
        """End the query, as the host does, whatever the author does with the exception."""
        self.broken = BrokenContractError(f"the guest broke the contract: {reason}")
        raise self.broken


_NO_DOCUMENT = (
    "it read a document outside of `evaluate`, where there is none: "
    "`prepare` sees only the parameters"
)


class Host:
    """The host of the present query."""

    state = State()
    handles = itertools.count(1 << 31)
    """No two queries have the same, since fields are known by them."""


def _value(handle: int, kind: Kind | None) -> Any:  # noqa: ANN401 - of any kind
    if Host.state.phase != "evaluate":
        Host.state.misuse(_NO_DOCUMENT)
    asked = Host.state.fields[handle]
    if kind is not None and kind != asked.kind:
        Host.state.misuse(
            f"it read the field `{asked.path}` as {kind.name.lower()}, "
            f"but resolved it as {asked.kind.name.lower()}"
        )
    return asked.values[Host.state.row]


class document:  # noqa: N801 - in place of a module, as those below
    """The interface `document`."""

    @staticmethod
    def resolve(path: str, kind: Kind) -> int:
        if Host.state.phase != "bind":
            Host.state.misuse(
                "it looked up a field outside of `prepare`: look up all fields there, before the "
                "first document"
            )
        for handle, known in Host.state.fields.items():
            if (known.path, known.kind) == (path, kind):
                return handle
        handle = next(Host.handles)
        Host.state.fields[handle] = Asked(path, kind)
        return handle

    @staticmethod
    def id() -> str:
        _evaluating()
        return Host.state.ids[Host.state.row]

    @staticmethod
    def score() -> float:
        _evaluating()
        return Host.state.scores[Host.state.row]


def _evaluating() -> None:
    if Host.state.phase != "evaluate":
        Host.state.misuse(_NO_DOCUMENT)


def _getters(kind: Kind) -> None:
    def get(handle: int) -> Any:  # noqa: ANN401
        return _value(handle, kind)

    def get_or(handle: int, default: Any) -> Any:  # noqa: ANN401
        value = _value(handle, kind)
        return default if value is None else value

    name = kind.name.lower()
    setattr(document, f"get_{name}", staticmethod(get))
    if kind in FORMATS:
        setattr(document, f"{name}_or", staticmethod(get_or))


for _kind in Kind:
    _getters(_kind)


class logging:  # noqa: N801
    """The interface `logging`."""

    Level = Level

    @staticmethod
    def log(level: IntEnum, message: str) -> None:
        Host.state.log.append(f"{level.name.lower()}: {message}")


class types:  # noqa: N801
    """The interface `types`."""

    Kind = Kind


class columns:  # noqa: N801
    """The interface `columns`."""

    class Values_Missing:  # noqa: N801 - as the bindings name it
        """No row has a value."""

    @dataclass
    class Values_Numbers:  # noqa: N801
        """Values that are no texts, as they lie in memory."""

        value: bytes

    @dataclass
    class Values_Texts:  # noqa: N801
        """Texts."""

        value: "Texts"


@dataclass
class Texts:
    """Texts one after the other, and where each begins and ends."""

    offsets: bytes
    bytes: bytes


@dataclass
class Given:
    """A column as the host hands it over."""

    field: int
    validity: bytes | None
    values: Any


def handed_over() -> list[Given]:
    """Make the columns of the documents."""
    return [_given(handle, asked) for handle, asked in Host.state.fields.items()]


def _given(handle: int, asked: Asked) -> Given:
    values = asked.values
    is_valid = [value is not None for value in values]
    validity = None if all(is_valid) else bytes(is_valid)
    if not any(is_valid):
        return Given(handle, None, columns.Values_Missing())
    form = FORMATS.get(asked.kind)
    if form is not None:
        words = struct.pack(f"={len(values)}{form}", *(value or 0 for value in values))
        return Given(handle, validity, columns.Values_Numbers(words))
    texts = [("" if value is None else value).encode() for value in values]
    offsets = [sum(map(len, texts[:end])) for end in range(len(texts) + 1)]
    packed = struct.pack(f"={len(offsets)}I", *offsets)
    return Given(handle, validity, columns.Values_Texts(Texts(packed, b"".join(texts))))


class results:  # noqa: N801
    """The interface `results`."""

    @staticmethod
    def put(validity: bytes | None, values: bytes, offsets: bytes | None) -> None:
        del validity, offsets  # Only whole numbers without nulls come here.
        form = FORMATS[native.function.kind]
        Host.state.put.extend(memoryview(values).cast(form))


@dataclass
class _Function:
    """What `native.bind` was told of the results."""

    kind: Kind
    nullable: bool
    lower: Callable[[object], object]
    fail: Callable[[int, BaseException], None]


class Column:
    """The base of the class of fields, as it is in C."""

    __slots__ = ("_bound", "_values")

    def bind(
        self,
        kind: int,
        getter: Callable[[int], Any],
        getter_or: object,
        handle: int,
        made: Callable[[Any], Any] | None,
        /,
    ) -> None:
        del getter_or
        self._bound = (Kind(kind), getter, handle, made)
        self._values: list[Any] | None = None

    def open(self, validity: bytes | None, values: bytes | None, offsets: bytes | None, /) -> None:
        kind = self._bound[0]
        rows = len(Host.state.ids)
        if values is None:
            self._values = [None] * rows
            return
        if offsets is None:
            decoded: list[Any] = memoryview(values).cast(FORMATS[kind]).tolist()
        else:
            at = memoryview(offsets).cast("I")
            decoded = [values[at[row] : at[row + 1]].decode() for row in range(rows)]
        is_valid = validity or bytes([1]) * rows
        self._values = [value if is_valid[row] else None for row, value in enumerate(decoded)]

    def close(self) -> None:
        self._values = None

    def get(self, default: Any = None) -> Any:  # noqa: ANN401
        kind, getter, handle, made = self._bound
        value = getter(handle) if self._values is None else self._values[Host.state.row]
        if value is not None:
            return value if made is None else made(value)
        if default is None or kind in (Kind.TEXT, Kind.JSON):
            return default
        if kind == Kind.INT64:
            # Raises where it has more than 64 bits.
            struct.pack("q", default)
        types = {Kind.BOOLEAN: bool, Kind.INT64: int, Kind.FLOAT64: float}
        return (made or types[kind])(default)

    def has(self) -> bool:
        return self.get() is not None


class native:  # noqa: N801
    """The module `_batch`, which is in C."""

    Column = Column
    function: _Function

    @staticmethod
    def bind(
        kind: int,
        nullable: bool,  # noqa: FBT001 - as in C
        lower: Callable[[object], object],
        fail: Callable[[int, BaseException], None],
        put: object,
        /,
    ) -> None:
        del put
        native.function = _Function(Kind(kind), nullable, lower, fail)

    @staticmethod
    def enter(scores: bytes | None, /) -> None:
        del scores
        Host.state.row, Host.state.in_batch = 0, True

    @staticmethod
    def at(row: int, /) -> None:
        Host.state.row = row

    @staticmethod
    def leave() -> None:
        Host.state.in_batch = False

    @staticmethod
    def score() -> float | None:
        return Host.state.scores[Host.state.row] if Host.state.in_batch else None

    @staticmethod
    def filled(values: bytes, validity: bytes, default: bytes, /) -> bytes:
        width = len(default)
        rows = (
            values[row * width : (row + 1) * width] if is_valid else default
            for row, is_valid in enumerate(validity)
        )
        return b"".join(rows)

    @staticmethod
    def evaluate(
        rows: int, compute: Callable[[], object] | None, values: Sequence[object] | None, /
    ) -> None:
        function = native.function
        for row in range(rows):
            Host.state.row = row
            try:
                value = compute() if compute is not None else (values or ())[row]
                is_null = value is None and function.nullable
                Host.state.put.append(None if is_null else function.lower(value))
            except BaseException as error:  # noqa: BLE001 - as in C
                Host.state.put.append(error)
                function.fail(row, error)
