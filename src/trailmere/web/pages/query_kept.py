"""An answer that was kept, as pages need it: some of its rows, typed; sorted; what its columns hold; as a result set.

Pure but for reading the answer's file. Who may see it was asked before (``query_answer``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trailmere.query.records import OutputColumn, QueryStatistics, ResultSet
from trailmere.query.values import distinct_names, plain_values, text

if TYPE_CHECKING:
    import pyarrow as pa

    from trailmere.app import App
    from trailmere.query.values import Plain
    from trailmere.registry.query_records import Query

NumberedRow = tuple[int, "tuple[Plain, ...]"]  # its number in the answer, from 0
_TIME = r"\d{4}-\d\d-\d\d "
DAY, MINUTE, SECOND = (
    re.compile(_TIME + end) for end in (r"00:00:00\.000", r"\d\d:\d\d:00\.000", r"\d\d:\d\d:\d\d\.000")
)
MOST_SORTED = 200_000  # rows that are sorted and profiled; of more the first so many
TOP = 5


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """A column of an answer: its name, numbered where it repeats; ``kind`` is number, time, text or other."""

    name: str
    kind: str
    type: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows have in a column. ``top``: values with how often, the most frequent first."""

    column: KeptColumn
    rows: int
    nulls: int
    distinct: int
    least: str | None
    most: str | None
    top: tuple[tuple[str, int], ...]


class Kept:
    """The answer of a query that has one."""

    def __init__(self, app: App, query: Query) -> None:
        assert query.answer is not None
        self._answers = app.answers
        self._query = query
        self._answer = query.answer
        self.rows = query.answer.rows
        self.schema = self._answers.schema(query.id, query.answer)
        names = distinct_names(self.schema.names)
        self.columns = [
            KeptColumn(name, kind_of(one.type), str(one.type)) for name, one in zip(names, self.schema, strict=True)
        ]

    def page(self, first: int, size: int) -> list[NumberedRow]:
        """So many rows from a number on."""
        return list(enumerate(plain_rows(self._slice(first, size)), first))

    def sorted_page(self, place: int, first: int, size: int, *, falling: bool) -> list[NumberedRow]:
        """The same of the answer in the order of a column; NULL comes last."""
        import pyarrow.compute as compute

        table = self._slice(0, MOST_SORTED)
        keys = _sortable(table.column(place))
        order = compute.array_sort_indices(keys, order="descending" if falling else "ascending")
        wanted = order.slice(first, size)
        return list(zip(wanted.to_pylist(), plain_rows(table.take(wanted)), strict=True))

    def profiles(self) -> list[Profile]:
        """Of every column, over the first rows."""
        table = self._slice(0, MOST_SORTED)
        return [_profile(column, table.column(place)) for place, column in enumerate(self.columns)]

    def result(self) -> ResultSet:
        """All rows, to be written in a format."""
        columns = tuple(OutputColumn(name) for name in self.schema.names)
        cost = self._query.cost
        took = QueryStatistics(0, cost.bytes_scanned, cost.events_scanned, 0, 0, cost.milliseconds / 1000)
        return ResultSet(columns, self.schema, self._batches(0), took)

    def _batches(self, first: int) -> Iterator[pa.RecordBatch]:
        return self._answers.batches(self._query.id, self._answer, first)

    def _slice(self, first: int, size: int) -> pa.Table:
        import pyarrow as pa

        found: list[pa.RecordBatch] = []
        wanted = size
        for batch in self._batches(first):
            if wanted <= 0:
                break
            found.append(batch.slice(0, wanted))
            wanted -= found[-1].num_rows
        return pa.Table.from_batches(found, self.schema)


def kind_of(type: pa.DataType) -> str:
    """What a chart makes of a column."""
    from pyarrow import types

    if types.is_integer(type) or types.is_floating(type) or types.is_decimal(type):
        return "number"
    if types.is_timestamp(type) or types.is_date(type):
        return "time"
    if types.is_string(type) or types.is_large_string(type) or types.is_boolean(type):
        return "text"
    return "other"


