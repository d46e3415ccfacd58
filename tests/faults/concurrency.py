"""Many processes at one store: ingests that overlap, queries, and whatever else is given, all at once.

``python -m tests.faults.concurrency`` prints what it did. No process may fail or say a word on stderr, a query may
never see fewer rows than an earlier one, and the checker must find everything once.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import commands
from tests.faults.checker import Holding, check
from tests.faults.workloads import CREATE, ONE_BY_ONE, parse
from tests.ingest.corpus import envelope, event, packed

QUERY = "query -o csv 'SELECT count(*) FROM main'"
BESIDE = (QUERY, QUERY, "maintain", "verify")  # said again and again while the ingests run
SHARED_FILES = 5  # of every ten that a process is given, so many are given to its neighbour too


@dataclass(slots=True)
class Together:
    """What came of it. ``failures``: what processes said that should have said nothing; violations of the checker."""

    processes: int
    commits: int
    beside: int
    rows: int
    seconds: float
    failures: list[str] = field(default_factory=list)


def together(
    place: Path, processes: int, commits: int, seed: int = 1, beside: Sequence[str] = BESIDE, rest: float = 0.0
) -> Together:
    """``processes`` ingests of at least ``commits`` commits each, and ``beside`` over and over until they are done.

    ``rest``: seconds before each of these is said again.
    """
    commands.preload()
    folders = _write_sources(place / "logs", processes, commits, Random(seed))
    lake = place / "lake"
    environment = {"TRAILMERE_LAKE": str(lake)}
    made = commands.run(*parse(CREATE, {})[:1], environment, place / "made")
    began = time.monotonic()
    failures = [] if made.code == 0 else [made.err]
    lines = [f"{ONE_BY_ONE} ingest {folder} --store main" for folder in folders]
    numbers, running = itertools.count(), dict[int, tuple[str, Path]]()

    def start(line: str) -> None:
        arguments, settings = parse(line, {})
        talk = place / f"said-{next(numbers)}"
        before = None if line in lines else partial(_give_way, rest)
        running[commands.fork(arguments, environment | settings, talk, before)] = (line, talk)

    for line in (*lines, *beside):
        start(line)
    ingesting, repeated, counts = len(lines), 0, [0]
    while running:
        pid, status = os.wait()
        line, talk = running.pop(pid)
        ended = commands.ended(os.waitstatus_to_exitcode(status), talk, 0)
        failures += _complaints(line, ended)
        if line in lines:
            ingesting -= 1
            continue
        repeated += 1
        counts += [int(number) for number in re.findall(r"^\d+$", ended.out, re.M) if line == QUERY]
        if ingesting:
            start(line)
    verdict = check(lake, {"main": Holding(tuple(folders))})
    failures += verdict.violations
    seconds = time.monotonic() - began
    return Together(processes, _batches(lake), repeated, verdict.rows, seconds, failures)


def _give_way(rest: float) -> None:
    """What is said again and again takes the processor time that the ingests leave, not most of it."""
    os.nice(10)
    time.sleep(rest)


def _batches(lake: Path) -> int:
    """How many batches were settled as done."""
    with contextlib.closing(sqlite3.connect(lake / "lake.db")) as database:
        return int(database.execute("SELECT count(*) FROM lake_batches WHERE state = 'done'").fetchone()[0])


def _complaints(line: str, ended: commands.Ended) -> Iterator[str]:
    if ended.code != 0 or "Traceback" in ended.err or "trailmere:" in ended.err:
        yield f"{line}: exit code {ended.code}, {ended.err[-500:]}"


def _write_sources(place: Path, processes: int, commits: int, dice: Random) -> list[Path]:
    """A folder for each process, of as many files as it makes commits; half of them its neighbour has too."""
    folders = [place / f"{number:03}" for number in range(processes)]
    for folder in folders:
        folder.mkdir(parents=True)
    for number, at in itertools.product(range(processes), range(commits)):
        content = packed(envelope(event(dice) for _ in range(dice.randrange(1, 6))))
        (folders[number] / f"{number}-{at}.json.gz").write_bytes(content)
        if at % 10 < SHARED_FILES:
            (folders[(number + 1) % processes] / f"copy-{number}-{at}.json.gz").write_bytes(content)
    return folders


def main() -> int:
    """Run once and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.concurrency", description=__doc__)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--commits", type=int, default=60, help="of each process")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--beside",
        action="append",
        help="a command that is repeated meanwhile, instead of queries, maintain and verify",
    )
    parser.add_argument("--rest", type=float, default=0.0, help="seconds before each of these is said again")
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()), help="where the lake is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.place) as folder:
        done = together(
            Path(folder), options.processes, options.commits, options.seed, options.beside or BESIDE, options.rest
        )
    print(
        f"{done.processes} processes, {done.commits:,} commits, {done.beside:,} commands beside them, "
        f"{done.rows:,} rows, {done.seconds:.0f} s: {len(done.failures)} failures"
    )
    for failure in done.failures[:20]:
        print(f"    {failure}", file=sys.stderr)
    return int(bool(done.failures))


if __name__ == "__main__":
    sys.exit(main())
