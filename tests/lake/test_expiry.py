"""Snapshots: which are kept, and that one that is read stays with its files."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lake.test_maintenance import fill, maintain
from tests.lake.world import STORE, event, live_files, parcel, put
from trailmere.errors import SnapshotNotFound
from trailmere.lake.expiry import DAY_MS, NEWEST, kept
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.view import Snapshot

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake

NOW_MS = 1_800_000_000_000
LEASING = """
import sys
from pathlib import Path
from trailmere.lake.vault import Lake
lake = Lake.open(Path(sys.argv[1]))
assert lake.lease(sys.argv[2], int(sys.argv[3])) is not None
print("leased", flush=True)
sys.stdin.read()
"""


def snapshots(ages_ms: list[int]) -> list[Snapshot]:
    """Snapshots of these ages, newest first."""
    return [Snapshot(-age, -age, NOW_MS - age, {}) for age in sorted(set(ages_ms))]


AGES = st.lists(st.integers(0, 20 * DAY_MS), min_size=1)


@given(AGES)
def test_what_is_kept_is_kept_again(ages: list[int]) -> None:
    line = snapshots(ages)
    once = kept(line, NOW_MS, 7)

    assert kept([one for one in line if one.id in once], NOW_MS, 7) == once


@given(AGES, st.integers(0, 9))
def test_the_present_one_stays_and_however_many_there_are_few_do(ages: list[int], days: int) -> None:
    line = snapshots(ages)
    staying = kept(line, NOW_MS, days)

    assert line[0].id in staying
    assert len(staying) <= NEWEST + 25 + days + 1


def test_a_snapshot_that_is_read_stays_with_its_files_until_it_is_let_go(lake: Lake) -> None:
    fill(lake, 3)
    plan = lake.scan(STORE)
    assert plan.snapshot_id is not None
    lease = lake.lease(STORE, plan.snapshot_id)
    assert lease is not None

    done = maintain(lake)
    assert (done.snapshots_leased, all(Path(file.path).exists() for file in plan.files)) == (1, True)

    lease.free()
    maintain(lake)
    assert not any(Path(file.path).exists() for file in plan.files)


def test_a_lease_on_a_snapshot_that_is_gone_is_refused(lake: Lake) -> None:
    fill(lake, 3)
    gone = lake.scan(STORE).snapshot_id
    assert gone is not None
    maintain(lake)

    assert lake.lease(STORE, gone) is None


def test_a_reader_that_dies_lets_go(lake: Lake) -> None:
    fill(lake, 3)
    plan = lake.scan(STORE)
    with subprocess.Popen(
        [sys.executable, "-c", LEASING, str(lake.home), STORE, str(plan.snapshot_id)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        assert maintain(lake).snapshots_leased == 1
        reader.kill()
        reader.wait()

    assert maintain(lake).snapshots_leased == 0


def test_an_earlier_time_is_answered_until_its_snapshot_has_expired(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    then = datetime.now()
    put(lake, parcel("two", event("b")))
    lake.maintain(STORE, MaintenancePolicy(snapshot_days=7))

    (path,) = [file.path for file in lake.scan(STORE, at=then.astimezone()).files]
    assert pq.read_table(path, partitioning=None).column("eventid").to_pylist() == ["a"]

    maintain(lake)
    with pytest.raises(SnapshotNotFound):
        lake.scan(STORE, at=then.astimezone())


def test_no_lock_is_left_of_snapshots_that_are_gone(lake: Lake) -> None:
    for number in range(4):
        put(lake, parcel(f"{number}", event(f"e{number}")))
        snapshot_id = lake.scan(STORE).snapshot_id
        assert snapshot_id is not None
        lease = lake.lease(STORE, snapshot_id)
        assert lease is not None
        lease.free()
    maintain(lake)

    assert list((lake.home / "locks").glob("lease-*")) == []
    assert len(live_files(lake)) == 1
