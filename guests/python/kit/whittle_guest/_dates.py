"""Dates in texts, as microseconds since 1970."""

import re
from datetime import datetime, timedelta, timezone

from whittle_guest._values import Timestamp

_ZONE = r"(?P<zone>[Zz]|[+-]\d\d(:?\d\d)?)?"
OPTIONAL = re.compile(
    r"(?P<y>\d{4})(-(?P<m>\d\d)(-(?P<d>\d\d))?)?"
    r"(T(?P<h>\d\d)(:(?P<min>\d\d)(:(?P<s>\d\d)([.,](?P<f>\d{1,9}))?)?)?" + _ZONE + ")?",
    re.ASCII,
)
"""What makes a field of dates: OpenSearch's `strict_date_optional_time`."""
SLASHES = re.compile(
    r"(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)( (?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d))?", re.ASCII
)
ISO = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"([Tt ](?P<h>\d\d)(?P<c>:?)(?P<min>\d\d)(?P=c)(?P<s>\d\d)(\.(?P<f>\d+))?\s*" + _ZONE + ")?",
    re.ASCII,
)
"""What the contract has for a text that is read as a timestamp: ISO 8601."""


def timestamp_from(text: str) -> int | None:
    """Read a text as a timestamp, as the contract has it."""
    return micros(ISO, text)


def micros(form: "re.Pattern[str]", text: str) -> int | None:
    """Read a date: microseconds since 1970, or none."""
    match = form.fullmatch(text)
    if match is None:
        return None
    found = match.groupdict()
    number = {key: int(found.get(key) or default) for key, default in _PARTS.items()}
    fraction = ((found.get("f") or "") + "000000")[:6]
    try:
        offset = _offset(found.get("zone") or "Z")
        instant = datetime(*number.values(), int(fraction), tzinfo=timezone(offset))  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return int(Timestamp.of(instant))


_PARTS = {"y": 0, "m": 1, "d": 1, "h": 0, "min": 0, "s": 0}


def _offset(zone: str) -> timedelta:
    if zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "") + "00"
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return -offset if zone[0] == "-" else offset
