"""Every hostile statement of ``refused.sql`` and ``limited.sql``, asked as any user asks, of a real lake with canaries.

Two outcomes are allowed: a refusal, or an end within the limits. Nothing may be read, written or reached that is not a
data file of the query, nobody else may notice, and no process may outgrow its memory or outlive its time.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.query.probes import probes, written_out
from tests.query.small_lake import make_lake, opened
from trailmere.errors import QueryError, StatementInvalid, StatementNotAllowed
from trailmere.query.results import rows

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.query.engines import DuckDBEngine

MIB = 1 << 20
CANARY = "the-canary-sings"
SECONDS, MEMORY_BYTES, GRACE_SECONDS = 1.0, 256 * MIB, 2.0
ROWS = 100
SAMPLE_SECONDS = 0.02
HEALTHY = "SELECT count(*) FROM trail"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a probe ended: its error, None where it was answered; every word of either; its time."""

    line: str
    error: Exception | None
    told: str
    seconds: float

    @property
    def refused(self) -> bool:
        """By the dialect, before any engine saw it."""
        own = {"query_characters", "query_nesting", "query_list_items", "query_mentions"}
        return isinstance(self.error, StatementInvalid | StatementNotAllowed) or getattr(self.error, "limit", "") in own


@dataclass(frozen=True, slots=True)
class Prison:
    """A lake, and what must not be reached from it."""

    app: App
    places: dict[str, object]
    server: socket.socket

    @property
    def home(self) -> Path:
        """The folder of the lake."""
        return self.app.settings.lake

    @property
    def engine(self) -> DuckDBEngine:
        """The engine with its workers."""
        return cast("DuckDBEngine", self.app.engine)

    def ask(self, line: str) -> Outcome:
        """Ask what a line says."""
        sql = written_out(line, self.places)
        started = time.monotonic()
        told: list[str] = []
        error: Exception | None = None
        try:
            told += map(str, rows(self.app.queries.run(sql, rows=ROWS)))
        except Exception as caught:  # what it may be is for the test to say
            error = caught
            told.append(f"{caught} {getattr(caught, 'hint', '')}")
        return Outcome(line, error, "".join(told), time.monotonic() - started)

    def reached(self) -> bool:
        """Has anybody connected?"""
        try:
            self.server.accept()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def prison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prison]:
    home = make_lake(tmp_path_factory.mktemp("prison"))
    outside = tmp_path_factory.mktemp("outside") / "canary.txt"
    inside = home / "warehouse" / "canary.csv"
    for canary in (outside, inside):
        canary.write_text(f"{CANARY}-from-{canary.parent.name}\n")
    limits = {"query_seconds": SECONDS, "query_memory_bytes": MEMORY_BYTES, "query_threads": 1}
    os.environ["TRAILMERE_CANARY"] = f"{CANARY}-from-the-environment"
    with socket.create_server(("127.0.0.1", 0)) as server, opened(home, **limits) as app:
        server.settimeout(0)
        data = next((home / "warehouse").rglob("*.parquet"))
        places = {"canary": outside, "inside": inside, "data": data, "lake": home, "port": server.getsockname()[1]}
        yield Prison(app, places, server)
    del os.environ["TRAILMERE_CANARY"]


def grace_seconds() -> float:
    """What a query may take beyond its time, to be compiled, planned and killed: more where others keep the machine."""
    return GRACE_SECONDS * max(1.0, max(os.getloadavg()) / (os.cpu_count() or 1))


def fingerprint(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_no_probe_reads_writes_or_reaches_anything_or_passes_its_limits(prison: Prison) -> None:
    """One walk through all of them: the canaries are looked at in the end, and starting lakes is dear."""
    refused, limited = list(probes("refused.sql")), list(probes("limited.sql"))
    assert len(refused) > 900
    assert len(limited) > 350
    assert prison.ask(HEALTHY).error is None
    before = fingerprint(prison.home)

    outcomes = [prison.ask(line) for line in refused]
    with Watch(prison.engine) as watch, ThreadPoolExecutor(2) as both:
        outcomes += both.map(prison.ask, limited)

    assert [line for line, outcome in zip(refused, outcomes, strict=False) if not outcome.refused] == []
    assert [outcome for outcome in outcomes if not isinstance(outcome.error, QueryError | None)] == []
    assert [outcome for outcome in outcomes if outcome.seconds > SECONDS + grace_seconds()] == []
    assert watch.largest_bytes < MEMORY_BYTES * 1.1 + watch.idle_bytes
    assert [outcome for outcome in outcomes if CANARY in outcome.told] == []
    assert fingerprint(prison.home) == before
    assert not prison.reached()
    assert prison.ask(HEALTHY).error is None


class Watch(threading.Thread):
    """Looks at the memory of an engine's workers, often. ``largest_bytes``: the high-water mark of any of them."""

    def __init__(self, engine: DuckDBEngine) -> None:
        super().__init__(daemon=True)
        self._engine = engine
        self._over = threading.Event()
        self.largest_bytes = 0
        self.idle_bytes = 0

    def __enter__(self) -> Watch:
        self._engine.prepare()
        (worker,) = self._engine.pool.idle
        worker.measures()
        self.idle_bytes = _peak_bytes(worker.pid)
        self.start()
        return self

    def __exit__(self, *_nothing: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            for worker in self._engine.pool.busy:
                self.largest_bytes = max(self.largest_bytes, _peak_bytes(worker.pid))


def _peak_bytes(pid: int) -> int:
    """The high-water mark of a process, or 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
