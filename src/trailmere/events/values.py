"""Values of columns from JSON text: timestamps to microseconds, map members to plain text.

Source for maps: CloudTrail user guide, "Supported SQL schemas for event data stores": scalars are plain text, objects
and arrays compact JSON text. Numbers keep their exact text.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from trailmere.events import scan

_DAY_MICROSECONDS = 86_400_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# A zone or a leap second may carry a time over the ends of the calendar, where no day can be given to it.
_FIRST_MICROSECOND = (date.min.toordinal() - _EPOCH_DAY) * _DAY_MICROSECONDS
_LAST_MICROSECOND = (date.max.toordinal() + 1 - _EPOCH_DAY) * _DAY_MICROSECONDS - 1
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?[ ]?(?:[Zz]|UTC|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII,
)
_USUAL_LENGTH = len("2026-01-31T23:59:59Z")
_QUOTE, _NULL, _OPEN = b'"'[0], b"n"[0], b"{["
_BACKSLASH = b"\\"


def microseconds(text: str) -> int | None:
    """Microseconds since 1970 (UTC) of an ISO 8601 date and time, None where it is none or not of years 1 to 9999.

    Without a zone it is UTC. Digits behind the sixth of a fraction are cut off; a leap second is the first second of
    the next minute, as in POSIX time.
    """
    if len(text) != _USUAL_LENGTH or text[10] != "T" or text[19] != "Z":
        return _microseconds(text)
    # As CloudTrail writes it. Days and seconds of a day come again; together they seldom do.
    day, second = _microseconds(text[:11] + "00:00Z"), _microseconds("1970-01-01" + text[10:])
    if day is None or second is None or day + second > _LAST_MICROSECOND:
        return None
    return day + second


@lru_cache(maxsize=131_072)
def _microseconds(text: str) -> int | None:
    parts = _TIMESTAMP.fullmatch(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = parts.groups()
    h, m, s = int(hour), int(minute), int(second or 0)
    if h > 23 or m > 59 or s > 60 or int(zone_hour or 0) > 23 or int(zone_minute or 0) > 59:
        return None
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    zone = (int(zone_hour or 0) * 60 + int(zone_minute or 0)) * (-1 if sign == "-" else 1)
    seconds = h * 3600 + (m - zone) * 60 + s
    found = days * _DAY_MICROSECONDS + seconds * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])
    return found if _FIRST_MICROSECOND <= found <= _LAST_MICROSECOND else None


def map_value(text: bytes) -> bytes | None:
    """The value of a map member from its exact JSON text: None for null, else plain text or compact JSON, in UTF-8."""
    first = text[0]
    if first == _QUOTE:
        return text[1:-1] if _BACKSLASH not in text else scan.tidy(scan.string(text)).encode()
    if first in _OPEN:
        return scan.compact(text)
    return None if first == _NULL else text


def map_values(texts: list[bytes]) -> list[bytes | None]:
    """``map_value`` of each; strings without escapes, which most are, without a call."""
    return [text[1:-1] if text[0] == _QUOTE and _BACKSLASH not in text else map_value(text) for text in texts]


def plain_text(text: bytes) -> str | None:
    """The value of a varchar column: a string's value, a number's or boolean's text; None for anything else."""
    value = None if text[0] in _OPEN else map_value(text)
    return None if value is None else value.decode()


def boolean(text: bytes) -> bool | None:
    """The value of a boolean column; a string that says true or false counts."""
    return {b"true": True, b"false": False}.get(text.strip(b'"').lower())


def double(text: bytes) -> float | None:
    """The value of a double column; a string that holds a number counts; infinity does not."""
    try:
        value = float(text.strip(b'"'))
    except ValueError:
        return None
    return value if abs(value) != float("inf") and value == value else None


def integer(text: bytes) -> int | None:
    """The value of an integer column (32 bits); a number with a fraction does not fit it."""
    value = double(text)
    if value is None or value != int(value) or not -(2**31) <= value < 2**31:
        return None
    return int(value)
