"""Tests of a UDF's functions, without building a component.

    from app import TooLong
    from whittle_guest.testing import Query

    def test_a_film_of_two_hours_is_not_too_long() -> None:
        query = Query(TooLong, field="minutes")
        assert query.value({"minutes": 120}) is False
        assert query.values([{"minutes": 121}, {}]) == [True, False]

A `Query` is a function with its arguments. The documents are dicts, and are read as an index reads
them: one field has one type, a text that is a date is a timestamp, and what a field cannot have is
missing. Exceptions are those that the author's code raises.
"""

import contextlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whittle_guest import _errors, _fake
from whittle_guest._arguments import ArgumentError, checked, did_you_mean
from whittle_guest._batches import Batches
from whittle_guest._fake import BrokenContractError
from whittle_guest._inside import as_in_a_component
from whittle_guest._reading import Reader, Source
from whittle_guest._udf import DECLARED

__all__ = ["ArgumentError", "BrokenContractError", "Document", "Failure", "Query"]


@dataclass(frozen=True)
class Document:
    """A document with more than its fields."""

    source: Source
    id: str | None = None
    """Its position if it is not given."""
    score: float = 1.0
    """The score that the query gave it before the function."""


@dataclass(frozen=True)
class Failure:
    """In place of a value: the message of the exception that a document's evaluation raised."""

    message: str


class Query:
    """A function with its arguments, to be evaluated for documents.

    The function is a class with `@udf`. The arguments are values of the parameters' types; that of
    a field is its path. A timestamp may be a `datetime` with a time zone or a text, and an argument
    of type `Json` any value that JSON has. What `prepare` raises is raised here.
    """

    def __init__(self, function: Callable[..., object], /, **arguments: object) -> None:
        """Bind the function to the arguments."""
        found = [udf for udf in DECLARED.values() if udf.make is function]
        if not found:
            raise TypeError(f"{function!r} is not a class with `@udf`")
        self._udf = found[0]
        self._state = _fake.State()
        values = checked(self._udf, arguments)
        with self._running("bind"):
            self._bound = self._udf.bind(values)
            self._batches = Batches(self._udf, self._bound, lambda _row, _error: None)

    @classmethod
    def of(cls, name: str, arguments: Mapping[str, object]) -> "Query":
        """Make a query of a function's name, and arguments as in JSON."""
        udf = DECLARED.get(name)
        if udf is None:
            raise ArgumentError(f"unknown function `{name}`: {did_you_mean(name, list(DECLARED))}")
        return cls(udf.make, **arguments)

    @property
    def log(self) -> list[str]:
        """The lines that the function has logged, each after its level: `info: so many words`."""
        return self._state.log

    def value(self, document: Source | Document) -> Any:  # noqa: ANN401 - of the function's type
        """Evaluate the function for a document. What the author's method raises is raised here."""
        __tracebackhide__ = True  # pytest shows the author's frames alone.
        (value,) = self._each([document])
        if isinstance(value, BaseException):
            raise value
        return value

    def values(self, documents: Sequence[Source | Document], *, mapped: bool = True) -> list[Any]:
        """Evaluate the function for documents that are read together.

        If they are not `mapped`, they are read as by an index whose mapping leaves their fields
        out: values are those that the documents have, and are not converted.

        A document whose evaluation raises an exception has a `Failure`. If the class has the method
        `batch`, that is called with whole columns, as the host does; if it gives other results than
        the method for one document, an `AssertionError` names the first document.
        """
        lines = len(self.log)
        each = [_shown(value) for value in self._each(documents, mapped=mapped)]
        if self._bound.batch is None or not documents:
            return each
        del self.log[lines:]
        with self._running("evaluate"):
            given = self._state.scores
            scores = None if set(given) == {1.0} else _packed(given)
            self._state.put.clear()
            self._batches.evaluate(len(documents), _fake.handed_over(), scores)
            whole = [_shown(value) for value in self._state.put]
        for position, (one, other) in enumerate(zip(each, whole, strict=True)):
            # As texts too, because NaN is not equal to itself.
            if one != other and repr(one) != repr(other):
                raise AssertionError(
                    f"document {position}: `batch` gives {other!r}, and alone it gives {one!r}"
                )
        return whole

    def _each(self, documents: Sequence[Source | Document], *, mapped: bool = True) -> list[Any]:
        self._load([_document(document) for document in documents], mapped=mapped)
        __tracebackhide__ = True
        found: list[Any] = []
        for row in range(len(documents)):
            self._state.row = row
            try:
                with self._running("evaluate"):
                    value = self._bound.compute()
                is_null = value is None and self._udf.nullable
                found.append(None if is_null else self._udf.returns.lower(value))
            except BrokenContractError:
                raise
            except Exception as error:  # noqa: BLE001 - it is the document's result
                found.append(error)
        return found

    def _load(self, documents: Sequence[Document], *, mapped: bool) -> None:
        reader = Reader([document.source for document in documents], mapped=mapped)
        self._state.ids = [
            str(position) if document.id is None else document.id
            for position, document in enumerate(documents)
        ]
        self._state.scores = [float(document.score) for document in documents]
        for asked in self._state.fields.values():
            asked.values = [
                reader.read(document.source, asked.path, asked.kind.name) for document in documents
            ]

    @contextlib.contextmanager
    def _running(self, phase: str) -> Iterator[None]:
        """Run the author's code as in a component: with a host, and without a clock or files."""
        _fake.Host.state = self._state
        self._state.phase = phase
        try:
            with as_in_a_component():
                yield
        finally:
            self._state.phase = ""
        if self._state.broken is not None:
            raise self._state.broken


def _document(document: Source | Document) -> Document:
    return document if isinstance(document, Document) else Document(document)


def _shown(value: object) -> object:
    return Failure(_errors.message(value)) if isinstance(value, BaseException) else value


def _packed(scores: Sequence[float]) -> bytes:
    return array("d", scores).tobytes()
