"""The world's imports, and the module in C beside them.

Outside of a component neither exists. Modules that use the kit can be imported there all the same,
so that what they compute can be tested; a call of the host there raises an exception that says so.
"""

from typing import TYPE_CHECKING, NoReturn

__all__ = ["columns", "document", "logging", "native", "types"]


class _Column:
    """In place of the base of the class of fields."""

    __slots__ = ()


class _Absent:
    Column = _Column

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> "_Absent":
        return _Absent(f"{self._name}.{name}")

    def __call__(self, *_: object) -> NoReturn:
        raise RuntimeError(f"`{self._name}` is available only inside a component")


if TYPE_CHECKING:
    from wit_world.imports import columns, document, logging, types

    from whittle_guest import _batch as native
else:
    try:
        from wit_world.imports import columns, document, logging, types

        from whittle_guest import _batch as native
    except ImportError:
        native, columns, document = _Absent("native"), _Absent("columns"), _Absent("document")
        logging, types = _Absent("logging"), _Absent("types")
