"""Killed anywhere, eight at once: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.ingest.corpus import KINDS, lost_and_doubled, make
from tests.ingest.kill import SMALL_BATCHES, kill_once, measured_length_seconds, orphans, start
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

KILLS = 10


def test_an_ingest_that_is_killed_at_random_moments_loses_and_doubles_nothing(
    lake: Lake, new_store: Callable[..., EventDataStore], tmp_path: Path
) -> None:
    random = Random(20260301)
    length = measured_length_seconds(lake, new_store(), tmp_path / "undisturbed")

    results = []
    left_over: set[str] = set()
    for number in range(KILLS):
        store = new_store()
        results.append(kill_once(lake, store, tmp_path / str(number), random, length))
        length = length if results[-1].was_running else results[-1].seconds
        left_over |= orphans(lake, store)

    assert [(result.lost, result.doubled) for result in results] == [(0, 0)] * KILLS
    assert left_over == set()
    assert any(result.was_running for result in results)


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


@pytest.mark.extended
def test_a_hundred_kills_lose_and_double_nothing() -> None:
    from tests.ingest.kill import main

    assert main(100, 2) == 0
