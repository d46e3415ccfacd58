"""Parquet files of a table: written by worker processes, synced and hashed, one day of eventTime each.

Imports neither PyIceberg nor SQLAlchemy: a worker starts in a fraction of the time. What is written here is in no
snapshot until ``lake.append`` commits it. Names derive from the batch, so that recovery can tell whose a file is:
``<table>/data/eventtime_day=YYYY-MM-DD/<batch id>-<part>.parquet``.
"""

from __future__ import annotations

import hashlib
import os
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trailmere.errors import LakeDamaged
from trailmere.events.members import with_hot_columns
from trailmere.lake.disk import make_folder, sync_folder
from trailmere.lake.records import WrittenFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from trailmere.lake.records import Batch

ROW_GROUP_ROWS = 40_960  # of the row group with the wanted row, whole columns are unpacked; smaller cost more to plan
ZSTD_LEVEL = 2  # level 3 takes an eighth more time to write for a quarter of a percent of bytes
TEXT_ZSTD_LEVEL = 1  # of eventjson, half of all bytes: level 2 takes a sixth more time for one percent of them
ROWS_A_RUN = 64
MICROSECONDS_A_DAY = 86_400_000_000
EPOCH = date(1970, 1, 1)
BLOOM_COLUMNS = (
    "eventid",
    "requestid",
    "useridentity__accesskeyid",
    "sourceipaddress",
    "requestparameters__key",
    "requestparameters__bucketname",
)
BLOOM_FALSE_POSITIVES = 0.01
# Nearly every value differs: a dictionary would be built and thrown away.
DISTINCT_COLUMNS = frozenset({"eventid", "requestid", "sharedeventid", "eventjson", "deliveryordinal"})


def write_rows(
    batch: Batch,
    part: str,
    table: pa.Table,
    event_keys: npt.NDArray[np.uint64],
    content_keys: npt.NDArray[np.uint64],
    delivery_rows: npt.NDArray[np.int32],
) -> list[WrittenFile]:
    """Write rows as one synced Parquet file a day of eventtime, in the order given.

    ``table`` has the columns of ``batch.schema`` (any order, extra ones refused); the arrays hold one value a row (see
    WrittenFile). ``part`` tells this call from all others of the batch: letters, digits, hyphens. The same part written
    again replaces its files. Rows without an eventtime are refused with ValueError: nothing could place them.
    """
    table = complete(table, batch.family, batch.schema)
    days = _days(table)
    written = []
    for day in np.unique(days):
        rows = np.flatnonzero(days == day)
        path = data_file_path(batch, part, EPOCH + timedelta(days=int(day)))
        content = _rows_of(table, rows)
        written.append(
            write_groups(
                path,
                EPOCH + timedelta(days=int(day)),
                iter((content,)),
                event_keys[rows],
                content_keys[rows],
                delivery_rows[rows],
            )
        )
    return written


def rewrite(
    batch: Batch, old: WrittenFile, keep: npt.NDArray[np.bool_], conflicts: npt.NDArray[np.bool_]
) -> WrittenFile | None:
    """The file again without the rows that ``keep`` leaves out, ``eventidconflict`` set as ``conflicts`` says.

    Written under a second name of the batch (``...-r.parquet``); None where no row is left. The old file stays.
    """
    if not keep.any():
        return None
    table = read_file(Path(old.path), batch.schema).filter(pa.array(keep))
    column = table.schema.get_field_index("eventidconflict")
    flags = pc.or_(pc.fill_null(table.column(column), False), pa.array(conflicts[keep]))
    table = table.set_column(column, table.schema.field(column), flags)
    path = Path(old.path).with_name(f"{Path(old.path).stem}-r.parquet")
    return write_groups(
        path, old.day, iter((table,)), old.event_keys[keep], old.content_keys[keep], old.delivery_rows[keep]
    )


def read_file(path: Path, schema: pa.Schema) -> pa.Table:
    """A data file in the columns of ``schema``, its page checksums verified.

    Raises LakeDamaged where it is missing or not what was written.
    """
    try:
        table = pq.ParquetFile(path, page_checksum_verification=True).read()
    except (OSError, pa.ArrowException) as error:
        raise LakeDamaged(
            f"the data file {path} cannot be read: {error}", hint="restore it from a copy of the lake"
        ) from error
    return conform(table, schema)


def data_file_path(batch: Batch, part: str, day: date) -> Path:
    """Where a file of the batch lies."""
    return Path(batch.location) / "data" / f"eventtime_day={day.isoformat()}" / f"{batch.id}-{part}.parquet"


def files_of_batch(location: Path, batch_id: str) -> Iterator[Path]:
    """All files of a table that carry the batch's id in their name, in whatever state."""
    data = location / "data"
    if not data.is_dir():
        return
    for folder in os.scandir(data):
        if folder.is_dir():
            for entry in os.scandir(folder.path):
                if entry.name.startswith(f"{batch_id}-"):
                    yield Path(entry.path)


