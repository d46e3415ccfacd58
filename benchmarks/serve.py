"""``python -m benchmarks.serve [--clients 50] [--seconds 300]``: many clients at once, and a server that is killed.

Clients bring events, ask queries whose answers are known or bounded, look events up and list, each call after the other
without a pause. In the middle the server is killed (SIGKILL) and started again on its port. Afterwards a judge reads
the lake. Writes ``SERVE.md``; ends with 1 where anything was lost, twice or wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from benchmarks import serve_page, serve_world
from benchmarks.serve_clients import Bound, Seen, Shared, serve_clients
from benchmarks.serve_judge import Judgement, judge
from benchmarks.serve_world import Sample, Server, Told

KNOWN_DAYS_AGO = 3
MOST_SECONDS_TO_HALF = 600.0  # where rounds are the bound
SELECTORS = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]


@dataclass
class Run:
    """One run: what was asked for, and what was found. Times as of ``time.monotonic``."""

    bound: Bound
    processes: int
    began: float = 0.0
    killed: float = 0.0
    listening: float = 0.0  # again
    ended: float = 0.0
    exit_code: int = 0
    seen: Seen = field(default_factory=Seen)
    judgement: Judgement = field(default_factory=Judgement)
    lives: list[list[Sample]] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)  # load averages of the machine: before, at the end

    @property
    def first_answer(self) -> float:
        """When a call was answered that was begun after the kill."""
        return min((end for _, begun, end, kind in self.seen.calls if not kind and begun > self.killed), default=0.0)

    def violations(self) -> list[str]:
        """All that is not as it must be."""
        found = [*self.seen.wrong, *self.judgement.violations]
        found += [f"{operation}: {kind} while the server ran" for operation, kind in self._unanswered()]
        if self.exit_code:
            found.append(f"the server ended with {self.exit_code}")
        return found

    def _unanswered(self) -> list[tuple[str, str]]:
        """Calls without an answer that the kill does not explain: names of AWS's errors end in Exception."""
        return [
            (operation, kind)
            for operation, _begun, end, kind in self.seen.calls
            if kind and serve_page.is_of_network(kind) and not self.killed <= end <= self.first_answer + 1
        ]


def run(folder: Path, bound: Bound, processes: int, seed: int, say: Callable[[str], None]) -> Run:
    """Make a lake in a folder, load the server over it, kill it in between, judge."""
    found = Run(bound, processes, loads=[os.getloadavg()[0]])
    lake, start = folder / "lake", datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start -= timedelta(days=KNOWN_DAYS_AGO)
    serve_world.make_known(lake, folder / "logs", serve_world.known_events(start))
    server = Server(lake, folder / "server.log")
    server.start()
    told = introduce(server, seed, start)
    _load(found, server, told, folder, say)
    found.loads.append(os.getloadavg()[0])
    found.exit_code = server.end()
    found.lives = server.lives
    say(f"server ended with {found.exit_code}; judging")
    found.judgement = judge(lake, told, found.seen)
    return found


def introduce(server: Server, seed: int, start: datetime) -> Told:
    """What clients are told: a store to push into and its channel are made by the first of them."""
    trail = boto3.client(
        "cloudtrail",
        endpoint_url=server.address,
        region_name=serve_world.REGION,
        aws_access_key_id=server.key[0],
        aws_secret_access_key=server.key[1],
    )
    stores = trail.list_event_data_stores()["EventDataStores"]
    [known] = [one["EventDataStoreArn"] for one in stores if one["Name"] == serve_world.KNOWN]
    pushed = trail.create_event_data_store(
        Name=serve_world.PUSHED, AdvancedEventSelectors=SELECTORS, MultiRegionEnabled=False
    )["EventDataStoreArn"]
    channel = trail.create_channel(
        Name="load", Source="Custom", Destinations=[{"Type": "EVENT_DATA_STORE", "Location": pushed}]
    )["ChannelArn"]
    ids = {"known": known.rpartition("/")[2], "pushed": pushed.rpartition("/")[2]}
    return Told(server.address, *server.key, seed=seed, start=start, channel=channel, **ids)


def _load(found: Run, server: Server, told: Told, folder: Path, say: Callable[[str], None]) -> None:
    context = multiprocessing.get_context("spawn")
    shared = Shared(
        context.Value("q", 0), context.Value("q", 0), context.Value("q", 0), context.Event(),
        context.Barrier(found.processes + 1),
    )  # fmt: skip
    outs = [folder / f"clients-{number}.json" for number in range(found.processes)]
    numbers = [list(range(found.bound.clients))[at :: found.processes] for at in range(found.processes)]
    crew = [
        context.Process(target=serve_clients, args=(mine, told, shared, found.bound, out))
        for mine, out in zip(numbers, outs, strict=True)
    ]
    for process in crew:
        process.start()
    shared.ready.wait(MOST_SECONDS_TO_HALF)
    found.began = time.monotonic()
    shared.half.wait(found.bound.seconds / 2 if found.bound.seconds else MOST_SECONDS_TO_HALF)
    say(f"{shared.acknowledged.value:,} events acknowledged; the server is killed")
    _kill(found, server, say)
    for process in crew:
        process.join()
    found.ended = time.monotonic()
    for out in outs:
        found.seen.add(out)
    say(f"{shared.acknowledged.value:,} events acknowledged, {len(found.seen.calls):,} calls; ended")


def _kill(found: Run, server: Server, say: Callable[[str], None]) -> None:
    found.killed = server.kill()
    server.start()
    found.listening = time.monotonic()
    say(f"listening again after {found.listening - found.killed:.2f} s")


def main(arguments: list[str] | None = None) -> int:
    """One run and its page."""
    options = _options(arguments)
    bound = Bound(options.clients, seconds=options.seconds)
    with tempfile.TemporaryDirectory(prefix="trailmere-serve-", dir=options.work) as folder:
        found = run(Path(folder), bound, options.processes, options.seed, _say)
        if found.violations():
            shutil.copy(Path(folder) / "server.log", options.out.with_suffix(".log"))
    command = f"python -m benchmarks.serve --clients {options.clients} --seconds {options.seconds:g}"
    page = serve_page.page(f"{command} --processes {options.processes} --seed {options.seed}", found)
    options.out.write_text(page, encoding="utf-8")
    print(page)
    return int(bool(found.violations()))


def _options(arguments: list[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--processes", type=int, default=5, help="of clients")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="where the lake is made; default: the folder for temporary files")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "SERVE.md", help="the page to write")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
