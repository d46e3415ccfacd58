"""A maintenance that is killed anywhere leaves nothing that the next one does not put right."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.lake.maintainer import CALLS, check, run

if TYPE_CHECKING:
    from pathlib import Path

# The last appends and rewrites are far enough in: earlier calls of the same name are those of appends.
POINTS = [
    ("prepare", 6),
    ("prepare", 7),
    ("replace", 1),
    ("replace", 2),
    ("finish", 6),
    ("finish", 7),
    ("index", 7),
    ("plan", 1),
    ("expire", 1),
    ("expire", 2),
    ("remove", 1),
    ("remove", 2),
    ("trim", 1),
]


@pytest.mark.parametrize(("call", "nth"), POINTS)
def test_what_a_killed_maintenance_leaves_is_put_right_by_the_next(call: str, nth: int, tmp_path: Path) -> None:
    home = tmp_path / "lake"
    killed = subprocess.run(
        [sys.executable, "-m", "tests.lake.maintainer", str(home), call, str(nth)], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    run(home)

    check(home)


def test_every_part_that_can_be_cut_in_two_is_tried() -> None:
    assert {call for call, _ in POINTS} == set(CALLS)
