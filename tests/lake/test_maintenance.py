"""Maintenance: the table holds the same rows in fewer files, rows past their time are gone, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from tests.lake.world import START, STORE, data_files, event, live_files, outsider, parcel, put, stored, texts
from trailmere.lake.records import MaintenancePolicy

if TYPE_CHECKING:
    from trailmere.lake.records import Maintained
    from trailmere.lake.vault import Lake

NOW = MaintenancePolicy(snapshot_days=0)


def fill(lake: Lake, batches: int, *, days: int = 2, first: int = 0) -> None:
    """So many commits of two events a day, each day of which is a file."""
    for number in range(first, first + batches):
        put(lake, parcel(f"{number}", *(event(f"e{number}-{at}", days=at % days, n=at) for at in range(2 * days))))


def maintain(lake: Lake, policy: MaintenancePolicy = NOW) -> Maintained:
    return lake.maintain(STORE, policy)


def test_small_files_of_a_day_become_one(lake: Lake) -> None:
    fill(lake, 20)
    before = texts(lake)

    done = maintain(lake)

    assert (done.files_before, done.files_after, done.rewritten, done.written) == (40, 2, 40, 2)
    assert texts(lake) == before


def test_a_file_that_was_written_anew_is_in_the_order_of_time(lake: Lake) -> None:
    for number in (3, 1, 2):
        put(lake, parcel(f"{number}", event(f"e{number}", days=number / 10)))
    maintain(lake)

    (path,) = [planned.path for planned in lake.scan(STORE).files]
    assert pq.read_table(path, partitioning=None).column("eventid").to_pylist() == ["e1", "e2", "e3"]


def test_a_second_run_finds_nothing_to_do(lake: Lake) -> None:
    fill(lake, 5)
    maintain(lake)
    files = live_files(lake)

    done = maintain(lake)

    assert (done.rewritten, done.written, done.files_removed, done.snapshots_expired) == (0, 0, 0, 0)
    assert live_files(lake) == files


def test_what_was_taken_before_a_rewrite_is_known_after_it(lake: Lake) -> None:
    fill(lake, 5)
    maintain(lake)

    again = put(lake, parcel("again", event("e0-0", days=0, n=0), event("new")))

    assert (again.rows, again.deliveries[0].duplicate) == (1, 1)


def test_the_event_index_is_not_made_anew_after_a_rewrite(lake: Lake) -> None:
    fill(lake, 3)
    manifest = lake.home / "index" / STORE / "manifest.json"
    maintain(lake)

    paths = [str(Path(planned.path)) for planned in lake.scan(STORE).files]
    assert all(path in manifest.read_text() for path in paths)


def test_rows_past_their_time_are_gone_and_no_others(lake: Lake) -> None:
    put(lake, parcel("old", event("a", days=-30), event("b", days=-29.9)))
    put(lake, parcel("mixed", event("c", days=-20.2), event("d", days=-20)))
    put(lake, parcel("new", event("e", days=-1)))
    policy = MaintenancePolicy(cutoff=START - timedelta(days=20), snapshot_days=0)

    done = maintain(lake, policy)

    assert done.rows_removed == 3
    assert stored(lake, "eventid") == [("d",), ("e",)]


def test_the_books_balance_after_a_removal(lake: Lake) -> None:
    put(lake, parcel("old", event("a", days=-30), event("b")))
    cutoff = START - timedelta(days=1)
    maintain(lake, MaintenancePolicy(cutoff=cutoff, snapshot_days=0))

    totals = lake.totals(STORE)
    (removal,) = lake.removals(STORE)
    assert (totals.kept, totals.rows, totals.expired) == (2, 1, 1)
    assert (removal.rows, removal.cutoff) == (1, cutoff)


def test_a_delivery_whose_events_were_removed_is_still_known(lake: Lake) -> None:
    old = parcel("old", event("a", days=-30))
    put(lake, old)
    maintain(lake, MaintenancePolicy(cutoff=START, snapshot_days=0))

    assert put(lake, old).deliveries[0].status == "known"


def test_files_that_were_replaced_are_removed_with_their_snapshots(lake: Lake) -> None:
    fill(lake, 30)
    maintain(lake)  # its sweep still finds the newest snapshots, and with them what they reach
    fill(lake, 20, first=30)
    maintain(lake)

    reachable = {
        task.file.file_path.rsplit("/", 1)[1]
        for snapshot in outsider(lake.home).load_table(("stores", STORE)).snapshots()
        for task in outsider(lake.home)
        .load_table(("stores", STORE))
        .scan(snapshot_id=snapshot.snapshot_id)
        .plan_files()
    }
    assert data_files(lake) == reachable
