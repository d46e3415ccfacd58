"""Several processes at one store, and processes that die (at each of their calls: ``tests.faults``). Judged by what
PyIceberg alone reads."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lake.committer import BATCH, DELIVERIES, check
from tests.lake.world import STORE, data_files, event, parcel, put, written
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from pathlib import Path

COMMITTER = [sys.executable, "-m", "tests.lake.committer"]


def start(home: Path, seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMITTER, str(home), str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_eight_processes_with_overlapping_deliveries_lose_nothing_and_keep_nothing_twice(tmp_path: Path) -> None:
    home = tmp_path / "lake"

    running = [start(home, seed) for seed in range(8)]
    ends = [(process.communicate()[1], process.returncode) for process in running]

    assert ends == [("", 0)] * 8
    check(home)


@pytest.mark.parametrize("seed", range(2))
def test_a_process_killed_after_some_commits_is_completed_by_the_next(tmp_path: Path, seed: int) -> None:
    home, dice = tmp_path / "lake", random.Random(seed)
    first = start(home, seed)
    assert first.stdout is not None
    for _ in range(dice.randrange(DELIVERIES // BATCH)):
        first.stdout.readline()
    first.kill()
    first.communicate()

    second = start(home, seed + 100)
    _, errors = second.communicate()

    assert (second.returncode, errors) == (0, "")
    check(home)


def test_a_batch_of_a_living_owner_is_left_alone(lake: Lake) -> None:
    batch = lake.begin(STORE)
    one = parcel("one", event("a"))
    files = written(batch, [one])

    with Lake.open(lake.home) as other:
        settled = other.recover(STORE)

    assert settled == 0
    assert lake.commit(batch, files, [one.entry()], []).rows == 1


def test_a_batch_whose_owner_is_gone_is_abandoned_with_its_files(lake: Lake) -> None:
    with Lake.open(lake.home) as other:
        batch = other.begin(STORE)
        written(batch, [parcel("one", event("a"))])

    settled = lake.recover(STORE)

    assert (settled, data_files(lake)) == (1, set())
    assert lake.recover(STORE) == 0


def test_an_abandoned_batch_leaves_the_files_of_others(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    kept = data_files(lake)
    batch = lake.begin(STORE)
    written(batch, [parcel("two", event("b"))])

    lake.abandon(batch)

    assert data_files(lake) == kept
