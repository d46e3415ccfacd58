"""The corpora that the benchmarks read: the simulated organisation's logs in any quantity, with both its incidents.

The days end with those of the two incidents, so that the nineteen questions about them have their answers. Nothing is
late, repeated or beside the point: only log files, each event once. The same shape gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import deflate

from trailmere.simulator import Habits, Period, TrailSimulator
from trailmere.simulator.organisation import ACCOUNTS
from trailmere.simulator.trail import WEEKEND

if TYPE_CHECKING:
    from trailmere.simulator import SimulatedFile

LAST_DAYS = (date(2022, 3, 15), date(2022, 9, 13))  # of the compromised key, of the compromised person
GZIP_LEVEL = 1
QUIET = Habits(
    late=0,
    redelivered=0,
    second_trail=0,
    digests=False,
    config=False,
    insights=False,
    network_activity=False,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How much, in how many files, over how many days (an even number) and accounts (by organisations of seven)."""

    events: int
    files: int
    days: int = 4
    accounts: int = len(ACCOUNTS)
    seed: str = "corpus"

    @property
    def organisations(self) -> int:
        """How many times the organisation is simulated."""
        return max(1, -(-self.accounts // len(ACCOUNTS)))


@dataclass(frozen=True, slots=True)
class Corpus:
    """What lies in a folder, counted by reading it: not what its maker believes."""

    name: str
    events: int
    files: int
    days: int
    accounts: int
    gzip_bytes: int
    json_bytes: int


def make(folder: Path, shape: Shape, name: str) -> Corpus:
    """Write a corpus of this shape by key under ``folder``."""
    made: set[Path] = set()
    for number in range(shape.organisations):
        for file in _organisation(shape, number):
            path = folder / file.key
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            path.write_bytes(file.content)
    return count(folder, name, shape)


def count(folder: Path, name: str, shape: Shape) -> Corpus:
    """What the folder holds."""
    events = files = stored = inflated = 0
    for path in folder.rglob("*.json.gz"):
        content = path.read_bytes()
        text = deflate.gzip_decompress(content)
        events += len(json.loads(bytes(text))["Records"])
        files, stored, inflated = files + 1, stored + len(content), inflated + len(text)
    accounts = shape.organisations * len(ACCOUNTS)
    return Corpus(name, events, files, shape.days, accounts, stored, inflated)


def _organisation(shape: Shape, number: int) -> Iterator[SimulatedFile]:
    """The files of one organisation; the first has the incidents, the others have accounts of their own."""
    simulator = TrailSimulator(
        f"{shape.seed}-{number}" if number else shape.seed,
        _periods(shape),
        events_a_file=max(1, round(shape.events / shape.files)),
        habits=QUIET,
        incidents=not number,
    )
    for file in simulator.files():
        yield _moved(file, number) if number else file


def _periods(shape: Shape) -> tuple[Period, ...]:
    half = max(1, shape.days // len(LAST_DAYS))
    starts = [last - timedelta(days=half - 1) for last in LAST_DAYS]
    days = [start + timedelta(days=offset) for start in starts for offset in range(half)]
    working = sum(WEEKEND if day.weekday() >= 5 else 1.0 for day in days)
    events = round(shape.events / shape.organisations / working)
    return tuple(Period(start, half, events) for start in starts)


def _moved(file: SimulatedFile, number: int) -> SimulatedFile:
    """The file with the account ids of another organisation: as many digits, so that nothing else changes."""
    key, content = file.key.encode(), bytes(deflate.gzip_decompress(file.content))
    for account in ACCOUNTS:
        other = f"{(int(account.id) + number * 1_000_003) % 10**12:012d}".encode()
        key, content = key.replace(account.id.encode(), other), content.replace(account.id.encode(), other)
    return replace(file, key=key.decode(), content=bytes(deflate.gzip_compress(content, GZIP_LEVEL)))
