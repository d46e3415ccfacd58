"""The doors as a user has them: the command line in a process of its own, and the application it opens."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trailmere.app import App, build
from trailmere.settings import load

# Where bytecode is not kept beside the sources, every process would compile all of them again.
BYTECODE = tempfile.TemporaryDirectory(prefix="trailmere-bytecode-")


def trailmere(*arguments: str | Path, lake: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    """``trailmere ARGUMENTS``, to its end; with ``check`` a failure shows what it said."""
    foreign = ("TRAILMERE_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment["PYTHONPYCACHEPREFIX"] = BYTECODE.name
    if lake is not None:
        environment["TRAILMERE_LAKE"] = str(lake)
    command = [sys.executable, "-m", "trailmere", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    if check:
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def deliver(
    folder: Path, records: Sequence[dict[str, Any]], *, minute: str = "20240501T0000Z", account: str = "111122223333"
) -> Path:
    """Records as CloudTrail delivers them: one gzip file under the key that belongs to ``minute``."""
    day = f"{minute[:4]}/{minute[4:6]}/{minute[6:8]}"
    parent = folder / f"AWSLogs/{account}/CloudTrail/us-east-1/{day}"
    parent.mkdir(parents=True, exist_ok=True)
    path = parent / f"{account}_CloudTrail_us-east-1_{minute}_{len(list(parent.iterdir())):016d}.json.gz"
    content = json.dumps({"Records": records}, separators=(",", ":"), ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(content, mtime=0))
    return path


@contextmanager
def opened(lake: Path) -> Iterator[App]:
    """The application over ``lake``, as a door opens it."""
    app = build(load({}, lake=lake))
    try:
        yield app
    finally:
        app.close()


def rows(app: App, sql: str, **asked: Any) -> list[dict[str, Any]]:
    """All rows of an answer, a dictionary each (of repeated names the last one counts)."""
    answer = app.queries.run(sql, rows=None, **asked)
    names = [column.name for column in answer.columns]
    found: list[dict[str, Any]] = []
    for batch in answer.batches:
        columns = [column.to_pylist() for column in batch.columns]
        found += [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return found
