"""Processes that take deliveries in and maintain, and a check that judges what they leave.

``python -m tests.lake.maintainer HOME [CALL NTH]`` puts deliveries into a lake, maintains it twice and ends; with a
call of the lake's parts (``replace``, ``finish``, ``index`` ...) it kills itself before the n-th time that is made.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.lake.world import START, STORE, event, outsider, parcel, put
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.vault import Lake

DELIVERIES = 8
CUTOFF = START - timedelta(days=1)
POLICY = MaintenancePolicy(cutoff=CUTOFF, snapshot_days=0)
# Where a rewrite, an expiry and a sweep can be cut in two: module, name.
CALLS: dict[str, tuple[str, str]] = {
    "prepare": ("append", "prepare"),
    "replace": ("snapshots", "replace"),
    "finish": ("append", "finish"),
    "index": ("snapshots", "open_index"),
    "plan": ("manifests", "keep_changed"),
    "expire": ("snapshots", "expire"),
    "remove": ("inventory", "remove"),
    "trim": ("plans", "trim"),
}


def run(home: Path) -> None:
    """Deliveries that are not there yet, then maintenance; again from the start where it was killed."""
    with Lake.open(home) as lake:
        lake.create_table(STORE, "cloudtrail")
        lake.recover(STORE)
        for number in range(DELIVERIES):
            one = parcel(f"{number}", *(event(f"e{number}-{at}", days=at - 3) for at in range(6)))
            if not lake.known_bytes(STORE, [one.entry().sha256_stored]):
                put(lake, one)
            if number == DELIVERIES // 2:
                lake.maintain(STORE, POLICY)
        lake.maintain(STORE, POLICY)


def check(home: Path) -> None:
    """Raise AssertionError unless every row that is not due is there once, none that is due, and no file too many."""
    table = outsider(home).load_table(("stores", STORE))
    found = Counter(table.scan(selected_fields=("eventid",)).to_arrow().column("eventid").to_pylist())
    wanted = Counter(f"e{number}-{at}" for number in range(DELIVERIES) for at in range(6) if at - 3 >= -1)
    assert found == wanted, f"lost {wanted - found}, too many {found - wanted}"
    with Lake.open(home) as lake:
        totals = lake.totals(STORE)
        planned = {file.path for file in lake.scan(STORE).files}
    assert totals.kept == totals.rows + totals.expired == DELIVERIES * 6, totals
    on_disk = {str(path) for path in (home / "warehouse").rglob("*.parquet")}
    assert on_disk == planned, f"too many {on_disk - planned}, missing {planned - on_disk}"


def kill_at(module: str, name: str, nth: int) -> None:
    """Replace a part of the lake by one that ends this process at its n-th call."""
    import importlib

    place = importlib.import_module(f"trailmere.lake.{module}")
    real: Callable[..., Any] = getattr(place, name)
    left = nth

    def fatal(*arguments: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **more)

    setattr(place, name, fatal)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        kill_at(*CALLS[sys.argv[2]], int(sys.argv[3]))
    run(Path(sys.argv[1]))
