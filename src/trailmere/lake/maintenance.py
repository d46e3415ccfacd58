"""What ``trailmere maintain`` does to a store, step by step: settle, rewrite, expire, sweep, trim.

Each step may be killed and leaves nothing that the next run does not find. One process at a time maintains a store;
ingests and queries go on beside it (docs/decisions/0011-maintenance.md).
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trailmere.errors import LakeBusy, LakeDamaged, LakeError
from trailmere.lake import (
    append,
    batches,
    deadletters,
    expiry,
    groups,
    inventory,
    ledger,
    manifests,
    physical,
    plans,
    snapshots,
    sweep,
    upkeep,
    view,
)
from trailmere.lake import catalog as catalogs
from trailmere.lake.locks import held
from trailmere.lake.records import DamagedFile, Maintained, MaintenancePolicy, MaintenanceProgress
from trailmere.lake.rewrites import rewrite
from trailmere.lake.sorting import rows_before
from trailmere.registry.database import reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from trailmere.lake.batches import Premises
    from trailmere.lake.groups import Job, StoredFile
    from trailmere.lake.view import TableView

    Show = Callable[[MaintenanceProgress], None]

NANOSECONDS_AN_HOUR = 3_600_000_000_000


def turn_lock(store_id: str) -> str:
    """Name of the lock of whoever maintains the store."""
    return f"maintain-{store_id}"


def maintain(premises: Premises, store_id: str, policy: MaintenancePolicy, show: Show) -> Maintained:
    """Do all that is due for a store.

    Raises LakeBusy where somebody else is at it, LakeDamaged where its files lie in another lake, StoreNotFound,
    LakeError.
    """
    physical.check_place(catalogs.load(premises.catalog, store_id).location(), premises.location(store_id))
    with _turn(premises, store_id):
        append.recover(premises, store_id)
        before = _files(premises, store_id)
        done = Maintained(store_id, files_before=len(before), bytes_before=_bytes(before))
        for step in (_rewrite, _expire, _sweep, _trim):
            done = step(premises, store_id, policy, done, show)
        after = _files(premises, store_id)
        return replace(done, files_after=len(after), bytes_after=_bytes(after))


def foresee(premises: Premises, store_id: str, policy: MaintenancePolicy) -> Maintained:
    """What ``maintain`` would do, as far as that can be told without doing it. Changes nothing, takes no lock."""
    files = _files(premises, store_id)
    jobs = _jobs(files, policy)
    made = sum(
        groups.pieces(group.rows, sum(file.size for file in group.files)) for job in jobs for group in job.groups
    )
    table = view.read(premises.engine, store_id)
    leaving = _expirable(premises, store_id, policy, table)
    unneeded = sweep.garbage(premises, store_id, premises.foreseen.setdefault(store_id, sweep.Reach()), leaving)
    chosen = [file for job in jobs for file in job.files]
    return Maintained(
        store_id,
        files_before=len(files),
        bytes_before=_bytes(files),
        files_after=len(files) - len(chosen) + made,
        bytes_after=None,
        rewritten=len(chosen),
        written=made,
        rows_removed=0 if policy.cutoff_us is None else sum(rows_before(file, policy.cutoff_us) for file in chosen),
        snapshots_expired=len(leaving),
        files_removed=len(unneeded),
        bytes_removed=sum(_size(path) for path in unneeded),
    )


@contextlib.contextmanager
def _turn(premises: Premises, store_id: str) -> Iterator[None]:
    if not premises.locks.take(turn_lock(store_id)):
        with reading(premises.engine) as connection:
            turn = upkeep.turn(connection, store_id)
        who = "another process" if turn is None else f"{turn[0]}, since {turn[1]:%Y-%m-%d %H:%M:%S} UTC,"
        raise LakeBusy(f"{who} maintains this store", hint="wait for it to end; there is nothing to do beside it")
    try:
        with writing(premises.engine) as connection:
            upkeep.begin(connection, store_id, f"{socket.gethostname()}:{os.getpid()}")
        yield
    finally:
        premises.locks.free(turn_lock(store_id))


def _rewrite(premises: Premises, store_id: str, policy: MaintenancePolicy, done: Maintained, show: Show) -> Maintained:
    jobs = _jobs(_files(premises, store_id), policy)
    total = sum(_bytes(job.files) for job in jobs)
    handled = 0

    def tell(count: int) -> None:
        nonlocal handled
        handled += count
        show(MaintenanceProgress("rewriting", handled, total))

    for job in jobs:
        tell(0)
        made = rewrite(premises, store_id, job, cutoff=policy.cutoff_us, memory_bytes=policy.memory_bytes, done=tell)
        done = replace(
            done,
            rewritten=done.rewritten + len(made.gone),
            written=done.written + len(made.files),
            rows_removed=done.rows_removed + made.rows_removed,
            damaged=(*done.damaged, *(DamagedFile(file.path, why) for file, why in made.damaged)),
        )
    return done


def _expire(premises: Premises, store_id: str, policy: MaintenancePolicy, done: Maintained, show: Show) -> Maintained:
    leaving = _expirable(premises, store_id, policy, view.read(premises.engine, store_id))
    gone = 0
    for start in range(0, len(leaving), expiry.AT_ONCE):
        show(MaintenanceProgress("expiring snapshots", start, len(leaving)))
        with held(premises.locks, batches.store_lock(store_id)):
            append.settle_prepared(premises, store_id)
            table = catalogs.load(premises.catalog, store_id)
            some = leaving[start : start + expiry.AT_ONCE]
            gone += len(expiry.expire(premises.locks, store_id, some, partial(snapshots.expire, table)))
    return replace(done, snapshots_expired=gone, snapshots_leased=len(leaving) - gone)


def _sweep(premises: Premises, store_id: str, policy: MaintenancePolicy, done: Maintained, show: Show) -> Maintained:
    show(MaintenanceProgress("looking for files that nobody needs", 0, 0))
    reach = sweep.Reach()
    try:
        table = catalogs.load(premises.catalog, store_id)
        reach.of(table, table.snapshots())  # the reading; what is done under the lock is then short
        with held(premises.locks, batches.store_lock(store_id)):
            append.settle_prepared(premises, store_id)
            unneeded = sweep.garbage(premises, store_id, reach)
    except LakeDamaged as damage:
        return replace(done, damaged=(*done.damaged, DamagedFile(str(premises.location(store_id)), damage.message)))
    size = sum(_size(path) for path in unneeded)
    show(MaintenanceProgress("removing files", 0, len(unneeded)))
    inventory.remove(premises.engine, premises.home, unneeded)
    return replace(done, files_removed=len(unneeded), bytes_removed=size)


def _trim(premises: Premises, store_id: str, policy: MaintenancePolicy, done: Maintained, show: Show) -> Maintained:
    """Derived files: what is of no use any more, and what dead writers left. A failure costs nothing but room."""
    with contextlib.suppress(OSError, LakeError), held(premises.locks, batches.store_lock(store_id)):
        table = catalogs.load(premises.catalog, store_id)
        snapshots.open_index(premises.index_folder(store_id), table).trim()
        present = {snapshot.snapshot_id for snapshot in table.snapshots()}
        plans.trim(premises.plan_folder(store_id), present)
        if table.metadata.current_snapshot_id is not None:
            manifests.plan_of(table, premises.plan_folder(store_id), table.metadata.current_snapshot_id)
        deadletters.trim(premises.engine, premises.home)
        premises.locks.tidy(batches.BATCH_LOCKS, ())  # of owners that died before their batch was entered
        premises.locks.tidy(expiry.lease_prefix(store_id), {expiry.lease_lock(store_id, id) for id in present})
    return done


def _expirable(premises: Premises, store_id: str, policy: MaintenancePolicy, table: TableView) -> list[int]:
    with reading(premises.engine) as connection:
        unsettled = ledger.unsettled_batches(connection, store_id)
    return expiry.expirable(table, ledger.now_us() // 1000, policy.snapshot_days, unsettled)


def _files(premises: Premises, store_id: str) -> list[StoredFile]:
    table = catalogs.load(premises.catalog, store_id)
    current = table.metadata.current_snapshot_id
    if current is None:
        return []
    folder = premises.plan_folder(store_id)
    plan = plans.load(folder, current)
    return groups.stored_files(manifests.made_plan(table, folder, current) if plan is None else plan)


def _jobs(files: Collection[StoredFile], policy: MaintenancePolicy) -> list[Job]:
    return groups.choose(files, policy.cutoff_us, time.time_ns() - int(policy.rest_hours * NANOSECONDS_AN_HOUR))


def _bytes(files: Collection[StoredFile]) -> int:
    return sum(file.size for file in files)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
