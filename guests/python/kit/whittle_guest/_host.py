"""The world's imports.

Outside of a component there are none. Modules that use the kit can be imported there all the same,
so that what they compute can be tested; who calls the host there is told so.
"""

from typing import NoReturn

__all__ = ["document", "logging", "types"]


class _Absent:
    def __getattr__(self, name: str) -> object:
        def absent(*_: object) -> NoReturn:
            raise RuntimeError(f"`{name}` is there in a component only")

        return absent


try:
    from wit_world.imports import document, logging, types
except ModuleNotFoundError:
    document = logging = types = _Absent()
