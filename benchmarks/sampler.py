"""Where a process spends its CPU time, by step of ingest: a sampling profiler that costs next to nothing.

A timer of CPU time interrupts the process; each sample counts for all the CPU time since the last one and goes to the
innermost frame that a step is known for. A long call into C delays its sample to its end, and so gets its due. Steps go
by module, not by function, so that a step may be rewritten without a change here; a module that no step is known for
shows under its own name.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from types import FrameType

    from trailmere.ingest.records import Recipe

FOLDER_VARIABLE = "TRAILMERE_PROFILE"  # where workers leave what they found
INTERVAL_SECONDS = 0.001
START, PARQUET, WRITE, OTHER = "start: imports", "parquet", "hash and write files", "other"

# module -> step; the longest name that the frame's module begins with decides.
STEPS_OF_MODULES: dict[str, str] = {
    "importlib": START,
    "trailmere.sources": "list and read",
    "trailmere.events.inflate": "inflate",
    "trailmere.events.formats": "split",
    "trailmere.events.scan": "split",
    "trailmere.events.salvage": "split",
    "trailmere.events.shapes": "split",
    "trailmere.events.decode": "decode",
    "trailmere.events.batch": "decode",
    "trailmere.events.structs": "decode",
    "trailmere.events.values": "decode",
    "trailmere.events.adapt": "decode",
    "trailmere.events.drift": "decode",
    "trailmere.events.selection": "select",
    "trailmere.events.seams": "split",
    "trailmere.events.keys": "rows: keys",
    "trailmere.events.rows": "rows",
    "trailmere.events.arrays": "rows",
    "trailmere.events.maps": "rows",
    "trailmere.events.hot": "rows",
    "trailmere.lake": "commit",
    "trailmere.lake.files": PARQUET,
    "trailmere.lake.disk": WRITE,
    "trailmere.lake.hashing": WRITE,
    "trailmere.registry": "commit",
    "pyiceberg": "commit",
    "sqlalchemy": "commit",
    "trailmere.ingest": "hand-over",
    "multiprocessing": "hand-over",
    "pickle": "hand-over",
}
# (module, function) -> step, where one module does several.
STEPS_OF_FUNCTIONS: dict[tuple[str, str], str] = {
    ("trailmere.ingest.steps", "hash_bytes"): "hash",
    ("trailmere.ingest.steps", "hash_content"): "hash",
    ("trailmere.ingest.worker", "serve"): "collect garbage",
    ("trailmere.lake.files", "write"): WRITE,
    ("trailmere.lake.files", "sync"): WRITE,
}


class Sampler:
    """Samples this process between ``start`` and ``stop``; ``steps`` and ``places`` are CPU seconds."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = defaultdict(float)
        self.places: dict[str, float] = defaultdict(float)
        self._last = 0.0

    def start(self) -> None:
        self._last = time.process_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        self._sample(0, sys._getframe(1))

    def as_dict(self) -> dict[str, dict[str, float]]:
        return {"steps": dict(self.steps), "places": dict(self.places)}

    def count(self, step: str) -> None:
        """Give a step what was spent since the last sample."""
        now = time.process_time()
        self.steps[step] += now - self._last
        self._last = now

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        now = time.process_time()
        since = now - self._last
        self.count(step_of(frame))
        if frame is not None:
            self.places[f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}"] += since


def step_of(frame: FrameType | None) -> str:
    """The step that a stack is busy with."""
    for module, function in _callers(frame):
        if function == "<module>" and module != "__main__":
            return START
        step = STEPS_OF_FUNCTIONS.get((module, function)) or _step_of_module(module)
        if step is not None:
            return step
    return OTHER


def _callers(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    while frame is not None:
        yield frame.f_globals.get("__name__", "?"), frame.f_code.co_name
        frame = frame.f_back


def _step_of_module(module: str) -> str | None:
    name = module
    while name:
        if name in STEPS_OF_MODULES:
            return STEPS_OF_MODULES[name]
        name = name.rpartition(".")[0]
    return module if module.startswith("trailmere.") else None


def serve(connection: Connection, recipe: Recipe, parent: int) -> None:
    """A worker's life, sampled (see ``ingest.crew.Serve``). Its import is part of it."""
    sampler = Sampler()
    sampler.start()
    from trailmere.ingest import worker

    _tell_writing_from_encoding(sampler)
    try:
        worker.serve(connection, recipe, parent)
    finally:
        sampler.stop()
        path = Path(os.environ[FOLDER_VARIABLE]) / f"worker-{os.getpid()}.json"
        path.write_text(json.dumps(sampler.as_dict()))


def _tell_writing_from_encoding(sampler: Sampler) -> None:
    """The Parquet writer calls back to write: without this, what it did in C until then would go to the writing."""
    from trailmere.lake.files import HashingFile

    write = HashingFile.write

    def write_counted(self: HashingFile, content: Any) -> int:
        sampler.count(PARQUET)
        return write(self, content)

    HashingFile.write = write_counted  # type: ignore[method-assign]
