"""The Python of a component, in a test: what it does not have is replaced, and put back.

And only then: the test's own tools need files and a clock.
"""

import builtins
import contextlib
import gc
import io
import linecache
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from whittle_guest import _loading, _standard

_MODULES = (builtins, io, linecache, os, random, sys, time)


def _taken() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Take what a component has others of: dictionaries, and what is in them."""
    methods = [gc.get_referents(of.__dict__)[0] for of in (datetime, random.Random)]
    places = [vars(module) for module in _MODULES] + methods
    return [(place, dict(place)) for place in places]


def _put(taken: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for place, names in taken:
        place.update(names)
    sys._clear_type_cache()  # noqa: SLF001 - the methods of classes have changed


def _component_clocks() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Take the clocks and random numbers of a component."""
    before, state = _taken(), random.getstate()
    _loading.begin()
    changed = [
        (place, {name: place[name] for name, value in names.items() if place[name] is not value})
        for place, names in before
    ]
    _put(before)
    random.setstate(state)
    return changed


_CLOCKS = _component_clocks()


@contextlib.contextmanager
def as_in_a_component() -> Iterator[None]:
    """Run what follows without what a component does not have, and put it back then."""
    before, finders = _taken(), sys.meta_path[:]
    _put(_CLOCKS)
    _standard.replace()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        _put(before)
        sys.meta_path[:] = finders
