"""A bad day of an S3 server: a third of its answers are refusals, one in twenty is cut, one in fifty broken off.

Objects arrive round after round, some of them a second time under another key, and each round the bucket is taken in
as it then lies there. What a round could not read or list is the next round's. In the end the server is well again, and
the bucket, read anew by another client, says whether anything was lost, doubled, or taken in as a part.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.faults.remote.world import BUCKET, World, world
from tests.ingest.corpus import log_key, mark_of, rows
from trailmere.errors import SourceError
from trailmere.events.selector_templates import template
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import StoreRegistry
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from tests.faults.remote.proxy import Call
    from trailmere.registry.records import EventDataStore

CHANCES = {
    "503 SlowDown": 0.30,
    "short body": 0.02,
    "cut with a fitting length": 0.03,
    "reset before the response": 0.01,
    "reset in the body": 0.01,
}
PATIENCE = {"AWS_READ_TIMEOUT": "60"}  # a loaded machine is slow, and that is no fault
OBJECTS_A_ROUND, COPIES_A_ROUND, EVENTS_AN_OBJECT = 300, 15, 3
MOST_ROUNDS_AFTER = 5


class Dice:
    """A fault for a call, by chance; none once the weather is fine."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._lock = threading.Lock()
        self.fine = False

    def __call__(self, _call: Call) -> str | None:
        with self._lock:
            at = self._random.random()
        for what, chance in CHANCES.items():
            if at < chance:
                return None if self.fine else what
            at -= chance
        return None


@dataclass(slots=True)
class Report:
    """What was done to whom, and what came of it. ``lost``, ``doubled`` and ``foreign`` must be 0.

    ``foreign``: rows that no object holds. ``unreadable``: dead letters on the way. ``unlisted``: rounds that an error
    ended.
    """

    seed: int
    seconds: float = 0.0
    rounds: int = 0
    objects: int = 0
    events: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    unlisted: list[str] = field(default_factory=list)
    rounds_until_well: int = 0
    rows: int = 0
    lost: int = 0
    doubled: int = 0
    foreign: int = 0

    @property
    def is_clean(self) -> bool:
        return (self.lost, self.doubled, self.foreign) == (0, 0, 0) and self.rows == self.events

    def __str__(self) -> str:
        return json.dumps(asdict(self), indent=2)


def soak(seconds: float, seed: int) -> Report:
    """Let it rain for so long."""
    dice, report, began = Dice(seed), Report(seed), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="trailmere-soak-") as folder,
        world(dice, patience=PATIENCE) as made,
        Lake.open(Path(folder)) as lake,
    ):
        stores = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1")
        store = StoreLifecycle(stores, lake).create("events", selectors=template("management-events"))
        random = Random(seed)
        while time.monotonic() - began < seconds:
            _deliver(made, random)
            _round(lake, store, report)
        dice.fine = True
        while report.rounds_until_well < MOST_ROUNDS_AFTER:
            report.rounds_until_well += 1
            if _round(lake, store, report):
                break
        _judge(made, lake, store, report)
        report.unreadable = sum(1 for _ in lake.dead_letters(store.id, reason="unreadable"))
        report.seconds = round(time.monotonic() - began, 1)
    return report


def _deliver(made: World, random: Random) -> None:
    """New logs, and copies of some under another key."""
    new = made.put_logs(OBJECTS_A_ROUND, random, records=EVENTS_AN_OBJECT)
    for key in random.sample(new, COPIES_A_ROUND):
        made.client.copy_object(Bucket=BUCKET, Key=f"again/{log_key(random)}", CopySource=f"{BUCKET}/{key}")


def _round(lake: Lake, store: EventDataStore, report: Report) -> bool:
    """Take the bucket in as it lies there; whether all of it is in now."""
    report.rounds += 1
    try:
        account = ingest(lake, store, open_source(f"s3://{BUCKET}"), Limits())
    except SourceError as error:
        report.unlisted.append(error.message)
        return False
    return account.deliveries_rejected == account.known_rejected == 0


def _judge(made: World, lake: Lake, store: EventDataStore, report: Report) -> None:
    wanted = made.wanted()
    found = Counter(mark_of(json.loads(row["eventjson"])) for row in rows(lake, store.id))
    report.objects, report.events, report.rows = len(made.keys()), wanted.total(), found.total()
    report.lost = (wanted - found).total()
    report.doubled = found.total() - len(found)
    report.foreign = len(found.keys() - wanted.keys())
    report.calls, report.faults = dict(made.proxy.calls), dict(made.proxy.suffered)
