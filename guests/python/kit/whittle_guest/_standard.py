"""What Python's own library does in a component.

There are no files, no clock and no modules beyond those that were imported while the component was
built; to ask the system for one ends the query with a trap, which tells nobody why. So the usual
ways to them raise an exception instead, and what is printed goes to the log.
"""

import builtins
import importlib.abc
import importlib.machinery
import io
import linecache
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn

from whittle_guest import _loading, log

_FILES = (
    "getcwd",
    "listdir",
    "lstat",
    "mkdir",
    "open",
    "readlink",
    "remove",
    "rename",
    "replace",
    "rmdir",
    "scandir",
    "stat",
    "unlink",
)
_NO_INPUT = "there is no standard input in a component: declare a parameter instead"


def replace() -> None:
    """Replace it, once the component runs: its build needs files and still imports."""
    sys.stdin = _NoInput()
    sys.stdout = _Lines(log.info)
    sys.stderr = _Lines(log.warn)
    _close(builtins, "input", _NO_INPUT)
    _close(builtins, "open", "there are no files in a component")
    _close(io, "open", "there are no files in a component")
    for call in _FILES:
        _close(os, call, "there are no files in a component")
    for call in ("_exit", "abort"):
        _close(os, call, "a UDF cannot exit: raise an exception instead")
    _loading.end()
    # The module `traceback` shows lines of the sources where it finds them.
    linecache.checkcache = lambda *_: None
    linecache.updatecache = lambda *_: []
    sys.meta_path[:] = [
        importlib.machinery.BuiltinImporter,
        importlib.machinery.FrozenImporter,
        _Unfinder(),
    ]


def _close(module: ModuleType, name: str, reason: str) -> None:
    def closed(*_: object, **__: object) -> NoReturn:
        raise OSError(f"{name}: {reason}")

    if hasattr(module, name):
        setattr(module, name, closed)


class _Unfinder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> NoReturn:
        raise ModuleNotFoundError(
            f"{fullname}: a component has the modules that are imported at the top of one",
            name=fullname,
        )


class _NoInput(io.TextIOBase):
    """The standard input: a text file that cannot be read."""

    def readable(self) -> bool:
        return True

    def read(self, _size: int | None = None) -> NoReturn:
        raise OSError(f"stdin: {_NO_INPUT}")

    def readline(self, _size: int | None = -1) -> NoReturn:
        raise OSError(f"stdin: {_NO_INPUT}")


class _Lines(io.TextIOBase):
    """A text file whose lines are logged."""

    def __init__(self, log_line: Callable[[str], None]) -> None:
        super().__init__()
        self._log_line = log_line
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._log_line(line)
        return len(text)

    def flush(self) -> None:
        if self._begun:
            self._log_line(self._begun)
            self._begun = ""
