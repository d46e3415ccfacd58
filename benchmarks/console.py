"""``python -m benchmarks.console``: how long pages of the console take, by the size of the store.

Over a store of each size (``benchmarks.large``), ``trailmere serve`` is started and asked for every page: once for the
first time, then in rounds; a browser with an empty cache measures its first paint. Writes ``CONSOLE.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import console_page, large, ours
from benchmarks.console_pages import PAINTED, Asked, Needles, pages
from benchmarks.console_server import Client, ConsoleServer, first_paint, set_password

KEPT = "console.json"  # in the scratch folder: what was measured
SIZES = "100_000,1_000_000,3_000_000,10_000_000"
STATEMENT = "SELECT eventName, COUNT(*) AS events FROM events WHERE eventTime >= :from AND eventTime < :to GROUP BY 1"
DASHBOARD = "AWSCloudTrail-SecurityMonitoring"
Say = Callable[[str], None]
Results = dict[str, Any]


def run(options: argparse.Namespace, say: Say) -> Results:
    """All sizes, each with a lake of its own. What was measured is kept after each."""
    results: Results = {"processors": os.cpu_count(), "repeat": options.repeat, "sizes": []}
    if options.add:
        results["sizes"] = json.loads((options.work / KEPT).read_text())["sizes"]
    for size in (int(text) for text in options.sizes.split(",")):
        lake = options.work / f"console-{size}"
        store = large.make(lake, options.work, size, options.workers)
        say(f"{store.rows:,} events, made in {store.seconds:.0f} s, {store.cpu_seconds:.0f} s of processor time")
        results["sizes"].append(measure(store, options, say))
        results["sizes"].sort(key=lambda one: one["events"])
        (options.work / KEPT).write_text(json.dumps(results, indent=1))
        if not options.keep:
            shutil.rmtree(lake)
            lake.with_suffix(".json").unlink()
    return results


def measure(store: large.Large, options: argparse.Namespace, say: Say) -> Results:
    """Every page over one store."""
    set_password(store.path)
    with ConsoleServer(store.path) as server:
        needles = _prepare(Client(server), store)
    asked = pages(needles)
    with ConsoleServer(store.path) as server:
        client = Client(server)
        loads = [os.getloadavg()[0]]
        first = {one.name: _timed(client, one) for one in asked}
        rounds = _rounds(client, asked, options.repeat, say)
        painted = {} if options.no_browser else _paint(server, client, asked, options.paints, say)
        loads.append(os.getloadavg()[0])
    return _weight(store) | {"first": first, "pages": rounds, "painted": painted, "loads": loads}


def _rounds(client: Client, asked: list[Asked], repeat: int, say: Say) -> dict[str, Any]:
    """Each page in each round, so that a busy minute of the machine is not one page's alone."""
    found: dict[str, Any] = {one.name: {"milliseconds": [], "cpu": []} for one in asked}
    for number in range(repeat):
        for one in asked:
            before = client.server.cpu_seconds()
            found[one.name]["milliseconds"].append(_timed(client, one))
            found[one.name]["cpu"].append((client.server.cpu_seconds() - before) * 1000)
        say(f"  round {number + 1} of {repeat}, load {os.getloadavg()[0]:.1f}")
    return found


def _timed(client: Client, one: Asked) -> float:
    began = time.perf_counter()
    status, body = client.ask(one.path, one.form)
    took = (time.perf_counter() - began) * 1000
    if status != 200 or one.shows.encode() not in body:
        raise RuntimeError(f"{one.name} ({one.path}): {status}, {one.shows!r} is not in it: {body[:400]!r}")
    return took


def _paint(server: ConsoleServer, client: Client, asked: list[Asked], times: int, say: Say) -> dict[str, Any]:
    found = {}
    for one in asked:
        if one.name in PAINTED:
            found[one.name] = [first_paint(server, client, one.path) for _ in range(times)]
            say(f"  first paint of {one.name}: {found[one.name]}")
    return found


def _weight(store: large.Large) -> Results:
    with ours.opened(store.path) as app:
        record = app.stores.find(ours.STORE)
        assert record is not None
        plan, totals = app.lake.scan(record.id), app.lake.totals(record.id)
        days = app.lake.days(record.id)
    return {
        "events": plan.total_rows,
        "made_seconds": store.seconds,
        "made_cpu_seconds": store.cpu_seconds,
        "files": plan.total_files,
        "bytes": plan.total_bytes,
        "deliveries": totals.deliveries_taken,
        "days": len(days),
    }


def _prepare(client: Client, store: large.Large) -> Needles:
    """What pages show besides events: a query that ran, a saved one, a dashboard with its answers."""
    with ours.opened(store.path) as app:
        record = app.stores.find(ours.STORE)
        assert record is not None
        store_id, saved = record.id, app.saved_queries.of_account(app.settings.account_id)
    statement = {"sql": STATEMENT, "range": "7d"}
    query = client.follow("/query?range=7d", statement).rpartition("/")[2].partition("?")[0]
    if not saved:
        client.follow("/query/saved", statement | {"name": "Events by name", "description": "How many of each."})
    client.follow(f"/dashboards/{DASHBOARD}/refresh?range=7d", {"store": store_id})
    client.wait_for(f"/dashboards/{DASHBOARD}/state?store={store_id}", lambda text: "Refresh" in text)
    client.wait_for(f"/query/{query}?sql={STATEMENT.replace(' ', '+')}&range=7d", lambda text: "/export/" in text)
    return Needles(store, store_id, query, STATEMENT, DASHBOARD)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help="events, in ascending order")
    parser.add_argument("--repeat", type=int, default=15, help="warm requests of each page")
    parser.add_argument("--paints", type=int, default=5, help="first paints of each page")
    parser.add_argument("--workers", type=int, default=2, help="processes that write the store")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the lakes in the scratch folder, for the next run")
    parser.add_argument("--add", action="store_true", help="beside the sizes that were measured before")
    parser.add_argument("--again", action="store_true", help="write the page anew from what was measured last")
    parser.add_argument("--work", type=Path, default=ours.HERE / "work", help="scratch folder")
    parser.add_argument("--out", type=Path, default=ours.HERE / "CONSOLE.md")
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    results = json.loads((options.work / KEPT).read_text()) if options.again else run(options, say)
    options.out.write_text(console_page.page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
