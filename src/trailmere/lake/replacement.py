"""A snapshot in which files take the place of others: what PyIceberg's ``overwrite`` lacks for maintenance.

That one reads every manifest twice, keeps manifests of nothing but removals for ever, merges none, and cannot say
``replace``, the operation of a snapshot that leaves the table's rows as they are (Iceberg specification, "Snapshots").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyiceberg.exceptions import ValidationException
from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus
from pyiceberg.table.snapshots import Operation, Summary
from pyiceberg.table.update.snapshot import _MergeAppendFiles

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Transaction


class Replacement(_MergeAppendFiles):
    """Appends data files and takes out those at the paths ``gone``; manifests are merged as by an append.

    Raises ValidationException when it is committed and one of those is not in the table.
    """

    def __init__(
        self, transaction: Transaction, operation: Operation, properties: dict[str, str], gone: Collection[str]
    ) -> None:
        # PyIceberg sums up every operation but ``replace``, and that as any other.
        super().__init__(Operation.OVERWRITE, transaction, transaction._table.io, snapshot_properties=properties)
        self._told = operation
        self._gone = frozenset(gone)
        self._touched: dict[str, list[ManifestEntry]] = {}

    def _deleted_entries(self) -> list[ManifestEntry]:
        """The entries that go. Called before anything is written, and again when a commit is tried again."""
        deleted: list[ManifestEntry] = []
        self._touched = {}
        for manifest in super()._existing_manifests():
            entries = self.fetch_manifest_entry(manifest)
            going = [entry for entry in entries if entry.data_file.file_path in self._gone]
            if going:
                self._touched[manifest.manifest_path] = entries
                deleted += going
        self._deleted_data_files = {entry.data_file for entry in deleted}
        missing = self._gone - {entry.data_file.file_path for entry in deleted}
        if missing:
            raise ValidationException(f"not in the table any more: {', '.join(sorted(missing))}")
        return [_entry(entry, ManifestEntryStatus.DELETED, self._snapshot_id) for entry in deleted]

    def _existing_manifests(self) -> list[ManifestFile]:
        """The manifests of the parent; those that lose entries written anew with the others."""
        kept = []
        for manifest in super()._existing_manifests():
            entries = self._touched.get(manifest.manifest_path)
            if entries is None:
                kept.append(manifest)
                continue
            staying = [entry for entry in entries if entry.data_file.file_path not in self._gone]
            if staying:
                with self.new_manifest_writer(self.spec(manifest.partition_spec_id)) as writer:
                    for entry in staying:
                        writer.add_entry(_entry(entry, ManifestEntryStatus.EXISTING, entry.snapshot_id))
                kept.append(writer.to_manifest_file())
        return kept

    def _summary(self, snapshot_properties: dict[str, str] | None = None) -> Summary:
        summary = super()._summary(snapshot_properties or {})
        return Summary(self._told, **summary.additional_properties)


def _entry(entry: ManifestEntry, status: ManifestEntryStatus, snapshot_id: int | None) -> Any:
    return ManifestEntry.from_args(
        status=status,
        snapshot_id=snapshot_id,
        sequence_number=entry.sequence_number,
        file_sequence_number=entry.file_sequence_number,
        data_file=entry.data_file,
    )
