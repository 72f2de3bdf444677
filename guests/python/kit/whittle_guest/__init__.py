"""Write Whittle UDFs in Python. A UDF is a class with its parameters and one method.

    from whittle_guest import Field, parameter, udf

    @udf
    class TooLong:
        \"\"\"Tells whether a film is longer than it should be.\"\"\"

        field: Field[int] = parameter("The field that holds the minutes.")
        enough: int = parameter("How many minutes are enough.", default=120, minimum=0)

        def matches(self) -> bool:
            return self.field.get(0) > self.enough

The class is the function. Its name is the class's in snake case (`too_long`), or set by
`@udf(name="...")`. Its docstring and the parameters' descriptions are for authors of queries. A
parameter is a `bool`, `int`, `float`, `str`, `Timestamp` or `Json`, one of these `| None` if it is
optional, or a `Field` of one of these. A field's argument is its path, which is resolved once per
query; the field is read for each document. `default` sets a default.

The method is `matches` (a filter: `bool`), `score` (a number: `float` or `int`) or `value` (any of
the types above). It returns the type of its annotation; add `| None` to return null.

The method `batch`, beside that method or in its place, makes the results of many documents at once,
from whole columns. It returns a list or another sequence of values:

    def batch(self, documents: int) -> list[bool]:
        return [minutes > self.enough for minutes in self.field.column().filled(0)]

To compute something once per query, add a method `prepare`:

    def prepare(self) -> None:
        self.sought = self.words.split()
        if not self.sought:
            raise InvalidArgumentError("parameter `words` has no word")
        self.title = Field.named("title", str)

An exception fails the document with its message, or the query if `prepare` raises it. The functions
in `log` write to the UDF's log, as `print` does; `document` has the document's id and score.

The functions of a component are those of the project's module `app` and of the modules that it
imports, in order. Its name, version, description and author are those in `pyproject.toml`.
"""

from whittle_guest import document, log
from whittle_guest._columns import Column
from whittle_guest._errors import FailedError, InvalidArgumentError
from whittle_guest._fields import Field
from whittle_guest._parameters import parameter
from whittle_guest._udf import udf
from whittle_guest._values import Json, Timestamp

__all__ = [
    "Column",
    "FailedError",
    "Field",
    "InvalidArgumentError",
    "Json",
    "Timestamp",
    "document",
    "log",
    "parameter",
    "udf",
]
