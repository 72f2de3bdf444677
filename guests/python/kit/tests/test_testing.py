"""Functions with a fake host: what they read, give and log, and what goes wrong."""

import os
import random
import sys
import time
import unittest
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from whittle_guest import (
    Field,
    InvalidArgumentError,
    Json,
    Timestamp,
    document,
    log,
    parameter,
    udf,
)
from whittle_guest.testing import ArgumentError, BrokenContractError, Document, Failure, Query


@udf
class AllKinds:
    """Reads a field as each kind, alone and in whole columns."""

    field: str = parameter("The path.")

    def prepare(self) -> None:
        """Resolve it."""
        kinds: list[Any] = [bool, int, float, str, Timestamp, Json]
        self.fields = [Field.named(self.field, kind) for kind in kinds]

    def value(self) -> str:
        """Describe them."""
        return str([field.get() for field in self.fields])

    def batch(self, _documents: int) -> Iterator[str]:
        """Describe them."""
        kinds: list[Any] = [bool, int, float, str, Timestamp, Json]
        columns = [field.column() for field in self.fields]
        for row in zip(*columns, strict=True):
            pairs = zip(row, kinds, strict=True)
            yield str([value if value is None else kind(value) for value, kind in pairs])


@udf
class Odd:
    """Does what a number says."""

    number: Field[int] = parameter("The field that says what.", default="number")
    since: Timestamp | None = parameter("An instant.")
    least: int = parameter("The least number.", default=0, minimum=0)

    def value(self) -> float | None:  # noqa: C901, PLR0911 - a line for each number
        """Do it."""
        print("number", self.number.get())  # noqa: T201 - a line of the log
        match self.number.get(self.least):
            case 1:
                raise ValueError("one is odd")
            case 2:
                return "two"  # type: ignore[return-value]
            case 3:
                return time.time()
            case 7:
                return datetime.now(UTC).timestamp()
            case 8:
                return random.Random().random()  # noqa: S311 - it is refused
            case 4:
                try:
                    Field.named("other", str)
                except Exception:  # noqa: BLE001 - as an author may
                    return 4
            case 5:
                log.warn(f"{document.id()} {document.score()}")
                return document.score()
            case 6:
                import colorsys  # noqa: PLC0415

                return colorsys.rgb_to_hls(0, 0, 0)[0]
            case 9:
                return float(input())
            case 10:
                return float(sys.stdin.readline())
            case 11:
                os._exit(1)
        return None


@udf
class Different:
    """Gives something else for a batch."""

    field: Field[int] = parameter("A field.")

    def score(self) -> int:
        """Give it."""
        return self.field.get(0)

    def batch(self, documents: int) -> list[int]:
        """Give another."""
        return [7] * documents


