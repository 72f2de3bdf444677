"""The functions of the component."""

from whittle_guest import Field, InvalidArgumentError, parameter, udf


@udf(name="{{function}}")
class {{Type}}:
    """Tells whether a text has all of some words, in any order and in upper or lower case."""

    field: Field[str] = parameter("The field whose text is searched.")
    words: str = parameter("The words, with spaces between them.")

    def prepare(self) -> None:
        """Take the words apart, once for all documents."""
        self.sought = frozenset(self.words.casefold().split())
        if not self.sought:
            raise InvalidArgumentError("parameter `words` has no word")

    def matches(self) -> bool:
        """Search the document's text; a document without one does not match."""
        return self.sought.issubset(self.field.get("").casefold().split())
