"""The same promises over SQLite and over PostgreSQL: one contract, both through it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.lake.committer import check
from tests.lake.tampering import content, flip, named, recorded_files, with_letters
from tests.lake.world import START, STORE, event, parcel, put, written
from tests.registry.conftest import database_url, postgresql_server  # noqa: F401  fixtures
from trailmere.lake.locks import held
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def lake(home: Path, database_url: str) -> Iterator[Lake]:  # noqa: F811
    with Lake.open(home, database_url) as lake:
        lake.create_table(STORE, "cloudtrail")
        yield lake


def test_what_is_new_is_kept_once(lake: Lake) -> None:
    put(lake, parcel("one", event("a"), event("b")))
    put(lake, parcel("two", event("b"), event("c"), dead=1), parcel("one", event("a"), event("b")))

    totals = lake.totals(STORE)
    assert (totals.rows, totals.kept, totals.duplicate, totals.dead) == (3, 3, 1, 1)
    assert (totals.deliveries_seen, totals.deliveries_taken, totals.deliveries_known) == (3, 2, 1)


def test_a_living_owner_is_left_alone_and_a_dead_one_is_not(lake: Lake, home: Path, database_url: str) -> None:  # noqa: F811
    lake.begin(STORE)
    with Lake.open(home, database_url) as other:
        written(other.begin(STORE), [parcel("one", event("a"))])
        assert other.recover(STORE) == 0

    assert lake.recover(STORE) == 1


def test_a_lock_is_held_by_one_at_a_time(lake: Lake, home: Path, database_url: str) -> None:  # noqa: F811
    with Lake.open(home, database_url) as other, held(lake._locks, "x"):
        assert not other._locks.take("x")
        assert not lake._locks.take("x")

    assert lake._locks.take("x")


def test_a_whole_lake_is_found_whole_and_a_hurt_file_is_named(lake: Lake) -> None:
    put(lake, with_letters(parcel("one", event("a"), event("b", days=1)), b"small", b"large" * 20_000))
    put(lake, parcel("two", event("c")), parcel("one", event("a"), event("b", days=1)))
    hurt = recorded_files(lake.home)[0]

    whole = lake.verify(full=True)
    with content(hurt, flip(1)):
        found = lake.verify()

    assert (whole.findings, whole.hashed) == ([], len(recorded_files(lake.home)))
    assert named(found, lake.home) == {hurt}


@pytest.mark.extended
def test_four_processes_lose_nothing_and_keep_nothing_twice(home: Path, database_url: str) -> None:  # noqa: F811
    command = [sys.executable, "-m", "tests.lake.committer", str(home)]
    running = [
        subprocess.Popen([*command, str(seed), database_url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for seed in range(4)
    ]

    ends = [(process.communicate()[1], process.returncode) for process in running]

    assert ends == [(b"", 0)] * 4
    check(home, database_url)


@pytest.mark.extended
def test_a_killed_process_is_completed_by_the_next(home: Path, database_url: str) -> None:  # noqa: F811
    command = [sys.executable, "-m", "tests.lake.committer", str(home)]
    first = subprocess.Popen([*command, "1", database_url], stdout=subprocess.PIPE)
    assert first.stdout is not None
    first.stdout.readline()
    first.kill()
    first.communicate()
    with Lake.open(home, database_url) as lake:
        left_behind = lake.verify(full=True).findings

    subprocess.run([*command, "2", database_url], check=True, capture_output=True)

    assert left_behind == []
    check(home, database_url)


def test_small_files_become_one_and_what_is_past_its_time_goes(lake: Lake) -> None:
    for number in range(4):
        put(lake, parcel(f"{number}", event(f"e{number}"), event(f"old{number}", days=-9)))

    done = lake.maintain(STORE, MaintenancePolicy(cutoff=START - timedelta(days=1), snapshot_days=0))

    totals = lake.totals(STORE)
    assert (done.files_after, done.rows_removed, done.damaged) == (1, 4, ())
    assert (totals.kept, totals.rows, totals.expired) == (8, 4, 4)


def test_a_snapshot_that_another_process_reads_stays(lake: Lake, home: Path, database_url: str) -> None:  # noqa: F811
    for number in range(2):
        put(lake, parcel(f"{number}", event(f"e{number}")))
    with Lake.open(home, database_url) as reader:
        snapshot_id = reader.scan(STORE).snapshot_id
        assert snapshot_id is not None
        leases = [reader.lease(STORE, snapshot_id) for _ in range(2)]
        assert None not in leases
        first = lake.maintain(STORE, MaintenancePolicy(snapshot_days=0))
        for lease in leases:
            assert lease is not None
            lease.free()
        second = lake.maintain(STORE, MaintenancePolicy(snapshot_days=0))

    assert (first.snapshots_leased, second.snapshots_leased) == (1, 0)


def test_a_lock_that_is_shared_is_not_taken_by_one_alone(lake: Lake, home: Path, database_url: str) -> None:  # noqa: F811
    with Lake.open(home, database_url) as other:
        shared = lake._locks.share("x"), other._locks.share("x")
        assert None not in shared
        assert (lake._locks.take("x"), other._locks.take("x")) == (False, False)
        for one in shared:
            assert one is not None
            one.free()

        assert lake._locks.take("x")
        assert other._locks.share("x") is None