class Queries(unittest.TestCase):
    """What a test sees of a function."""

    def read(self, *values: object) -> list[str]:
        """Read a field that has these values in one document each."""
        documents = [{"a": {"b": value}} for value in values]
        found: list[str] = Query(AllKinds, field="a.b").values(documents)
        return found

    def test_a_field_has_the_type_that_its_values_have_together(self) -> None:
        self.assertEqual(
            self.read(1, 2.5, None, "7"),
            [
                "[None, None, 1.0, None, None, '1']",
                "[None, None, 2.5, None, None, '2.5']",
                "[None, None, None, None, None, None]",
                "[None, None, 7.0, None, None, '\"7\"']",
            ],
        )
        self.assertEqual(
            self.read(3, 4), [f"[None, {n}, {n}.0, None, None, '{n}']" for n in (3, 4)]
        )
        self.assertEqual(self.read(*[True]), ["[True, None, None, None, None, 'true']"])
        self.assertEqual(
            self.read("2024-02-29"),
            ["[None, None, None, None, 1709164800000000, '\"2024-02-29\"']"],
        )
        instant = "1970-01-01T00:00:01"
        self.assertEqual(
            self.read(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
            [f"[None, None, None, None, 1000000, '\"{instant}+00:00\"']"],
        )
        self.assertEqual(
            self.read([None, ["ä"], "b"]),
            ["[None, None, None, 'ä', None, '[null,[\"ä\"],\"b\"]']"],
        )

    def test_unmapped_fields_are_not_converted(self) -> None:
        query = Query(AllKinds, field="a")
        self.assertEqual(
            query.values([{"a": 1}, {"a": "2024-02-29"}], mapped=False),
            [
                "[None, 1, 1.0, None, None, '1']",
                "[None, None, None, '2024-02-29', 1709164800000000, '\"2024-02-29\"']",
            ],
        )

    def test_a_value_is_as_the_component_gives_it_and_exceptions_are_the_authors(self) -> None:
        query = Query(Odd)
        self.assertIsNone(query.value({}))
        with self.assertRaisesRegex(ValueError, "one is odd"):
            query.value({"number": 1})
        scored = Document({"number": 5}, id="five", score=2)
        self.assertEqual(query.value(scored), 2.0)
        numbers = [{"number": number} for number in (3, *range(6, 12))]
        found = query.values([{"number": 1}, {"number": 2}, scored, *numbers])
        self.assertEqual(
            found,
            [
                Failure("one is odd"),
                Failure("TypeError: str where float is declared"),
                2.0,
                Failure("OSError: time: there is no clock in a component"),
                Failure(
                    "ModuleNotFoundError: colorsys: a component has the modules that are imported "
                    "at the top of one"
                ),
                Failure("OSError: datetime.now: there is no clock in a component"),
                Failure("OSError: random.seed: there is no randomness in a component"),
                Failure(
                    "OSError: input: there is no standard input in a component: declare a "
                    "parameter instead"
                ),
                Failure(
                    "OSError: stdin: there is no standard input in a component: declare a "
                    "parameter instead"
                ),
                Failure("OSError: _exit: a UDF cannot exit: raise an exception instead"),
            ],
        )
        # Only the author's code is in a component.
        self.assertGreater(datetime.now(UTC).timestamp(), time.time() - 60)
        expected = ["number None", "number 1", "number 5"]
        self.assertEqual(query.log[:3], [f"info: {line}" for line in expected])
        self.assertEqual(query.log[3], "warn: five 2.0")

    def test_a_call_that_the_host_does_not_allow_ends_the_query(self) -> None:
        with self.assertRaisesRegex(
            BrokenContractError, "it looked up a field outside of `prepare`"
        ):
            Query(Odd).value({"number": 4})
        query = Query(Odd)
        query.value({})
        with self.assertRaisesRegex(
            BrokenContractError, "it read a document outside of `evaluate`, where there is none"
        ):
            document.id()

    def test_arguments_are_checked_as_the_host_does(self) -> None:
        for arguments, problem in (
            ({"nomber": "a"}, "unknown parameter `nomber`: did you mean `number`?"),
            ({"number": 3}, "parameter `number` is text, but 3 was given"),
            (
                {"since": "soon"},
                'parameter `since` is timestamp, but the string "soon" was given: give a date and '
                'time such as "2024-01-31T12:00:00Z", a date such as "2024-01-31", or an integer, '
                "the microseconds since 1970-01-01T00:00:00Z",
            ),
            ({"least": 2.0}, "parameter `least` is int64, but 2.0 was given"),
        ):
            with self.subTest(problem), self.assertRaises(ArgumentError) as caught:
                Query(Odd, **arguments)
            self.assertEqual(str(caught.exception), f"function `odd`: {problem}")
        with self.assertRaisesRegex(
            ArgumentError, r"missing parameter `field` \(text\): The path."
        ):
            Query(AllKinds)
        with self.assertRaisesRegex(InvalidArgumentError, "`least` must be at least 0, not -1"):
            Query(Odd, least=-1)
        self.assertIsNone(Query(Odd, since=datetime(2020, 1, 1, tzinfo=UTC)).value({}))

    def test_a_batch_that_differs_from_single_documents_is_told(self) -> None:
        with self.assertRaisesRegex(
            AssertionError, "document 0: `batch` gives 7, and alone it gives 1"
        ):
            Query(Different, field="a").values([{"a": 1}])
