"""Workers that die, hang or are handed too much: each costs one delivery at most."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.ingest.corpus import envelope, event, lost_and_doubled, make, packed
from trailmere.errors import LakeError
from trailmere.events.selector_templates import template
from trailmere.ingest.crew import Crew
from trailmere.ingest.records import Failure, Limits, Outcome, Recipe, Task
from trailmere.ingest.run import Ingest
from trailmere.ingest.worker import perform, serve
from trailmere.sources.delivery import Delivery
from trailmere.sources.local import file_uri
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from trailmere.ingest.account import Account
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

SMALL = 64 << 20


def dies_of_one(connection: Connection, recipe: Recipe, _parent: int) -> None:
    """A worker that a delivery named ``deadly`` kills, as a crash in a parser would."""
    while True:
        task = connection.recv()
        if any("deadly" in delivery.uri for delivery in task.deliveries):
            os.kill(os.getpid(), signal.SIGSEGV)
        connection.send(perform(task, recipe))


def hangs_at_one(connection: Connection, recipe: Recipe, _parent: int) -> None:
    """A worker that a delivery named ``endless`` keeps busy for ever."""
    while True:
        task = connection.recv()
        if any("endless" in delivery.uri for delivery in task.deliveries):
            signal.pause()
        connection.send(perform(task, recipe))


def measures_itself(connection: Connection, recipe: Recipe, _parent: int) -> None:
    """A worker that tells how far its memory rose, in bytes, over what it had when it began."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = perform(connection.recv(), recipe)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection.send(Failure(outcome.number, outcome.dead_letters[0].reason, str((after - before) * 1024)))


class Unfindable:
    """A life that the new process cannot even read."""

    def __call__(self, connection: Connection, recipe: Recipe, parent: int) -> None:
        """Never reached."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (__import__, ("trailmere.no_such_module",))


def cannot_write(connection: Connection, recipe: Recipe, parent: int) -> None:
    """A worker that may write next to nothing, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    serve(connection, recipe, parent)


def take(lake: Lake, store: EventDataStore, folder: Path, limits: Limits, serve: object) -> Account:
    with Ingest(lake, store, limits, serve=serve) as run:  # type: ignore[arg-type]
        run.take(list(open_source(str(folder)).listing()))
        return run.account()


def test_a_delivery_that_kills_its_worker_is_rejected_with_its_bytes_and_the_rest_is_taken_in(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    corpus = make(folder, 1, ["good"] * 9)
    deadly = packed(envelope([event(Random(1))]))
    corpus.write("deadly.json.gz", deadly)

    account = take(lake, store, folder, Limits(workers=2), dies_of_one)

    (letter,) = lake.dead_letters(store.id)
    assert (account.deliveries_taken, account.reasons) == (9, {"decoder-crashed": 1})
    assert lake.dead_letter(letter.id).letter.content == deadly
    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)


def test_a_delivery_that_never_ends_is_rejected_after_its_time(lake: Lake, store: EventDataStore, folder: Path) -> None:
    corpus = make(folder, 1, ["good"])
    corpus.write("endless.json.gz", packed(envelope([event(Random(1))])))

    account = take(lake, store, folder, Limits(workers=1, batch_bytes=1, task_seconds=8), hangs_at_one)

    assert (account.deliveries_taken, account.reasons) == (1, {"decoder-timeout": 1})


@pytest.mark.parametrize(
    ("life", "said"), [(cannot_write, "cannot write to the lake"), (Unfindable(), "end before they begin")]
)
def test_no_delivery_is_rejected_for_a_fault_of_the_machine(
    lake: Lake, store: EventDataStore, folder: Path, life: object, said: str
) -> None:
    corpus = make(folder, 3, ["good"] * 5)

    with pytest.raises(LakeError, match=said):
        take(lake, store, folder, Limits(workers=1), life)
    assert list(lake.deliveries(store.id)) == []

    take(lake, store, folder, Limits(workers=1), None)
    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)


def test_a_worker_that_is_killed_from_outside_costs_nothing(lake: Lake, store: EventDataStore, folder: Path) -> None:
    corpus = make(folder, 6, ["good"] * 30)
    killed: list[int] = []

    def kill_one(_progress: object) -> None:
        if not killed:
            child = multiprocessing.active_children()[0]
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)

    with Ingest(lake, store, Limits(workers=2, batch_bytes=4000), progress=kill_one) as run:
        run.take(list(open_source(str(folder)).listing()))
        account = run.account()

    assert len(killed) == 1
    assert (account.deliveries_taken, account.deliveries_rejected) == (30, 0)
    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)


def test_the_memory_of_a_worker_stays_bounded_when_it_meets_a_bomb(folder: Path) -> None:
    bomb = folder / "bomb.json.gz"
    bomb.write_bytes(packed(b"\0" * (8 * SMALL)))
    limits = Limits(workers=1, max_delivery_bytes=SMALL)
    crew = Crew(Recipe("cloudtrail", template("management-events"), limits), 1, measures_itself)

    crew.give(Task(1, (Delivery(file_uri(str(bomb)), size=bomb.stat().st_size),), {}, None))
    (told,) = crew.results()
    crew.close()

    assert isinstance(told, Failure)
    assert told.reason == "too-large"
    assert int(told.message) < 3 * SMALL


def test_workers_start_without_the_libraries_of_catalog_and_ledger() -> None:
    import subprocess
    import sys

    heavy = ("pyiceberg", "sqlalchemy", "duckdb")
    code = f"import sys, trailmere.ingest.worker; print([name for name in {heavy} if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"


def test_a_task_in_hand_of_a_worker_that_died_is_given_to_another(folder: Path) -> None:
    corpus = make(folder, 2, ["good"] * 3)
    names = sorted(path for path in folder.rglob("*.gz"))
    limits = Limits(workers=1)
    crew = Crew(Recipe("cloudtrail", template("management-events"), limits), 1, dies_of_one)

    crew.give(Task(1, (Delivery("file:///deadly"),), {}, None))
    crew.give(Task(2, (Delivery(file_uri(str(names[0]))),), {}, None))
    told = [one for _ in range(2) for one in crew.results()]
    crew.close()

    assert corpus.files == 3
    assert [(one.number, type(one)) for one in told] == [(1, Failure), (2, Outcome)]
