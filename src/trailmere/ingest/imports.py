"""Imports performed: a location is listed and taken into a store, chunk by chunk, while others look on and may stop it.

An import is a record (``registry.imports``); whoever claims it performs it, here or in another process, now or after
its performer was killed. Doing it again is harmless, because the ledger knows what was taken in: the statistics are
always those of the whole listing. As AWS does, an import ignores the selectors of its store, and bounds times by the
names of files.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trailmere.errors import (
    InvalidImportSource,
    InvalidParameter,
    InvalidStoreCategory,
    LakeError,
    TrailmereError,
)
from trailmere.events.selector_templates import everything_of
from trailmere.ingest.records import Limits
from trailmere.ingest.run import Ingest
from trailmere.registry.imports import Import, ImportRecords, ImportStatus, Statistics
from trailmere.registry.records import Operation
from trailmere.sources.opening import open_source
from trailmere.sources.reading import local_path
from trailmere.sources.scope import Scope

if TYPE_CHECKING:
    from trailmere.ingest.records import Outcome
    from trailmere.lake.records import DeliveryEntry
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore
    from trailmere.sources.delivery import Delivery

FAMILY = "cloudtrail"  # of the stores that are imported into
LOOK_SECONDS = 5.0  # how often a server looks for imports that nobody performs
CHUNK = 1024  # deliveries between two looks at whether to stop, and two updates of the statistics
DEAD_RECORDS = "DeadRecords"  # the error type of a file that was taken in but for some of its records

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Locations:
    """What may be imported from, as whoever asks does not read with their own rights. No ``buckets``: any."""

    folders: tuple[Path, ...] = ()
    buckets: frozenset[str] = frozenset()

    @classmethod
    def of_settings(cls, folders: str, buckets: str) -> Locations:
        """From the settings ``import_folders`` (``/folder:...``) and ``import_buckets`` (``name, ...``)."""
        named = tuple(Path(folder) for folder in folders.split(os.pathsep) if folder)
        return cls(named, frozenset(filter(None, map(str.strip, buckets.split(",")))))

    def check(self, location: str) -> None:
        """Raises InvalidImportSource unless it is ``s3://bucket/prefix`` or ``file:///folder``, and allowed."""
        if location.startswith("file://"):
            path = Path(local_path(location)).resolve()
            if not any(path.is_relative_to(folder.resolve()) for folder in self.folders):
                raise InvalidImportSource(
                    f"{location} lies in no folder that imports may read",
                    hint="name the folder in TRAILMERE_IMPORT_FOLDERS",
                )
            return
        bucket = location.removeprefix("s3://").partition("/")[0]
        if not location.startswith("s3://") or not bucket:
            raise InvalidImportSource(f"expected s3://bucket/prefix or file:///folder, got {location!r}")
        if self.buckets and bucket not in self.buckets:
            raise InvalidImportSource(
                f"{bucket} is no bucket that imports may read", hint="name the bucket in TRAILMERE_IMPORT_BUCKETS"
            )


