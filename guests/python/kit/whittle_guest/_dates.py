"""Dates in texts, as microseconds since 1970.

A year may lie outside of those that `datetime` has, so days are counted here.
"""

import re

_ZONE = r"(?P<zone>[Zz]|[+-]\d\d(:?\d\d)?)?"
OPTIONAL = re.compile(
    r"(?P<y>\d{4}|[+-]\d{4,6})(-(?P<m>\d\d)(-(?P<d>\d\d))?)?"
    r"(T(?P<h>\d\d)(:(?P<min>\d\d)(:(?P<s>\d\d)([.,](?P<f>\d{1,9}))?)?)?" + _ZONE + ")?",
    re.ASCII,
)
"""What makes a field of dates: OpenSearch's `strict_date_optional_time`."""
SLASHES = re.compile(
    r"(?P<y>\d{4}|[+-]\d{4,6})/(?P<m>\d\d)/(?P<d>\d\d)"
    r"( (?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d))?",
    re.ASCII,
)
ISO = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"([Tt ](\d\d:\d\d:\d\d(?:\.\d+)?|\d{6}(?![+-]))(?P<after>.*))?",
    re.ASCII | re.DOTALL,
)
"""What the contract has for a text that is read as a timestamp: ISO 8601.

A time without colons has no fraction, and a blank before its offset.
"""
_ISO_ZONE = re.compile(r"[Zz]|\s*[+-]\d\d(:?\d\d)?")
_MILLIS = re.compile(r"(-?\d+)(\.\d+)?", re.ASCII)

_DAY = 86_400
_MOST_MILLIS = 2**63 // 1000
_YEARS = range(-262_143, 262_143)
"""The years that the host has."""


def timestamp_from(text: str) -> int | None:
    """Read a text as a timestamp, as the contract has it."""
    match = ISO.fullmatch(text)
    if match is None:
        return None
    days = _days(int(match["y"]), int(match["m"]), int(match["d"]))
    time, zone = match[5], match["after"] or ""
    if days is None or (zone and not _ISO_ZONE.fullmatch(zone)):
        return None
    whole, _, fraction = (time or "000000").replace(":", "").partition(".")
    hour, minute, second = (int(whole[at : at + 2]) for at in (0, 2, 4))
    zone = zone.strip() or "Z"
    offset = _offset(zone)
    # A leap second is the first second of the next minute.
    if hour > 23 or minute > 59 or second > 60 or abs(offset) >= _DAY:  # noqa: PLR2004
        return None
    seconds = days * _DAY + hour * 3600 + minute * 60 + second - offset
    return seconds * 1_000_000 + int((fraction + "000000")[:6])


def micros(form: "re.Pattern[str]", text: str) -> int | None:
    """Read a date: microseconds since 1970, or none."""
    match = form.fullmatch(text)
    if match is None:
        return None
    found = match.groupdict()
    number = {key: int(found.get(key) or default) for key, default in _PARTS.items()}
    days = _days(number["y"], number["m"], number["d"])
    zone = found.get("zone") or "Z"
    offset = _offset(zone)
    is_time = number["h"] < 24 and number["min"] < 60 and number["s"] < 60  # noqa: PLR2004
    if days is None or not is_time or not _is_offset(zone):
        return None
    seconds = days * _DAY + number["h"] * 3600 + number["min"] * 60 + number["s"] - offset
    return seconds * 1_000_000 + int(((found.get("f") or "") + "000000")[:6])


def millis(digits: str) -> int | None:
    """Read milliseconds since 1970, whose fraction is left out: microseconds, or none."""
    match = _MILLIS.fullmatch(digits)
    whole = int(match[1]) if match else _MOST_MILLIS + 1
    return whole * 1000 if -_MOST_MILLIS <= whole <= _MOST_MILLIS else None


_PARTS = {"y": 0, "m": 1, "d": 1, "h": 0, "min": 0, "s": 0}


def _days(year: int, month: int, day: int) -> int | None:
    """Count the days since 1970, in the calendar of today for all years; none for no such day."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if year not in _YEARS or not 1 <= month <= len(lengths) or not 1 <= day <= lengths[month - 1]:
        return None
    before = year - 1
    leap_days = before // 4 - before // 100 + before // 400
    return before * 365 + leap_days + sum(lengths[: month - 1]) + day - 719_163


def _is_offset(zone: str) -> bool:
    digits = zone[1:].replace(":", "") + "00"
    return zone in "Zz" or (int(digits[:2]) <= 18 and int(digits[2:4]) < 60)  # noqa: PLR2004


def _offset(zone: str) -> int:
    """Read the offset of a zone, in seconds."""
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "") + "00"
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60
    return -seconds if zone[0] == "-" else seconds
