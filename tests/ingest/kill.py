"""Kill an ingest with SIGKILL at random moments, let the next run finish, and see whether anything is lost or doubled.

As a script: ``python -m tests.ingest.kill [TIMES] [SEED]`` (100 times by default) prints a table, and exits with 1 if
an event was lost or is there twice. Moments are drawn from the measured length of a run, which is measured anew by each
run that comes to its end before its moment; some runs are killed again while they recover.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.ingest.corpus import KINDS, lost_and_doubled, make
from trailmere.events.selector_templates import template
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.registry.stores import EventDataStore, StoreRegistry
from trailmere.sources.opening import open_source

# Small batches: many commits in a short run, so that a random moment meets every step of the protocol.
SMALL_BATCHES = {
    "TRAILMERE_INGEST_COMMIT_DELIVERIES": "3",
    "TRAILMERE_INGEST_BATCH_BYTES": "6000",
    "TRAILMERE_INGEST_WORKERS": "2",
}
FILES = 24


@dataclass(frozen=True)
class Result:
    """One kill: after how many seconds, whether the run was still going, and what the checker found after the next."""

    seconds: float
    was_running: bool
    recovered: int
    lost: int
    doubled: int


def start(folder: Path, lake: Path, store: str) -> subprocess.Popen[bytes]:
    """``trailmere ingest`` as a process of its own."""
    command = [sys.executable, "-m", "trailmere", "ingest", str(folder), "--store", store, "--lake", str(lake)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=os.environ | SMALL_BATCHES, stdout=quiet, stderr=quiet)


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Let it run for so long, then kill it; whether it was still running."""
    try:
        return process.wait(seconds) != 0
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def kill_once(lake: Lake, store: EventDataStore, folder: Path, random: Random, length_seconds: float) -> Result:
    """Make files, kill their ingest (now and then twice), finish with a whole run, and check."""
    corpus = make(folder, random.getrandbits(32), random.choices(KINDS, k=FILES))
    seconds = random.uniform(0.2, 1.0) * length_seconds
    began = time.monotonic()
    was_running = killed_after(start(folder, lake.home, store.name), seconds)
    seconds = time.monotonic() - began
    if random.random() < 0.3:
        killed_after(start(folder, lake.home, store.name), random.uniform(0.2, 1.1) * length_seconds)
    account = ingest(lake, store, open_source(str(folder)), Limits(workers=2))
    lost, doubled = lost_and_doubled(lake, store.id, corpus.wanted)
    return Result(seconds, was_running, account.recovered, lost, doubled)


def measured_length_seconds(lake: Lake, store: EventDataStore, folder: Path) -> float:
    """How long an undisturbed run over such files takes."""
    make(folder, 1, (KINDS * 3)[:FILES])
    began = time.monotonic()
    if start(folder, lake.home, store.name).wait() != 0:
        raise RuntimeError("the undisturbed run failed")
    return time.monotonic() - began


def orphans(lake: Lake, store: EventDataStore) -> set[str]:
    """Parquet files of the store that its table does not know."""
    known = {file.path for file in lake.scan(store.id).files}
    return {str(path) for path in (lake.home / "warehouse").rglob("*.parquet") if store.id in str(path)} - known


def main(times: int = 100, seed: int = 1) -> int:
    random = Random(seed)
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as place, Lake.open(Path(place) / "lake") as lake:
        registry = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1", maximum_stores=100_000)
        lifecycle = StoreLifecycle(registry, lake)
        first = lifecycle.create("undisturbed", selectors=template("management-events"))
        length = measured_length_seconds(lake, first, Path(place) / "undisturbed")
        print(f"an undisturbed run takes {length:.1f} s; {times} kills, seed {seed}")
        left = 0
        for number in range(times):
            store = lifecycle.create(f"killed-{number:04}", selectors=template("management-events"))
            result = kill_once(lake, store, Path(place) / f"{number}", random, length)
            results.append(result)
            length = length if result.was_running else result.seconds
            left += len(orphans(lake, store))
            print(f"{number:4}  killed after {result.seconds:5.2f} s  {result}", flush=True)
    print("kills  while running  batches recovered  lost  doubled  files left over")
    sums = [sum(getattr(one, name) for one in results) for name in ("was_running", "recovered", "lost", "doubled")]
    print(f"{times:5}  {sums[0]:13}  {sums[1]:17}  {sums[2]:4}  {sums[3]:7}  {left:15}")
    return 1 if sums[2] or sums[3] or left else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
