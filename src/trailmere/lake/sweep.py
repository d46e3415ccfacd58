"""Which files of a table's folder nobody needs. Found from the metadata; the age of a file says nothing.

The order is what makes it safe. With the store's lock held: first the folder is listed, then the unsettled batches are
read, then the metadata. Whoever writes a file without that lock has opened a batch before, and has the batch's id in
the file's name; whoever commits needs the lock. So a listed file that no snapshot reaches and no unsettled batch owns
can never be reached again: names are not used twice.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trailmere.errors import LakeDamaged
from trailmere.lake import catalog as catalogs
from trailmere.lake import ledger, physical
from trailmere.lake.disk import local_path
from trailmere.registry.database import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from trailmere.lake.batches import Premises


# what PyIceberg's decoder of manifests says of bytes that are none
UNREADABLE = (OSError, ValueError, LookupError, EOFError, SystemError, zlib.error)


@dataclass(slots=True)
class Reach:
    """What snapshots reach. A manifest never changes, so each is read once, best before the store's lock is taken."""

    _data: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, table: Table, snapshots: Iterable[Snapshot]) -> set[str]:
        """Paths of manifest lists, manifests and data files. Raises LakeDamaged where one of the first two is missing
        or cannot be read."""
        found: set[str] = set()
        known = self._data  # as it is now: another thread may forget some
        try:
            for snapshot in snapshots:
                found.add(_path(snapshot.manifest_list))
                for manifest in snapshot.manifests(table.io):
                    found.add(_path(manifest.manifest_path))
                    if manifest.manifest_path not in known:
                        entries = manifest.fetch_manifest_entry(table.io)
                        paths = frozenset(_path(entry.data_file.file_path) for entry in entries)
                        known[manifest.manifest_path] = paths
                    found |= known[manifest.manifest_path]
        except UNREADABLE as error:
            raise LakeDamaged(
                f"the metadata of {table.location()} cannot be read: {error}",
                hint="see: trailmere verify; nothing was removed",
            ) from error
        return found

    def forget_others(self, needed: Collection[str]) -> None:
        """What was read of manifests that are not among these paths is not kept any longer."""
        self._data = {name: paths for name, paths in self._data.items() if _path(name) in needed}


def garbage(premises: Premises, store_id: str, reach: Reach, leaving: Collection[int] = ()) -> list[Path]:
    """Files in the folder of a table that nobody needs. To remove them, hold the store's lock while calling.

    ``leaving``: snapshots that are looked upon as gone. Raises LakeDamaged where files that must be there are not
    found: then what is found cannot be trusted either.
    """
    location = premises.location(store_id)
    listed = {os.path.join(folder, name) for folder, _, names in os.walk(location) for name in names}  # noqa: PTH118
    with reading(premises.engine) as connection:
        unsettled = frozenset(ledger.unsettled_batches(connection, store_id))
    table = catalogs.load(premises.catalog, store_id)
    physical.check_place(table.location(), location)
    needed = reach.of(table, [one for one in table.snapshots() if one.snapshot_id not in leaving])
    reach.forget_others(needed)
    needed.add(_path(table.metadata_location))
    if missing := needed - listed:
        raise LakeDamaged(
            f"{len(missing)} files that the table names are not in its folder, the first {min(missing)}",
            hint="see: trailmere verify; nothing was removed",
        )
    needed |= {_path(entry.metadata_file) for entry in table.metadata.metadata_log}
    needed |= {_path(statistics.statistics_path) for statistics in table.metadata.statistics}
    return sorted(
        path for text in listed - needed if (path := local_path(text)).name.partition("-")[0] not in unsettled
    )


def _path(location: str) -> str:
    return str(local_path(location))
