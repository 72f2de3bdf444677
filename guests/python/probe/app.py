"""A function for tests: it raises."""

from whittle_guest import Field, parameter, udf


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
