"""Values of columns from JSON text: timestamps to microseconds, map members to plain text.

Source for maps: CloudTrail user guide, "Supported SQL schemas for event data stores": scalars are plain text, objects
and arrays compact JSON text. Numbers keep their exact text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

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
_MARK_PLACES, _MARKS = [4, 7, 10, 13, 16, 19], np.frombuffer(b"--T::Z", np.uint8)[:, None]
_DIGIT_PLACES = [at for at in range(_USUAL_LENGTH) if at not in _MARK_PLACES]
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


def microseconds_of(texts: Sequence[str | None]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """``microseconds`` of each, and which of the texts are times (of the others the number means nothing)."""
    found = _usual_times(texts)
    if found is not None:
        return found, np.ones(len(texts), np.bool_)
    moments = [None if text is None else microseconds(text) for text in texts]
    times = np.array([moment or 0 for moment in moments], np.int64)
    return times, np.array([moment is not None for moment in moments], np.bool_)


def _usual_times(texts: Sequence[str | None]) -> npt.NDArray[np.int64] | None:
    """The times if all are as CloudTrail writes them and none is special (a leap second); else None."""
    if not texts or set(map(len, filter(None, texts))) != {_USUAL_LENGTH} or not all(texts):
        return None
    content = "".join(texts).encode("utf-8", "replace")  # type: ignore[arg-type]
    if len(content) != len(texts) * _USUAL_LENGTH:
        return None
    columns = np.frombuffer(content, np.uint8).reshape(-1, _USUAL_LENGTH).T
    digits = columns - np.uint8(b"0"[0])  # what lies below wraps round to more than nine
    if not (digits[_DIGIT_PLACES] <= 9).all() or not (columns[_MARK_PLACES] == _MARKS).all():
        return None
    number = digits.astype(np.int64)
    year = number[0] * 1000 + number[1] * 100 + number[2] * 10 + number[3]
    month, day, hour, minute, second = (number[at] * 10 + number[at + 1] for at in (5, 8, 11, 14, 17))
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    days_of_month = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    sound = (year > 0) & (month > 0) & (month <= 12) & (day > 0) & (day <= days_of_month)
    if not (sound & (hour < 24) & (minute < 60) & (second < 60)).all():
        return None
    moments: npt.NDArray[np.int64] = (first + day - 1) * _DAY_MICROSECONDS + (
        (hour * 60 + minute) * 60 + second
    ) * 1_000_000
    return moments


def map_value(text: bytes) -> bytes | None:
    """The value of a map member from its exact JSON text: None for null, else plain text or compact JSON, in UTF-8."""
    first = text[0]
    if first == _QUOTE:
        return text[1:-1] if _BACKSLASH not in text else scan.tidy(scan.string(text)).encode()
    if first in _OPEN:
        return scan.compact(text)
    return None if first == _NULL else text


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
