"""Eight ingests at once, and one that is interrupted. What becomes of one that is killed: ``tests.faults``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ingest.corpus import KINDS, lost_and_doubled, make
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

# Small batches: many commits in a short run.
SMALL_BATCHES = {
    "TRAILMERE_INGEST_COMMIT_DELIVERIES": "3",
    "TRAILMERE_INGEST_BATCH_BYTES": "6000",
    "TRAILMERE_INGEST_WORKERS": "2",
}


def start(folder: Path, lake: Path, store: str) -> subprocess.Popen[bytes]:
    """``trailmere ingest`` as a process of its own."""
    command = [sys.executable, "-m", "trailmere", "ingest", str(folder), "--store", store, "--lake", str(lake)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=os.environ | SMALL_BATCHES, stdout=quiet, stderr=quiet)


def test_eight_processes_over_overlapping_input_lose_and_double_nothing_and_none_fails(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    corpus = make(folder, 7, [*KINDS, "good", "good", "plain"])
    parts = [folder, *(part for part in folder.iterdir() if part.is_dir())]

    processes = [start(parts[number % len(parts)], lake.home, store.name) for number in range(7)]
    processes.append(start(folder, lake.home, store.name))
    codes = [process.wait(300) for process in processes]

    assert codes == [0] * 8
    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)


def test_an_interrupt_ends_the_run_with_its_account_and_leaves_a_lake_that_the_next_run_completes(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    corpus = make(folder, 4, ["good"] * 150)
    command = [sys.executable, "-m", "trailmere", "ingest", str(folder), "--store", store.name, "-o", "json"]
    environment = os.environ | SMALL_BATCHES | {"TRAILMERE_LAKE": str(lake.home)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not next(lake.deliveries(store.id), None):
        os.sched_yield()

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    account = ingest(lake, store, open_source(str(folder)), Limits(workers=1))

    assert process.returncode in (0, 130)
    assert b'"interrupted": true' in out or process.returncode == 0
    assert account.recovered == 0
    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)
