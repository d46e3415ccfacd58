"""The table's snapshots: appending one for a batch, asking which batch one holds, listing them and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyarrow.parquet import read_metadata
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import ExpireSnapshots

from trailmere.errors import LakeBusy
from trailmere.lake import catalog as catalogs
from trailmere.lake.index import EventIndex
from trailmere.lake.reader import file_keys
from trailmere.lake.replacement import Replacement
from trailmere.lake.view import BATCH_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot
    from pyiceberg.table.update import TableUpdate

    from trailmere.lake.catalog import Catalog
    from trailmere.lake.records import Batch, DeliveryEntry, WrittenFile

ATTEMPTS = 8
INDEX_FILES = 64  # data files read into the index at once, when it is rebuilt


def append(
    catalog: Catalog, table: Table, batch: Batch, files: Sequence[WrittenFile], deliveries: Sequence[DeliveryEntry]
) -> Table:
    """Commit the files as one snapshot that carries the batch's id; returns the table with that snapshot.

    Raises LakeBusy when foreign writers won every time; any other error of the catalog as it came.
    """
    summary = _summary(batch, files, deliveries)

    def attempt(table: Table) -> None:
        with (
            _Transaction(table) as transaction,
            transaction.update_snapshot(snapshot_properties=summary).merge_append() as append,
        ):
            for data_file in _data_files(table, files):
                append.append_data_file(data_file)

    return _commit(catalog, table, batch, attempt)


def replace(
    catalog: Catalog, table: Table, batch: Batch, files: Sequence[WrittenFile], gone: Collection[str], removed_rows: int
) -> Table:
    """As ``append``, where the files take the place of others: ``gone`` leave the table in the same snapshot.

    Raises ValidationException (of PyIceberg) where one of those is not in the table.
    """
    summary = {BATCH_PROPERTY: batch.id, "trailmere.expired": str(removed_rows)}
    operation = Operation.REPLACE if not removed_rows else Operation.OVERWRITE if files else Operation.DELETE

    def attempt(table: Table) -> None:
        with _Transaction(table) as transaction, Replacement(transaction, operation, summary, gone) as replacement:
            for data_file in _data_files(table, files):
                replacement.append_data_file(data_file)

    return _commit(catalog, table, batch, attempt)


def expire(table: Table, snapshot_ids: list[int]) -> None:
    """Take snapshots out of the metadata. Their files stay."""
    with _Transaction(table) as transaction, ExpireSnapshots(transaction) as expiry:
        expiry.by_ids(snapshot_ids)


def _commit(catalog: Catalog, table: Table, batch: Batch, attempt: Callable[[Table], None]) -> Table:
    """After a failed attempt the table is asked whether it landed all the same: an error does not tell."""
    failure: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            attempt(table)
            return table
        except Exception as error:
            failure = error
        table = catalogs.load(catalog, batch.store_id)
        if of_batch(table, batch.id) is not None:
            return table
        if not isinstance(failure, CommitFailedException | CommitStateUnknownException):
            raise failure
    raise LakeBusy(
        f"the table of {batch.store_id} was changed by others in {ATTEMPTS} attempts to commit",
        hint="let no other program write this table while Trailmere does",
    ) from failure


class _Transaction(Transaction):
    """PyIceberg's transaction, which looks at the metadata it comes to some fifteen times in an append and works it out
    anew each time: a deep copy of every snapshot there ever was. Here it is worked out once for each change."""

    _seen: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        base = self._table.metadata
        if self._seen is None or self._seen[0] is not base or self._seen[1] is not self._updates:
            self._seen = (base, self._updates, super().table_metadata)
        return self._seen[2]


def _summary(batch: Batch, files: Sequence[WrittenFile], deliveries: Sequence[DeliveryEntry]) -> dict[str, str]:
    return {
        BATCH_PROPERTY: batch.id,
        "trailmere.rows": str(sum(file.rows for file in files)),
        "trailmere.deliveries": str(len(deliveries)),
        "trailmere.taken": str(sum(entry.status == "taken" for entry in deliveries)),
        "trailmere.duplicates": str(sum(entry.duplicate for entry in deliveries)),
    }


def _data_files(table: Table, files: Iterable[WrittenFile]) -> Iterator[DataFile]:
    schema, spec = table.schema(), table.spec()
    plan = compute_statistics_plan(schema, table.properties)
    ids = parquet_path_to_id_mapping(schema)
    for file in files:
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=read_metadata(file.path), stats_columns=plan, parquet_column_mapping=ids
        )
        yield DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=file.path,
            file_format=FileFormat.PARQUET,
            partition=statistics.partition(spec, schema),
            file_size_in_bytes=file.size,
            sort_order_id=None,
            spec_id=spec.spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )


def of_batch(table: Table, batch_id: str) -> int | None:
    """The snapshot that holds a batch; None where there is none."""
    for snapshot in reversed(table.snapshots()):
        if _batch_of(snapshot) == batch_id:
            return int(snapshot.snapshot_id)
    return None


def _batch_of(snapshot: Snapshot) -> str | None:
    return None if snapshot.summary is None else snapshot.summary.additional_properties.get(BATCH_PROPERTY)


def data_file_paths(table: Table) -> list[str]:
    """The data files of the present version."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return []
    return [
        entry.data_file.file_path
        for manifest in snapshot.manifests(table.io)
        for entry in manifest.fetch_manifest_entry(table.io)
    ]


def open_index(folder: Path, table: Table) -> EventIndex:
    """The event index of a table, brought up to its present version: files gone are forgotten, new ones are read.

    It is made anew only where it cannot be trusted.
    """
    index = EventIndex(folder)
    current = table.metadata.current_snapshot_id
    if index.sound and index.snapshot_id == current:
        return index
    if not index.sound:
        index.clear()
    present = set(data_file_paths(table))
    known = set(index.files.values())
    missing = sorted(present - known)
    for start in range(0, len(missing), INDEX_FILES):
        some = missing[start : start + INDEX_FILES]
        index.add(((path, *file_keys(path)) for path in some), None)
    index.add((), current, gone=known - present)
    return index