class Imports:
    """The imports of a lake, performed by threads of this process. ``stores`` finds a store by its id."""

    def __init__(
        self,
        lake: Lake,
        records: ImportRecords,
        stores: Callable[[str, Operation], EventDataStore],
        locations: Locations,
        *,
        limits: Limits | None = None,
    ) -> None:
        self._lake = lake
        self.records = records
        self._stores = stores
        self._limits = limits or Limits()
        self._locations = locations
        self._threads: dict[str, threading.Thread] = {}
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None

    def start(
        self,
        account_id: str,
        region: str,
        store: EventDataStore,
        location: str,
        *,
        bucket_region: str = "",
        role_arn: str = "",
        start_event_time: datetime | None = None,
        end_event_time: datetime | None = None,
        perform: bool = True,
    ) -> Import:
        """Begin a new import, and return; where it is not for us to ``perform``, a server of the lake does.

        Raises InvalidImportSource, InvalidParameter, InvalidStoreCategory, AccountHasOngoingImport, and what the
        store's status forbids.
        """
        self._locations.check(location)
        if start_event_time is not None and end_event_time is not None and start_event_time > end_event_time:
            raise InvalidParameter("expected StartEventTime before EndEventTime")
        if store.family != FAMILY:
            raise InvalidStoreCategory(
                f"expected a store of CloudTrail events, {store.name} is of {store.family}",
                hint="logs of other kinds are taken in by trailmere ingest",
            )
        self._stores(store.id, Operation.IMPORT)
        made = self.records.create(
            account_id,
            region,
            store.id,
            location,
            bucket_region=bucket_region,
            role_arn=role_arn,
            start_event_time=start_event_time,
            end_event_time=end_event_time,
        )
        if perform:
            self._begin(made.id)
        return made

    def retry(self, import_id: str, *, perform: bool = True) -> Import:
        """Begin an import that failed or was stopped once more. Errors are those of ``ImportRecords.retry``."""
        again = self.records.retry(import_id)
        if perform:
            self._begin(again.id)
        return again

    def stop(self, import_id: str, *, seconds: float = 5.0) -> Import:
        """Ask an import to stop, and wait a moment until it did. Raises ImportNotFound, InvalidImportStatus."""
        asked = self.records.ask_to_stop(import_id)
        thread = self._threads.get(asked.id)
        if thread is not None and thread.is_alive():
            thread.join(seconds)
        elif self._lake.claim(_claim(asked.id)):  # nobody performs it
            try:
                self.records.end(asked.id, ImportStatus.STOPPED)
            finally:
                self._lake.release(_claim(asked.id))
        return self.records.get(asked.id)

    def resume(self) -> None:
        """Perform, from now on until ``close``, whatever has not ended and nobody performs: a server's part."""
        self._keeper = threading.Thread(target=self._keep, name="imports", daemon=True)
        self._keeper.start()

    def wait(self, import_id: str, seconds: float | None = None) -> Import:
        """The import when its thread here has ended, or the time is over; whoever else performs it, only the time."""
        thread = self._threads.get(import_id)
        if thread is not None and thread.is_alive():
            thread.join(seconds)
        elif seconds is not None and self.records.get(import_id).is_ongoing:
            self._closing.wait(seconds)
        return self.records.get(import_id)

    def close(self) -> None:
        """End the threads after the chunk that they are at. What has not ended goes on at the next ``resume``."""
        self._closing.set()
        if self._keeper is not None:
            self._keeper.join()
        for thread in list(self._threads.values()):
            thread.join()

    def _keep(self) -> None:
        while not self._closing.is_set():
            try:
                for one in self.records.ongoing():
                    self._begin(one.id)
            except TrailmereError as error:  # the next look tries again
                log.warning("no look for imports to perform: %s", error)
            self._closing.wait(LOOK_SECONDS)

    def _begin(self, import_id: str) -> None:
        with self._guard:
            thread = self._threads.get(import_id)
            if thread is None or not thread.is_alive():
                thread = threading.Thread(target=self._perform, args=(import_id,), name=f"import-{import_id}")
                thread.daemon = True
                self._threads[import_id] = thread
                thread.start()

    # -- in a thread of its own ----------------------------------------------------------------------------------------

    def _perform(self, import_id: str) -> None:
        if not self._lake.claim(_claim(import_id)):
            return  # somebody else is at it
        try:
            record = self.records.get(import_id)
            if record.is_ongoing:
                self._take(record)
        except TrailmereError as error:
            self._fail(import_id, error)
        except Exception as error:  # a fault of ours must not leave an import that never ends
            log.exception("import %s", import_id)
            self._fail(import_id, LakeError(f"{type(error).__name__}: {error}"))
        finally:
            self._lake.release(_claim(import_id))

    def _take(self, record: Import) -> None:
        store = self._stores(record.store_id, Operation.IMPORT)
        store = replace(store, selectors=everything_of(store.family))
        scope = Scope(since=_naive(record.start_event_time), until=_naive(record.end_event_time, end=True))
        with contextlib.closing(open_source(record.location, scope)) as source:
            listed = list(source.listing())
            count = _Count.of(self._lake, store.id, listed)
            self.records.advance(record.id, count.statistics())
            with self._ingest(store, record.id, count) as run:
                for chunk in _chunks(listed):
                    if self._stops(record.id):
                        break
                    run.take(chunk)
                    self.records.fail(record.id, count.new_failures())
                    self.records.advance(record.id, count.statistics())
                run.account()
        self._end(record.id, count)

    def _ingest(self, store: EventDataStore, import_id: str, count: _Count) -> Ingest:
        return Ingest(self._lake, store, self._limits, retry_rejected=True, stop=self._closing.is_set, noted=count.note)

    def _stops(self, import_id: str) -> bool:
        return self._closing.is_set() or self.records.get(import_id).stopping

    def _end(self, import_id: str, count: _Count) -> None:
        if self._closing.is_set() and not count.is_complete:
            return  # the next start takes it up
        if not count.is_complete:
            self.records.end(import_id, ImportStatus.STOPPED)
            return
        self.records.succeed(import_id)
        statistics = count.statistics()
        status = ImportStatus.FAILED if statistics.failed_entries else ImportStatus.COMPLETED
        self.records.end(import_id, status, statistics)

    def _fail(self, import_id: str, error: TrailmereError) -> None:
        with contextlib.suppress(TrailmereError):
            record = self.records.get(import_id)
            self.records.fail(import_id, [(record.location, type(error).__name__, error.message)])
            failed = replace(record.statistics, failed_entries=max(1, record.statistics.failed_entries))
            self.records.end(import_id, ImportStatus.FAILED, failed)


