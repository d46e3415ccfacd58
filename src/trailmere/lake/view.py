"""What a table's metadata file says, read without PyIceberg: present and earlier snapshots, their times and totals.

Loading PyIceberg takes longer than a small question; a scan of a table whose plan is kept (``lake.plans``), the list of
snapshots and the totals need no more than this. Source: Iceberg table specification, "Table Metadata" and "Snapshots".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from trailmere.errors import LakeDamaged, SnapshotNotFound, StoreNotFound
from trailmere.lake.disk import local_path
from trailmere.lake.inventory import check_content
from trailmere.lake.ledger import as_time
from trailmere.lake.records import SnapshotInfo
from trailmere.registry.database import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

CATALOG = "trailmere"
NAMESPACE = "stores"
BATCH_PROPERTY = "trailmere.batch"
DEPTH = 4  # of a metadata file below the lake's folder: warehouse/stores/<store>/metadata/<file>

_POINTER = text(
    "SELECT metadata_location FROM iceberg_tables"
    " WHERE catalog_name = :catalog AND table_namespace = :namespace AND table_name = :name"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of the metadata file. ``time_ms`` counts from 1970."""

    id: int
    sequence: int
    time_ms: int
    summary: dict[str, str]

    @property
    def time(self) -> datetime:
        return as_time(self.time_ms * 1000)

    def number(self, name: str) -> int:
        """A number of the summary, 0 where it has none of this name."""
        return int(self.summary.get(name, 0))

    def totals(self) -> dict[str, int]:
        """Rows, files and bytes that the table holds at this snapshot."""
        names = {"rows": "total-records", "files": "total-data-files", "bytes": "total-files-size"}
        return {ours: self.number(theirs) for ours, theirs in names.items()}

    def info(self) -> SnapshotInfo:
        """As other rooms know it."""
        return SnapshotInfo(
            id=self.id,
            time=self.time,
            batch_id=self.summary.get(BATCH_PROPERTY),
            rows=self.number("added-records"),
            files=self.number("added-data-files"),
            total_rows=self.number("total-records"),
        )


@dataclass(frozen=True, slots=True)
class TableView:
    """A table at one moment: all snapshots by id, and the present one."""

    snapshots: dict[int, Snapshot]
    current: Snapshot | None

    def line(self) -> list[Snapshot]:
        """All snapshots, newest first. There are no branches; the parent of one may have expired."""
        return sorted(self.snapshots.values(), key=lambda snapshot: snapshot.sequence, reverse=True)

    def find(self, at: datetime | int | None) -> Snapshot | None:
        """The snapshot with this id, the last not after this time (UTC where it has no zone), or the present one.

        Raises SnapshotNotFound.
        """
        if at is None:
            return self.current
        if isinstance(at, datetime):
            return self._not_after(at)
        if at not in self.snapshots:
            raise SnapshotNotFound(f"the store has no snapshot {at}", hint=self._range())
        return self.snapshots[at]

    def _not_after(self, at: datetime) -> Snapshot:
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        for snapshot in self.line():
            if snapshot.time <= at.replace(tzinfo=None):
                return snapshot
        raise SnapshotNotFound(f"the store held nothing yet at {at:%Y-%m-%d %H:%M:%S} UTC", hint=self._range())

    def _range(self) -> str:
        line = self.line()
        if not line:
            return "nothing was ingested into this store yet"
        first, last = line[-1].time, line[0].time
        return f"its snapshots reach from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def read(engine: Engine, store_id: str) -> TableView:
    """The store's table as it is now.

    Raises StoreNotFound where the catalog has none, LakeDamaged where its metadata file cannot be read.
    """
    return read_at(engine, store_id, pointer(engine, store_id))[1]


def read_at(engine: Engine, store_id: str, location: str) -> tuple[str, TableView]:
    """As ``read``, where the catalog just now named this metadata file; gives the one that was read, too."""
    location, content = content_at(engine, store_id, location)
    return location, parse(content)


def metadata(engine: Engine, store_id: str) -> dict[str, Any]:
    """What the present metadata file of the store's table says. Raises as ``read`` does."""
    return content_at(engine, store_id, pointer(engine, store_id))[1]


def content_at(engine: Engine, store_id: str, location: str) -> tuple[str, dict[str, Any]]:
    """The metadata file that the catalog just now named, or the one that has followed it, and what it says.

    Raises LakeDamaged where it is missing, is not what was written, or cannot be read.
    """
    for _ in range(8):
        try:
            path = local_path(location)
            content = path.read_bytes()
            check_content(engine, path.parents[DEPTH], path, content)
            return location, json.loads(content)
        except FileNotFoundError:  # commits went on since, and the file was an old one by now
            named_before, location = location, pointer(engine, store_id)
            if location == named_before:
                break
        except ValueError:
            break
    raise LakeDamaged(
        f"the metadata file of the store {store_id} is missing or cannot be read: {location}",
        hint="restore the lake's folder from a copy; nothing was changed",
    )


def parse(metadata: dict[str, Any]) -> TableView:
    """The view of a metadata file's content."""
    snapshots = {
        found["snapshot-id"]: Snapshot(
            found["snapshot-id"], found.get("sequence-number", 0), found["timestamp-ms"], found.get("summary", {})
        )
        for found in metadata.get("snapshots", [])
    }
    return TableView(snapshots, snapshots.get(metadata.get("current-snapshot-id", -1)))


def pointer(engine: Engine, store_id: str) -> str:
    """Which metadata file is the present one of the store's table. Raises StoreNotFound."""
    names = {"catalog": CATALOG, "namespace": NAMESPACE, "name": store_id}
    try:
        with reading(engine) as connection:
            found = connection.execute(_POINTER, names).scalar()
    except DBAPIError:
        with reading(engine) as connection:
            if inspect(connection).has_table("iceberg_tables"):
                raise
        found = None  # the table of tables is made with the first table
    if found is None:
        raise StoreNotFound(f"the lake has no table for the event data store {store_id}")
    return str(found)
