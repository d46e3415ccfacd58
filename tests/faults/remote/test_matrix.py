"""Each call to S3 with each fault, once and for good: nothing lost, nothing twice, no part taken for the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults.remote.proxy import FAULTS, GET, HEAD, LIST, Rule
from tests.faults.remote.world import ATTEMPTS, BUCKET, World, world
from trailmere.errors import SourceError, SourceUnavailable
from trailmere.events.selector_templates import template
from trailmere.ingest.records import Limits
from trailmere.ingest.run import Ingest
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import StoreRegistry
from trailmere.sources.opening import open_source
from trailmere.sources.s3client import ROUNDS
from trailmere.sources.s3reading import MOST_WAITED_FOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trailmere.ingest.account import Account
    from trailmere.registry.records import EventDataStore

LOGS, PAGE = 6, 4
EMPTY = "known"  # what becomes of an empty object: its bytes were rejected at the first prefix
FINAL = ("403 AccessDenied",)  # what a server means; it is not asked about again before the next run
ANSWERS = ("500 InternalError", "503 SlowDown", "404 NoSuchKey", *FINAL)
LASTING = ("nobody listens",)
IN_BODY = ("short body", "reset in the body", "cut with a fitting length", "slow drip")  # HEAD has none
HARMLESS = {(LIST, "slow drip"), (GET, "slow drip"), (LIST, "another ETag"), (HEAD, "another ETag")}
NO_SUCH_FOLDER = "404 NoSuchKey"  # how a server answers HEAD for what only stands for a folder


@dataclass(frozen=True, slots=True)
class Case:
    """``times``: how many calls suffer, None for all of them."""

    call: str
    what: str
    times: int | None
    page: int = 0

    def __str__(self) -> str:
        page = f" page {self.page}" if self.page else ""
        return f"{self.call}{page}, {self.what}, {'for good' if self.times is None else f'{self.times}x'}"

    def passes(self) -> bool:
        """Whether nobody need notice."""
        if (self.call, self.what) in HARMLESS:
            return True
        return self.times is not None and self.what not in FINAL and (self.call, self.what) != (HEAD, NO_SUCH_FOLDER)

    def ends_the_listing(self) -> bool:
        """Whether it cannot be told what lies there."""
        return self.call == LIST or (self.call == HEAD and self.what not in (*FINAL, NO_SUCH_FOLDER))


def cases() -> Iterator[Case]:
    for what in (*FAULTS, *ANSWERS):
        for times in (None,) if what in LASTING else (1, 2, None) if what == "503 SlowDown" else (1, None):
            yield from (Case(LIST, what, times, page) for page in (1, 2))
            yield Case(GET, what, times)
            if what not in IN_BODY:
                yield Case(HEAD, what, times)


@dataclass(slots=True)
class Taker:
    """One store and one long run for all cases; each case has a prefix of its own."""

    world: World
    lake: Lake
    store: EventDataStore
    numbers: Iterator[int] = field(default_factory=count)
    run: Ingest | None = None

    def prefix(self) -> str:
        """A new prefix with logs, an empty object, and an empty object that stands for a folder."""
        number = next(self.numbers)
        prefix = f"case-{number:03}/"
        self.world.put_logs(LOGS, Random(number), prefix=prefix)
        self.world.put(f"{prefix}empty.json", b"")
        self.world.put(f"{prefix}folder/", b"")
        return prefix

    def take(self, prefix: str) -> dict[str, int]:
        """Take a prefix in; what became of its deliveries. The run raises where its account does not balance."""
        if self.run is None:
            self.run = Ingest(self.lake, self.store, Limits(workers=1))
        before = self.run.account()
        try:
            self.run.take(list(open_source(f"s3://{BUCKET}/{prefix}").listing()))
        except SourceError:
            self.close()
            raise
        return difference(before, self.run.account())

    def close(self) -> None:
        if self.run is not None:
            self.run.__exit__()
        self.run = None

    def dead_letters(self, prefix: str) -> list[tuple[str, str]]:
        found = self.lake.dead_letters(self.store.id)
        return [(one.letter.uri, one.letter.reason) for one in found if f"/{prefix}" in one.letter.uri]


def difference(before: Account, after: Account) -> dict[str, int]:
    names = ("taken", "known", "rejected")
    grown = {name: getattr(after, f"deliveries_{name}") - getattr(before, f"deliveries_{name}") for name in names}
    return {name: number for name, number in grown.items() if number}


@pytest.fixture(scope="module")
def taker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taker]:
    with world(page=PAGE) as made, Lake.open(tmp_path_factory.mktemp("lake")) as lake:
        stores = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1")
        store = StoreLifecycle(stores, lake).create("events", selectors=template("management-events"))
        taker = Taker(made, lake, store)
        taker.take(taker.prefix())
        yield taker
        taker.close()


@pytest.mark.parametrize("case", [case for case in cases() if case.passes()], ids=str)
def test_a_fault_that_passes_is_not_noticed(case: Case, taker: Taker) -> None:
    prefix = taker.prefix()
    rule = Rule(case.call, case.what, page=case.page, times=case.times)

    with taker.world.proxy.suffering(rule):
        became = taker.take(prefix)

    assert rule.met >= (case.times or 1)
    assert became == {"taken": LOGS, EMPTY: 1}
    assert taker.world.lost_and_doubled(taker.lake, taker.store.id, prefix) == (0, 0)


@pytest.mark.parametrize("case", [case for case in cases() if not case.passes()], ids=str)
def test_a_fault_that_lasts_is_told_and_what_it_cost_is_taken_in_the_next_run(case: Case, taker: Taker) -> None:
    prefix = taker.prefix()
    key = next(key for key in taker.world.keys(prefix) if key.endswith(".gz")) if case.call == GET else ""
    rule = Rule(case.call, case.what, key=key, page=case.page, times=case.times)

    told: SourceError | None = None
    with taker.world.proxy.suffering(rule):
        try:
            taker.take(prefix)
        except SourceError as error:
            told = error
    letters = taker.dead_letters(prefix)
    taker.take(prefix)

    assert rule.met > 0
    assert taker.world.lost_and_doubled(taker.lake, taker.store.id, prefix) == (0, 0)
    assert (told is not None) == (case.ends_the_listing() or case.what in LASTING)
    assert told is None or (told.hint and "expected" in told.message)
    if case.call == GET and case.what not in LASTING:
        assert (f"s3://{BUCKET}/{key}", "unreadable") in letters


def test_a_server_that_answers_for_nothing_any_more_ends_the_run_and_rejects_nothing(taker: Taker) -> None:
    prefix = taker.prefix()

    with (
        taker.world.proxy.suffering(Rule(GET, "nobody listens", passing=2)),
        pytest.raises(SourceUnavailable, match="no longer answers"),
    ):
        taker.take(prefix)

    assert taker.dead_letters(prefix) == []
    assert taker.take(prefix) == {"taken": LOGS, EMPTY: 1}
    assert taker.world.lost_and_doubled(taker.lake, taker.store.id, prefix) == (0, 0)


def test_objects_that_cannot_be_read_are_not_each_waited_for(taker: Taker) -> None:
    prefix = taker.prefix()
    for number in range(20):
        taker.world.put_logs(1, Random(1000 + number), prefix=prefix)
    rule = Rule(GET, "503 SlowDown")

    with taker.world.proxy.suffering(rule):
        taker.take(prefix)

    assert rule.met <= MOST_WAITED_FOR * ROUNDS * ATTEMPTS + LOGS + 20
    assert taker.take(prefix) == {"taken": LOGS + 20, EMPTY: 1}
