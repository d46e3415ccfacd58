"""The loop: recover, list, decode in several processes, commit batch by batch, and give an account that balances.

Workers decode the next batch while one commits. A delivery that kills its worker costs that delivery: its task is
halved until the culprit is alone. Whatever stops the loop, the batches that are not committed leave nothing behind.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trailmere.errors import DeliveryError, SourceUnavailable
from trailmere.ingest.chunks import Ratio, group, look_up, pages
from trailmere.ingest.crew import Crew, Serve
from trailmere.ingest.records import LAKE_UNWRITABLE, SOURCE_AWAY, Failure, Limits, Outcome, Recipe, Task
from trailmere.ingest.tally import Tally
from trailmere.lake.disk import unwritable

if TYPE_CHECKING:
    from trailmere.ingest.account import Account
    from trailmere.lake.records import Batch, DeliveryEntry, WrittenFile
    from trailmere.lake.vault import Lake
    from trailmere.registry.stores import EventDataStore
    from trailmere.sources.delivery import Delivery, Source

    Noted = Callable[[Sequence[Outcome], Sequence[DeliveryEntry]], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``total`` and ``total_bytes`` (stored) are of what was listed."""

    deliveries: int
    total: int
    bytes: int
    total_bytes: int
    records: int


def _silent(_progress: Progress) -> None:
    pass


def _never() -> bool:
    return False


def _ignore(_outcomes: Sequence[Outcome], _entries: Sequence[DeliveryEntry]) -> None:
    pass


@dataclass(slots=True)
class _OpenBatch:
    """Outcomes that will be committed together. ``batch`` is None in a dry run."""

    batch: Batch | None
    began: float
    pending: set[int] = field(default_factory=set)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    deliveries: int = 0
    closed: bool = False


