"""The list as a file: the columns that are shown, the id, the store and the exact record of each event."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter
from trailmere.query.records import QueryStatistics, ResultSet
from trailmere.query.results import Rendering, write_parquet, write_result
from trailmere.web.pages.events_asked import read
from trailmere.web.pages.events_history import History
from trailmere.web.pages.events_list import SHOWN
from trailmere.web.visit import Download

if TYPE_CHECKING:
    import pyarrow as pa

    from trailmere.web.pages.events_asked import Asked
    from trailmere.web.pages.events_history import Seen
    from trailmere.web.visit import Visit

MOST_ROWS = 10_000
SECONDS = 20.0
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


def export(visit: Visit) -> Download:
    """The latest ``MOST_ROWS`` events of the view. Raises InvalidParameter."""
    format, asked = visit.arg("format"), read(visit)
    if format not in FORMATS:
        raise InvalidParameter(f"expected one of {', '.join(FORMATS)} as format, got {format[:50]!r}")
    paths = tuple(dict.fromkeys((*SHOWN, *asked.columns, "eventJson")))
    page = History(visit, asked).page(
        paths, visit.range.start, visit.range.end, limit=MOST_ROWS, after=asked.after, seconds=SECONDS
    )
    cut = "-part" if page.following is not None or page.reached is not None else ""
    return Download(_written(format, _table(asked, paths, page.events)), FORMATS[format], f"events{cut}.{format}")


def _table(asked: Asked, paths: tuple[str, ...], events: list[Seen]) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, pa.Array] = {
        "eventTime": pa.array([one.time.replace(tzinfo=None) for one in events], pa.timestamp("us")),
        "eventID": pa.array([one.id for one in events], pa.string()),
        "eventDataStore": pa.array([" ".join(one.stores) for one in events], pa.string()),
    }
    return pa.table(columns | {path: pa.array([one.values[path] for one in events], pa.string()) for path in paths})


def _written(format: str, table: pa.Table) -> bytes:
    """In the ways that answers of queries are written."""
    result = ResultSet((), table.schema, iter(table.to_batches()), QueryStatistics(0, 0, 0, 0, 0, 0.0))
    if format == "parquet":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.parquet"
            write_parquet(result, path)
            return path.read_bytes()
    stream = io.StringIO(newline="")
    write_result(format, result, stream, Rendering())
    return stream.getvalue().encode("utf-8", "surrogatepass")
