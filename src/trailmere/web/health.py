"""Is the lake healthy and current? What Home tells, gathered from the ledger, the inventory and statistics of files.

Of the stores, trails and imports of one account, in one Region; disk and query runners are the server's. Nothing here
reads all of a store: see ``lake.recent`` and ``web.heard`` for what bounds it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trailmere.app import ACTIVITY_STORE
from trailmere.checkup import FREE_BYTES_WANTED, counted
from trailmere.errors import TrailmereError
from trailmere.registry.imports import ImportStatus
from trailmere.registry.records import Status
from trailmere.web.heard import Heard, Listener

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.lake.recent import Lately
    from trailmere.registry.imports import Import
    from trailmere.registry.records import EventDataStore
    from trailmere.registry.trails import Trail

OVERDUE = timedelta(hours=1)  # since the log files of a trail that is logging were last taken in
RATE_DAYS, RATE_STEP = 7, timedelta(hours=1)
IMPORTS = 5
OPEN = (Status.ENABLED, Status.STOPPED_INGESTION)
listener = Listener()


@dataclass(frozen=True, slots=True)
class Problem:
    """What somebody should look at: in one sentence, and where (a path below the console) or with which command."""

    text: str
    path: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """A store in numbers. Times are naive UTC; ``rows`` is None where its table cannot be read."""

    store: EventDataStore
    rows: int | None
    files: int
    bytes: int
    taken: datetime | None
    maintained: datetime | None
    verified: datetime | None
    unverified: int


@dataclass(frozen=True, slots=True)
class Health:
    """All of it."""

    problems: tuple[Problem, ...]
    stores: tuple[StoreHealth, ...]
    heard: tuple[Heard, ...]
    lately: Lately
    trails: tuple[Trail, ...]
    imports: tuple[Import, ...]
    running: int
    queued: int
    runners: int
    free_bytes: int
    newest: datetime | None = None
    taken: datetime | None = None
    rejected: int = 0

    def rate(self, now: datetime) -> list[tuple[datetime, int]]:
        """Events taken in by the hour until now, hours without any included; naive UTC. Empty where none were."""
        sums: dict[datetime, int] = {}
        for step in self.lately.arrivals.steps:
            sums[step.start] = sums.get(step.start, 0) + step.events
        end = now.replace(tzinfo=None, minute=0, second=0, microsecond=0)
        hours = [end - RATE_STEP * back for back in reversed(range(RATE_DAYS * 24))]
        return [(hour, sums.get(hour, 0)) for hour in hours] if any(sums.values()) else []


@dataclass
class _Found:
    """What is being gathered."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, text: str, path: str = "", command: str = "") -> None:
        self.problems.append(Problem(text, path, command))


def gather(app: App, account_id: str, region: str, now: datetime) -> Health:
    """The health of an account's part of the lake. Raises LakeError where the database cannot be read."""
    found = _Found()
    stores = [one for one in app.stores_in(account_id, region).list() if one.status in OPEN]
    lately = app.lake.lately([one.id for one in stores], now - timedelta(days=RATE_DAYS), RATE_STEP)
    told = tuple(_store(app, one, lately, found) for one in stores)
    heard = tuple(_heard(app, stores, found))
    trails = tuple(app.trails.seen(account_id, region))
    imports = app.import_records.list(account_id, region)[:IMPORTS]
    _look_at_trails(trails, now, found)
    _look_at_imports(imports, found)
    _look_at_letters(lately, {one.id: one.name for one in stores}, found)
    free = shutil.disk_usage(app.settings.lake).free
    if free < FREE_BYTES_WANTED:
        found.add("Less than 1 GiB of disk is free: an ingest that meets a full disk is rolled back.")
    running, queued = app.jobs.busy()
    return Health(
        problems=tuple(found.problems),
        stores=told,
        heard=heard,
        lately=lately,
        trails=trails,
        imports=imports,
        running=running,
        queued=queued,
        runners=app.settings.query_runners,
        free_bytes=free,
        newest=max((one.newest for one in heard if one.newest), default=None),
        taken=max((one.taken for one in told if one.taken and one.store.name != ACTIVITY_STORE), default=None),
        rejected=sum(step.rejected for step in lately.arrivals.steps),
    )


def is_new(app: App, account_id: str, region: str) -> bool:
    """Whether there is nothing to look at yet: no store but that of our own calls."""
    return all(one.name == ACTIVITY_STORE for one in app.stores_in(account_id, region).list())


def _store(app: App, store: EventDataStore, lately: Lately, found: _Found) -> StoreHealth:
    files = lately.checked.get(store.id)
    try:
        plan = app.lake.scan(store.id)
        rows, count, size = plan.total_rows, plan.total_files, plan.total_bytes
    except TrailmereError as error:
        found.add(f"The store {store.name} cannot be read: {error.message}", command="trailmere doctor")
        rows, count, size = None, 0, 0
    return StoreHealth(
        store=store,
        rows=rows,
        files=count,
        bytes=size,
        taken=lately.latest.get(store.id),
        maintained=app.lake.last_maintained(store.id),
        verified=None if files is None else files.last,
        unverified=0 if files is None else files.files - files.checked,
    )


def _heard(app: App, stores: Sequence[EventDataStore], found: _Found) -> Iterator[Heard]:
    for store in stores:
        if store.name == ACTIVITY_STORE:
            continue
        try:
            heard = listener.hear(app, store)
        except TrailmereError as error:
            found.add(f"The events of {store.name} cannot be counted: {error.message}", command="trailmere doctor")
            continue
        for source in heard.sources:
            if source.silent:
                found.add(
                    f"No events of account {source.account} in {source.region} in {store.name} for "
                    f"{counted(source.silent, 'hour')} of data, longer than ever in the days before.",
                    path="#sources",
                )
        yield heard


def _look_at_trails(trails: Sequence[Trail], now: datetime, found: _Found) -> None:
    for trail in trails:
        since = trail.delivered or trail.started
        if trail.logging and trail.delivery_error:
            found.add(f"The log files of the trail {trail.name} could not be taken in.", path="/settings/sources")
        elif trail.logging and since is not None and now - _aware(since) > OVERDUE:
            hours = (now - _aware(since)) // timedelta(hours=1)
            found.add(
                f"Nothing was taken in of the trail {trail.name}, which is logging, for {counted(hours, 'hour')}.",
                path="/settings/sources",
            )


def _look_at_imports(imports: Sequence[Import], found: _Found) -> None:
    for one in imports[:1]:  # what failed before and was tried again is past
        if one.status is ImportStatus.FAILED:
            found.add(f"The latest import, {one.id}, failed.", path="/settings/sources")
        elif one.statistics.failed_entries:
            files = counted(one.statistics.failed_entries, "file")
            found.add(f"{files} of the latest import, {one.id}, could not be taken in whole.", path="/settings/sources")


def _look_at_letters(lately: Lately, names: dict[str, str], found: _Found) -> None:
    for one in lately.waiting:
        what = counted(one.count, "dead letter")
        found.add(
            f"{what} of {names[one.store_id]}: what could not be taken in. The newest: {one.reason}.",
            command=f"trailmere deadletters list --store {names[one.store_id]}",
        )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