@dataclass(slots=True)
class _Count:
    """What became of the files of a listing, told by the run at each commit."""

    lake: Lake
    store_id: str
    files: int
    waiting: Counter[str]  # prefix -> files that nothing is known of yet
    prefixes: int
    completed: int = 0
    events: int = 0
    failures: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    told: int = 0  # of the failures

    @classmethod
    def of(cls, lake: Lake, store_id: str, listed: Sequence[Delivery]) -> _Count:
        waiting = Counter(_prefix(delivery.uri) for delivery in listed)
        return cls(lake, store_id, len(listed), waiting, len(waiting))

    @property
    def is_complete(self) -> bool:
        return self.completed + len(self.failures) == self.files

    def note(self, outcomes: Sequence[Outcome], entries: Sequence[DeliveryEntry]) -> None:
        """What one commit came to."""
        letters = {letter.delivery_id: letter for one in outcomes for letter in one.dead_letters}
        before = self._before([entry for entry in entries if entry.status == "known"])
        for entry in entries:
            self.waiting[_prefix(entry.uri)] -= 1
            first = before.get(entry.uri, entry) if entry.status == "known" else entry
            letter = letters.get(first.id)
            if first.status == "rejected":
                reason, message = (
                    (letter.reason, letter.message) if letter else ("unreadable", "it was rejected before")
                )
                same = "" if first.uri == entry.uri else f"the same bytes as {first.uri}: "
                self.failures[entry.uri] = (entry.uri, reason, f"{same}{message}")
            elif first.dead:
                message = f"{first.dead:,} of {first.parsed:,} records could not be read; they are dead letters"
                self.failures[entry.uri] = (entry.uri, DEAD_RECORDS, message)
            else:
                self.completed += 1
            self.events += first.kept

    def _before(self, known: Sequence[DeliveryEntry]) -> dict[str, DeliveryEntry]:
        """What these came to, by place, when they were first taken in there; of copies, what their bytes came to
        elsewhere, where the events are counted."""
        if not known:
            return {}
        there = self.lake.known_places(self.store_id, [entry.uri for entry in known])
        elsewhere = self.lake.known_bytes(self.store_id, {entry.sha256_stored for entry in known})
        first = {uri: next((one for one in entries if one.status != "known"), None) for uri, entries in there.items()}
        copied = {entry.uri: elsewhere.get(entry.sha256_stored) for entry in known}
        found = {uri: first.get(uri) or (copy and replace(copy, kept=0)) for uri, copy in copied.items()}
        return {uri: one for uri, one in found.items() if one is not None}

    def statistics(self) -> Statistics:
        return Statistics(
            prefixes_found=self.prefixes,
            prefixes_completed=sum(not left for left in self.waiting.values()),
            files_found=self.files,
            files_completed=self.completed,
            events_completed=self.events,
            failed_entries=len(self.failures),
        )

    def new_failures(self) -> list[tuple[str, str, str]]:
        """Those since the last call."""
        new = list(self.failures.values())[self.told :]
        self.told = len(self.failures)
        return new


def _claim(import_id: str) -> str:
    return f"import-{import_id}"


def _prefix(uri: str) -> str:
    return uri.rpartition("/")[0]


def _chunks(listed: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def _naive(moment: datetime | None, *, end: bool = False) -> datetime | None:
    """As the names of files have it: naive UTC; an end is included, to the second."""
    if moment is None:
        return None
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.replace(microsecond=0) + timedelta(seconds=1) if end else naive
