"""Trails as places to read from: one that is logging is followed into a store, if one is named for it.

The store is the one in the trail's tag ``trailmere:EventDataStore`` (name, id or ARN), else that of the trail's name,
in the account and home Region of the trail. Whoever claims a trail follows it, here or in another process; the claim
dies with its process. Reading again what was read is harmless, because the ledger knows it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trailmere.errors import DestinationNotFound, TrailmereError
from trailmere.ingest.follow import follow
from trailmere.ingest.run import Ingest
from trailmere.registry.records import Operation
from trailmere.sources.opening import open_source
from trailmere.sources.s3client import ENDPOINTS, holds_any
from trailmere.sources.s3errors import recognise

if TYPE_CHECKING:
    from trailmere.ingest.imports import Locations
    from trailmere.ingest.records import Limits, Outcome
    from trailmere.lake.records import DeliveryEntry
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore
    from trailmere.registry.trails import Trail, TrailRegistry

STORE_TAG = "trailmere:EventDataStore"
LOOK_SECONDS = 30.0  # between two listings of a bucket, and two looks for trails that nobody follows

log = logging.getLogger(__name__)


def check_bucket(bucket: str) -> None:
    """Raises DestinationNotFound where a server that the environment names says that there is no such bucket.

    AWS itself is not asked: the credentials of whoever runs this need not be those that the trail is delivered with.
    What else the server says, and whether it says anything, does not matter here: it is told when the trail is read.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    try:
        holds_any(bucket, "", attempts=1)
    except Exception as error:
        if recognise(error).name == "bucket not found":
            raise DestinationNotFound(f"S3 bucket {bucket} does not exist!", place=f"s3://{bucket}") from None


def location(trail: Trail) -> str:
    """Where the log files of a trail are delivered: ``s3://bucket/prefix/AWSLogs/ACCOUNT/CloudTrail/``."""
    parts = [trail.bucket, *([trail.prefix.strip("/")] if trail.prefix else []), "AWSLogs"]
    if not trail.organization:
        parts += [trail.account_id, "CloudTrail"]
        if not trail.multi_region:
            parts.append(trail.region)
    return f"s3://{'/'.join(parts)}/"


class TrailFollower:
    """Follows the trails that are logging, each in a thread, from ``resume`` until ``close``: a server's part.

    ``find`` gives the store of a name in an account and Region, or None; ``use`` the store of an id, ready for an
    operation.
    """

    def __init__(
        self,
        lake: Lake,
        trails: TrailRegistry,
        find: Callable[[str, str, str], EventDataStore | None],
        use: Callable[[str, Operation], EventDataStore],
        locations: Locations,
        limits: Limits,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._lake = lake
        self._trails = trails
        self._find = find
        self._use = use
        self._locations = locations
        self._limits = limits
        self._look_seconds = look_seconds
        self._threads: dict[str, threading.Thread] = {}
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None

    def resume(self) -> None:
        """Look for trails to follow, from now on until ``close``."""
        self._keeper = threading.Thread(target=self._keep, name="trails", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """End the threads after what they are at."""
        self._closing.set()
        for thread in (*([self._keeper] if self._keeper else ()), *self._threads.values()):
            thread.join()

    def _keep(self) -> None:
        while not self._closing.is_set():
            try:
                for trail in self._trails.logging():
                    self._begin(trail)
            except TrailmereError as error:  # the next look tries again
                log.warning("no look for trails to follow: %s", error)
            self._closing.wait(self._look_seconds)

    def _begin(self, trail: Trail) -> None:
        thread = self._threads.get(trail.arn)
        store = self._store(trail)
        if store is not None and (thread is None or not thread.is_alive()):
            thread = threading.Thread(target=self._perform, args=(trail, store), name=f"trail-{trail.name}")
            thread.daemon = True
            self._threads[trail.arn] = thread
            thread.start()

    def _store(self, trail: Trail) -> EventDataStore | None:
        return self._find(trail.account_id, trail.region, trail.tags.get(STORE_TAG, trail.name))

    # -- in a thread of its own ----------------------------------------------------------------------------------------

    def _perform(self, trail: Trail, store: EventDataStore) -> None:
        claim = f"trail-{hashlib.sha256(trail.arn.encode()).hexdigest()[:32]}"
        if not self._lake.claim(claim):
            return  # somebody else is at it
        try:
            self._follow(trail, store)
        except TrailmereError as error:  # it is told, and the next look tries again
            log.warning("%s cannot be followed: %s", trail.arn, error)
            with contextlib.suppress(TrailmereError):
                self._trails.note_delivery(trail, error=error.message)
        except Exception:  # a fault of ours must not end the following of all trails
            log.exception("following %s", trail.arn)
        finally:
            self._lake.release(claim)

    def _follow(self, trail: Trail, store: EventDataStore) -> None:
        where = location(trail)
        self._locations.check(where)

        def note(_outcomes: Sequence[Outcome], _entries: Sequence[DeliveryEntry]) -> None:
            self._trails.note_delivery(trail)

        def has_ended() -> bool:
            return self._closing.wait(self._look_seconds) or not self._is_wanted(trail, store)

        store = self._use(store.id, Operation.INGEST)
        with contextlib.closing(open_source(where)) as source:
            run = Ingest(self._lake, store, self._limits, stop=self._closing.is_set, noted=note)
            with run:
                follow(run, source, has_ended)

    def _is_wanted(self, trail: Trail, store: EventDataStore) -> bool:
        """Whether the trail is as it was, still logs, and its events still go to that store as it was."""
        now = self._trails.at_home(trail.account_id, trail.region, trail.name)
        return now is not None and now.logging and location(now) == location(trail) and self._store(now) == store
