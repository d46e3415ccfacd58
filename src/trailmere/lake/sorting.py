"""Rows of several data files as files in the order of time, in bounded memory.

Two passes. The first reads what orders and identifies rows, some forty bytes each: from it follows where every row goes
and where each output row group comes from. The second writes row group by row group and reads only the input row groups
that one needs. Inputs of a day that follow each other in time are so read twice, whatever their number.

What is written is read back: every row must be there, with the hashes that it had.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from trailmere.errors import LakeDamaged
from trailmere.events.keys import content_keys, event_keys
from trailmere.lake.files import complete, data_file_path, write_groups
from trailmere.lake.groups import ROWS_AT_ONCE, pieces
from trailmere.lake.reader import batches, file_keys, group_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from trailmere.lake.groups import Group, StoredFile
    from trailmere.lake.records import Batch, WrittenFile

    Numbers = npt.NDArray[np.int64]

KEY_COLUMNS = ["eventtime", "deliveryid", "deliveryordinal", "eventid", "eventjson"]
GROUP_SHARE = 4  # a row group takes this part of the memory: it is held about three times while it is made
OTHER_COLUMNS = 1.5  # bytes of a row in memory for each byte of its text
HASHED_BYTES = 4 << 20


class DamagedInput(Exception):
    """A file that is not what was written. It must not be read into a new one. Never leaves this room."""

    def __init__(self, file: StoredFile, why: str) -> None:
        super().__init__(why)
        self.file = file
        self.why = why


@dataclass(frozen=True, slots=True)
class Sorted:
    """What became of a group: the new files, and how many rows were left out because they were due."""

    files: tuple[WrittenFile, ...]
    due: int


def write_sorted(
    batch: Batch,
    part: str,
    group: Group,
    sha256: Callable[[str], str | None],
    *,
    cutoff: int | None,
    memory_bytes: int,
) -> Sorted:
    """Write the rows of a group, but those with an eventTime before ``cutoff``, as files of the batch.

    ``sha256`` says what a file's hash has to be, or that it is not known. Raises DamagedInput for the first file that
    is not what was written, LakeDamaged where what is read back is not what was read.
    """
    inputs = _Inputs.read(group, sha256)
    order = inputs.order(cutoff)
    written = []
    share = sum(file.size for file in group.files) * len(order) // max(len(inputs.times), 1)
    for number, rows in enumerate(np.array_split(order, pieces(len(order), share)) if len(order) else ()):
        path = data_file_path(batch, f"{part}-{number}", group.day)
        tables = (inputs.table(batch, some) for some in inputs.row_groups(rows, memory_bytes // GROUP_SHARE))
        file = write_groups(path, group.day, tables, inputs.events[rows], inputs.contents[rows])
        _check(file)
        written.append(file)
    return Sorted(tuple(written), len(inputs.times) - len(order))


def rows_before(file: StoredFile, cutoff: int) -> int:
    """How many rows of a file have an eventTime before ``cutoff``."""
    if file.first >= cutoff or file.last < cutoff:
        return file.rows if file.last < cutoff else 0
    times = (batch.column("eventtime").cast(pa.int64()).to_numpy() for batch in batches(file.path, ["eventtime"]))
    return sum(int((some < cutoff).sum()) for some in times)


def check_input(file: StoredFile, sha256: str | None) -> None:
    """Raise DamagedInput unless the file is there, in its length and with its hash (None: not known)."""
    path = Path(file.path)
    if not path.exists():
        raise DamagedInput(file, "it is missing")
    if path.stat().st_size != file.size:
        raise DamagedInput(file, f"expected {file.size} bytes, found {path.stat().st_size}")
    if sha256 is not None and _sha256(path) != sha256:
        raise DamagedInput(file, "its SHA-256 is not the one recorded at its commit")


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while content := stream.read(HASHED_BYTES):
            found.update(content)
    return found.hexdigest()


def _check(file: WrittenFile) -> None:
    events, contents = file_keys(file.path)
    if not (np.array_equal(events, file.event_keys) and np.array_equal(contents, file.content_keys)):
        raise LakeDamaged(
            f"the file {file.path} was written and does not hold the rows that it should",
            hint="check memory and disk of this machine; nothing was changed",
        )


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What is known of every row of a group, one file after the other."""

    files: Sequence[StoredFile]
    starts: Numbers  # the first row of each file, and the end
    times: Numbers
    deliveries: npt.NDArray[np.int32]
    ordinals: Numbers
    texts: npt.NDArray[np.int32]  # bytes of each row's text
    events: npt.NDArray[np.uint64]
    contents: npt.NDArray[np.uint64]

    @classmethod
    def read(cls, group: Group, sha256: Callable[[str], str | None]) -> _Inputs:
        names: dict[str, int] = {}
        parts: list[tuple[npt.NDArray[np.generic], ...]] = []
        for file in group.files:
            check_input(file, sha256(file.path))
            rows = 0
            try:
                for batch in batches(file.path, KEY_COLUMNS):
                    parts.append(_keys(batch, names))
                    rows += batch.num_rows
            except LakeDamaged as error:
                raise DamagedInput(file, error.message) from error
            if rows != file.rows:
                raise DamagedInput(file, f"expected {file.rows} rows, found {rows}")
        sizes = [file.rows for file in group.files]
        return cls(
            group.files, np.cumsum([0, *sizes]), *(np.concatenate(column) for column in zip(*parts, strict=True))
        )

    def order(self, cutoff: int | None) -> Numbers:
        """The rows that stay, by time, then delivery and ordinal."""
        order = np.lexsort((self.ordinals, self.deliveries, self.times))
        return order if cutoff is None else order[self.times[order] >= cutoff]

    def row_groups(self, rows: Numbers, group_bytes: int) -> Iterator[Numbers]:
        """Rows in pieces that are a row group each."""
        sizes = np.cumsum(self.texts[rows].astype(np.int64)) * OTHER_COLUMNS
        start = 0
        while start < len(rows):
            before = sizes[start - 1] if start else 0
            fitting = int(np.searchsorted(sizes, before + group_bytes, side="right"))
            end = max(start + 1, min(fitting, start + ROWS_AT_ONCE))
            yield rows[start:end]
            start = end

    def table(self, batch: Batch, rows: Numbers) -> pa.Table:
        """These rows, in this order, as data files hold them."""
        ascending = np.sort(rows)
        found = pa.Table.from_batches([some for file in range(len(self.files)) for some in self._rows(file, ascending)])
        columns = complete(found, batch.family, batch.schema).columns[::-1]
        del found
        places = np.searchsorted(ascending, rows)
        ordered = []
        while columns:  # one at a time: the unordered column goes before the ordered one is made
            ordered.append(_take(columns.pop(), places))
        return pa.Table.from_arrays(ordered, schema=batch.schema)

    def _rows(self, number: int, ascending: Numbers) -> Iterator[pa.RecordBatch]:
        """Those of the rows that lie in one file; only row groups that have some are read."""
        first, last = np.searchsorted(ascending, (self.starts[number], self.starts[number + 1]))
        wanted = ascending[first:last] - self.starts[number]
        if not len(wanted):
            return
        path = self.files[number].path
        ends = np.cumsum(group_rows(path))
        for group in np.unique(np.searchsorted(ends, wanted, side="right")):
            start = int(ends[group - 1]) if group else 0
            for batch in batches(path, groups=[int(group)]):
                first, last = np.searchsorted(wanted, (start, start + batch.num_rows))
                some = wanted[first:last] - start
                start += batch.num_rows
                if len(some) == batch.num_rows:
                    yield batch
                elif len(some):
                    yield batch.take(pa.array(some))


def _take(column: pa.ChunkedArray, places: Numbers) -> pa.ChunkedArray | pa.Array:
    if column.null_count == len(column):  # most columns of most files
        return pa.nulls(len(column), column.type)
    if np.array_equal(places, np.arange(len(places))):
        return column
    return column.combine_chunks().take(pa.array(places))


def _keys(batch: pa.RecordBatch, names: dict[str, int]) -> tuple[npt.NDArray[np.generic], ...]:
    texts = batch.column("eventjson").cast(pa.binary()).to_pylist()
    deliveries = [names.setdefault(name, len(names)) for name in batch.column("deliveryid").to_pylist()]
    return (
        batch.column("eventtime").cast(pa.int64()).to_numpy(),
        np.array(deliveries, np.int32),
        batch.column("deliveryordinal").to_numpy(zero_copy_only=False),
        np.array([len(text) for text in texts], np.int32),
        event_keys(batch.column("eventid").to_pylist()),
        content_keys(texts),
    )
