"""What a small question notices of hostile ones beside it: ``python -m tests.query.neighbours [SECONDS] [PHASE]``.

One service, one thread a query. A question is asked again and again, in turns of ``PHASE`` seconds alone and beside one
who asks the statements of ``limited.sql`` and ``refused.sql`` without a pause. Printed are the medians and 99th
percentiles of both, in milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.query.probes import hostile_statements
from tests.query.small_lake import make_lake, opened
from trailmere.errors import QueryError
from trailmere.query.results import rows

if TYPE_CHECKING:
    from trailmere.app import App

QUESTION = "SELECT eventName, count(*) FROM trail WHERE eventName = 'PutObject' GROUP BY eventName"
LIMITS = {"query_seconds": 1.0, "query_memory_bytes": 256 << 20, "query_threads": 1}


class Hostile(threading.Thread):
    """Asks one hostile statement after the other, for as long as it is let."""

    def __init__(self, app: App, statements: list[str]) -> None:
        super().__init__(daemon=True)
        self._app, self._statements = app, cycle(statements)
        self.let = threading.Event()
        self.turn = threading.Lock()  # held while it asks
        self.asked = 0

    def run(self) -> None:
        """Never returns; what it is told is for the tests to judge."""
        while True:
            self.let.wait()
            with self.turn, suppress(QueryError):
                if self.let.is_set():
                    self.asked += 1
                    list(rows(self._app.queries.run(next(self._statements), rows=100)))


def measure(app: App, seconds: float, phase: float) -> dict[str, list[float]]:
    """Milliseconds of each question, ``alone`` and ``beside``."""
    statements = hostile_statements()
    Random(1).shuffle(statements)
    hostile = Hostile(app, statements)
    hostile.start()
    found: dict[str, list[float]] = {"alone": [], "beside": []}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        hostile.let.clear()
        with hostile.turn:
            found["alone"] += _asked(app, phase)
        hostile.let.set()
        found["beside"] += _asked(app, phase)
    print(f"{hostile.asked:,} hostile statements")
    return found


def _asked(app: App, seconds: float) -> list[float]:
    spent, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        list(rows(app.queries.run(QUESTION)))
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def main(seconds: float = 120.0, phase: float = 5.0) -> None:
    """Print both, and their ratio."""
    with tempfile.TemporaryDirectory() as folder, opened(make_lake(Path(folder)), **LIMITS) as app:
        _asked(app, 1.0)
        found = measure(app, seconds, phase)
    told = {}
    for name, spent in found.items():
        told[name] = statistics.median(spent), statistics.quantiles(spent, n=100)[98]
        print(f"{name:8} {len(spent):>7,} questions  p50 {told[name][0]:7.2f} ms  p99 {told[name][1]:7.2f} ms")
    p50, p99 = (beside / alone for beside, alone in zip(told["beside"], told["alone"], strict=True))
    print(f"beside / alone: p50 {p50:.2f}  p99 {p99:.2f}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
