"""Whole columns of a batch, for the method `batch`."""

import itertools
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from whittle_guest._host import native
from whittle_guest._values import Kind

if TYPE_CHECKING:
    from whittle_guest._fields import Field

T = TypeVar("T")

FORMATS: dict[str, Any] = {"BOOLEAN": "?", "INT64": "q", "FLOAT64": "d", "TIMESTAMP": "q"}
"""The kinds that are no texts, and how they lie in memory, as `memoryview.cast` names it."""


class Column(Generic[T]):
    """The values of a field in all documents of a batch, in their order.

    Iteration gives each document's value, or `None`.
    """

    __slots__ = ("validity", "values")

    values: Sequence[T]
    """A value for each document: numbers (`d`, `q`), booleans (`?`) and timestamps (`q`, as
    microseconds) in a `memoryview`, texts in a list. The value of a document that has none is
    arbitrary."""

    validity: Sequence[int] | None
    """For each document 1 if it has a value, or else 0; `None` if all documents have one."""

    def __init__(self, values: Sequence[T], validity: Sequence[int] | None) -> None:
        self.values = values
        self.validity = validity

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[T | None]:
        if self.validity is None:
            return iter(self.values)
        pairs = zip(self.values, self.validity, strict=True)
        return (value if is_valid else None for value, is_valid in pairs)

    def filled(self, default: T) -> Sequence[T]:
        """Give the values, with a default for documents that have none."""
        if self.validity is None:
            return self.values
        if not isinstance(self.values, memoryview):
            pairs = zip(self.values, self.validity, strict=True)
            return [value if is_valid else default for value, is_valid in pairs]
        form: Any = self.values.format
        values, validity = self.values.tobytes(), bytes(self.validity)
        filled = native.filled(values, validity, struct.pack(form, default))
        made: Sequence[T] = memoryview(filled).cast(form)
        return made


class Window:
    """The rows of the present batch that the method `batch` sees."""

    rows: range | None = None
    """None outside of a batch: then it sees one document, that of the host."""
    scores: bytes | None = None


def of(field: "Field[Any]", kind: Kind, given: Any) -> Column[Any]:  # noqa: ANN401
    """Make the column of a field in the window; `given` is that of the batch."""
    rows = Window.rows
    if rows is None:
        return _of_values([field.get()], kind)
    values = getattr(given.values, "value", None)
    if values is None:
        return _of_values(_one_by_one(field, rows), kind)
    window = slice(rows.start, rows.stop)
    validity = None if given.validity is None else memoryview(given.validity)[window]
    if isinstance(values, bytes):
        return Column(memoryview(values).cast(FORMATS[kind.name])[window], validity)
    return Column([kind.lift(text) for text in _texts(values, rows)], validity)


def _of_values(values: list[Any], kind: Kind) -> Column[Any]:
    """Make a column of values and `None`."""
    validity = memoryview(bytes(value is not None for value in values)) if None in values else None
    form = FORMATS.get(kind.name)
    if form is None:
        return Column(["" if value is None else value for value in values], validity)
    numbers = array("b" if form == "?" else form, [value or 0 for value in values])
    return Column(memoryview(numbers.tobytes()).cast(form), validity)


def _one_by_one(field: "Field[Any]", rows: Iterable[int]) -> list[Any]:
    """Read texts that the host has kept, or a column without any value."""
    values = []
    for row in rows:
        native.at(row)
        values.append(field.get())
    return values


def _texts(texts: Any, rows: range) -> list[str]:  # noqa: ANN401
    offsets = memoryview(texts.offsets).cast("I")[rows.start : rows.stop + 1]
    first, last = offsets[0], offsets[-1]
    whole = texts.bytes[first:last]
    spans = itertools.pairwise(offsets)
    if whole.isascii():
        text = whole.decode()
        return [text[start - first : end - first] for start, end in spans]
    return [whole[start - first : end - first].decode() for start, end in spans]


def scores(rows: range) -> Sequence[float]:
    """Give the scores of documents of the batch."""
    if Window.scores is None:
        return array("d", [1.0]) * len(rows)
    return memoryview(Window.scores).cast("d")[rows.start : rows.stop]
