"""Which snapshots of a table are kept, and the end of the others.

A snapshot that somebody reads stays: a reader holds a shared lock named after it (``lease``), and a snapshot leaves
the metadata only while its lock is held alone. So what is read can always be reached from the metadata.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trailmere.lake.view import BATCH_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from trailmere.lake.locks import Locks, Shared
    from trailmere.lake.view import Snapshot, TableView

NEWEST = 16
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
AT_ONCE = 200  # snapshots that leave in one commit: each holds a lock, and locks are open files
LEASE_SECONDS = 30.0
PAUSE_SECONDS = 0.01


def lease_lock(store_id: str, snapshot_id: int) -> str:
    """Name of the lock that readers of a snapshot share."""
    return f"{lease_prefix(store_id)}{snapshot_id}"


def lease_prefix(store_id: str) -> str:
    """What the names of a store's leases begin with."""
    return f"lease-{store_id}-"


def kept(snapshots: Sequence[Snapshot], now_ms: int, days: float) -> set[int]:
    """Of snapshots, newest first, the ids of those to keep: the present one, and of those that are younger than so many
    days the newest 16, for a day the last of each hour, and the last of each day (UTC)."""
    young = [snapshot for snapshot in snapshots if now_ms - snapshot.time_ms < days * DAY_MS]
    ids = {snapshot.id for snapshot in (*snapshots[:1], *young[:NEWEST])}
    for unit, reach in ((HOUR_MS, DAY_MS), (DAY_MS, now_ms)):
        last: dict[int, int] = {}
        for snapshot in young:
            if now_ms - snapshot.time_ms < reach:
                last.setdefault(snapshot.time_ms // unit, snapshot.id)
        ids |= set(last.values())
    return ids


def expirable(view: TableView, now_ms: int, days: float, unsettled: Collection[str]) -> list[int]:
    """The ids of the snapshots that may go, oldest first. Those of unsettled batches stay: they answer for them."""
    line = view.line()
    staying = kept(line, now_ms, days)
    staying |= {snapshot.id for snapshot in line if snapshot.summary.get(BATCH_PROPERTY) in unsettled}
    return [snapshot.id for snapshot in reversed(line) if snapshot.id not in staying]


def expire(locks: Locks, store_id: str, snapshot_ids: Iterable[int], commit: Callable[[list[int]], None]) -> list[int]:
    """Let ``commit`` take those snapshots out of the metadata that nobody reads; returns their ids.

    The caller holds the store's lock.
    """
    free = [id for id in snapshot_ids if locks.take(lease_lock(store_id, id))]
    gone = False
    try:
        if free:
            commit(free)
        gone = True
    finally:
        for id in free:
            locks.free(lease_lock(store_id, id), forget=gone)
    return free


def lease(locks: Locks, store_id: str, snapshot_id: int, present: Callable[[], bool]) -> Shared | None:
    """Keep a snapshot until the lease is freed; None where it is not in the metadata any more, as ``present`` says."""
    deadline = time.monotonic() + LEASE_SECONDS
    while True:
        shared = locks.share(lease_lock(store_id, snapshot_id))
        if shared is not None:
            if present():
                return shared
            shared.free()
            return None
        if time.monotonic() > deadline or not present():  # it is being taken out, which does not take long
            return None
        time.sleep(PAUSE_SECONDS)
