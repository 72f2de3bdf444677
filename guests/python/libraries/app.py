"""Uses each library that docs/LIBRARIES.md lists for Python: vectors.json tests the list."""

import asyncio
import collections
import csv
import difflib
import hashlib
import io
import json
import os
import random
import re
import secrets
import socket
import statistics
import threading
import time
import unicodedata
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import sortedcontainers
from dateutil import parser, relativedelta
from whittle_guest import Field, InvalidArgumentError, parameter, udf

LOADING = (
    f"{time.time()} {datetime.now(UTC)} {random.random()} {secrets.token_hex(4)} {uuid.uuid4()}"  # noqa: S311
)
"""What libraries see that look at the clock and ask for random numbers while they load."""

PARIS = ZoneInfo("Europe/Paris")
"""Time zones are files, so they are read while the component is built."""


@attrs.frozen
class Word:
    """A word and how often it is there."""

    text: str
    count: int = attrs.field(validator=attrs.validators.ge(1))


def _attrs(text: str) -> str:
    words = collections.Counter(text.split()).most_common(1)
    return repr(Word(*words[0]))


def _sorted(text: str) -> str:
    return " ".join(sortedcontainers.SortedSet(text.split()))


def _csv(text: str) -> str:
    return "|".join(next(csv.reader(io.StringIO(text))))


def _thread(text: str) -> str:
    thread = threading.Thread(target=print, args=(text,))
    thread.start()
    return text


def _closest(text: str) -> str | None:
    return next(iter(difflib.get_close_matches(text, ["hello", "world"])), None)


USES: dict[str, Callable[[str], str | None]] = {
    "attrs": _attrs,
    "collections": lambda text: str(collections.Counter(text).most_common(1)),
    "csv": _csv,
    "datetime": lambda text: f"{datetime.fromisoformat(text).astimezone(UTC):%A, %d %B %Y}",
    "decimal": lambda text: str(Decimal(text) + Decimal("0.2")),
    "difflib": _closest,
    "fractions": lambda text: str(Fraction(text)),
    "hashlib": lambda text: hashlib.sha256(text.encode()).hexdigest()[:8],
    "json": lambda text: str(json.loads(text)["a"]),
    "python-dateutil": lambda text: str(
        parser.parse(text, default=datetime(1970, 1, 1, tzinfo=UTC))
        + relativedelta.relativedelta(months=1)
    ),
    "random": lambda text: str(random.Random(text).randrange(1000)),  # noqa: S311
    "re": lambda text: " ".join(re.findall(r"\b\d{4}\b", text)),
    "sortedcontainers": _sorted,
    "statistics": lambda text: str(statistics.median(map(float, text.split()))),
    "unicodedata": lambda text: unicodedata.normalize("NFC", text),
    "uuid": lambda text: str(uuid.uuid5(uuid.NAMESPACE_DNS, text)),
    "zoneinfo": lambda text: str(datetime.fromisoformat(text).astimezone(PARIS)),
    # What a component does not have.
    "loading": lambda _: LOADING,
    "asyncio": lambda text: asyncio.run(asyncio.sleep(0, text)),
    "date.today": lambda _: str(date.today()),  # noqa: DTZ011
    "datetime.now": lambda _: str(datetime.now(UTC)),
    "os.environ": lambda text: os.environ[text],
    "pathlib": lambda text: Path(text).read_text(),
    "random.seed": lambda _: str(random.seed()),
    "secrets": lambda _: secrets.token_hex(4),
    "socket": lambda text: str(socket.create_connection((text, 80))),
    "threading": _thread,
    "time": lambda _: str(time.time()),
    "uuid.uuid4": lambda _: str(uuid.uuid4()),
    "ZoneInfo": lambda text: str(ZoneInfo(text)),
}


@udf
class Library:
    """What a library makes of the document's text."""

    name: str = parameter("The name of the library.")
    field: Field[str] = parameter("The field with the text.", default="text")

    def prepare(self) -> None:
        """Look the library up."""
        if self.name not in USES:
            raise InvalidArgumentError(f"parameter `name`: unknown library `{self.name}`")
        self.use = USES[self.name]

    def value(self) -> str | None:
        """Use it."""
        return self.use(self.field.get(""))
