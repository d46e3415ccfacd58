"""Times in a question: "in the past month", "since 2024-05-01", "on May 1, 2024", "yesterday". All are UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "six": 6, "seven": 7, "twelve": 12}
_DAYS_OF = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment, included, to another one, not included; None: from the beginning."""

    since: datetime | None
    until: datetime


def find(question: str, now: datetime) -> tuple[Span, str]:
    """The span of a question, and the question without the words for it. Without any: all until now."""
    lowered = question.lower()
    for pattern, read in _FORMS:
        if (match := pattern.search(lowered)) is not None:
            try:
                span = read(match, now)
            except ValueError:  # the 31st of February
                continue
            return span, question[: match.start()] + " " + question[match.end() :]
    return Span(None, now), question


def _ago(match: re.Match[str], now: datetime) -> Span:
    number = match["number"] or "1"
    count = _NUMBERS.get(number) or int(number)
    unit = match["unit"]
    length = timedelta(minutes=count) if unit == "minute" else timedelta(hours=count)
    if unit in _DAYS_OF:
        length = timedelta(days=min(count * _DAYS_OF[unit], 36_500))
    return Span(now - min(length, timedelta(days=36_500)), now)


def _since(match: re.Match[str], now: datetime) -> Span:
    return Span(_day(match["day"]), now)


def _between(match: re.Match[str], _now: datetime) -> Span:
    first, last = sorted((_day(match["day"]), _day(match["last"])))
    return Span(first, last + timedelta(days=1))


def _on(match: re.Match[str], _now: datetime) -> Span:
    return Span(_day(match["day"]), _day(match["day"]) + timedelta(days=1))


def _before(match: re.Match[str], _now: datetime) -> Span:
    return Span(None, _day(match["day"]))


def _in_month(match: re.Match[str], _now: datetime) -> Span:
    first = datetime(int(match["year"]), _MONTHS[match["month"]], 1, tzinfo=UTC)
    return Span(first, (first + timedelta(days=32)).replace(day=1))


def _yesterday(_match: re.Match[str], now: datetime) -> Span:
    today = _midnight(now)
    return Span(today - timedelta(days=1), today)


def _this(match: re.Match[str], now: datetime) -> Span:
    today = _midnight(now)
    begins = {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }
    return Span(begins.get(match["unit"] or "day", today), now)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(text: str) -> datetime:
    if text[0].isdigit():
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    month, day, year = re.findall(r"[a-z]+|\d+", re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", text))
    return datetime(int(year), _MONTHS[month], int(day), tzinfo=UTC)


_WITHIN = r"(?:(?:in|during|over|within|for|from) )?(?:the )?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Span]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"\b(?:between|from) (?P<day>{_DAY}) (?:and|to|until|till) (?P<last>{_DAY})", _between),
        (rf"\b(?:since|after|from) (?P<day>{_DAY})", _since),
        (rf"\b(?:before|until|till) (?P<day>{_DAY})", _before),
        (rf"\b(?:on |at |for )?(?P<day>{_DAY})", _on),
        (rf"\b(?:in |during |of )?(?P<month>{_MONTH}),? (?P<year>\d{{4}})\b", _in_month),
        (
            rf"\b{_WITHIN}(?:past|last|previous|recent) (?:(?P<number>\d{{1,5}}|{'|'.join(_NUMBERS)}) )?"
            r"(?P<unit>minute|hour|day|week|month|quarter|year)s?\b",
            _ago,
        ),
        (r"\byesterday\b", _yesterday),
        (r"\b(?:today|(?:in |during )?this (?P<unit>week|month|year))\b", _this),
    )
)
