"""What the engine's tests build: a warehouse of real Parquet files, jobs over them, a worker to ask directly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as parquet

from trailmere.events.columns import leaves
from trailmere.lake.records import PlannedFile, ScanPlan
from trailmere.lake.schema import arrow, table_schema
from trailmere.query.engine import Job
from trailmere.query.records import OutputColumn, Statement, StoreEntry, TableUse
from trailmere.query.relations import scan_sql, statement_sql

if TYPE_CHECKING:
    from trailmere.query.pool import WorkerProcess

MIB = 1 << 20
STORE = StoreEntry(
    id="0a1b2c3d-0000-4000-8000-000000000001",
    name="trail",
    arn="arn:aws:cloudtrail:us-east-1:000000000000:eventdatastore/0a1b2c3d-0000-4000-8000-000000000001",
    family="cloudtrail",
)


def table_folder(warehouse: Path) -> Path:
    """Where the data files of ``STORE`` belong."""
    folder = warehouse / "stores" / STORE.id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_events(path: Path, rows: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> PlannedFile:
    """A Parquet file as the vault writes them, with these rows; ``without`` leaves columns out, as older files do."""
    names = [leaf.name for leaf in leaves("cloudtrail") if leaf.name not in without]
    schema = pa.schema([arrow(table_schema("cloudtrail")).field(name) for name in names])
    table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema=schema)
    parquet.write_table(table, path, row_group_size=1000, bloom_filter_options={"eventid": True})
    return PlannedFile(str(path), path.stat().st_size, len(rows))


def plan(*files: PlannedFile) -> ScanPlan:
    """A scan of these files, which are all there are."""
    size = sum(file.size for file in files)
    return ScanPlan(STORE.id, 1, None, files, len(files), size, sum(file.rows for file in files))


def use(relation: str = "t0") -> TableUse:
    """A mention of the store by a statement that may read every column of it."""
    columns = (*(leaf.name for leaf in leaves("cloudtrail")), "eventjsonchecksum")
    return TableUse(relation, STORE, columns, ())


def job(sql: str, *files: PlannedFile, rows: int | None = None, columns: Sequence[str] = (), **more: Any) -> Job:
    """Engine SQL over the relation ``t0`` of these files."""
    scans = ((use(), plan(*files)),) if files else ()
    return Job(Statement(sql, tuple(mention for mention, _plan in scans), _output(columns)), scans, rows, **more)


def _output(columns: Sequence[str]) -> tuple[OutputColumn, ...]:
    return tuple(OutputColumn(name) for name in columns)


@dataclass
class Reply:
    """What a worker answered when it was asked directly."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    message: str = ""


def ask(
    worker: WorkerProcess,
    sql: str,
    files: Sequence[PlannedFile] = (),
    *,
    seconds: float = 20,
    patience: float | None = None,
) -> Reply:
    """Any SQL at all, past the dialect and the engine. Raises what ``WorkerProcess.receive`` raises.

    ``patience``: how long to wait for a frame, in seconds, if not as long as the query may take.
    """
    paths = [file.path for file in files]
    text = statement_sql(sql, {"t0": scan_sql("cloudtrail", paths)} if files else {})
    folders = sorted({str(Path(path).parent) for path in paths})
    worker.ask({"sql": text, "macros": {}, "folders": folders, "rows": None, "seconds": seconds})
    reply, schema = Reply(), None
    while True:
        kind, payload = worker.receive(seconds if patience is None else patience)
        if kind == b"S":
            schema = pa.ipc.read_schema(pa.py_buffer(payload))
        elif kind == b"B":
            reply.rows += pa.ipc.read_record_batch(pa.py_buffer(payload), schema).to_pylist()
        else:
            end = json.loads(payload)
            reply.error, reply.message = end.get("error"), end.get("message", "")
            return reply
