"""Clocks and random numbers: constants while a component is built, and errors when it runs.

Libraries ask for them when they are imported, which is when a component is built. What they get is
stored in the component, so it is the same in each build: clocks start at 1970-01-01T00:00:00 UTC
and advance by a millisecond with each reading, and random numbers are one fixed sequence.

When the component runs, asking for them raises an exception. Without it, Python would ask the
system, which is not there, and the query would end with a trap.
"""

import _random
import datetime
import gc
import os
import sys
import time
from collections.abc import Callable
from typing import Any

_SECONDS = (
    "clock_gettime",
    "monotonic",
    "perf_counter",
    "process_time",
    "thread_time",
    "time",
)

_OF_CURRENT_TIME = {"gmtime": 0, "localtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}
"""Functions of `time` that read the clock if the argument in this position is missing."""


class _Loading:
    """What clocks and random numbers give, until loading ends."""

    def __init__(self) -> None:
        self._is_over = False
        self._milliseconds = 0
        self._sequence = _random.Random(0)

    def end(self) -> None:
        self._is_over = True

    def read_clock(self, name: str) -> int:
        if self._is_over:
            raise OSError(f"{name}: there is no clock in a component")
        self._milliseconds += 1
        return self._milliseconds

    def random_bytes(self, name: str, count: int) -> bytes:
        if self._is_over:
            raise OSError(f"{name}: there is no randomness in a component")
        return self._sequence.getrandbits(8 * count).to_bytes(count, "little")


_loading = _Loading()

end = _loading.end
"""End the loading: from here on, clocks and random numbers raise an exception."""


def begin() -> None:
    """Replace clocks and random numbers, before the modules of the project are imported."""
    for name in _SECONDS:
        _replace(time, name, _seconds)
        _replace(time, f"{name}_ns", _nanoseconds)
    _replace(time, "sleep", _sleep)
    for name, position in _OF_CURRENT_TIME.items():
        setattr(time, name, _with_current_time(name, position))
    _replace_methods()
    os.urandom = lambda size: _loading.random_bytes("urandom", size)
    _seed()


def _replace(module: Any, name: str, replacement: Callable[[str], object]) -> None:  # noqa: ANN401
    if hasattr(module, name):
        setattr(module, name, replacement(name))


def _seconds(name: str) -> Callable[..., float]:
    return lambda *_: _loading.read_clock(name) / 1000


def _nanoseconds(name: str) -> Callable[..., int]:
    return lambda *_: _loading.read_clock(name) * 1_000_000


def _sleep(name: str) -> Callable[..., None]:
    def sleep(_seconds: float, /) -> None:
        _loading.read_clock(name)

    return sleep


def _with_current_time(name: str, position: int) -> Callable[..., Any]:
    call: Callable[..., Any] = getattr(time, name)

    def replaced(*given: Any) -> Any:  # noqa: ANN401
        if len(given) <= position or given[position] is None:
            current: Any = _loading.read_clock(name) / 1000
            if name in ("asctime", "strftime"):
                current = time.gmtime(current)
            given = (*given[:position], current)
        return call(*given)

    return replaced


def _replace_methods() -> None:
    """Replace the methods of `datetime.datetime` that read the clock without the module `time`.

    The type is immutable, but the dictionary of its methods is not. A subclass in its place would
    be another type than that of the values that Python itself makes.
    """

    def now(cls: Any, tz: datetime.tzinfo | None = None) -> Any:  # noqa: ANN401
        return cls.fromtimestamp(_loading.read_clock("datetime.now") / 1000, tz)

    def utcnow(cls: Any) -> Any:  # noqa: ANN401
        seconds = _loading.read_clock("datetime.utcnow") / 1000
        return cls.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)

    (methods,) = gc.get_referents(datetime.datetime.__dict__)
    methods["now"] = classmethod(now)
    methods["utcnow"] = classmethod(utcnow)
    # Python remembers methods that it has found before.
    sys._clear_type_cache()  # noqa: SLF001


def _seed() -> None:
    """Seed `random`, and make generators without a seed take the sequence."""
    # Its import asks for random numbers, so it must not come before `os.urandom` is replaced.
    import random  # noqa: PLC0415

    seed_with = random.Random.seed

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:  # noqa: ANN401
        if a is None:
            a = _loading.random_bytes("random.seed", 32)
        seed_with(self, a, version)

    random.Random.seed = seed  # type: ignore[method-assign]
    # The module's functions are methods of one generator.
    random.seed = random._inst.seed  # noqa: SLF001
    random.seed()