def complete(table: pa.Table, family: str, schema: pa.Schema) -> pa.Table:
    """The table as data files hold it: the columns of hot keys derived, in the columns of ``schema``."""
    return conform(with_hot_columns(table, family), schema)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in the columns of ``schema``, columns it lacks as nulls.

    Raises ValueError for a column that the schema has not.
    """
    unknown = set(table.column_names) - set(schema.names)
    if unknown:
        raise ValueError(f"columns that the table has not: {', '.join(sorted(unknown))}")
    arrays = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _rows_of(table: pa.Table, rows: npt.NDArray[np.int64]) -> pa.Table:
    """These rows (ascending). Where they lie together, as in files fed in the order of time, nothing is copied."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    if len(breaks) * ROWS_A_RUN > len(rows):
        return table.take(pa.array(rows))
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(rows)]
    return pa.concat_tables(
        [table.slice(int(rows[start]), end - start) for start, end in zip(starts, ends, strict=True)]
    )


def _days(table: pa.Table) -> npt.NDArray[np.int64]:
    times = table.column("eventtime")
    if times.null_count:
        raise ValueError(f"{times.null_count} rows have no eventtime; they cannot be placed on a day")
    micros = times.cast(pa.int64()).to_numpy()
    days: npt.NDArray[np.int64] = np.floor_divide(micros, MICROSECONDS_A_DAY)
    return days


def write_groups(
    path: Path,
    day: date,
    tables: Iterator[pa.Table],
    event_keys: npt.NDArray[np.uint64],
    content_keys: npt.NDArray[np.uint64],
    delivery_rows: npt.NDArray[np.int32] | None = None,
) -> WrittenFile:
    """Write tables of one day, none of them empty, as one synced Parquet file: each a row group, or some.

    Of the tables, one at a time is held.
    """
    table: pa.Table | None = next(tables)
    assert table is not None
    make_folder(path.parent)
    rows = 0
    with HashingFile(path) as sink:
        with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), table.schema, **_writer_options(table)) as writer:
            while table is not None:
                writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
                rows += table.num_rows
                table = None
                table = next(tables, None)
        sink.sync()
    sync_folder(path.parent)
    return WrittenFile(
        path=str(path),
        day=day,
        rows=rows,
        size=sink.tell(),
        sha256=sink.sha256(),
        event_keys=event_keys,
        content_keys=content_keys,
        delivery_rows=np.empty(0, np.int32) if delivery_rows is None else delivery_rows,
    )


def _writer_options(table: pa.Table) -> dict[str, Any]:
    names = _leaf_paths(table.schema)
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": {name: TEXT_ZSTD_LEVEL if name == "eventjson" else ZSTD_LEVEL for name in names},
        "use_dictionary": [name for name in names if name not in DISTINCT_COLUMNS],
        "write_statistics": [name for name in names if name != "eventjson" and not _is_nested(name)],
        "write_page_checksum": True,
        "store_schema": False,
        "bloom_filter_options": _bloom_options(table),
    }


def _bloom_options(table: pa.Table) -> dict[str, dict[str, float]]:
    """A filter for each id column that has values, sized by how many differ (a filter's size follows it).

    A table that is not the only one of its file stands for those that follow it.
    """
    options: dict[str, dict[str, float]] = {}
    for name in BLOOM_COLUMNS:
        if name in table.column_names and table.column(name).null_count < table.num_rows:
            distinct = min(pc.count_distinct(table.column(name)).as_py(), ROW_GROUP_ROWS)
            options[name] = {"ndv": distinct, "fpp": BLOOM_FALSE_POSITIVES}
    return options


def _leaf_paths(schema: pa.Schema) -> list[str]:
    return [path for field in schema for path in _paths(field.name, field.type)]


def _is_nested(path: str) -> bool:
    """Whether it leads into a map or an array: the least and the greatest of all members prune nothing."""
    return "." in path


def _paths(name: str, type: pa.DataType) -> list[str]:
    if pa.types.is_map(type):
        return [f"{name}.key_value.key", f"{name}.key_value.value"]
    if pa.types.is_list(type):
        return _paths(f"{name}.list.element", type.value_type)
    if pa.types.is_struct(type):
        return [path for part in type for path in _paths(f"{name}.{part.name}", part.type)]
    return [name]


class HashingFile:
    """A file written once from start to end, hashed on the way. What pyarrow asks of a file-like object."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self.closed = False

    def write(self, content: Any) -> int:
        self._hash.update(content)
        self._file.write(content)
        return len(content)

    def tell(self) -> int:
        return self._file.tell() if not self._file.closed else self._size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Called by pyarrow when its writer ends; the descriptor stays open for ``sync``."""
        self.closed = True

    def sync(self) -> None:
        """Put the bytes on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __enter__(self) -> HashingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._size = self._file.tell()
        self._file.close()
