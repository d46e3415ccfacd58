"""The crew: worker processes, each with its own pipe, so that a death is told from all others.

A worker is started when there is work for it. It holds one task and one more in hand, so that it does not wait while
the loop commits. What it was working on when it died or hung is a ``Failure``; what it had in hand goes to another.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import connection as pipes
from typing import TYPE_CHECKING

from trailmere.errors import LakeError
from trailmere.ingest.records import Failure, Outcome, Recipe, Task

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

IN_HAND = 2
MOST_STILLBORN = 5  # workers in a row that die before they have begun
_STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)  # the first is being worked on
    since: float = 0.0
    started: bool = False


# The life of a worker: its end of the pipe, the recipe, the id of the process that started it.
Serve = Callable[["Connection", Recipe, int], None]


class Crew:
    """Up to ``workers`` processes that perform tasks of one recipe, each living as ``serve`` says."""

    def __init__(self, recipe: Recipe, workers: int, serve: Serve | None = None) -> None:
        self._recipe = recipe
        self._serve = serve
        self._most = max(1, workers)
        self._crew: list[_Worker] = []
        self._waiting: deque[Task] = deque()
        self._stillborn = 0

    def busy(self) -> bool:
        """Whether any task is out."""
        return bool(self._waiting) or any(worker.tasks for worker in self._crew)

    def has_room(self) -> bool:
        """Whether a task can be given without piling up."""
        return not self._waiting and (
            len(self._crew) < self._most or any(len(worker.tasks) < IN_HAND for worker in self._crew)
        )

    def start(self, count: int) -> None:
        """Start workers, so that there are ``count`` or as many as there may be: tasks for them are about to come."""
        while len(self._crew) < min(count, self._most):
            self._start()

    def give(self, task: Task) -> None:
        """Hand over a task; to a worker that is free, a new one, or the one with the least in hand."""
        worker = self._choose()
        if worker is None:
            self._waiting.append(task)
            return
        if not worker.tasks:
            worker.since = time.monotonic()
        worker.tasks.append(task)
        with contextlib.suppress(OSError):  # it has died: ``results`` will say so
            worker.pipe.send(task)

    def results(self, timeout: float | None = None) -> Iterator[Outcome | Failure]:
        """What has come back, waiting up to ``timeout`` seconds for the first of it (None: as long as it takes).

        Raises LakeError where no worker can be started.
        """
        waited = time.monotonic()
        while self.busy():
            left = self._patience(timeout, waited)
            ready = pipes.wait([worker.pipe for worker in self._crew], left)
            found = [self._hear(worker) for worker in list(self._crew) if worker.pipe in ready]
            found += [self._overdue(worker) for worker in list(self._crew)]
            if told := [one for one in found if one is not None]:
                yield from told
                return
            if timeout is not None and time.monotonic() - waited >= timeout:
                return

    def close(self) -> None:
        """End all workers; those that are idle end by themselves."""
        for worker in self._crew:
            if worker.tasks:
                worker.process.kill()
            worker.pipe.close()
        for worker in self._crew:
            worker.process.join()
            worker.process.close()
        self._crew.clear()
        self._waiting.clear()

    def _choose(self) -> _Worker | None:
        idle = [worker for worker in self._crew if not worker.tasks]
        if idle:
            return idle[0]
        if len(self._crew) < self._most:
            return self._start()
        least = min(self._crew, key=lambda worker: len(worker.tasks))
        return least if len(least.tasks) < IN_HAND else None

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_live, args=(self._serve, theirs, self._recipe, os.getpid()), daemon=True)
        # Blocked in the child until it has said what an interrupt means to it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        worker = _Worker(process, ours)
        self._crew.append(worker)
        return worker

    def _hear(self, worker: _Worker) -> Outcome | Failure | None:
        try:
            told: Outcome | Failure | None = worker.pipe.recv()
        except (EOFError, OSError):
            return self._bury(worker, "decoder-crashed", "the process that decoded it died")
        if told is None:
            worker.started, worker.since, self._stillborn = True, time.monotonic(), 0
            return None
        worker.tasks.popleft()
        worker.since = time.monotonic()
        if self._waiting:
            self.give(self._waiting.popleft())
        return told

    def _overdue(self, worker: _Worker) -> Failure | None:
        limit = self._recipe.limits.task_seconds
        if worker not in self._crew or not worker.tasks or time.monotonic() - worker.since < limit:
            return None
        worker.process.kill()
        return self._bury(worker, "decoder-timeout", f"decoding took longer than {limit:,.0f} seconds")

    def _bury(self, worker: _Worker, reason: str, message: str) -> Failure | None:
        self._crew.remove(worker)
        worker.pipe.close()
        worker.process.join()
        if worker.process.exitcode is not None and worker.process.exitcode < 0:
            message += f" (signal {-worker.process.exitcode})"
        worker.process.close()
        if not worker.started:
            self._count_stillborn(message)
        running = worker.tasks.popleft() if worker.tasks and worker.started else None
        in_hand = list(worker.tasks)
        for task in in_hand:
            self.give(task)
        return None if running is None else Failure(running.number, reason, message)

    def _count_stillborn(self, message: str) -> None:
        """A worker that died before it began says nothing about its deliveries: none must be rejected for it."""
        self._stillborn += 1
        if self._stillborn >= MOST_STILLBORN:
            raise LakeError(
                f"the processes that decode end before they begin: {message}",
                hint="run: trailmere doctor; nothing was lost, the next run takes the rest in",
            )

    def _patience(self, timeout: float | None, since: float) -> float | None:
        """How long to wait: until the time-out, or until a task is overdue."""
        now = time.monotonic()
        ends = [worker.since + self._recipe.limits.task_seconds for worker in self._crew if worker.tasks]
        if timeout is not None:
            ends.append(since + timeout)
        return max(0.0, min(ends) - now) if ends else None


def _live(serve: Serve | None, pipe: Connection, recipe: Recipe, parent: int) -> None:
    """The life of a worker, which begins by saying that it has begun."""
    if serve is None:
        from trailmere.ingest import worker  # here: who starts workers does not decode

        serve = worker.serve
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the loop has ended before
        pipe.send(None)
        serve(pipe, recipe, parent)
