"""What a UDF may know of the current document besides its fields.

In `matches`, `score` and `value` only: while a query is prepared there is no document.
"""

from whittle_guest import _host

__all__ = ["id", "score"]


def id() -> str:  # noqa: A001 - read as `document.id()`
    """Tell the document's id, unique within the query."""
    identifier: str = _host.document.id()
    return identifier


def score() -> float:
    """Tell the score that the query gave the document before; 1 where it gave none."""
    before: float = _host.document.score()
    return before
