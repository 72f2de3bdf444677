"""Write Whittle UDFs in Python: a class, its parameters, one method.

    from whittle_guest import Field, parameter, udf

    @udf
    class TooLong:
        \"\"\"Tells whether a film is longer than it should be.\"\"\"

        field: Field[int] = parameter("The field that holds the minutes.")
        enough: int = parameter("How many minutes are enough.", default=120, minimum=0)

        def matches(self) -> bool:
            return self.field.get(0) > self.enough

The class is the function, named in snake case (`too_long`) or as `@udf(name="...")` says; its
docstring and the parameters' descriptions are what the author of a query reads. A parameter is a
`bool`, `int`, `float`, `str`, `Timestamp` or `Json`, one of these `| None` where a query may leave
it out, or a `Field` of one of these: the path of a field of the documents, resolved once per query
and read for each document. `default` is the value where a query gives none.

The method is `matches` (a filter: `bool`), `score` (a number: `float` or `int`) or `value` (any of
the types above); what it is annotated with is what it returns, `| None` for a null.

What is made once per query and not once per document is made in a method `prepare`:

    def prepare(self) -> None:
        self.sought = self.words.split()
        if not self.sought:
            raise InvalidArgumentError("parameter `words` has no word")
        self.title = Field.named("title", str)

An exception fails the document, or the query if `prepare` raises it, with its message. `log` has
functions for lines of the log, where `print` goes too; `document` tells the document's id and
score.

The functions of a component are those of the project's module `app` and of what it imports, in
their order; its name, version, description and author are those of `pyproject.toml`.
"""

from whittle_guest import document, log
from whittle_guest._errors import FailedError, InvalidArgumentError
from whittle_guest._fields import Field
from whittle_guest._parameters import parameter
from whittle_guest._udf import udf
from whittle_guest._values import Json, Timestamp

__all__ = [
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
