"""What a lake remembers of its tables: read once, and never an answer of yesterday."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from tests.lake.world import STORE, event, parcel, put
from trailmere.errors import StoreNotFound
from trailmere.lake.plans import plan_path
from trailmere.lake.remembered import Remembered
from trailmere.lake.vault import Lake
from trailmere.registry.database import open_database, sqlite_url


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A lake with one delivery."""
    home = tmp_path / "lake"
    with Lake.open(home) as lake:
        lake.create_table(STORE, "cloudtrail")
        put(lake, parcel("first", event("1")))
    return home


def test_a_plan_is_read_once(home: Path) -> None:
    with Lake.open(home) as lake:
        first = lake.scan(STORE)
        shutil.rmtree(home / "plans")

        assert lake.scan(STORE).files is first.files
        assert not (home / "plans").exists()


def test_what_is_appended_is_planned_at_once(home: Path) -> None:
    with Lake.open(home) as lake:
        before = lake.scan(STORE)

        put(lake, parcel("second", event("2")))

        assert (len(before.files), len(lake.scan(STORE).files)) == (1, 2)


def test_what_another_process_appends_is_planned_at_once(home: Path) -> None:
    with Lake.open(home) as lake, Lake.open(home) as other:
        before = lake.scan(STORE)

        put(other, parcel("second", event("2")))

        assert (len(before.files), len(lake.scan(STORE).files)) == (1, 2)


def test_an_earlier_snapshot_is_planned_as_it_was(home: Path) -> None:
    with Lake.open(home) as lake:
        before = lake.scan(STORE)
        put(lake, parcel("second", event("2")))
        lake.scan(STORE)

        assert lake.scan(STORE, at=before.snapshot_id).files == before.files


def test_a_table_that_was_dropped_is_not_remembered(home: Path) -> None:
    with Lake.open(home) as lake:
        lake.scan(STORE)

        lake.drop_table(STORE)

        with pytest.raises(StoreNotFound):
            lake.scan(STORE)


def test_a_table_that_was_made_again_is_empty(home: Path) -> None:
    with Lake.open(home) as lake:
        lake.scan(STORE)

        lake.drop_table(STORE)
        lake.create_table(STORE, "cloudtrail")

        assert lake.scan(STORE).files == ()


def test_a_lake_without_any_table_has_no_table(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake") as lake, pytest.raises(StoreNotFound):
        lake.scan(STORE)


def test_plans_that_take_too_much_are_forgotten_but_for_the_last(tmp_path: Path) -> None:
    made: list[int] = []

    def make(snapshot_id: int) -> pa.Table:
        made.append(snapshot_id)
        return pa.table({"path": [f"/{snapshot_id}"], "size": [1], "rows": [1]})

    remembered = Remembered(open_database(sqlite_url(tmp_path)), plan_bytes=1)
    for snapshot_id in (1, 1, 2, 2, 1):
        plan = remembered.plan(STORE, snapshot_id, tmp_path, make)

        assert [file.path for file in plan.files] == [f"/{snapshot_id}"]

    assert made == [1, 2, 1]


def test_threads_that_scan_while_others_append_see_one_snapshot_each(home: Path) -> None:
    with Lake.open(home) as lake, ThreadPoolExecutor(4) as threads:
        scans = [threads.submit(lake.scan, STORE) for _ in range(20)]
        put(lake, parcel("second", event("2")))
        scans += [threads.submit(lake.scan, STORE) for _ in range(20)]

        for scan in scans:
            assert len(scan.result().files) == scan.result().total_files


def test_a_damaged_plan_is_made_anew(home: Path) -> None:
    with Lake.open(home) as lake:
        expected = lake.scan(STORE)
    path = plan_path(home / "plans" / STORE, expected.snapshot_id or 0)
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with Lake.open(home) as lake:
        assert lake.scan(STORE).files == expected.files
