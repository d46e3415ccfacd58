"""What binding an expression gives: engine SQL, a Trino type, and what is known about it.

Engine SQL is put together here from generated names, checked numbers and quoted literals; no other text of the user's
gets into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, TIMESTAMP, VARCHAR, Type
from trailmere.query.dialect.types import DATE, DECIMAL, INTERVAL, UNKNOWN
from trailmere.query.quoting import literal

if TYPE_CHECKING:
    from trailmere.lake.records import Condition


class _Missing:
    """Says that a value is not known before the query runs (None is a value: NULL)."""

    def __repr__(self) -> str:
        return "NOT_CONSTANT"


NOT_CONSTANT: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval constant: months and an exact duration, either of which may be negative."""

    months: int = 0
    duration: timedelta = timedelta()

    def __neg__(self) -> Interval:
        return Interval(-self.months, -self.duration)


@dataclass(frozen=True, slots=True)
class Origin:
    """The stored column that a value is, unchanged: of which mention of a store (``relation``), and which.

    ``nullable``: an outer join may have made it NULL. ``unit``: the value is that timestamp column cut to this unit
    (``day``: the day that ``date`` gives too); "" where it is the column itself.
    """

    relation: str
    column: str
    nullable: bool = False
    unit: str = ""

    def cut(self, unit: str) -> Origin | None:
        """The same column cut to a unit; what was cut before is not told apart from what it came from."""
        return None if self.unit else replace(self, unit=unit)


@dataclass(frozen=True, slots=True)
class Implied:
    """A condition on a mention of a store that holds of every row for which the value is true."""

    relation: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Value:
    """A bound expression. ``name`` is the output name that CloudTrail Lake gives it, None for ``_colN``.

    ``row``: of a row value, where it lies; its ``column`` is what the stored columns of its fields begin with.
    """

    sql: str
    type: Type = UNKNOWN
    constant: object = NOT_CONSTANT
    origin: Origin | None = None
    row: Origin | None = None
    implied: tuple[Implied, ...] = ()
    name: str | None = None

    @property
    def is_constant(self) -> bool:
        """Is the value known now?"""
        return self.constant is not NOT_CONSTANT

    def detached(self) -> Value:
        """The same value without where it comes from: a condition on it is none on a stored column."""
        return replace(self, origin=None, row=None)

    def named(self, name: str) -> Value:
        """The same value under another output name."""
        return replace(self, name=name)


MOST_DIGITS = 38  # of a decimal


def text(value: str) -> Value:
    """A varchar constant."""
    return Value(literal(value), VARCHAR, value)


def boolean(value: bool) -> Value:
    """TRUE or FALSE."""
    return Value("TRUE" if value else "FALSE", BOOLEAN, value)


def null() -> Value:
    """NULL, of no type yet."""
    return Value("NULL", UNKNOWN, None)


def number(written: str) -> Value:
    """A number as the user wrote it. Raises ValueError where it is none.

    Trino: 1 is an integer (bigint beyond 32 bits), 1.5 a decimal, 1e0 a double.
    """
    if re.fullmatch(r"[0-9]{1,19}", written) and int(written) < 2**63:
        value = int(written)
        return Value(str(value), INTEGER if value < 2**31 else BIGINT, value)
    if re.fullmatch(r"[0-9]*\.?[0-9]*", written) and 0 < len(written.replace(".", "")) <= MOST_DIGITS:
        return Value(written if written[0] != "." else "0" + written, DECIMAL)
    if re.fullmatch(r"[0-9]*\.?[0-9]*[eE][+-]?[0-9]{1,3}", written):
        return Value(f"CAST({written} AS DOUBLE)", DOUBLE)
    raise ValueError(written)


def integer(value: int) -> Value:
    """An integer constant, which may be negative."""
    kind = INTEGER if -(2**31) <= value < 2**31 else BIGINT
    return Value(str(value) if value >= 0 else f"({value})", kind, value)


def timestamp(value: datetime) -> Value:
    """A timestamp constant, naive UTC: of the columns' own type, so that statistics can be used."""
    return Value(f"TIMESTAMP '{value.isoformat(sep=' ')}'", TIMESTAMP, value)


def day(value: date) -> Value:
    """A date constant."""
    return Value(f"DATE '{value.isoformat()}'", DATE, value)


def interval(value: Interval) -> Value:
    """An interval constant."""
    microseconds = value.duration // timedelta(microseconds=1)
    parts = []
    if value.months:
        parts.append(f"to_months({value.months})")
    if microseconds or not parts:
        parts.append(f"to_microseconds({microseconds})")
    return Value("(" + " + ".join(parts) + ")", INTERVAL, value)
