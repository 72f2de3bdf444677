"""Whole batches: the loop over the rows, and the method `batch`."""

from collections.abc import Callable
from typing import Any

from whittle_guest._columns import FORMATS, Window
from whittle_guest._fields import RESOLVED
from whittle_guest._host import native, results, types
from whittle_guest._udf import Bound, Udf, values_of


class Batches:
    """The bound function, for whole batches."""

    def __init__(self, udf: Udf, bound: Bound, fail: Callable[[int, BaseException], None]) -> None:
        self._udf = udf
        self._bound = bound
        kind = getattr(types.Kind, udf.returns.name).value
        native.bind(kind, udf.nullable, udf.returns.lower, fail, results.put)

    def evaluate(self, rows: int, columns: list[Any], scores: bytes | None) -> None:
        """Evaluate the function for each row, and give the results to the host."""
        for column in columns:
            RESOLVED[column.field].enter(column)
        native.enter(scores)
        Window.rows, Window.scores = range(rows), scores
        try:
            self._evaluate(rows)
        finally:
            Window.rows = None
            native.leave()
            for column in columns:
                RESOLVED[column.field].leave()

    def _evaluate(self, rows: int) -> None:
        if self._bound.batch is None:
            native.evaluate(rows, self._bound.compute, None)
            return
        try:
            values = values_of(self._bound.batch, rows)
        except BaseException:  # noqa: BLE001 - whatever it is, it need not be in each document
            native.evaluate(rows, self._each(rows), None)
            return
        form = FORMATS.get(self._udf.returns.name)
        if not isinstance(values, list) and memoryview(values).format == form:
            results.put(None, memoryview(values).tobytes(), None)
        else:
            native.evaluate(rows, None, list(values))

    def _each(self, rows: int) -> Callable[[], object]:
        """Compute the rows one after the other, each as a batch of its own."""
        row = iter(range(rows))

        def compute() -> object:
            start = next(row)
            Window.rows = range(start, start + 1)
            return self._bound.compute()

        return compute
