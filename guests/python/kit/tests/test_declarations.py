"""What classes declare, and what of them is refused while a component is built."""

import dataclasses
import unittest
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from whittle_guest import Field, InvalidArgumentError, Json, Timestamp, parameter, udf
from whittle_guest._udf import DECLARED, Udf, values_of


def declared(cls: type, **how: str) -> Udf:
    """Declare a function apart from those of other tests."""
    with patch.dict(DECLARED, clear=True):
        if how:
            udf(name=how["name"])(cls)
        else:
            udf(cls)
        (function,) = DECLARED.values()
    return function


class Declarations(unittest.TestCase):
    """Functions as the manifest has them."""

    def test_a_class_is_a_function(self) -> None:
        class HTTPTooLong2:
            """Tells whether
            it is too long.
            """

            field: Field[int] = parameter("A field.")
            enough: int = parameter("Enough.", default=120, minimum=0)
            unit: str | None = parameter("A unit.")
            model: Json = parameter("A model.", default=Json("{}"))
            since: Timestamp = parameter("An instant.", default=Timestamp(5))
            cache: dict[str, int] = dataclasses.field(init=False, default_factory=dict)

            def matches(self) -> bool | None:
                return None

        function = declared(HTTPTooLong2)
        self.assertEqual(function.name, "http_too_long2")
        self.assertEqual(function.description, "Tells whether it is too long.")
        self.assertEqual((function.returns.name, function.nullable), ("BOOLEAN", True))
        found = [(p.name, p.kind.name, p.optional, p.default) for p in function.parameters]
        expected = [
            ("field", "TEXT", False, None),
            ("enough", "INT64", False, 120),
            ("unit", "TEXT", True, None),
            ("model", "JSON", False, "{}"),
            ("since", "TIMESTAMP", False, 5),
        ]
        self.assertEqual(found, expected)
        read_as = function.parameters[0].field
        self.assertEqual(read_as and read_as.name, "INT64")

    def test_a_name_may_be_given(self) -> None:
        class Other:
            """It."""

            def value(self) -> str:
                return ""

        self.assertEqual(declared(Other, name="this_one").name, "this_one")

    def test_arguments_are_checked_and_prepared(self) -> None:
        class Sum:
            """A sum."""

            left: int = parameter("A number.", minimum=0, maximum=9)
            right: float | None = parameter("A number.", minimum=0.5)
            since: Timestamp | None = parameter("An instant.")

            def prepare(self) -> None:
                self.sum = self.left + (self.right or 0)

            def score(self) -> float:
                return self.sum

        function = declared(Sum)
        self.assertEqual(function.bind({"left": 2, "right": 1.5}).compute(), 3.5)
        self.assertEqual(function.bind({"left": 2}).compute(), 2)
        compute: Any = function.bind({"left": 2, "since": 7}).compute
        since = compute.__self__.since
        self.assertIs(type(since), Timestamp)
        cases: tuple[tuple[dict[str, object], str], ...] = (
            ({"left": -1}, "parameter `left` must be between 0 and 9, not -1"),
            ({"left": 10}, "parameter `left` must be between 0 and 9, not 10"),
            ({"left": 0, "right": 0.25}, "parameter `right` must be at least 0.5, not 0.25"),
            ({"left": 0, "right": float("nan")}, "parameter `right` must be at least 0.5, not nan"),
        )
        for arguments, message in cases:
            with self.assertRaisesRegex(InvalidArgumentError, f"^{message}$"):
                function.bind(arguments)

    def test_a_method_for_batches_may_stand_alone(self) -> None:
        class Doubled:
            """Numbers."""

            def batch(self, documents: int) -> Iterator[float | None]:
                return (2.0 * document for document in range(documents))

        function = declared(Doubled)
        self.assertEqual((function.returns.name, function.nullable), ("FLOAT64", True))
        bound = function.bind({})
        self.assertEqual(bound.compute(), 0.0)
        self.assertEqual(values_of(bound.batch, 3), [0.0, 2.0, 4.0])

    def test_a_batch_has_a_value_for_each_document(self) -> None:
        class Two:
            """Numbers."""

            def score(self) -> int:
                return 7

            def batch(self, _documents: int) -> list[int]:
                return [7, 7]

        bound = declared(Two).bind({})
        self.assertEqual(bound.compute(), 7)
        with self.assertRaisesRegex(ValueError, "^`batch` gave 2 values for 3 documents$"):
            values_of(bound.batch, 3)


class Refusals(unittest.TestCase):
    """Errors for the author."""

    def refused(self, message: str, members: dict[str, Any], doc: str | None = "It.") -> None:
        """Check the error for a class with these members."""
        members = {"matches": _matches, "__module__": __name__, **members}
        if doc is not None:
            members["__doc__"] = doc
        with self.assertRaises(TypeError) as caught:
            declared(type("Bad", (), members))
        self.assertEqual(str(caught.exception), message)

    def test_mistakes_are_told_by_their_place(self) -> None:
        def method(returns: object) -> dict[str, Any]:
            def value() -> None: ...

            value.__annotations__ = {"return": returns}
            return {"matches": None, "value": value}

        def one(hint: object, made: object) -> dict[str, Any]:
            return {"__annotations__": {"x": hint}, "x": made}

        kinds = "`bool`, `int`, `float`, `str`, `Timestamp` or `Json`"
        self.refused("`Bad` has no docstring: add the function's description as one", {}, doc=None)
        self.refused("`Bad` needs one method `matches`, `score` or `value`", {"matches": None})
        self.refused("`Bad` needs one method `matches`, `score` or `value`", {"score": _matches})
        self.refused(
            f"`Bad.value` is annotated to return {kinds}, or one of these `| None`", method(bytes)
        )
        self.refused(
            f"`Bad.batch` is annotated to return `Sequence[T]`, where T is {kinds}, or one of "
            "these `| None`",
            {"matches": None, "batch": method(list)["value"]},
        )
        self.refused(
            "`Bad.batch` returns other values than `matches`",
            {"batch": method(list[bool | None])["value"]},
        )
        self.refused(
            "`Bad.matches` is annotated to return `bool`, or one of these `| None`",
            {"matches": method(int)["value"]},
        )
        self.refused(
            f"`Bad.x` cannot be a parameter: use {kinds}, one of these `| None`, or a `Field` of "
            "one of these",
            one(bytes, parameter("X.")),
        )
        self.refused(
            "`Bad.x` is declared without `parameter(...)`; declare attributes that `prepare` sets "
            "with `dataclasses.field(init=False)`, or not at all",
            one(int, 3),
        )
        self.refused(
            "`Bad.x` has a minimum or maximum but is not a number",
            one(str, parameter("X.", minimum=0)),
        )
        self.refused(
            "the default of `Bad.x`: str where int is declared",
            one(int, parameter("X.", default="")),
        )
        self.refused(
            "the default of `Bad.x`: parameter `x` must be at least 1, not 0",
            one(int, parameter("X.", default=0, minimum=1)),
        )
        self.refused(
            "the default of `Bad.x`: int where str is declared",
            one(Field[int], parameter("X.", default=3)),
        )

    def test_a_name_is_one_functions(self) -> None:
        class Once:
            """It."""

            matches = _matches

        udf(Once)
        self.addCleanup(DECLARED.pop, "once")
        with self.assertRaisesRegex(TypeError, "^duplicate function `once`$"):
            udf(Once)


def _matches() -> bool:
    return True


if __name__ == "__main__":
    unittest.main()
