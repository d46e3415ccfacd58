"""How cost grows with the number of commits: a thousand small ones, without maintenance and with it.

``python -m benchmarks.commits [--commits 1000] [--rows 50] [--every 100]`` appends batches through the vault in one
process and, at each mark, measures commit, planning, a small query, files and metadata. Times of commit and planning
are processor time of this process; a query's is the least of several walls, worker included.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa

from trailmere.app import App, build
from trailmere.events.keys import content_keys, event_keys
from trailmere.lake.files import write_rows
from trailmere.lake.records import DeliveryEntry, MaintenancePolicy, delivery_id
from trailmere.lake.vault import Lake
from trailmere.settings import load

DAYS = 2  # every batch has events of so many days: as many files
QUERIES = 7
SERVICES = ("s3", "ec2", "iam", "sts", "kms", "lambda")
COLUMNS = (
    "commits",
    "commit ms",
    "plan + open ms",
    "query ms",
    "live files",
    "files on disk",
    "metadata KiB",
    "snapshots",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was measured after so many commits."""

    commits: int
    commit_ms: float
    plan_ms: float
    query_ms: float
    live_files: int
    files: int
    metadata_bytes: int
    snapshots: int

    def cells(self) -> tuple[str, ...]:
        return (
            f"{self.commits:,}",
            f"{self.commit_ms:.0f}",
            f"{self.plan_ms:.1f}",
            f"{self.query_ms:.0f}",
            f"{self.live_files:,}",
            f"{self.files:,}",
            f"{self.metadata_bytes / 1024:,.0f}",
            f"{self.snapshots:,}",
        )


def append(lake: Lake, store_id: str, number: int, rows: int, start: datetime) -> float:
    """One commit; returns its processor time in seconds."""
    began = time.process_time()
    batch = lake.begin(store_id)
    table, texts = _rows(number, rows, start)
    keys = event_keys(table.column("eventid").combine_chunks())
    contents = content_keys(text.encode() for text in texts)
    files = write_rows(batch, "p0", table, keys, contents, np.zeros(rows, np.int32))
    lake.commit(batch, files, [_entry(number, rows)], [])
    return time.process_time() - began


def _rows(number: int, rows: int, start: datetime) -> tuple[pa.Table, list[str]]:
    ids = [str(UUID(int=(number << 64) + at)) for at in range(rows)]
    times = [start + timedelta(days=at % DAYS, seconds=number * 60 + at) for at in range(rows)]
    texts = [
        json.dumps({"eventID": id, "eventName": "GetObject", "requestParameters": {"key": f"{id}/{number}" * 8}})
        for id in ids
    ]
    table = pa.table(
        {
            "eventid": ids,
            "eventtime": pa.array(times, pa.timestamp("us")),
            "eventname": ["GetObject"] * rows,
            "eventsource": [f"{SERVICES[at % len(SERVICES)]}.amazonaws.com" for at in range(rows)],
            "sourceipaddress": [f"198.51.100.{at % 200}" for at in range(rows)],
            "eventjson": texts,
            "deliveryid": [_entry(number, rows).id] * rows,
            "deliveryordinal": pa.array(range(rows), pa.int64()),
        }
    )
    return table, texts


def _entry(number: int, rows: int) -> DeliveryEntry:
    digest = f"{number:064x}"
    uri = f"file:///logs/{number}.json.gz"
    return DeliveryEntry(
        id=delivery_id(uri, None, digest),
        uri=uri,
        version=None,
        etag=None,
        size=rows,
        sha256_stored=digest,
        sha256_content=digest,
        status="taken",
        format="records",
        parsed=rows,
        kept=rows,
    )


def measure(app: App, store_id: str, home: Path, commits: int, seconds: Sequence[float]) -> Mark:
    """The state after so many commits; ``seconds`` are those of the latest."""
    table = home / "warehouse" / "stores" / store_id
    metadata = [path for path in (table / "metadata").iterdir() if path.is_file()]
    with Lake.open(home) as lake:
        totals = lake.totals(store_id)
        snapshots = len(lake.snapshots(store_id))
    return Mark(
        commits=commits,
        commit_ms=1000 * statistics.median(seconds),
        plan_ms=1000 * min(_planning(home, store_id) for _ in range(QUERIES)),
        query_ms=1000 * min(_query(app, commits) for _ in range(QUERIES)),
        live_files=totals.files,
        files=len(metadata) + len(list((table / "data").rglob("*.parquet"))),
        metadata_bytes=sum(path.stat().st_size for path in metadata),
        snapshots=snapshots,
    )


