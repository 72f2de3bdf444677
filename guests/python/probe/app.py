"""Functions for tests: what they raise, and what they read alone and in whole columns."""

import random
from collections.abc import Iterator
from typing import Any

from whittle_guest import Field, Json, Timestamp, document, log, parameter, udf


@udf
class Throws:
    """Raises an exception for each document that has the field, with its text."""

    field: Field[str] = parameter("The field whose text is raised.")

    def matches(self) -> bool:
        """Raise, or tell that there is nothing to raise."""
        text = self.field.get()
        if text is not None:
            raise ValueError(f"no good: {text}")
        return True


def _all_kinds(path: str) -> list[tuple[Field[Any], Any]]:
    """Resolve a path as each kind, each with a default."""
    return [
        (Field.named(path, bool), True),
        (Field.named(path, int), 7),
        (Field.named(path, float), 7),
        (Field.named(path, str), "x"),
        (Field.named(path, Timestamp), 7),
        (Field.named(path, Json), Json("7")),
    ]


@udf
class ReadEach:
    """Describes what fields of all kinds read in a document, with and without a default."""

    field: str = parameter("The path that all fields have.")

    def prepare(self) -> None:
        """Resolve the path as each kind."""
        self.read = _all_kinds(self.field)

    def value(self) -> str:
        """Describe them."""
        fields = [(f.get(), f.get(default), f.has()) for f, default in self.read]
        types = [type(value).__name__ for value, _, _ in fields]
        return f"{document.id()} {document.score()} {fields} {types}"


@udf
class ReadKinds:
    """What a field reads as each kind, in the contract's order."""

    field: str = parameter("The path that all fields have.")

    def prepare(self) -> None:
        """Resolve the path as each kind."""
        self.read = _all_kinds(self.field)

    def value(self) -> Json:
        """Read them."""
        *found, json = [field.get() for field, _ in self.read]
        return Json.of([*found, None if json is None else json.parse()])


@udf
class ReadWhole:
    """Describes what fields of all kinds read in whole columns, with and without a default."""

    field: str = parameter("The path that all fields have.")

    def prepare(self) -> None:
        """Resolve the path as each kind."""
        self.read = _all_kinds(self.field)

    def batch(self, _documents: int) -> Iterator[str]:
        """Describe them."""
        columns = [(f.column(), default) for f, default in self.read]
        read = [zip(c, c.filled(default), strict=True) for c, default in columns]
        described = zip(document.scores(), *read, strict=True)
        return (str(values) for values in described)


class _Mixed:
    """Returns what is asked for by a number."""

    def of(self, asked: int | None) -> float | None:
        """Return it, or raise."""
        match asked:
            case 1:
                return 1  # An int is welcome where a float is.
            case 2:
                return "2"  # type: ignore[return-value]
            case 3:
                raise ValueError(f"no good: {asked}")
            case 4:
                return True
            case 5:
                random.seed()
            case 6:
                while True:
                    pass
        return asked if asked is None else float(asked)


@udf
class MixedEach(_Mixed):
    """Returns a number, null or something else, logs a line, raises, traps or does not end."""

    field: Field[int] = parameter("The field that says what.")

    def score(self) -> float | None:
        """Do it."""
        log.info(f"asked for {self.field.get()}")
        return self.of(self.field.get())


@udf
class MixedWhole(_Mixed):
    """As `mixed_each`, without the log, for a whole batch."""

    field: Field[int] = parameter("The field that says what.")

    def batch(self, _documents: int) -> list[float | None]:
        """Do it."""
        return [self.of(asked) for asked in self.field.column()]


@udf
class Digits:
    """Converts a text to an int, of any size, in a document and in whole columns."""

    field: Field[str] = parameter("The field that holds its digits.")

    def value(self) -> int | None:
        """Convert it."""
        digits = self.field.get()
        return None if digits is None else int(digits)

    def batch(self, _documents: int) -> Iterator[int | None]:
        """Convert them."""
        return (None if digits is None else int(digits) for digits in self.field.column())
