"""The functions of `make peers` for which this repository has no UDF in Python."""

import json
import re

from whittle_guest import Field, Json, parameter, udf


@udf
class Noop:
    """Matches every document."""

    def matches(self) -> bool:
        """Read nothing."""
        return True


@udf
class NoopColumns:
    """Matches every document: a batch at a time."""

    def batch(self, documents: int) -> list[bool]:
        """Read nothing."""
        return [True] * documents


@udf
class RegexValue:
    """The first group of the first match of a regular expression."""

    field: Field[str] = parameter("The field whose text is searched.")
    pattern: str = parameter("The regular expression.")

    def prepare(self) -> None:
        """Compile the expression, once for all documents."""
        self.search = re.compile(self.pattern).search

    def value(self) -> str | None:
        """Search the document's text."""
        text = self.field.get()
        found = None if text is None else self.search(text)
        return None if found is None else found[1]


@udf
class JsonPath:
    """Tells whether the member at a path such as `$.seller.country` is a value."""

    field: Field[Json] = parameter("The field whose JSON value is searched.")
    path: str = parameter("Member names, such as `$.seller.country`.")
    operator: str = parameter("`equals`.")
    value: Json = parameter("What the member is compared with.")

    def prepare(self) -> None:
        """Take the path apart, once for all documents."""
        self.names = self.path.split(".")[1:]
        self.expected = json.loads(self.value)

    def matches(self) -> bool:
        """Follow the path."""
        text = self.field.get()
        if text is None:
            return False
        found = json.loads(text)
        for name in self.names:
            found = found.get(name) if isinstance(found, dict) else None
        return found == self.expected


@udf
class BusinessDays:
    """How many weekdays there are from a day to another."""

    start_field: Field[int] = parameter("The field that holds the start.")
    end_field: Field[int] = parameter("The field that holds the end.")

    def value(self) -> int | None:
        """Count from a day on that is the same for all."""
        start, end = self.start_field.get(), self.end_field.get()
        if start is None or end is None:
            return None
        return weekdays_before(end) - weekdays_before(start)


def weekdays_before(day: int) -> int:
    """Count the weekdays before a day."""
    # 1970-01-01 was a Thursday.
    week, weekday = divmod(day + 3, 7)
    return 5 * week + min(weekday, 5)
