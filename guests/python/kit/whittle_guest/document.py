"""What a UDF may know of the current document besides its fields.

In `matches`, `score`, `value` and `batch` only: while a query is prepared there is no document.
"""

from collections.abc import Sequence

from whittle_guest import _columns, _host

__all__ = ["id", "score", "scores"]


def id() -> str:  # noqa: A001 - read as `document.id()`
    """Tell the document's id, unique within the query."""
    identifier: str = _host.document.id()
    return identifier


def score() -> float:
    """Tell the score that the query gave the document before; 1 if it gave none."""
    before: float | None = _host.native.score()
    if before is None:
        before = _host.document.score()
    return before


def scores() -> Sequence[float]:
    """Tell the scores of all documents of a batch, in the method `batch`."""
    rows = _columns.Window.rows
    return [score()] if rows is None else _columns.scores(rows)