def plain_rows(table: pa.Table) -> list[tuple[Plain, ...]]:
    """The rows of a table as plain values."""
    columns = [[value for chunk in column.chunks for value in plain_values(chunk)] for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def chart_choice(columns: Sequence[KeptColumn], kind: str, x: str, y: str, by: str) -> dict[str, str]:
    """Which columns are drawn, and how: what was chosen where that can be, else the first time or text against the
    first number. Without a number there is nothing to draw: ``y`` is empty then."""
    names = {one.name: one for one in columns}
    labels = [one for one in columns if one.kind in ("time", "text")] or list(columns)
    numbers = [one for one in columns if one.kind == "number" and one.name != x]
    times = [one for one in labels if one.kind == "time"]
    label = names.get(x) or next(iter(times or labels), None)
    value = names[y] if y in names and names[y].kind == "number" else next(iter(numbers), None)
    spare = [one for one in labels if label is not None and one.name != label.name]
    first_look = not x and not y and not kind
    series = (
        by
        if by in names
        else spare[0].name
        if first_look and len(spare) == 1 and label and label.kind == "time"
        else ""
    )
    usual = "line" if label is not None and label.kind == "time" else "bar"
    return {
        "kind": kind if kind in ("line", "bar", "pie") else usual,
        "x": label.name if label else "",
        "y": value.name if value else "",
        "by": series,
    }


def chart_rows(
    columns: Sequence[KeptColumn], rows: Sequence[Sequence[Any]], choice: dict[str, str]
) -> tuple[list[str], list[list[Any]]]:
    """The columns and rows of the table that the chart draws: label, series where there is one, number.

    Lines go from left to right: they are in the order of their label.
    """
    places = {one.name: place for place, one in enumerate(columns)}
    wanted = [name for name in (choice["x"], choice["by"], choice["y"]) if name]
    drawn = [[_label(row[places[name]]) for name in wanted[:-1]] + [row[places[wanted[-1]]]] for row in rows]
    drawn = _shorter_times([row for row in drawn if row[-1] is not None])
    return wanted, sorted(drawn, key=lambda row: str(row[0])) if choice["kind"] == "line" else drawn


def _shorter_times(rows: list[list[Any]]) -> list[list[Any]]:
    """Labels that are all times of a whole second, minute or day, without what is zero in all of them."""
    for pattern, end in ((DAY, " 00:00:00.000"), (MINUTE, ":00.000"), (SECOND, ".000")):
        if rows and all(pattern.fullmatch(row[0]) for row in rows):
            return [[row[0].removesuffix(end), *row[1:]] for row in rows]
    return rows


def _label(value: Plain) -> str:
    shown = text(value)
    return "(none)" if shown is None or shown == "" else shown


def _sortable(column: pa.ChunkedArray) -> pa.Array:
    """Values that have an order: numbers and times their own, the rest that of their texts."""
    import pyarrow as pa

    if kind_of(column.type) in ("number", "time", "text"):
        return column.combine_chunks()
    return pa.array([text(value) for chunk in column.chunks for value in plain_values(chunk)], pa.string())


def _profile(column: KeptColumn, values: pa.ChunkedArray) -> Profile:
    import pyarrow as pa
    import pyarrow.compute as compute

    whole = pa.chunked_array([_sortable(values)]) if column.kind == "other" else values
    counts = compute.value_counts(whole.combine_chunks().drop_null())
    order = compute.array_sort_indices(counts.field("counts"), order="descending").slice(0, TOP)
    top = counts.take(order)
    shown = [text(value) or "" for value in plain_values(top.field("values"))]
    bounds = compute.min_max(whole) if len(counts) and not pa.types.is_boolean(whole.type) else None
    ends = [
        None if bounds is None else text(plain_values(pa.array([bounds[end]], whole.type))[0]) for end in ("min", "max")
    ]
    return Profile(
        column,
        len(values),
        values.null_count,
        len(counts),
        ends[0],
        ends[1],
        tuple(zip(shown, top.field("counts").to_pylist(), strict=True)),
    )
