"""Locks that are tidied away while others take them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trailmere.errors import LakeError
from trailmere.lake.locks import FileLocks


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[FileLocks]]:
    """The locks of one folder as three processes have them."""
    opened = [FileLocks(tmp_path / "locks") for _ in range(3)]
    yield opened
    for locks in opened:
        locks.close()


def files(tmp_path: Path) -> list[str]:
    """What lies in the folder of the locks."""
    return sorted(path.name for path in (tmp_path / "locks").iterdir())


def test_a_lock_that_is_held_is_not_tidied_away(processes: list[FileLocks], tmp_path: Path) -> None:
    holder, other, _ = processes
    holder.take("batch-1")

    other.tidy("batch-", ())

    assert files(tmp_path) == ["batch-1.lock"]
    assert not other.take("batch-1")


def test_what_a_dead_holder_left_is_tidied_away(processes: list[FileLocks], tmp_path: Path) -> None:
    holder, other, _ = processes
    holder.take("batch-1")
    holder.close()

    other.tidy("batch-", ())

    assert files(tmp_path) == []


def test_a_lock_whose_file_cannot_be_made_is_refused_with_a_lake_error(processes: list[FileLocks]) -> None:
    with pytest.raises(LakeError, match="cannot write to the lake: File name too long"):
        processes[0].share("lease-" + "9" * 300)


def test_two_never_hold_a_lock_that_a_third_tidies_away_again_and_again(processes: list[FileLocks]) -> None:
    first, second, tidier = processes
    over = threading.Event()

    def tidy() -> None:
        while not over.is_set():
            tidier.tidy("batch-", ())

    thread = threading.Thread(target=tidy)
    thread.start()
    both = 0
    for _ in range(2_000):
        if first.take("batch-1"):
            both += second.take("batch-1")
            second.free("batch-1")
            first.free("batch-1")
    over.set()
    thread.join()

    assert both == 0
