"""The life of a batch: commit, recovery; how it begins is told in ``lake.batches``. The promise of the lake: nothing
lost, nothing twice, killed anywhere.

    open      a row of the database, committed before anything else is written; the owner holds the batch's lock
    prepared  what the ledger will hold is in the row too, with the dead letters; all data files are on disk
    (commit)  the Iceberg snapshot, with the batch's id in its summary
    done      ledger, dead letters and fields, in one transaction
    abandoned no snapshot has the batch's id; its files are removed

From *prepared* to *done* the store's lock is held. Whoever holds that lock and meets a prepared batch knows that its
commit broke off, and settles it before doing anything else: the table says whether it landed. Nothing is removed on a
guess.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from trailmere.errors import LakeDamaged, LakeError, StoreNotFound
from trailmere.lake import catalog as catalogs
from trailmere.lake import deadletters, intents, inventory, ledger, manifests, snapshots, upkeep
from trailmere.lake.batches import batch_lock, store_lock
from trailmere.lake.decide import Decision, check_files, decide
from trailmere.lake.disk import remove_files
from trailmere.lake.files import files_of_batch
from trailmere.lake.intents import Intent
from trailmere.lake.inventory import FileRecord
from trailmere.lake.locks import held
from trailmere.lake.reader import RecordReader
from trailmere.lake.records import Appended
from trailmere.lake.snapshots import open_index
from trailmere.registry.database import reading, writing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pyiceberg.table import Table

    from trailmere.lake.batches import Premises
    from trailmere.lake.index import EventIndex
    from trailmere.lake.records import Batch, DeadLetter, DeliveryEntry, NewField, WrittenFile


def commit(
    premises: Premises,
    batch: Batch,
    files: Sequence[WrittenFile],
    deliveries: Sequence[DeliveryEntry],
    dead_letters: Sequence[DeadLetter],
    new_fields: Sequence[NewField],
) -> Appended:
    """Append what is new in a batch, and enter all of it in the ledger. See the module's text."""
    check_files(files)
    with held(premises.locks, store_lock(batch.store_id)):
        settle_prepared(premises, batch.store_id)
        table = catalogs.load(premises.catalog, batch.store_id)
        index = open_index(premises.index_folder(batch.store_id), table)
        with reading(premises.engine) as connection:
            decision = decide(connection, index, RecordReader(), batch, files, deliveries)
        remove_files(list(decision.superseded))
        intent = _intend(premises, batch, decision, dead_letters, new_fields)
        snapshot_id = None
        if decision.files:
            table = snapshots.append(premises.catalog, table, batch, decision.files, decision.deliveries)
            snapshot_id = snapshots.of_batch(table, batch.id)
        _sweep(premises, batch.store_id, batch.id, [file.path for file in decision.files])
        finish(premises, batch.id, batch.store_id, snapshot_id, intent)
        if snapshot_id is not None:
            _index(index, decision.files, snapshot_id)
        if snapshot_id is not None:
            _plan(premises, batch.store_id, table, snapshot_id)
    premises.locks.free(batch_lock(batch.id), forget=True)
    rows = sum(file.rows for file in decision.files)
    return Appended(batch.id, snapshot_id, rows, decision.deliveries)


def abandon(premises: Premises, batch: Batch) -> None:
    """Give a batch up: remove its files, unless the table says that it landed; then complete it."""
    with held(premises.locks, store_lock(batch.store_id)):
        settle(premises, batch.store_id, batch.id)
    premises.locks.free(batch_lock(batch.id), forget=True)


def recover(premises: Premises, store_id: str) -> int:
    """Settle the batches whose owner is gone; returns how many. Batches of living owners are left alone."""
    settled = 0
    with reading(premises.engine) as connection:
        waiting = ledger.unsettled_batches(connection, store_id)
    for batch_id in waiting:
        if not premises.locks.take(batch_lock(batch_id)):
            continue
        with held(premises.locks, store_lock(store_id)):
            settled += settle(premises, store_id, batch_id)
        premises.locks.free(batch_lock(batch_id), forget=True)
    return settled


def settle_prepared(premises: Premises, store_id: str) -> None:
    """Settle batches whose commit broke off. The caller holds the store's lock, so that none is still under way."""
    with reading(premises.engine) as connection:
        broken = [
            batch_id
            for batch_id in ledger.unsettled_batches(connection, store_id)
            if (ledger.batch_state(connection, batch_id) or ("", None))[0] == "prepared"
        ]
    for batch_id in broken:
        settle(premises, store_id, batch_id)


def _intend(
    premises: Premises,
    batch: Batch,
    decision: Decision,
    dead_letters: Sequence[DeadLetter],
    new_fields: Sequence[NewField],
) -> Intent:
    taken = {entry.id for entry in decision.deliveries if entry.status != "known"}
    letters = [letter for letter in dead_letters if letter.delivery_id in taken]
    fields = tuple(field for field in new_fields if field.delivery_id in taken)
    _set_aside(premises, batch, letters)
    intent = Intent(tuple(file.path for file in decision.files), deliveries=decision.deliveries, fields=fields)
    prepare(premises, batch, intent, decision.files)
    return intent


