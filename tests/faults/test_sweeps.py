"""A sample of the sweeps: every workload, every kind of call it makes, each with one of the faults; power cuts; many at
once. ``make faults`` does all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.ptrace import SUPPORTED
from tests.faults.workloads import WORKLOADS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(not SUPPORTED, reason="the tracer knows Linux on x86-64 only"),
]


def run(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A sweep in a process of its own: it forks the commands it runs, and waits for all its children."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRAILMERE_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("workload", [workload.name for workload in WORKLOADS])
def test_a_command_that_is_killed_refused_or_cut_off_is_mended_by_saying_it_again(
    workload: str, tmp_path: Path
) -> None:
    done = run(
        "tests.faults", "--workload", workload, "--sample", 8, "--cuts", 2, "--variants", 1, "--jobs", 1,
        "--place", tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"


def test_many_processes_at_one_store_with_queries_lose_and_double_nothing_and_none_fails(tmp_path: Path) -> None:
    done = run("tests.faults.concurrency", "--processes", 4, "--commits", 8, "--place", tmp_path)

    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
