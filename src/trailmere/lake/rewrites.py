"""The life of a rewrite: a batch like those of ``lake.append``, whose files take the place of others.

Reading and writing are done without the store's lock: only the commit holds it. Whatever was to be replaced and is gone
by then (another maintenance, retention) makes the batch void, and the next run chooses anew.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trailmere.errors import LakeError
from trailmere.lake import append, batches, inventory, manifests, snapshots
from trailmere.lake import catalog as catalogs
from trailmere.lake.intents import Intent
from trailmere.lake.locks import held
from trailmere.lake.sorting import DamagedInput, write_sorted
from trailmere.registry.database import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyiceberg.table import Table

    from trailmere.lake.batches import Premises
    from trailmere.lake.groups import Group, Job, StoredFile
    from trailmere.lake.records import Batch, WrittenFile
    from trailmere.lake.sorting import Sorted


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What came of a job. ``snapshot_id`` is None where nothing was committed."""

    snapshot_id: int | None = None
    gone: tuple[StoredFile, ...] = ()
    files: tuple[WrittenFile, ...] = ()
    rows_removed: int = 0
    damaged: tuple[tuple[StoredFile, str], ...] = ()


def rewrite(
    premises: Premises,
    store_id: str,
    job: Job,
    *,
    cutoff: int | None,
    memory_bytes: int,
    done: Callable[[int], None] = lambda _bytes: None,
) -> Rewritten:
    """Do a job, and commit it. ``done`` is told the bytes of the files that were dealt with.

    Raises LakeError where the disk would not take it, LakeBusy.
    """
    batch = batches.begin(premises, store_id)
    try:
        made = _write(premises, batch, job, cutoff, memory_bytes, done)
        if made.gone:
            return _commit(premises, batch, made, cutoff)
    except BaseException:
        append.abandon(premises, batch)
        raise
    append.abandon(premises, batch)
    return made


def _write(
    premises: Premises,
    batch: Batch,
    job: Job,
    cutoff: int | None,
    memory_bytes: int,
    done: Callable[[int], None],
) -> Rewritten:
    """Everything but the commit: the new files are on disk."""
    files: list[WrittenFile] = []
    damaged: list[tuple[StoredFile, str]] = []
    gone = list(job.dropped)
    removed = sum(file.rows for file in job.dropped)
    for number, group in enumerate(job.groups):
        rest, result = _write_group(premises, batch, f"m{number}", group, cutoff, memory_bytes, damaged)
        if result is not None:
            files += result.files
            gone += rest
            removed += result.due
        done(sum(file.size for file in group.files))
    return Rewritten(None, tuple(gone), tuple(files), removed, tuple(damaged))


def _write_group(
    premises: Premises,
    batch: Batch,
    part: str,
    group: Group,
    cutoff: int | None,
    memory_bytes: int,
    damaged: list[tuple[StoredFile, str]],
) -> tuple[Sequence[StoredFile], Sorted | None]:
    """A group without those of its files that are damaged; None where what is left needs no writing."""
    with reading(premises.engine) as connection:
        hashes = inventory.hashes(connection, premises.home, [file.path for file in group.files])
    while len(group.files) > 1 or any(cutoff is not None and file.first < cutoff for file in group.files):
        try:
            return group.files, write_sorted(batch, part, group, hashes.get, cutoff=cutoff, memory_bytes=memory_bytes)
        except DamagedInput as damage:
            damaged.append((damage.file, damage.why))
            group = replace(group, files=tuple(file for file in group.files if file != damage.file))
    return (), None


def _commit(premises: Premises, batch: Batch, made: Rewritten, cutoff: int | None) -> Rewritten:
    """The files of the job for those that it replaces. Nothing is committed where one of these is gone."""
    gone = {file.path for file in made.gone}
    with held(premises.locks, batches.store_lock(batch.store_id)):
        append.settle_prepared(premises, batch.store_id)
        table = catalogs.load(premises.catalog, batch.store_id)
        if gone <= manifests.live_paths(table, premises.plan_folder(batch.store_id)):
            made = replace(made, snapshot_id=_replace(premises, batch, table, made, gone, cutoff))
        else:
            append.settle(premises, batch.store_id, batch.id)
            made = Rewritten(damaged=made.damaged)
    premises.locks.free(batches.batch_lock(batch.id), forget=True)
    return made


def _replace(
    premises: Premises, batch: Batch, table: Table, made: Rewritten, gone: set[str], cutoff: int | None
) -> int:
    """From *prepared* to *done*; returns the snapshot."""
    index = snapshots.open_index(premises.index_folder(batch.store_id), table)
    paths = tuple(file.path for file in made.files)
    intent = Intent(paths, tuple(sorted(gone)), expired=made.rows_removed, cutoff=cutoff)
    append.prepare(premises, batch, intent, made.files)
    table = snapshots.replace(premises.catalog, table, batch, made.files, gone, made.rows_removed)
    snapshot_id = snapshots.of_batch(table, batch.id)
    assert snapshot_id is not None
    append.finish(premises, batch.id, batch.store_id, snapshot_id)
    with contextlib.suppress(OSError):  # the batch is done; what the index lacks it is given when next opened
        keys = ((file.path, file.event_keys, file.content_keys) for file in made.files)
        index.add(keys, snapshot_id, gone=gone)
    with contextlib.suppress(OSError, LakeError):
        manifests.keep_changed(table, premises.plan_folder(batch.store_id), snapshot_id, gone)
    return snapshot_id
