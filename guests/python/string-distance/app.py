"""Fuzzy matching of texts by edit distance."""

from whittle_guest import Field, parameter, udf

from pattern import Pattern


@udf
class StringDistance:
    """Tells whether a text is within a number of edits (insertions, deletions and substitutions of
    characters) of a target. A document without the field does not match.
    """

    field: Field[str] = parameter("The field whose text is compared.")
    target: str = parameter("The text that it is compared with.")
    max_distance: int = parameter(
        "How many edits still match.", default=2, minimum=0, maximum=2**32 - 1
    )

    def prepare(self) -> None:
        """Take the target apart, once for all documents."""
        self.pattern = Pattern(self.target, self.max_distance)

    def matches(self) -> bool:
        """Compare the document's text."""
        text = self.field.get()
        return text is not None and self.pattern.matches(text)
