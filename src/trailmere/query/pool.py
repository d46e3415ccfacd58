"""Worker processes as their parent sees them: started before they are needed, used again, killed when over.

``WorkerProcess`` is one worker; ``WorkerPool`` keeps a spare one ready. What a query means, and what an error means to
the user, is not known here: see ``query.engines``.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from trailmere.errors import EngineError
from trailmere.query.cage import HARMLESS_ENVIRONMENT, Measure
from trailmere.query.worker import HEADER, JSON

if TYPE_CHECKING:
    from types import TracebackType

MIB = 1 << 20
START_SECONDS = 60.0
# A worker that still holds this much more than when it was new has grown fat: it is replaced.
RETIRE_AT_RESIDENT_BYTES = 512 * MIB
LAST_WORDS_BYTES = 4096
# So many stay when their queries are done: a start takes longer than most queries, an idle one a tenth of a gigabyte.
IDLE_WORKERS = 4
# Isolated (-I): neither the environment nor the current folder decides what is imported. Without site (-S): faster, and
# the path is the parent's own.
BOOT = (
    "import sys, json; settings = json.loads(sys.argv[1]); sys.path[:] = settings.pop('path'); "
    "from trailmere.query.worker import main; main(settings)"
)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker is born with and cannot change: the only folder it reads, its memory, its threads."""

    warehouse: Path
    memory_bytes: int = 1024 * MIB
    threads: int = 2


