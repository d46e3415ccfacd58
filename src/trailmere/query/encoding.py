"""An answer as GetQueryResults gives it: every value a text, a row a list of maps of one key, in the order of SELECT.

The texts are those of ``values.lake_text``. Keys are the names of the columns, which may repeat; there is no header
row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trailmere.query.values import lake_text, plain_values

if TYPE_CHECKING:
    import pyarrow as pa

AT_ONCE = 100  # rows that are held as texts: a thousand whole events may be 256 MB
Row = list[dict[str, str]]


def texts(batch: pa.RecordBatch) -> Iterator[tuple[str, ...]]:
    """The rows of a batch as texts, some at a time; NULL is the empty text."""
    for first in range(0, batch.num_rows, AT_ONCE):
        columns = [map(lake_text, plain_values(column)) for column in batch.slice(first, AT_ONCE).columns]
        yield from zip(*columns, strict=True)


def result_row(names: Sequence[str], row: Sequence[str]) -> Row:
    """One row of QueryResultRows."""
    return [{name: value} for name, value in zip(names, row, strict=True)]