class Ingest:
    """Takes deliveries into one store. Use as a context: leaving it ends the workers and gives up open batches.

    ``progress`` is called after each task; ``stop`` is asked before each task is given out: once it is True what is out
    is finished and committed, and the account says ``interrupted``. ``retry_rejected`` tries again what was rejected
    before. ``serve`` is another life for the workers (see ``crew.Crew``). ``noted`` is told of each commit: the
    outcomes, and the ledger's entries of their deliveries.
    """

    def __init__(
        self,
        lake: Lake,
        store: EventDataStore,
        limits: Limits,
        *,
        dry_run: bool = False,
        retry_rejected: bool = False,
        progress: Callable[[Progress], None] = _silent,
        stop: Callable[[], bool] = _never,
        serve: Serve | None = None,
        noted: Noted = _ignore,
    ) -> None:
        self._lake = lake
        self._store = store
        self._limits = limits
        self._dry_run = dry_run
        self._retry_rejected = retry_rejected
        self._progress = progress
        self._stop = stop
        self._noted = noted
        self._crew = Crew(Recipe(store.family, store.selectors, limits), limits.workers, serve)
        self._ratio = Ratio()
        self._number = 0
        self._batches: list[_OpenBatch] = []
        self._tasks: dict[int, tuple[Task, _OpenBatch]] = {}
        self._suspects: set[Delivery] = set()
        self._preparing: threading.Thread | None = None
        self._seen = Progress(0, 0, 0, 0, 0)
        known_fields = frozenset(found.path for found in lake.fields(store.id))
        self._tally = Tally(dry_run=dry_run, known_fields=known_fields)
        if not dry_run:
            self._tally.recovered = lake.recover(store.id)
        self._before = lake.totals(store.id)

    def __enter__(self) -> Ingest:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.close()
        if self._preparing is not None:
            self._preparing.join()
        for open_batch in self._batches:
            if open_batch.batch is not None:
                with contextlib.suppress(Exception):  # the next run recovers what cannot be given up now
                    self._lake.abandon(open_batch.batch)
        self._batches.clear()

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Take these in; all of it is committed when this returns."""
        total_bytes = sum(delivery.size or 0 for delivery in deliveries)
        self._seen = replace(
            self._seen, total=self._seen.total + len(deliveries), total_bytes=self._seen.total_bytes + total_bytes
        )
        for some in self._to_do(deliveries):
            if self._stop():
                self._tally.interrupted = True
                break
            self._prepare()
            while not self._crew.has_room():
                self._collect()
            self._give(some)
            self._commit_finished()
        self._finish()

    def note_listing(self, source: Source) -> None:
        """Count what the source left aside in the listing that was just made."""
        self._tally.left_alone = Counter(source.other)
        self._tally.out_of_scope = source.out_of_scope

    def is_stopped(self) -> bool:
        """Whether ``stop`` asked to end."""
        return self._stop()

    def account(self) -> Account:
        """The account so far, checked: it balances, and the ledger grew by what it says.

        Raises LakeDamaged where it does not.
        """
        account = self._tally.account().check()
        if self._dry_run or not account.commits:
            return account
        return account.check_against(self._before, self._lake.totals(self._store.id))

    # -- giving out ----------------------------------------------------------------------------------------------------

    def _to_do(self, deliveries: Iterable[Delivery]) -> Iterator[Task]:
        """Tasks without number and batch; what is known without reading is entered on the way."""
        for page in pages(deliveries):
            looked = look_up(
                self._lake,
                self._store.id,
                page,
                retry_rejected=self._retry_rejected,
                hash_new=self._before.deliveries_seen > 0,
            )
            if looked.known:
                self._enter_known(Outcome(0, looked.known, known_rejected=looked.known_rejected))
            groups = list(group(looked.to_read, self._ratio, self._limits.batch_bytes))
            self._crew.start(len(groups))
            for some in groups:
                yield Task(0, some, looked.expected, None)

    def _enter_known(self, outcome: Outcome) -> None:
        open_batch = self._current()
        number = self._next_number()
        open_batch.outcomes[number] = replace(outcome, number=number)
        open_batch.deliveries += len(outcome.entries)
        self._advance(outcome)

    def _prepare(self) -> None:
        """Load what the first commit needs while workers start and decode."""
        if not self._dry_run and self._preparing is None:
            self._preparing = threading.Thread(target=self._load, name="prepare")
            self._preparing.start()

    def _load(self) -> None:
        with contextlib.suppress(Exception):  # the commit will meet it, and say so
            self._lake.prepare()

    def _give(self, task: Task, within: _OpenBatch | None = None) -> None:
        open_batch = within or self._current()
        task = replace(task, number=self._next_number(), batch=open_batch.batch)
        self._tasks[task.number] = (task, open_batch)
        open_batch.pending.add(task.number)
        if within is None:
            open_batch.deliveries += len(task.deliveries)
        self._crew.give(task)

    def _current(self) -> _OpenBatch:
        """The batch that tasks go into now; a new one when the last is full or old enough."""
        if self._batches and not self._is_full(self._batches[-1]):
            return self._batches[-1]
        if self._batches:
            self._batches[-1].closed = True
        batch = None if self._dry_run else self._lake.begin(self._store.id)
        self._batches.append(_OpenBatch(batch, time.monotonic()))
        return self._batches[-1]

    def _is_full(self, open_batch: _OpenBatch) -> bool:
        aged = time.monotonic() - open_batch.began >= self._limits.commit_seconds
        return open_batch.closed or aged or open_batch.deliveries >= self._limits.commit_deliveries

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    # -- collecting ----------------------------------------------------------------------------------------------------

    def _collect(self) -> None:
        for told in self._crew.results():
            task, open_batch = self._tasks.pop(told.number)
            open_batch.pending.discard(told.number)
            if isinstance(told, Failure):
                self._recover_task(task, open_batch, told)
                continue
            open_batch.outcomes[told.number] = told
            self._ratio.learn(sum(entry.size for entry in told.entries if entry.status == "taken"), told.content_bytes)
            self._advance(told)
        self._commit_finished()

    def _recover_task(self, task: Task, open_batch: _OpenBatch, failure: Failure) -> None:
        """Halve a task that came to nothing. A delivery that is alone and fails a second time is the culprit.

        Raises LakeError where the lake is at fault, SourceUnavailable where the source is: then the run ends, and no
        delivery is rejected for it.
        """
        if failure.reason == LAKE_UNWRITABLE:
            raise unwritable(failure.message)
        if failure.reason == SOURCE_AWAY:
            raise SourceUnavailable(failure.message, hint="what was committed stays; run it again for the rest")
        half = (len(task.deliveries) + 1) // 2
        if half < len(task.deliveries):
            for some in (task.deliveries[:half], task.deliveries[half:]):
                self._give(replace(task, deliveries=some), within=open_batch)
            return
        (delivery,) = task.deliveries
        # The worker may have been killed for another's sake (no memory left on the machine).
        if failure.reason == "decoder-crashed" and delivery not in self._suspects:
            self._suspects.add(delivery)
            self._give(task, within=open_batch)
            return
        outcome = reject_culprit(task, failure)
        open_batch.outcomes[task.number] = outcome
        self._advance(outcome)

    def _advance(self, outcome: Outcome) -> None:
        seen = self._seen
        self._seen = replace(
            seen,
            deliveries=seen.deliveries + len(outcome.entries),
            bytes=seen.bytes + sum(entry.size for entry in outcome.entries),
            records=seen.records + sum(entry.parsed for entry in outcome.entries),
        )
        self._progress(self._seen)

    # -- committing ----------------------------------------------------------------------------------------------------

    def _commit_finished(self) -> None:
        while self._batches and self._batches[0].closed and not self._batches[0].pending:
            self._commit(self._batches[0])
            self._batches.pop(0)

    def _finish(self) -> None:
        while self._crew.busy():
            self._collect()
        if self._batches:
            self._batches[-1].closed = True
        self._commit_finished()

    def _commit(self, open_batch: _OpenBatch) -> None:
        outcomes = [open_batch.outcomes[number] for number in sorted(open_batch.outcomes)]
        entries = [entry for outcome in outcomes for entry in outcome.entries]
        if open_batch.batch is None:
            self._tally.add(outcomes, entries)
            return
        appended = self._lake.commit(
            open_batch.batch,
            list(shifted(outcomes)),
            entries,
            [letter for outcome in outcomes for letter in outcome.dead_letters],
            [new for outcome in outcomes for new in outcome.fields],
        )
        self._tally.commits += 1
        self._tally.add(outcomes, appended.deliveries)
        self._noted(outcomes, appended.deliveries)


def shifted(outcomes: Sequence[Outcome]) -> Iterator[WrittenFile]:
    """The files of all outcomes, their ``delivery_rows`` counted from the first outcome's first delivery."""
    start = 0
    for outcome in outcomes:
        for file in outcome.files:
            yield replace(file, delivery_rows=file.delivery_rows + start)
        start += len(outcome.entries)


def reject_culprit(task: Task, failure: Failure) -> Outcome:
    """The outcome of a delivery that killed its worker: rejected, its bytes kept."""
    from trailmere.ingest.steps import Work, reject

    (delivery,) = task.deliveries
    work = Work(delivery, 0)
    reject(work, DeliveryError(failure.reason, failure.message), task.known)
    return Outcome(task.number, (work.entry(),), dead_letters=tuple(work.letters), known_rejected=work.known_rejected)


def ingest(
    lake: Lake,
    store: EventDataStore,
    source: Source,
    limits: Limits | None = None,
    *,
    dry_run: bool = False,
    progress: Callable[[Progress], None] = _silent,
    stop: Callable[[], bool] = _never,
) -> Account:
    """Take a source into a store, once; the account of it.

    A ``dry_run`` lists, decodes, selects and accounts, and writes nothing. Raises SourceError, LakeError.
    """
    with Ingest(lake, store, limits or Limits(), dry_run=dry_run, progress=progress, stop=stop) as run:
        deliveries = list(source.listing())
        run.note_listing(source)
        run.take(deliveries)
        return run.account()
