"""Reading single records back out of data files: eventID and exact text of a row, and the hashes of a whole file."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trailmere.errors import LakeDamaged
from trailmere.events.keys import content_keys, event_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

CACHED_GROUPS = 8
BATCH_ROWS = 8192
COLUMNS = ["eventid", "eventjson"]


class RecordReader:
    """Records by file and row number. Keeps a few row groups at hand: neighbours are asked for together."""

    def __init__(self) -> None:
        self._groups: OrderedDict[tuple[str, int], pa.Table] = OrderedDict()
        self._ends: dict[str, list[int]] = {}

    def record(self, path: str, row: int) -> tuple[str, str]:
        """eventID ("" where the record has none) and exact text of a row.

        Raises LakeDamaged where the file is missing or is not what was written.
        """
        group, first = self._find(path, row)
        table = self._group(path, group)
        event_id = table.column("eventid")[row - first].as_py()
        return event_id or "", table.column("eventjson")[row - first].as_py()

    def _find(self, path: str, row: int) -> tuple[int, int]:
        if path not in self._ends:
            self._ends[path] = np.cumsum(group_rows(path)).tolist()
        ends = self._ends[path]
        group = int(np.searchsorted(ends, row, side="right"))
        if group == len(ends):
            raise LakeDamaged(f"expected more than {row} rows in {path}", hint="restore it from a copy of the lake")
        return group, ends[group - 1] if group else 0

    def _group(self, path: str, group: int) -> pa.Table:
        key = (path, group)
        if key not in self._groups:
            self._groups[key] = _read(path, group).combine_chunks()
            while len(self._groups) > CACHED_GROUPS:
                self._groups.popitem(last=False)
        self._groups.move_to_end(key)
        return self._groups[key]


def file_keys(path: str) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Event and content hashes of all rows of a data file, in row order: what the event index holds of it."""
    events, contents = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for batch in batches(path, COLUMNS):
        events.append(event_keys(batch.column("eventid").to_pylist()))
        contents.append(content_keys(batch.column("eventjson").cast(pa.binary()).to_pylist()))
    return np.concatenate(events), np.concatenate(contents)


def batches(path: str, columns: list[str] | None = None, groups: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a data file, some thousand at a time; of some columns and row groups, or of all.

    Raises LakeDamaged where the file is missing or is not what was written.
    """
    file = _open(path)
    try:
        yield from file.iter_batches(BATCH_ROWS, row_groups=groups, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error


def group_rows(path: str) -> list[int]:
    """The rows of each row group of a data file."""
    metadata = _open(path).metadata
    return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


def _open(path: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error


def _read(path: str, group: int) -> pa.Table:
    try:
        return _open(path).read_row_group(group, columns=COLUMNS)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error


def _damaged(path: str, error: Exception) -> LakeDamaged:
    return LakeDamaged(f"the data file {path} cannot be read: {error}", hint="restore it from a copy of the lake")
