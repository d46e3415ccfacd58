"""Renderings of a result set: table, json, ndjson, csv and parquet. One small function each, chosen from ``RENDERERS``.

A rendering reads the batches as it writes, so that an answer of any size passes through; only a table is laid out a
thousand rows at a time. How a single cell looks is ``query.values``. Opening files is the caller's.

What is seen at a terminal can drive it (log content is written by strangers): control characters are shown as escapes
there, and written as they are everywhere else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from trailmere.query.values import Plain, distinct_names, plain_values, text

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console
    from rich.text import Text

    from trailmere.query.records import ResultSet

TABLE_PAGE_ROWS = 1000
# Below this many characters a column, a table cannot be read: each row becomes a block of names and values.
NARROWEST_COLUMN = 12
# A column this wide or less (a time is 23) keeps its width where the others can still be read beside it.
UNFOLDED_COLUMN = 24
# In a pipe a longer cell pushes the rest of its line aside instead of widening all lines.
WIDEST_PIPE_COLUMN = 64
# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CSV_LINE_END = "\r\n"  # RFC 4180, section 2


@dataclass(frozen=True, slots=True)
class Rendering:
    """How to write. ``exact_csv``: leave cells that look like formulas as they are."""

    exact_csv: bool = False


def write_result(format: str, result: ResultSet, stream: TextIO, rendering: Rendering | None = None) -> None:
    """Write all rows to a text stream (UTF-8, no newline translation). ``format`` is a key of ``RENDERERS``."""
    RENDERERS[format](result, stream, rendering or Rendering())


def write_json(result: ResultSet, stream: TextIO, _rendering: Rendering) -> None:
    """One array of objects. A name that repeats is numbered: ``name, name_2``."""
    opening = "[\n"
    for line in _objects(result, stream):
        stream.write(opening + line)
        opening = ",\n"
    stream.write("\n]\n" if opening != "[\n" else "[]\n")


def write_ndjson(result: ResultSet, stream: TextIO, _rendering: Rendering) -> None:
    """One object a line; names as in json."""
    stream.writelines(line + "\n" for line in _objects(result, stream))


def write_csv(result: ResultSet, stream: TextIO, rendering: Rendering) -> None:
    """RFC 4180 with a header line. NULL is an empty field, the empty string is ``""``.

    A text cell that a spreadsheet would take for a formula gets an apostrophe in front, unless ``exact_csv``; numbers,
    times and NULL never do. In an answer of one column NULL is ``""`` too: an empty line would be no row.
    """

    guard = _as_is if rendering.exact_csv else _without_formula
    show = _escaped if stream.isatty() else _as_is
    texts = [not _is_number(column.type) for column in result.schema]
    lonely = len(texts) == 1
    stream.write(",".join(_field(show(guard(name))) for name in result.schema.names) + CSV_LINE_END)
    for row in rows(result):
        cells = [
            '""'
            if value is None and lonely
            else ""
            if value is None
            else _field(show(guard(value) if texty else value))
            for value, texty in zip(map(text, row), texts, strict=True)
        ]
        stream.write(",".join(cells) + CSV_LINE_END)


def write_table(result: ResultSet, stream: TextIO, _rendering: Rendering) -> None:
    """For people: columns side by side, or a block a row where there are too many for the width. NULL is grey.

    In a pipe a line is a row, whatever its width.
    """
    names = result.schema.names
    everything = rows(result)
    if not stream.isatty():
        _lines(stream, names, everything)
        return
    width = shutil.get_terminal_size().columns
    console = _console(stream, width)
    layout = _blocks if len(names) * NARROWEST_COLUMN > width else _columns
    first = 1
    while page := list(islice(everything, TABLE_PAGE_ROWS)):
        layout(console, names, page, first)
        first += len(page)
    if first == 1:
        _columns(console, names, [], first)


def write_parquet(result: ResultSet, path: Path) -> None:
    """A Parquet file at ``path``. Repeated names are numbered; types that Parquet lacks (intervals) become text."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    names = distinct_names(result.schema.names)
    schema = pa.schema(
        [pa.field(name, _parquet_type(column.type)) for name, column in zip(names, result.schema, strict=True)]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in result.batches:
            columns = [_parquet_column(column, kind) for column, kind in zip(batch.columns, schema.types, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


RENDERERS: dict[str, Callable[[ResultSet, TextIO, Rendering], None]] = {
    "table": write_table,
    "json": write_json,
    "ndjson": write_ndjson,
    "csv": write_csv,
}


def rows(result: ResultSet) -> Iterator[tuple[Plain, ...]]:
    """The rows as plain values, in order; reads the batches as it goes."""
    for batch in result.batches:
        columns = [plain_values(column) for column in batch.columns]
        yield from zip(*columns, strict=True) if columns else ()


# --- json -------------------------------------------------------------------------------------------------------------


def _objects(result: ResultSet, stream: TextIO) -> Iterator[str]:
    names = distinct_names(result.schema.names)
    encode = json.JSONEncoder(ensure_ascii=stream.isatty(), separators=(",", ":"), allow_nan=False).encode
    for row in rows(result):
        yield encode(dict(zip(names, row, strict=True)))


# --- csv --------------------------------------------------------------------------------------------------------------


def _field(value: str) -> str:
    """Quoted where RFC 4180 wants it, where it is empty, and where blanks at an end would be lost."""
    if value == "" or any(mark in value for mark in ',"\r\n') or value[0] == " " or value[-1] == " ":
        return '"' + value.replace('"', '""') + '"'
    return value


def _without_formula(value: str) -> str:
    return "'" + value if value.startswith(FORMULA_STARTS) else value


def _as_is(value: str) -> str:
    return value


def _is_number(type: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(type) or types.is_floating(type) or types.is_decimal(type))


# --- table ------------------------------------------------------------------------------------------------------------


def _console(stream: TextIO, width: int) -> Console:
    from rich.console import Console

    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _columns(console: Console, names: Sequence[str], page: Sequence[Sequence[Plain]], _first: int) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, width in zip(names, _widths(console.width, _natural_widths(names, page)), strict=True):
        table.add_column(_escaped(name), overflow="fold", width=width)
    for row in page:
        table.add_row(*map(_cell, row))
    console.print(table)


def _natural_widths(names: Sequence[str], page: Sequence[Sequence[Plain]]) -> list[int]:
    cells = [[_escaped(name), *(_shown(row[place]) for row in page)] for place, name in enumerate(names)]
    return [max(map(len, column)) for column in cells]


def _widths(width: int, natural: Sequence[int]) -> list[int | None]:
    """What each column gets: narrow ones all they need, if the wide ones can share the rest and be read."""
    narrow = sum(wide for wide in natural if wide <= UNFOLDED_COLUMN)
    rest = width - narrow - 2 * (len(natural) - 1)
    widths: list[int | None] = list(natural)
    folded = sorted((wide, place) for place, wide in enumerate(natural) if wide > UNFOLDED_COLUMN)
    if rest < NARROWEST_COLUMN * len(folded):
        return [None] * len(natural)
    for left, (wide, place) in zip(range(len(folded), 0, -1), folded, strict=True):
        widths[place] = min(wide, rest // left)
        rest -= min(wide, rest // left)
    return widths


def _lines(stream: TextIO, names: Sequence[str], everything: Iterator[Sequence[Plain]]) -> None:
    """A line a row, columns padded to the widths of the first page."""
    page = list(islice(everything, TABLE_PAGE_ROWS))
    widths = [min(wide, WIDEST_PIPE_COLUMN) for wide in _natural_widths(names, page)]
    header = [_escaped(name) for name in names]
    for cells in chain([header], (map(_shown, row) for row in chain(page, everything))):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        stream.write("  ".join(padded).rstrip(" ") + "\n")


def _blocks(console: Console, names: Sequence[str], page: Sequence[Sequence[Plain]], first: int) -> None:
    from rich.table import Table

    for number, row in enumerate(page, first):
        console.rule(f"row {number}", align="left", style="dim")
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in zip(names, row, strict=True):
            table.add_row(_escaped(name), _cell(value))
        console.print(table)


def _shown(value: Plain) -> str:
    shown = text(value)
    return "NULL" if shown is None else _escaped(shown)


def _cell(value: Plain) -> Text:
    from rich.text import Text

    shown = text(value)
    return Text("NULL", style="dim italic") if shown is None else Text(_escaped(shown))


def _escaped(value: str) -> str:
    """Control, bidirectional and other unprintable characters as escapes."""
    if value.isprintable():
        return value
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in value)


# --- parquet ----------------------------------------------------------------------------------------------------------


def _parquet_type(type: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    unfit = pa.types.is_interval(type) or pa.types.is_union(type) or isinstance(type, pa.BaseExtensionType)
    return pa.string() if unfit or pa.types.is_null(type) else type


def _parquet_column(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    import pyarrow as pa

    return column if column.type == wanted else pa.array(map(text, plain_values(column)), wanted)