def _planning(home: Path, store_id: str) -> float:
    """Opening a lake and planning a question, as a new process does it."""
    began = time.process_time()
    with Lake.open(home) as lake:
        lake.scan(store_id)
    return time.process_time() - began


def _query(app: App, commits: int) -> float:
    id = UUID(int=(max(commits - 3, 0) << 64) + 1)
    began = time.perf_counter()
    answer = app.queries.run(f"SELECT eventName FROM commits WHERE eventID = '{id}'")
    found = sum(batch.num_rows for batch in answer.batches)
    assert found == 1, f"{found} rows of {id}"
    return time.perf_counter() - began


def run(commits: int, rows: int, mark: int, every: int | None, show: Callable[[str], None]) -> Iterator[Mark]:
    """Commits into a new lake, measured at each mark; maintained after every so many commits."""
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) - timedelta(days=DAYS)
    with tempfile.TemporaryDirectory(prefix="trailmere-commits-") as folder:
        app = build(load({}, lake=Path(folder) / "lake"))
        try:
            store = app.lifecycle.create("commits")
            latest: list[float] = []
            for number in range(commits):
                latest = [*latest[-19:], append(app.lake, store.id, number, rows, start)]
                done = number + 1
                if every is not None and done % every == 0:
                    began = time.process_time()
                    made = app.lake.maintain(store.id, MaintenancePolicy())
                    seconds = time.process_time() - began
                    files = f"{made.files_before} -> {made.files_after} files"
                    show(f"{done} commits, maintained in {seconds:.1f} s: {files}")
                if done % mark == 0 or done == FIRST_MARK:
                    found = measure(app, store.id, app.settings.lake, done, latest)
                    show(f"{done} commits: {dict(zip(COLUMNS, found.cells(), strict=True))}")
                    yield found
        finally:
            app.close()


FIRST_MARK = 20


def page(arguments: argparse.Namespace, without: Sequence[Mark], maintained: Sequence[Mark]) -> str:
    """The figures as a page."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts = [
        "# Cost by the number of commits\n\n",
        "<!-- Written by python -m benchmarks.commits -->\n\n",
        f"{arguments.commits:,} commits of {arguments.rows} events into {DAYS} days, by one process. Commit and ",
        f"planning: processor time (median of the last 20 commits; least of {QUERIES}, a lake opened anew each time). ",
        f"Query: an event id without a time, least of {QUERIES} walls, warm worker. Peak memory of the process: ",
        f"{peak:,.0f} MiB.\n\n",
    ]
    for title, marks in (("Without maintenance", without), (f"Maintained every {arguments.every} commits", maintained)):
        if marks:
            parts += [
                f"## {title}\n\n",
                _row(COLUMNS),
                _row(["---:"] * len(COLUMNS)),
                *(_row(one.cells()) for one in marks),
                "\n",
            ]
    settled = [mark for mark in maintained if mark.commits >= arguments.every]
    if settled:
        first, last = settled[0], settled[-1]
        ratios = [
            ("commit", last.commit_ms / first.commit_ms),
            ("planning", last.plan_ms / first.plan_ms),
            ("query", last.query_ms / first.query_ms),
            ("metadata", last.metadata_bytes / first.metadata_bytes),
        ]
        told = ", ".join(f"{name} {ratio:.2f}x" for name, ratio in ratios)
        parts.append(f"After {last.commits:,} commits against {first.commits:,}, both maintained: {told}.\n")
    return "".join(parts)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--mark", type=int, default=100, help="commits between two measurements")
    parser.add_argument("--every", type=int, default=100, help="commits between two maintenances")
    parser.add_argument(
        "--without", type=int, default=None, help="commits without maintenance; default: as many; 0: none"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "COMMITS.md")
    arguments = parser.parse_args()

    def show(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    without = arguments.commits if arguments.without is None else arguments.without
    plain = list(run(without, arguments.rows, arguments.mark, None, show)) if without else []
    maintained = list(run(arguments.commits, arguments.rows, arguments.mark, arguments.every, show))
    text = page(arguments, plain, maintained)
    arguments.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
