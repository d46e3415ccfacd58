"""``Lake``: the vault as other rooms know it. Thin: opens the parts, hands over to the module that does the work.

PyIceberg takes more than a second to import; it is loaded when a table is first needed, not when a lake is opened.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trailmere.lake import batches, deadletters, inventory, ledger, upkeep, view
from trailmere.lake.batches import Premises
from trailmere.lake.disk import make_folder, remove_folder, told_as_lake_error
from trailmere.lake.locks import AdvisoryLocks, FileLocks, Locks, held
from trailmere.lake.records import Totals
from trailmere.registry.database import create_tables, open_database, reading, sqlite_url, translated, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from sqlalchemy import Engine

    from trailmere.lake.days import StoredDay
    from trailmere.lake.findings import Show, Verification
    from trailmere.lake.locks import Shared
    from trailmere.lake.plans import Plan
    from trailmere.lake.recent import Lately
    from trailmere.lake.records import (
        Appended,
        Batch,
        Condition,
        DeadLetter,
        DeliveryEntry,
        KnownField,
        Maintained,
        MaintenancePolicy,
        MaintenanceProgress,
        NewField,
        Removal,
        ScanPlan,
        SnapshotInfo,
        StoredDeadLetter,
        WrittenFile,
    )
    from trailmere.lake.remembered import Remembered
    from trailmere.lake.whereabouts import Whereabouts


class Lake:
    """The tables, the ledger, the event index and the dead letters of one lake. Safe to open in several processes."""

    def __init__(self, home: Path, engine: Engine, locks: Locks) -> None:
        self.home = home
        self.engine = engine
        self._locks = locks

    @classmethod
    def open(cls, home: Path, database_url: str | None = None) -> Lake:
        """Open the lake in the folder ``home``, making what is not there yet.

        ``database_url``: SQLite in the folder where it is None, else as ``registry.database.open_database`` takes it.
        """
        home = home.resolve()
        with told_as_lake_error():
            make_folder(home / "warehouse")
        engine = open_database(database_url or sqlite_url(home))
        with told_as_lake_error():
            locks: Locks = FileLocks(home / "locks") if engine.dialect.name == "sqlite" else AdvisoryLocks(engine)
        create_tables(engine, ledger.metadata)
        return cls(home, engine, locks)

    def close(self) -> None:
        """Give back connections and locks. Batches still open are settled by the next ``recover``."""
        self._locks.close()
        self.engine.dispose()

    def __enter__(self) -> Lake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- tables --------------------------------------------------------------------------------------------------------

    def create_table(self, store_id: str, family: str) -> None:
        """Make the table of a store of a family (``events.columns.COLUMNS``); nothing where it is there."""
        from trailmere.lake import catalog

        with _told(), held(self._locks, batches.store_lock(store_id)):
            if not catalog.exists(self._premises.catalog, store_id):
                self._forget(store_id)
                make_folder(self._premises.location(store_id) / "data")
                catalog.create(self._premises.catalog, self._premises.location(store_id), store_id, family)

    def drop_table(self, store_id: str) -> None:
        """Remove the table of a store with its files, ledger, index and dead letters; nothing where it is gone."""
        from trailmere.lake import catalog

        with _told(), held(self._locks, batches.store_lock(store_id)):
            catalog.drop(self._premises.catalog, store_id)
            self._forget(store_id)
            remove_folder(self._premises.location(store_id))
            with writing(self.engine) as connection:
                inventory.forget_store(connection, store_id)

    # -- the way in ----------------------------------------------------------------------------------------------------

    def recover(self, store_id: str) -> int:
        """Settle the batches whose owner is gone; returns how many. To be called before ``begin``."""
        with _told():
            with reading(self.engine) as connection:
                if not ledger.unsettled_batches(connection, store_id):
                    return 0
            from trailmere.lake import append

            return append.recover(self._premises, store_id)

    def begin(self, store_id: str) -> Batch:
        """Open a batch: from here to ``commit`` or ``abandon`` it is this process's. Raises StoreNotFound."""
        with _told():
            return batches.begin(self._premises, store_id)

    def prepare(self) -> None:
        """Load what a commit needs: PyIceberg, for the most part of a second. For those who must wait anyhow."""
        from trailmere.lake import append  # noqa: F401

        with _told():
            self._premises.catalog  # noqa: B018  opened now

    def commit(
        self,
        batch: Batch,
        files: Sequence[WrittenFile],
        deliveries: Sequence[DeliveryEntry],
        dead_letters: Sequence[DeadLetter],
        new_fields: Sequence[NewField] = (),
    ) -> Appended:
        """Append what is new in the batch and enter all of it in the ledger; durable when it returns.

        ``files`` may be of several ``write_rows``; their ``delivery_rows`` index ``deliveries``.
        Raises ValueError where counts and rows disagree, LakeError where the batch was given up by others or
        the disk would not take it, LakeDamaged, LakeBusy.
        """
        from trailmere.lake import append

        with _told():
            return append.commit(self._premises, batch, files, deliveries, dead_letters, new_fields)

    def abandon(self, batch: Batch) -> None:
        """Give a batch up and remove its files."""
        from trailmere.lake import append

        append.abandon(self._premises, batch)

    def known_bytes(self, store_id: str, sha256_stored: Collection[str]) -> dict[str, DeliveryEntry]:
        """For each hash that the ledger has: the delivery that had these bytes (taken, else rejected)."""
        with reading(self.engine) as connection:
            return ledger.by_stored(connection, store_id, sha256_stored)

    def known_places(self, store_id: str, uris: Collection[str]) -> dict[str, list[DeliveryEntry]]:
        """For each place that the ledger has: all deliveries that lay there, oldest first."""
        with reading(self.engine) as connection:
            return ledger.by_place(connection, store_id, uris)

    # -- upkeep --------------------------------------------------------------------------------------------------------

    def maintain(
        self,
        store_id: str,
        policy: MaintenancePolicy,
        *,
        dry_run: bool = False,
        show: Callable[[MaintenanceProgress], None] = lambda _progress: None,
    ) -> Maintained:
        """Do what is due: merge small files, remove rows past the cutoff, old snapshots, and files that nobody needs.

        Safe beside ingests and queries, and killed anywhere. ``dry_run`` changes nothing. Raises StoreNotFound,
        LakeBusy where somebody else is at it, LakeDamaged, LakeError.
        """
        from trailmere.lake import maintenance

        with _told():
            if dry_run:
                return maintenance.foresee(self._premises, store_id, policy)
            return maintenance.maintain(self._premises, store_id, policy, show)

    def last_maintained(self, store_id: str) -> datetime | None:
        """When maintenance of a store last began (naive UTC); None where it never did."""
        with reading(self.engine) as connection:
            turn = upkeep.turn(connection, store_id)
        return None if turn is None else turn[1]

    def removals(self, store_id: str) -> list[Removal]:
        """What retention removed from a store, oldest first."""
        with reading(self.engine) as connection:
            return upkeep.of_store(connection, store_id)

    # -- the way out ---------------------------------------------------------------------------------------------------

    def scan(
        self, store_id: str, conditions: Sequence[Condition] = (), *, at: datetime | int | None = None
    ) -> ScanPlan:
        """The files that can hold rows matching all conditions, of the present or an earlier snapshot.

        ``at``: a time (UTC where it has no zone) or a snapshot id. Raises StoreNotFound, SnapshotNotFound.
        """
        from trailmere.lake import scan

        def plan_of(snapshot_id: int) -> Plan:
            return self._plan(store_id, snapshot_id)

        def whereabouts() -> Whereabouts:
            return self._remembered.whereabouts(store_id, self._premises.index_folder(store_id))

        return scan.plan(self._remembered.view(store_id), plan_of, whereabouts, store_id, conditions, at)

    def days(self, store_id: str) -> tuple[StoredDay, ...]:
        """The days that a store has events of, oldest first, with their rows, files and bytes. Raises StoreNotFound."""
        from trailmere.lake import days

        snapshot = self._remembered.view(store_id).current
        return () if snapshot is None else days.of_plan(self._plan(store_id, snapshot.id).table)

    def metadata(self, store_id: str) -> tuple[str, dict[str, Any]]:
        """Where the present metadata file of a store's table lies, and what it says: the table as Iceberg has it.

        Raises StoreNotFound, LakeDamaged.
        """
        from trailmere.lake import view

        return view.content_at(self.engine, store_id, view.pointer(self.engine, store_id))

    def lease(self, store_id: str, snapshot_id: int) -> Shared | None:
        """Keep a snapshot and its files until the lease is freed, or the process ends.

        None where maintenance was faster: plan again.
        """
        from trailmere.lake import expiry

        return expiry.lease(
            self._locks,
            store_id,
            snapshot_id,
            lambda: snapshot_id in self._remembered.view(store_id).snapshots,
        )

    def snapshots(self, store_id: str) -> list[SnapshotInfo]:
        """The versions of a store's table, oldest first."""
        return [snapshot.info() for snapshot in reversed(view.read(self.engine, store_id).line())]

    # -- what goes on after its call has returned ----------------------------------------------------------------------

    def claim(self, name: str) -> bool:
        """Take a piece of work for this process until ``release``, or until the process ends, however it ends.

        False where somebody has it, this process included.
        """
        return self._locks.take(name)

    def release(self, name: str) -> None:
        """Give a claimed piece of work back."""
        self._locks.free(name, forget=True)

    def tidy_claims(self, prefix: str, used: Collection[str]) -> None:
        """Remove what killed processes left of claims that begin so and that nobody will use again."""
        self._locks.tidy(prefix, used)

    # -- verification --------------------------------------------------------------------------------------------------

    def verify(
        self,
        store_id: str | None = None,
        *,
        full: bool = False,
        adopt: bool = False,
        show: Show = lambda _progress: None,
    ) -> Verification:
        """Is every file, row and sum of the lake, or of one store, what was written? Safe beside everything else.

        Reads what it has not read since it last changed; ``full`` reads all. ``adopt`` enters files and rows from
        before there were hashes as they are now.
        """
        from trailmere.lake import verify

        with _told():
            return verify.verify(self._premises, store_id, full=full, adopt=adopt, show=show)

    # -- the books -----------------------------------------------------------------------------------------------------

    def deliveries(
        self, store_id: str, *, status: str | None = None, conflict: bool | None = None
    ) -> Iterator[DeliveryEntry]:
        """The ledger of a store in the order of entry, read page by page."""
        after = 0
        while True:
            with reading(self.engine) as connection:
                page = ledger.walk(connection, store_id, status=status, conflict=conflict, after=after)
            if not page:
                return
            yield from (entry for _, entry in page)
            after = page[-1][0]

    def delivery(self, store_id: str, id: str) -> DeliveryEntry | None:
        """One delivery of a store's ledger, or None."""
        with reading(self.engine) as connection:
            return ledger.by_id(connection, store_id, id)

    def lately(self, store_ids: Collection[str], since: datetime, step: timedelta) -> Lately:
        """What came into stores since a moment (UTC) by steps of time, what waits, and what was verified."""
        from trailmere.lake import recent

        microseconds = timedelta(microseconds=1)
        began = (since.replace(tzinfo=None) - datetime(1970, 1, 1)) // microseconds
        with reading(self.engine) as connection:
            return recent.lately(connection, store_ids, began, step // microseconds)

    def places(self, store_id: str) -> list[tuple[str, datetime]]:
        """Where the latest deliveries taken into a store lay, and when they came (naive UTC), newest first."""
        from trailmere.lake import recent

        with reading(self.engine) as connection:
            return recent.places(connection, store_id)

    def dead_letters(
        self, store_id: str | None = None, *, state: str | None = None, reason: str | None = None
    ) -> Iterator[StoredDeadLetter]:
        """Dead letters by id, of one store or all, without their bytes. ``state``: open or replayed."""
        after = 0
        while True:
            with reading(self.engine) as connection:
                page = deadletters.page(connection, store_id, state=state, reason=reason, after=after)
            if not page:
                return
            yield from page
            after = page[-1].id

    def dead_letter(self, id: int) -> StoredDeadLetter:
        """One dead letter with its bytes. Raises InvalidParameter, LakeDamaged."""
        with reading(self.engine) as connection:
            return deadletters.get(connection, self.home, id)

    def mark_replayed(self, *ids: int) -> int:
        """Mark open dead letters as replayed; returns how many were open."""
        with writing(self.engine) as connection:
            return deadletters.mark_replayed(connection, ids)

    def fields(self, store_id: str) -> list[KnownField]:
        """Fields that no column is declared for, where and when each was first seen, and how often."""
        with reading(self.engine) as connection:
            return ledger.known_fields(connection, store_id)

    def totals(self, store_id: str) -> Totals:
        """Sums over the ledger and the table of a store."""
        current = view.read(self.engine, store_id).current
        with reading(self.engine) as connection:
            return Totals(
                **ledger.sums(connection, store_id),
                dead_letters_open=deadletters.count_open(connection, store_id),
                expired=upkeep.rows_removed(connection, store_id),
                **({"rows": 0, "files": 0, "bytes": 0} if current is None else current.totals()),
            )

    # -- parts ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _remembered(self) -> Remembered:
        from trailmere.lake.remembered import Remembered

        return Remembered(self.engine)

    @cached_property
    def _premises(self) -> Premises:
        return Premises(self.home, self.engine, self._locks)

    def _plan(self, store_id: str, snapshot_id: int) -> Plan:
        def make_plan(snapshot_id: int) -> pa.Table:
            from trailmere.lake import catalog, manifests

            table = catalog.load(self._premises.catalog.reader(), store_id)
            return manifests.plan_of(table, self._plans(store_id), snapshot_id)

        return self._remembered.plan(store_id, snapshot_id, self._plans(store_id), make_plan)

    def _plans(self, store_id: str) -> Path:
        return self.home / "plans" / store_id

    def _forget(self, store_id: str) -> None:
        with writing(self.engine) as connection:
            ledger.forget_store(connection, store_id)
            upkeep.forget_store(connection, store_id)
            inventory.remove_store(connection, store_id)
            deadletters.forget_store(connection, store_id)
        deadletters.trim(self.engine, self.home, dropped=True)
        remove_folder(self._premises.index_folder(store_id))
        remove_folder(self._plans(store_id))
        self._premises.foreseen.pop(store_id, None)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of the system, and of the catalog's sessions on the database, become ours."""
    with told_as_lake_error(), translated("cannot read or write the catalog"):
        yield
