"""``trailmere ...`` in a child process, through the command line's own door.

The harness runs thousands of commands and loads what they import once: a command is a fork of it, with nothing opened
yet, and its own children (workers) are forks of such a fork: see ``spawning``. The command itself is not changed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests.faults import spawning

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: a fork takes only one thread along

PRELOADED = (
    "trailmere.app",
    "trailmere.settings",
    "trailmere.cli.common",
    "trailmere.cli.ingest",
    "trailmere.cli.store",
    "trailmere.cli.query",
    "trailmere.cli.deadletters",
    "trailmere.cli.maintain",
    "trailmere.cli.verify",
    "trailmere.lake.vault",
    "trailmere.lake.append",
    "trailmere.lake.lifecycle",
    "trailmere.lake.maintenance",
    "trailmere.lake.verify",
    "trailmere.registry.stores",
    "trailmere.lake.scan",
    "trailmere.ingest.run",
    "trailmere.ingest.follow",
    "trailmere.ingest.replay",
    "trailmere.ingest.worker",
    "trailmere.events.decode",
    "trailmere.events.inflate",
    "trailmere.events.selector_templates",
    "trailmere.query.dialect",
    "trailmere.query.service",
    "trailmere.sources.opening",
    "trailmere.sources.local",
    "multiprocessing.popen_spawn_posix",
    "multiprocessing.resource_tracker",
    "platformdirs",
    "pydantic.type_adapter",
    "pyiceberg.avro.decoder_fast",
    "rich._emoji_codes",
    "rich.console",
    "rich.table",
    "difflib",
)
SPAWNING = ("ingest", "deadletters")  # what starts workers


def preload() -> None:
    """Import what commands import."""
    for name in PRELOADED:
        __import__(name)
    from trailmere.lake.verify_schema import declared

    declared()  # imports whatever declares tables
    gc.freeze()  # a collection in a command would else write to, and so copy, every page of this


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (negative: the signal that killed it) and what it said."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def is_clear(self) -> bool:
        """Done, or an error that is explained."""
        return self.code == 0 or (self.code in (1, 2) and "trailmere:" in self.err and "Traceback" not in self.err)


def fork(
    arguments: Sequence[str], environment: Mapping[str, str], talk: Path, before: Callable[[], None] | None = None
) -> int:
    """Start a command; its process id. What it says goes to ``<talk>.out`` and ``<talk>.err``."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        _redirect(talk)
        os.environ.update(environment)
        # What multiprocessing's children import as the main module: nothing of the harness.
        sys.modules["__main__"] = ModuleType("__main__")
        if before is not None:
            before()
        if arguments[0] in SPAWNING:
            spawning.stand_by()
        code = _main(arguments)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def run(arguments: Sequence[str], environment: Mapping[str, str], talk: Path) -> Ended:
    """A command from start to end, undisturbed."""
    began = time.monotonic()
    _, status = os.waitpid(fork(arguments, environment, talk), 0)
    return ended(os.waitstatus_to_exitcode(status), talk, time.monotonic() - began)


def ended(code: int, talk: Path, seconds: float) -> Ended:
    """How the command ended that said its words to ``talk``."""
    out, err = (talk.with_suffix(suffix).read_text(errors="replace") for suffix in (".out", ".err"))
    return Ended(code, out, err, seconds)


def _redirect(talk: Path) -> None:
    for number, suffix in ((1, ".out"), (2, ".err")):
        file = os.open(talk.with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, number)
        os.close(file)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, "rw"[n > 0], closefd=False) for n in range(3))


def _main(arguments: Sequence[str]) -> int:
    from trailmere.cli import main

    try:
        main(list(arguments))
    except SystemExit as stopped:
        if isinstance(stopped.code, str):
            sys.stderr.write(stopped.code + "\n")
            return 1
        return stopped.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
