"""Stores and their tables live and die together, also when a process dies in between."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.registry.conftest import database_url, postgresql_server  # noqa: F401  (fixtures)
from tests.registry.helpers import ACCOUNT, REGION, Clock
from trailmere.errors import InactiveStore, InvalidStoreStatus, LakeError, StoreNotFound
from trailmere.events.selector_templates import template
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import Operation, Status, StoreRegistry


class Home:
    """A lake in a folder, with its registry and a clock that is moved by hand."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.clock = Clock()
        self.lake = Lake.open(folder, url)
        self.registry = StoreRegistry(self.lake.engine, account_id=ACCOUNT, region=REGION, clock=self.clock)
        self.lifecycle = StoreLifecycle(self.registry, self.lake)

    def has_table(self, store_id: str) -> bool:
        try:
            return self.lake.scan(store_id).total_rows == 0
        except StoreNotFound:
            return False


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = Home(tmp_path)
    yield opened
    opened.lake.close()


class Faulty:
    """The lake's tables, with a fault before or after the work."""

    def __init__(self, lake: Lake, *, before: Callable[[], object], after: Callable[[], object]) -> None:
        self._lake, self._before, self._after = lake, before, after

    def create_table(self, store_id: str, family: str) -> None:
        self._before()
        self._lake.create_table(store_id, family)
        self._after()

    def drop_table(self, store_id: str) -> None:
        self._before()
        self._lake.drop_table(store_id)
        self._after()


def nothing() -> None:
    """No fault."""


def die() -> None:
    """What SIGKILL leaves to be done: nothing."""
    os._exit(9)


def create_and_die(folder: Path, when: str) -> None:
    home = Home(folder)
    tables = Faulty(home.lake, **{"before": nothing, "after": nothing, when: die})
    StoreLifecycle(home.registry, tables).create("audit")


def purge_and_die(folder: Path, when: str) -> None:
    home = Home(folder)
    home.clock.forward(days=8)
    tables = Faulty(home.lake, **{"before": nothing, "after": nothing, when: die})
    StoreLifecycle(home.registry, tables).tidy()


def in_a_process_that_dies(work: Callable[[Path, str], None], folder: Path, when: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=(folder, when))
    process.start()
    process.join()
    assert process.exitcode == 9


@pytest.mark.parametrize(
    ("wishes", "status"), [({}, Status.ENABLED), ({"start_ingestion": False}, Status.STOPPED_INGESTION)]
)
def test_a_created_store_has_a_table_and_the_status_that_was_asked_for(
    home: Home, wishes: dict[str, bool], status: Status
) -> None:
    store = home.lifecycle.create("audit", **wishes)

    assert (store.status, home.has_table(store.id)) == (status, True)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_store_whose_maker_was_killed_is_finished_by_the_next_call(tmp_path: Path, when: str) -> None:
    in_a_process_that_dies(create_and_die, tmp_path, when)
    home = Home(tmp_path)
    found = home.registry.get("audit")

    used = home.lifecycle.use("audit", Operation.INGEST)

    assert (found.status, used.status, home.has_table(used.id)) == (Status.CREATED, Status.ENABLED, True)


def test_tidying_finishes_what_a_killed_process_began(tmp_path: Path) -> None:
    in_a_process_that_dies(create_and_die, tmp_path, "before")
    home = Home(tmp_path)

    home.lifecycle.tidy()

    assert home.registry.get("audit").status is Status.ENABLED


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_purge_that_was_killed_is_ended_by_the_next_one_and_cannot_be_undone(tmp_path: Path, when: str) -> None:
    home = Home(tmp_path)
    store = home.lifecycle.create("audit", termination_protection=False)
    home.lifecycle.delete("audit")
    in_a_process_that_dies(purge_and_die, tmp_path, when)

    with pytest.raises(InvalidStoreStatus):
        home.lifecycle.restore("audit")
    purged = home.lifecycle.tidy()

    assert [one.id for one in purged] == [store.id]
    assert (home.registry.find("audit"), home.has_table(store.id)) == (None, False)


def test_a_store_whose_table_cannot_be_made_is_not_there_either(home: Home) -> None:
    def fail() -> None:
        raise LakeError("no space is left")

    lifecycle = StoreLifecycle(home.registry, Faulty(home.lake, before=nothing, after=fail))

    with pytest.raises(LakeError, match="no space is left"):
        lifecycle.create("audit")

    assert home.registry.list() == ()
    assert list((home.lake.home / "warehouse").glob("*/*/data")) == []
    assert home.lifecycle.create("audit").status is Status.ENABLED


def test_a_deleted_store_keeps_its_table_and_comes_back_whole(home: Home) -> None:
    store = home.lifecycle.create("audit", termination_protection=False)
    deleted = home.lifecycle.delete("audit")
    kept = home.has_table(store.id)

    restored = home.lifecycle.restore("audit")

    assert (deleted.status, kept, restored.status) == (Status.PENDING_DELETION, True, Status.ENABLED)


def test_a_store_pending_deletion_cannot_be_used(home: Home) -> None:
    home.lifecycle.create("audit", termination_protection=False)
    home.lifecycle.delete("audit")

    with pytest.raises(InactiveStore):
        home.lifecycle.use("audit", Operation.QUERY)


def test_after_seven_days_record_and_table_are_gone_and_the_name_is_free(home: Home) -> None:
    store = home.lifecycle.create("audit", termination_protection=False)
    home.lifecycle.delete("audit")
    home.clock.forward(days=7, microseconds=-1)
    early = home.lifecycle.tidy()
    home.clock.forward(microseconds=1)

    again = home.lifecycle.create("audit")

    assert (early, again.name, home.has_table(store.id)) == ((), "audit", False)


@pytest.mark.parametrize("name", ["default", "insight-events", "configuration-items", "audit-evidence"])
def test_a_store_of_every_family_gets_a_table(home: Home, name: str) -> None:
    store = home.lifecycle.create("audit", selectors=template(name))

    assert home.has_table(store.id)


def test_record_and_table_live_and_die_together_in_every_database(
    tmp_path: Path,
    database_url: str,  # noqa: F811
) -> None:
    home = Home(tmp_path, database_url)
    store = home.lifecycle.create("audit", termination_protection=False)
    alive = home.has_table(store.id)
    home.lifecycle.delete("audit")
    home.clock.forward(days=7)

    purged = home.lifecycle.tidy()

    assert (alive, [one.id for one in purged], home.has_table(store.id)) == (True, [store.id], False)
    assert home.registry.list() == ()
    home.lake.close()