def _set_aside(premises: Premises, batch: Batch, letters: Sequence[DeadLetter]) -> None:
    """The rows first: as long as a letter has one, nobody removes the file with its bytes."""
    if letters:
        with writing(premises.engine) as connection:
            if (ledger.batch_state(connection, batch.id) or ("", None))[0] != "open":
                raise _given_up(batch)
            deadletters.add_pending(connection, premises.home, batch.store_id, batch.id, letters)
        deadletters.write_content(premises.home, letters)


def _given_up(batch: Batch) -> LakeError:
    return LakeError(
        f"batch {batch.id} is not open any more: its owner seemed dead, and it was given up",
        hint="nothing was taken in; ingest again",
    )


def prepare(premises: Premises, batch: Batch, intent: Intent, written: Sequence[WrittenFile]) -> None:
    """Mark the batch *prepared*: all that ``finish`` will enter is in the database. Raises LakeError where it is not
    open any more."""
    files = [FileRecord(file.path, "data", file.size, file.sha256) for file in written]
    with writing(premises.engine) as connection:
        if not ledger.prepare_batch(connection, batch.id, intents.encode(intent)):
            raise _given_up(batch)
        inventory.enter(connection, premises.home, batch.store_id, files, state="pending", batch_id=batch.id)


def finish(
    premises: Premises, batch_id: str, store_id: str, snapshot_id: int | None, prepared: Intent | None = None
) -> None:
    """Ledger, dead letters, fields, inventory, removals and *done*, from the prepared intent, in one transaction.

    ``prepared`` is the intent where the caller has just written it, and need not be read again.
    """
    with writing(premises.engine) as connection:
        state, content = ledger.batch_state(connection, batch_id) or (None, None)
        if state != "prepared" or content is None:
            raise LakeDamaged(
                f"a snapshot holds batch {batch_id}, which the ledger has as {state}",
                hint="the database and the warehouse are not of the same lake, or not of the same time",
            )
        intent = prepared or intents.decode(content)
        ledger.settle_batch(connection, batch_id, "done", snapshot_id)
        ledger.enter(connection, store_id, batch_id, intent.deliveries)
        ledger.note_fields(connection, store_id, intent.fields)
        deadletters.open_pending(connection, premises.home, batch_id)
        deadletters.close_read(connection, store_id, intent.deliveries)
        inventory.publish_batch(connection, store_id, batch_id)
        if intent.expired and intent.cutoff is not None:
            upkeep.enter(connection, store_id, batch_id, intent.cutoff, intent.expired, len(intent.gone))


def settle(premises: Premises, store_id: str, batch_id: str) -> bool:
    """Complete or abandon one batch, as the table says. The caller holds the store's lock."""
    with reading(premises.engine) as connection:
        found = ledger.batch_state(connection, batch_id)
    if found is None or found[0] not in ("open", "prepared"):
        return False
    state, content = found
    snapshot_id = _landed(premises, store_id, batch_id)
    intent = intents.decode(content) if state == "prepared" and content is not None else None
    if snapshot_id is not None or (intent is not None and not intent.needs_snapshot):
        if intent is not None:
            _sweep(premises, store_id, batch_id, intent.files)
        finish(premises, batch_id, store_id, snapshot_id)
        return True
    _sweep(premises, store_id, batch_id, ())  # first: a batch that is abandoned has no files
    with writing(premises.engine) as connection:
        ledger.settle_batch(connection, batch_id, "abandoned", None)
        deadletters.drop_pending(connection, batch_id)
        inventory.drop_batch(connection, store_id, batch_id)
    return True


def _landed(premises: Premises, store_id: str, batch_id: str) -> int | None:
    try:
        table = catalogs.load(premises.catalog, store_id)
    except StoreNotFound:
        return None
    return snapshots.of_batch(table, batch_id)


def _index(index: EventIndex, files: Sequence[WrittenFile], snapshot_id: int) -> None:
    # The batch is done. What the index misses now it is given when it is next opened.
    with contextlib.suppress(OSError):
        index.add(((file.path, file.event_keys, file.content_keys) for file in files), snapshot_id)


def _plan(premises: Premises, store_id: str, table: Table, snapshot_id: int) -> None:
    """Keep the plan of the new snapshot: the next question finds it, and need not load PyIceberg."""
    with contextlib.suppress(OSError, LakeError):
        manifests.plan_of(table, premises.plan_folder(store_id), snapshot_id)


def _sweep(premises: Premises, store_id: str, batch_id: str, live: Collection[str]) -> None:
    """Remove files of the batch that are not in its snapshot: of a worker that died and was replaced."""
    location = premises.location(store_id)
    remove_files([path for path in files_of_batch(location, batch_id) if str(path) not in live])
