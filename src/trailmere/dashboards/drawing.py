"""How a widget's answer is drawn: which of its columns are labels, values and series. Drawing itself is for the doors.

Source: CloudTrail user guide, "View properties for widgets in CloudTrail Lake dashboards".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trailmere.dashboards.records import View

WIDEST, TALLEST = 4, 6  # of the grid that widgets stand in
USUAL = {"Width": 2, "Height": 3}
# what a view draws: properties that name a column, the needed ones first
COLUMNS: Mapping[str, tuple[str, ...]] = {
    View.TABLE: (),
    View.PIE: ("LabelColumn", "ValueColumn"),
    View.LINE: ("XAxisColumn", "YAxisColumn", "FilterColumn"),
    View.BAR: ("XAxisColumn", "YAxisColumn", "FilterColumn"),
}
NAMES = {View.TABLE: "Table", View.LINE: "Line", View.BAR: "Bar", View.PIE: "Pie"}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?", re.ASCII)


class Kind(StrEnum):
    """What is drawn: a view, or a table of one cell, which is a number."""

    TABLE = "table"
    NUMBER = "number"
    LINE = "line"
    BAR = "bar"
    PIE = "pie"


_KINDS = {View.LINE: Kind.LINE, View.BAR: Kind.BAR, View.PIE: Kind.PIE}


@dataclass(frozen=True, slots=True)
class Drawing:
    """``label``, ``value`` and ``series`` are positions of columns. ``missing``: columns that the view names and the
    answer does not have; then it is a table, whatever the view."""

    kind: Kind
    label: int = 0
    value: int = 0
    series: int | None = None
    missing: tuple[str, ...] = ()


def drawing(properties: Mapping[str, str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Drawing:
    """How an answer is drawn, by a widget's ViewProperties."""
    kind = _KINDS.get(View(properties.get("View", View.TABLE)) if is_view(properties.get("View")) else View.TABLE)
    if kind is None:
        single = len(rows) == 1 and len(columns) == 1
        return Drawing(Kind.NUMBER if single else Kind.TABLE)
    missing = missing_columns(properties, columns)
    if missing or not rows:
        return Drawing(Kind.TABLE, missing=missing)
    named = COLUMNS[properties["View"]]
    label = _position(properties.get(named[0]), columns)
    value = _position(properties.get(named[1]), columns)
    series = _position(properties.get("FilterColumn"), columns) if len(named) > 2 else None
    numbers = [at for at in range(len(columns)) if at != label and all(is_number(row[at]) for row in rows[:50])]
    drawn = value if value is not None else next(iter(numbers), len(columns) - 1)
    return Drawing(kind, label or 0, drawn, series)


def missing_columns(properties: Mapping[str, str], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that a view names and that are none of these."""
    named = (properties.get(name) for name in COLUMNS.get(properties.get("View", ""), ()))
    return tuple(name for name in named if name and _position(name, columns) is None)


def is_view(text: str | None) -> bool:
    """Whether AWS has such a view."""
    return text in tuple(View)


def size(properties: Mapping[str, str], side: str) -> int:
    """``Width`` or ``Height`` of a widget in the grid; of what is none, the usual one."""
    text = properties.get(side, "")
    most = WIDEST if side == "Width" else TALLEST
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < 4 else USUAL[side]


def is_number(text: str) -> bool:
    """Whether a cell is one, or empty."""
    return not text or _NUMBER.fullmatch(text) is not None


def _position(name: str | None, columns: Sequence[str]) -> int | None:
    if not name:
        return None
    folded = [one.casefold() for one in columns]
    return folded.index(name.casefold()) if name.casefold() in folded else None
