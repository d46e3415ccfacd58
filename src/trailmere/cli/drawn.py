"""Charts as lines of text: bars, and a small curve for a trend. Tables are for ``cli.common``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.dashboards.drawing import Drawing

BAR_WIDTH, LONGEST_LABEL, CURVE_WIDTH = 30, 60, 60  # characters
_LEVELS = "▁▂▃▄▅▆▇█"
_PARTS = " ▏▎▍▌▋▊▉"


def lines(drawn: Drawing, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a number, a bar or pie chart, or of a trend; none for what is a table."""
    from trailmere.dashboards.drawing import Kind

    if drawn.kind is Kind.NUMBER:
        return [f"{rows[0][0]} {columns[0]}"]
    if drawn.kind in (Kind.BAR, Kind.PIE):
        return _bars(drawn, rows)
    return _curves(drawn, columns, rows) if drawn.kind is Kind.LINE else []


def plain(line: str) -> str:
    """A line for a terminal that knows ASCII only."""
    return "".join("#" if one in _LEVELS + _PARTS[1:] else one for one in line).encode("ascii", "replace").decode()


def bar(value: float, most: float, width: int = BAR_WIDTH) -> str:
    """A bar as long as its share of ``most``, to an eighth of a character."""
    eighths = round(width * 8 * value / most) if most > 0 and value > 0 else 0
    return "█" * (eighths // 8) + _PARTS[eighths % 8].strip()


def curve(values: Sequence[float], width: int = CURVE_WIDTH) -> str:
    """Values as blocks of a height each; more than fit are taken together by their largest."""
    size = max(1, -(-len(values) // width))
    points = [max(values[at : at + size]) for at in range(0, len(values), size)]
    most = max(points, default=0)
    return "".join(
        _LEVELS[round((len(_LEVELS) - 1) * max(0.0, one) / most)] if most > 0 else _LEVELS[0] for one in points
    )


def _bars(drawn: Drawing, rows: Sequence[Sequence[str]]) -> list[str]:
    labels = [_label(drawn, row) for row in rows]
    values = [_number(row[drawn.value]) for row in rows]
    longest, most = max(map(len, labels)), max(values)
    width = max(len(row[drawn.value]) for row in rows)
    return [
        f"{label:<{longest}}  {row[drawn.value]:>{width}}  {bar(value, most)}".rstrip()
        for label, value, row in zip(labels, values, rows, strict=True)
    ]


def _curves(drawn: Drawing, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    times = sorted({row[drawn.label] for row in rows})
    series: dict[str, Mapping[str, float]] = {}
    for row in rows:
        name = columns[drawn.value] if drawn.series is None else row[drawn.series]
        series[name] = {**series.get(name, {}), row[drawn.label]: _number(row[drawn.value])}
    longest = min(LONGEST_LABEL, max(map(len, series)))
    told = [
        f"{times[0].removesuffix('.000')} to {times[-1].removesuffix('.000')}, {len(times)} points that have events"
    ]
    for name, found in series.items():
        values = [found.get(moment, 0.0) for moment in times]
        told.append(f"{_end(name):<{longest}}  {curve(values)}  most {max(values):g}")
    return told


def _label(drawn: Drawing, row: Sequence[str]) -> str:
    label = row[drawn.label] if drawn.series is None else f"{row[drawn.label]} ({row[drawn.series]})"
    return _end(label)


def _end(text: str) -> str:
    """What tells one ARN from another stands at its end."""
    return text if len(text) <= LONGEST_LABEL else f"…{text[1 - LONGEST_LABEL :]}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
