"""What the product is made to do while faults happen: one entry of a table each, nothing but commands.

A command is a line as one would type it behind ``trailmere``, settings before it; ``{first}`` and the like are folders
of ``logs.FOLDERS``. A new command of the product joins the harness by one more entry.
"""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wants:
    """What a store must hold in the end, by the names of folders; see ``checker.Holding``."""

    sources: tuple[str, ...] = ()
    everything: bool = False
    gone: bool = False
    status: str = "ENABLED"
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """``before`` is done undisturbed and acknowledged; ``command`` meets the faults; ``recovery`` must mend it.

    ``recovery`` is the same command again where nothing is said. ``already`` is what it may say instead of succeeding,
    because the first time did it all. ``acknowledged`` is what ``before`` has taken in, ``wanted`` what is there in the
    end.
    """

    name: str
    before: tuple[str, ...]
    command: str
    wanted: Mapping[str, Wants]
    acknowledged: Mapping[str, Wants] = field(default_factory=dict)
    recovery: tuple[str, ...] = ()
    already: str = ""
    arrange: Callable[[Path], None] | None = None  # for what no command does: let days pass


def parse(line: str, folders: Mapping[str, Path]) -> tuple[list[str], dict[str, str]]:
    """Arguments and settings of a line."""
    words = [word.format(**folders) for word in shlex.split(line)]
    settings = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        settings[f"TRAILMERE_{name}"] = value
    return words, settings


def eight_days_later(lake: Path) -> None:
    """Let the requests of deletion be eight days old."""
    then = datetime.now(UTC) - timedelta(days=8)
    with contextlib.closing(sqlite3.connect(lake / "lake.db", isolation_level=None)) as database:
        database.execute(
            "UPDATE event_data_stores SET deletion_requested = ? WHERE deletion_requested IS NOT NULL",
            (int(then.timestamp() * 1_000_000),),
        )


CREATE = "store create main --no-termination-protection"
CREATE_ALL = "store create whole --selectors everything"
SMALL = "INGEST_COMMIT_DELIVERIES=8 INGEST_BATCH_BYTES=40000 INGEST_WORKERS=1"  # some commits
INGEST = f"{SMALL} ingest {{first}} --store main"
ONE_BY_ONE = "INGEST_COMMIT_DELIVERIES=1 INGEST_BATCH_BYTES=1 INGEST_WORKERS=1"  # as many commits as there are files
SWEEP = "maintain"  # what removes whatever is left over
PROOF = "verify --full"  # what must have nothing to say in the end
# So that the oldest event that is kept lies within the days of the logs.
RETENTION_DAYS = (datetime.now(UTC).date() - date(2026, 3, 2)).days
FIRST = {"main": Wants(("first",))}

WORKLOADS: tuple[Workload, ...] = (
    Workload("create a lake", (), CREATE, {"main": Wants()}, already="named main exists"),
    Workload(
        "create a store", (CREATE, INGEST), CREATE_ALL, {**FIRST, "whole": Wants()}, FIRST, already="named whole exists"
    ),
    Workload("ingest", (CREATE,), INGEST, FIRST),
    Workload(
        "ingest again",
        (CREATE, INGEST),
        "INGEST_WORKERS=2 ingest {both} --store main",
        {"main": Wants(("first", "both"))},
        FIRST,
    ),
    Workload(
        "ingest into a second store",
        (CREATE, INGEST, CREATE_ALL),
        "INGEST_WORKERS=1 ingest {first} --store whole",
        {**FIRST, "whole": Wants(("first",), everything=True)},
        FIRST,
    ),
    Workload(
        "replay",
        (CREATE, f"MAX_JSON_DEPTH=2 MAX_DELIVERY_BYTES=2000 {INGEST}"),
        "INGEST_WORKERS=1 deadletters replay",
        FIRST,
    ),
    Workload(
        "delete a store",
        (CREATE, INGEST),
        "store delete main",
        {"main": Wants(("first",), status="PENDING_DELETION")},
        FIRST,
        already="PENDING_DELETION",
    ),
    Workload(
        "purge a store",
        (CREATE, CREATE_ALL, INGEST, INGEST.replace("main", "whole"), "store delete main"),
        "store list",
        {"main": Wants(gone=True), "whole": Wants(("first",), everything=True)},
        {"whole": Wants(("first",), everything=True)},
        arrange=eight_days_later,
    ),
    Workload(
        "maintain",
        (CREATE, INGEST, f"{ONE_BY_ONE} ingest {{both}} --store main"),
        "maintain --expire-snapshots-after 0s",
        {"main": Wants(("first", "both"))},
        {"main": Wants(("first", "both"))},
    ),
    Workload(
        "maintain days at rest",
        (CREATE, INGEST, f"{ONE_BY_ONE} ingest {{both}} --store main"),
        "maintain --rest 0s",
        {"main": Wants(("first", "both"))},
        {"main": Wants(("first", "both"))},
    ),
    Workload(
        "maintain a store with a retention",
        (f"{CREATE} --retention-days {RETENTION_DAYS}", INGEST),
        "maintain",
        {"main": Wants(("first",), retention_days=RETENTION_DAYS)},
        {"main": Wants(("first",), retention_days=RETENTION_DAYS)},
    ),
    Workload("verify", (CREATE, INGEST), "verify", FIRST, FIRST),
    Workload("verify all", (CREATE, INGEST, "verify", "maintain"), "verify --full", FIRST, FIRST),
    Workload(
        "query",
        (CREATE, INGEST),
        'query "SELECT eventName, count(*) FROM main GROUP BY 1"',
        FIRST,
        FIRST,
    ),
)
BY_NAME = {workload.name: workload for workload in WORKLOADS}
