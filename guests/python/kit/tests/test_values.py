"""Values that cross the boundary, and errors."""

import unittest
from datetime import UTC, datetime, timedelta, timezone

from whittle_guest import Field, InvalidArgumentError, Json, Timestamp
from whittle_guest._errors import message, origin
from whittle_guest._values import kind_of
from whittle_guest.testing import BrokenContractError


class Values(unittest.TestCase):
    """Values in Python and in the contract."""

    def lowered(self, kind: type, value: object) -> object:
        """Lower a value of a kind."""
        found = kind_of(kind)
        if found is None:
            self.fail(f"{kind} has no kind")
        return found.lower(value)

    def test_what_is_not_of_the_kind_is_refused(self) -> None:
        for kind, value in (
            (bool, 1),
            (int, True),
            (int, 1.0),
            (float, "1"),
            (float, False),
            (str, b""),
            (Json, "{}"),
            (Timestamp, 1.5),
        ):
            with self.assertRaises(TypeError):
                self.lowered(kind, value)
        for kind, value in ((int, 2**63), (int, -(2**63) - 1), (float, 10**400)):
            with self.assertRaises(OverflowError):
                self.lowered(kind, value)
        with self.assertRaises(UnicodeEncodeError):
            self.lowered(str, "\ud800")

    def test_a_value_of_another_kind_says_what_to_return_instead(self) -> None:
        with self.assertRaises(TypeError) as raised:
            self.lowered(Timestamp, datetime(2024, 1, 31, tzinfo=UTC))
        expected = "datetime where Timestamp is declared: return `Timestamp.of(instant)`"
        self.assertEqual(str(raised.exception), expected)
        with self.assertRaises(TypeError) as raised:
            self.lowered(Json, {})
        expected = "dict where Json is declared: return `Json.of(value)`"
        self.assertEqual(str(raised.exception), expected)

    def test_what_is_of_the_kind_crosses(self) -> None:
        for kind, value in ((int, 2**63 - 1), (int, -(2**63)), (str, "é\0"), (Json, Json("1"))):
            self.assertEqual(self.lowered(kind, value), value)
        whole = self.lowered(float, 3)
        self.assertIs(type(whole), float)

    def test_instants_are_exact(self) -> None:
        instant = datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-5)))
        self.assertEqual(Timestamp.of(instant), 1_709_226_000_000_001)
        self.assertEqual(Timestamp.of(instant).to_datetime(), instant)
        self.assertEqual(
            Timestamp(-1).to_datetime(), datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)
        )
        with self.assertRaises(ValueError):
            Timestamp.of(datetime(2024, 1, 1))  # noqa: DTZ001 - without a time zone on purpose
        with self.assertRaises(OverflowError):
            Timestamp(2**63 - 1).to_datetime()

    def test_json_is_written_and_read(self) -> None:
        self.assertEqual(Json.of({"é": [1, None]}), '{"é":[1,null]}')
        self.assertEqual(Json('{"a": 1}').parse(), {"a": 1})
        with self.assertRaises(ValueError):
            Json.of(float("nan"))

    def test_a_field_is_resolved_only_while_a_query_is_prepared(self) -> None:
        with self.assertRaisesRegex(
            BrokenContractError, "it looked up a field outside of `prepare`"
        ):
            Field.named("title", str)


class Messages(unittest.TestCase):
    """Exceptions as reported to the host."""

    def test_the_type_is_told_where_the_message_says_little(self) -> None:
        class Unreadable(Exception):  # noqa: N818 - no error of anybody's
            def __str__(self) -> str:
                raise RuntimeError

        for error, expected in (
            (InvalidArgumentError("parameter `x`"), "parameter `x`"),
            (ValueError("no good"), "no good"),
            (ValueError(), "ValueError"),
            (KeyError("x"), "KeyError: 'x'"),
            (SystemExit(3), "SystemExit: 3"),
            (Exception("a\ud800"), "a\\ud800"),
            (Unreadable(), "Unreadable"),
        ):
            self.assertEqual(message(error), expected)

    def test_the_origin_is_the_innermost_calls(self) -> None:
        def deep(calls: int) -> None:
            if calls == 0:
                raise ValueError
            deep(calls - 1)

        try:
            deep(20)
        except ValueError as error:
            calls = origin(error).split(", ")
        self.assertEqual(len(calls), 8)
        self.assertRegex(calls[-1], r"test_values\.py:\d+ in .*deep$")


if __name__ == "__main__":
    unittest.main()
