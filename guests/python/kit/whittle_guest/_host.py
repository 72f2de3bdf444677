"""The world's imports.

Outside of a component there are none. Modules that use the kit can be imported there all the same,
so that what they compute can be tested; who calls the host there is told so.
"""

from typing import NoReturn

__all__ = ["document", "logging", "types"]


class _Absent:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> "_Absent":
        return _Absent(f"{self._name}.{name}")

    def __call__(self, *_: object) -> NoReturn:
        raise RuntimeError(f"`{self._name}` is available only inside a component")


try:
    from wit_world.imports import document, logging, types
except ModuleNotFoundError:
    document, logging, types = _Absent("document"), _Absent("logging"), _Absent("types")