class WorkerDied(Exception):
    """The worker's end of the socket closed. ``cause`` says how it ended, ``words`` what it said last on stderr."""

    def __init__(self, cause: str, words: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.words = words


class WorkerTimeout(Exception):
    """No frame came in time."""


class WorkerProcess:
    """A worker and the socket to it. Starting does not wait; the first use does."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._channel, theirs = socket.socketpair()
        self._last_words, stderr = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._hello: dict[str, Any] | None = None
        self.queries = 0
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", BOOT, _arguments(settings, theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=(theirs.fileno(),),
                env=_environment(os.environ),
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the parent, which then decides
            )
        finally:
            theirs.close()
            os.close(stderr)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def measures(self) -> tuple[Measure, ...]:
        """What keeps this worker in, as it reports itself. Raises EngineError if it cannot start."""
        return tuple(Measure(name, holds, detail) for name, holds, detail in self._ready()["hello"])

    def ask(self, request: Mapping[str, Any]) -> None:
        """Send a query. The frames of the answer are then read with ``receive``."""
        self._ready()
        self.queries += 1
        payload = json.dumps(request).encode()
        with self._or_death():
            self._channel.settimeout(START_SECONDS)
            self._channel.sendall(HEADER.pack(JSON, len(payload)) + payload)

    def receive(self, seconds: float) -> tuple[bytes, bytearray]:
        """The next frame. Raises WorkerTimeout after ``seconds``, WorkerDied when the worker is gone."""
        end = time.monotonic() + seconds
        kind, length = HEADER.unpack(self._exactly(HEADER.size, end))
        return kind, self._exactly(length, end)

    def fit(self, resident_bytes: int) -> bool:
        """Whether it may serve again: alive, and not grown fat."""
        idle: int = self._ready()["idle_bytes"]
        return self.alive and resident_bytes < idle + RETIRE_AT_RESIDENT_BYTES

    def kill(self) -> None:
        """SIGKILL; may be called from another thread, and twice. A reader then sees WorkerDied."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def close(self) -> None:
        """Kill it, reap it, and close what we hold."""
        self.kill()
        self._process.wait()
        self._channel.close()
        with contextlib.suppress(OSError):
            os.close(self._last_words)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self) -> dict[str, Any]:
        if self._hello is None:
            try:
                self._hello = json.loads(self.receive(START_SECONDS)[1])
            except (WorkerDied, WorkerTimeout) as error:
                words = error.words if isinstance(error, WorkerDied) else "it said nothing"
                raise EngineError(
                    f"expected a query worker to start, but {error or 'it took too long'}: {words}",
                    hint="run trailmere doctor",
                ) from None
        return self._hello

    def _exactly(self, length: int, end: float) -> bytearray:
        buffer = bytearray(length)
        view = memoryview(buffer)
        with self._or_death():
            while view:
                self._channel.settimeout(max(end - time.monotonic(), 0.001))
                received = self._channel.recv_into(view)
                if received == 0:
                    raise self._death()
                view = view[received:]
        return buffer

    @contextlib.contextmanager
    def _or_death(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise WorkerTimeout from None
        except OSError:
            raise self._death() from None

    def _death(self) -> WorkerDied:
        """How it ended. The socket may close a moment before the process is gone."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return WorkerDied("it closed its connection", self._words())
        return WorkerDied(_ending(code), self._words())

    def _words(self) -> str:
        with contextlib.suppress(OSError):
            return os.read(self._last_words, LAST_WORDS_BYTES).decode(errors="replace").strip()
        return ""


class WorkerPool:
    """Idle workers: ``spare`` of them once prepared, up to ``most`` when queries ran side by side.

    Safe to use from several threads; none waits for another's worker, or while one is started.
    """

    def __init__(self, settings: WorkerSettings, *, spare: int = 1, most: int = IDLE_WORKERS) -> None:
        self._settings = settings
        self._spare = spare
        self._most = max(most, spare, 1)
        self._closed = False
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._lock = threading.Lock()

    @property
    def idle(self) -> tuple[WorkerProcess, ...]:
        """Those that wait for a query."""
        return tuple(self._idle)

    @property
    def busy(self) -> tuple[WorkerProcess, ...]:
        """Those that answer one."""
        return tuple(self._busy)

    def prepare(self) -> None:
        """Start the spare workers now; they warm up while the caller does something else."""
        with self._lock:
            while len(self._idle) < self._spare:
                self._idle.append(WorkerProcess(self._settings))

    def take(self) -> WorkerProcess:
        """An idle worker, the last used first (it is warm), else a new one."""
        with self._lock:
            worker = next(self._living(), None)
            if worker is not None:
                self._busy.add(worker)
                return worker
        worker = WorkerProcess(self._settings)
        with self._lock:
            self._busy.add(worker)
        return worker

    def _living(self) -> Iterator[WorkerProcess]:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                yield worker
            else:
                worker.close()

    def give_back(self, worker: WorkerProcess) -> None:
        """A worker that has finished its query and may serve again; those beyond ``most`` are ended."""
        with self._lock:
            wanted = worker in self._busy and len(self._idle) < self._most and not self._closed
            self._busy.discard(worker)
            if wanted:
                self._idle.append(worker)
        if not wanted:
            worker.close()

    def discard(self, worker: WorkerProcess) -> None:
        """A worker that must not serve again."""
        with self._lock:
            self._busy.discard(worker)
        worker.close()

    def close(self) -> None:
        """End all workers. One that is answering ends too; its reader is told that it stopped."""
        with self._lock:
            self._closed = True
            idle, self._idle, busy = self._idle, [], tuple(self._busy)
        for worker in busy:
            worker.kill()
        for worker in idle:
            worker.close()


def _arguments(settings: WorkerSettings, descriptor: int) -> str:
    return json.dumps(
        {
            "path": [entry for entry in sys.path if entry and Path(entry).exists()],
            "descriptor": descriptor,
            "parent": os.getpid(),
            "warehouse": str(settings.warehouse),
            "memory_bytes": settings.memory_bytes,
            "threads": settings.threads,
        }
    )


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    passed_on = {name: value or environ.get(name, "") for name, value in HARMLESS_ENVIRONMENT.items()}
    return {name: value for name, value in passed_on.items() if value}


def _ending(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    return f"it was ended by {signal.Signals(-code).name}"
