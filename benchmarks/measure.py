"""What a process took: wall and CPU seconds, peak memory of it and its children, and what it printed.

Every figure of the benchmarks comes from a fresh process measured here, so that no contestant profits from the
imports, caches or memory of another. Nothing here knows what is measured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.1
# Sources are compiled once, as an installer does: no run may pay for it because bytecode is not kept beside them.
BYTECODE = Path(__file__).parent / "work" / "bytecode"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one process. ``cpu_seconds`` is user and system time, children that it waited for included.

    ``peak_bytes`` is the greatest sum of resident memory over the process and its children, sampled ten times a second;
    pages that they share count once for each. ``largest_bytes`` is the greatest that any one of them had.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    largest_bytes: int
    exit_code: int
    stdout: str
    stderr: str

    def as_dict(self) -> dict[str, float]:
        """The figures."""
        return {
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_bytes": self.peak_bytes,
            "largest_bytes": self.largest_bytes,
        }

    @property
    def failed(self) -> bool:
        """Whether it ended with anything but success."""
        return self.exit_code != 0

    @property
    def complaint(self) -> str:
        """The last line of its standard error, shortened: why it failed, as far as it said."""
        if self.exit_code == -signal.SIGKILL:
            return "killed: out of time or memory"
        lines = [line.strip() for line in self.stderr.splitlines() if any(map(str.isalpha, line))]
        told = [line for line in lines if "Error" in line or "Exception" in line]
        return ((told or lines or [f"exit code {self.exit_code}"])[-1])[:160]


def measure(command: Sequence[str], *, seconds: float = 300.0, cwd: Path | None = None) -> Measurement:
    """Run ``command`` in a session of its own and measure it; after ``seconds`` the whole session is killed."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True, cwd=cwd, env=environment)
        peak = _Peak(process.pid)
        killer = threading.Timer(seconds, _kill_session, [process.pid])
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        return Measurement(
            wall_seconds=wall,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_bytes=max(peak.stop(), usage.ru_maxrss * 1024),
            largest_bytes=peak.largest,
            exit_code=process.returncode,
            stdout=_text(out),
            stderr=_text(err),
        )


def _text(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    return file.read().decode("utf-8", "replace")  # type: ignore[attr-defined,no-any-return]


def _kill_session(leader: int) -> None:
    for process in _session(leader):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


class _Peak:
    """Samples the resident memory of a session in a thread until stopped."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._peak = 0
        self.largest = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._peak

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            resident = _session(self._leader).values()
            self._peak = max(self._peak, sum(resident))
            self.largest = max(self.largest, *resident, 0)


def _session(leader: int) -> dict[int, int]:
    """Process id -> resident bytes, for every process of the session (proc(5): session is field 6, rss field 24)."""
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir() if Path("/proc/self/stat").exists() else ():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found[int(entry.name)] = int(fields[21]) * PAGE_BYTES
    return found
