"""Whatever happens to a file of the lake is found and named; whatever the lake does by itself is not."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.lake.tampering import (
    content,
    deleted,
    derived_files,
    extra,
    flip,
    make_lake,
    named,
    recorded_files,
    renamed,
    swapped,
)
from tests.lake.world import START, STORE, event, parcel, put, written
from trailmere.errors import LakeDamaged
from trailmere.lake.index import EventIndex
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBES = 4  # bits flipped in each file
OTHER = "22222222-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with every class of file."""
    home = tmp_path_factory.mktemp("verify") / "lake"
    make_lake(home)
    return home


@pytest.fixture
def lake(home: Path) -> Iterator[Lake]:
    """It, whole and checked."""
    with Lake.open(home) as lake:
        assert lake.verify().findings == []
        yield lake


def test_a_whole_lake_has_no_findings(lake: Lake) -> None:
    result = lake.verify(full=True)

    assert ([], [], len(recorded_files(lake.home))) == (result.findings, result.notes, result.hashed)


def test_what_was_checked_is_not_read_again(lake: Lake) -> None:
    while lake.verify().hashed:  # what was written a moment ago could change unseen in the same tick of the clock
        pass

    assert lake.verify().hashed == 0


def test_a_flipped_bit_is_named_though_the_time_of_change_was_put_back(lake: Lake) -> None:
    for path in recorded_files(lake.home):
        size = path.stat().st_size
        for at in range(0, size, size // PROBES):
            with content(path, flip(at, at % 8)):
                assert [("changed", path)] == [(one.kind, lake.home / one.path) for one in lake.verify().findings]


def test_a_cut_emptied_or_longer_file_is_named(lake: Lake) -> None:
    for path in recorded_files(lake.home):
        for change in (lambda text: text.pop(), lambda text: text.clear(), lambda text: text.append(0)):
            with content(path, change):
                assert {path} == named(lake.verify(), lake.home)


def test_a_deleted_file_is_named(lake: Lake) -> None:
    for path in recorded_files(lake.home):
        with deleted(path):
            assert ("missing", path) in [(one.kind, lake.home / one.path) for one in lake.verify().findings]


def test_a_renamed_file_is_named_with_its_new_name(lake: Lake) -> None:
    for path in recorded_files(lake.home):
        new = path.with_name(f"0{path.name}")
        with renamed(path, new):
            result = lake.verify()

        assert "renamed" in [one.kind for one in result.findings]
        assert {path, new} <= named(result, lake.home)


def test_two_swapped_files_are_both_named(lake: Lake) -> None:
    files = recorded_files(lake.home)
    for one, other in zip(files, files[1:] + files[:1], strict=True):
        with swapped(one, other):
            result = lake.verify()

        assert {one, other} <= {lake.home / found.path for found in result.findings if found.kind == "swapped"}


def test_an_extra_file_is_named(lake: Lake) -> None:
    for folder in {path.parent for path in recorded_files(lake.home)} | {lake.home}:
        with extra(folder / "stranger.parquet"):
            assert {folder / "stranger.parquet"} == named(lake.verify(), lake.home)


def test_a_link_in_the_place_of_a_file_is_named(lake: Lake, tmp_path: Path) -> None:
    path = recorded_files(lake.home)[0]
    shutil.copy(path, tmp_path / "copy")
    with deleted(path):
        path.symlink_to(tmp_path / "copy")
        result = lake.verify()
        path.unlink()

    assert {path} == named(result, lake.home)


def test_a_derived_file_with_other_bytes_is_named(lake: Lake) -> None:
    for path in derived_files(lake.home):
        with content(path, flip(path.stat().st_size // 2)):
            assert {path} == named(lake.verify(), lake.home)


def test_an_index_that_has_forgotten_events_is_named(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    with Lake.open(tmp_path / "lake") as lake:
        put(lake, parcel("unnamed.json", event(None), event("")))
        folder = lake.home / "index" / STORE
        index = EventIndex(folder)
        path = min(index.files.values())
        index.add((), index.snapshot_id, gone=[path])
        index.add([(path, np.empty(0, np.uint64), np.empty(0, np.uint64))], index.snapshot_id)
        told = lake.verify()
        shutil.rmtree(folder)
        put(lake, parcel("again.json", event("again")))
        after = lake.verify()

    assert [(one.kind, one.path) for one in told.grave] == [("damaged", f"index/{STORE}/manifest.json")]
    assert Path(path).name in told.grave[0].expected
    assert after.findings == []


def test_a_derived_file_that_is_gone_is_a_mild_finding_until_it_is_made_anew(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    with Lake.open(tmp_path / "lake") as lake:
        shutil.rmtree(lake.home / "plans")
        for segment in lake.home.glob("index/*/*.segment"):
            segment.unlink()
        told = lake.verify()
        lake.scan(STORE)
        put(lake, parcel("again.json", event("again")))
        after = lake.verify()

    assert {("derived", "plan"), ("derived", "segment")} == {
        (one.kind, one.path.rpartition(".")[2]) for one in told.findings
    }
    assert told.grave == []
    assert after.findings == []


def test_a_plan_that_was_superseded_by_those_of_earlier_snapshots_is_not_missed(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", 6)
    with Lake.open(tmp_path / "lake") as lake:
        for snapshot in lake.snapshots(STORE)[:4]:
            lake.scan(STORE, at=snapshot.id)
        shown = lake.verify().findings
        lake.maintain(STORE, MaintenancePolicy(cutoff=None, snapshot_days=0))

        assert (shown, lake.verify().findings) == ([], [])


def test_a_plan_in_the_place_of_another_is_named(lake: Lake) -> None:
    one, other = sorted((lake.home / "plans").rglob("*.plan"))
    with swapped(one, other):
        result = lake.verify()

    assert {one, other} == named(result, lake.home)


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE lake_deliveries SET filtered = filtered + 1", "lake_deliveries"),
        ("UPDATE lake_deliveries SET etag = 'other'", "lake_deliveries"),
        ("UPDATE lake_files SET size = size + 1", "lake_files"),
        ("UPDATE lake_files SET state = 'lire'", "lake_files"),
        ("UPDATE lake_batches SET snapshot_id = snapshot_id + 1", "lake_batches"),
        ("UPDATE lake_deadletters SET content = x'00' WHERE kept = 'inline'", "lake_deadletters"),
        ("UPDATE lake_deadletters SET reason = 'not-jsom'", "lake_deadletters"),
        ("UPDATE lake_deliveries SET seal = NULL", "lake_deliveries"),
        ("UPDATE iceberg_tables SET previous_metadata_location = NULL", "iceberg_tables"),
        ("UPDATE iceberg_namespace_properties SET property_value = 'trud'", "iceberg_namespace_properties"),
        ("DELETE FROM lake_deliveries WHERE number = 1", "lake_deliveries"),
    ],
)
def test_a_row_that_was_changed_is_named(home: Path, change: str, table: str) -> None:
    shutil.copy(home / "lake.db", home.parent / "kept.db")
    with sqlite3.connect(home / "lake.db") as database:
        database.execute(change)
    database.close()

    with Lake.open(home) as lake:
        result = lake.verify()

    shutil.copy(home.parent / "kept.db", home / "lake.db")
    assert any(finding.path.startswith(f"lake.db {table}") for finding in result.findings), result.findings


def test_an_older_metadata_file_as_the_present_one_is_named(home: Path) -> None:
    shutil.copy(home / "lake.db", home.parent / "kept.db")
    with sqlite3.connect(home / "lake.db") as database:
        database.execute("UPDATE iceberg_tables SET metadata_location = previous_metadata_location")
    database.close()

    with Lake.open(home) as lake:
        result = lake.verify()

    shutil.copy(home.parent / "kept.db", home / "lake.db")
    assert {"damaged", "disagrees"} == {finding.kind for finding in result.findings}


def test_a_broken_seal_is_not_mended_by_a_later_change(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", 1)
    with sqlite3.connect(tmp_path / "lake" / "lake.db") as database:
        database.execute("UPDATE lake_deadletters SET place = 'elsewhere' WHERE id = 1")
    database.close()

    with Lake.open(tmp_path / "lake") as lake:
        lake.mark_replayed(1)

        assert [finding.path for finding in lake.verify().findings] == ["lake.db lake_deadletters id 1"]


def test_changes_that_the_lake_makes_itself_keep_the_seals(lake: Lake) -> None:
    again = parcel("0.json", *(event(f"0-{at}", days=at, filling="x" * 50) for at in range(3)))
    put(lake, again)
    lake.mark_replayed(1, 2)

    assert lake.verify(full=True).findings == []


def test_files_of_an_open_batch_are_no_findings(lake: Lake) -> None:
    batch = lake.begin(STORE)
    written(batch, [parcel("open", event("open"))])

    assert lake.verify().findings == []
    lake.abandon(batch)
    assert lake.verify().findings == []


def test_a_dropped_store_leaves_nothing_to_be_found(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    with Lake.open(tmp_path / "lake") as lake:
        lake.create_table(OTHER, "cloudtrail")
        lake.drop_table(STORE)

        assert (lake.verify(full=True).findings, lake.verify().files) == ([], 1)


def test_one_store_can_be_verified_alone(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    with Lake.open(tmp_path / "lake") as lake:
        lake.create_table(OTHER, "cloudtrail")
        with content(next((tmp_path / "lake" / "warehouse" / "stores" / OTHER).rglob("*.json")), flip(7)):
            assert (lake.verify(STORE).findings, [one.kind for one in lake.verify(OTHER).findings]) == ([], ["changed"])


def test_a_lake_from_before_there_were_hashes_is_told_and_adopted(tmp_path: Path) -> None:
    home = tmp_path / "lake"
    make_lake(home)
    with sqlite3.connect(home / "lake.db") as database:
        database.execute("DROP TABLE lake_files")
        for table in ("lake_deliveries", "lake_batches", "lake_deadletters", "lake_fields"):
            database.execute(f"ALTER TABLE {table} DROP COLUMN seal")
    database.close()

    with Lake.open(home) as lake, extra(home / "warehouse" / "stores" / STORE / "data" / "x.parquet"):
        before = lake.verify()
        adopted = lake.verify(adopt=True)
        after = lake.verify(full=True)

    assert {"unrecorded", "extra"} == {finding.kind for finding in before.findings}
    assert set(recorded_files(home)) <= named(before, home)
    assert ["extra"] == [finding.kind for finding in adopted.findings] == [finding.kind for finding in after.findings]
    assert adopted.adopted > len(recorded_files(home))


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", 1)
    with content(tmp_path / "lake" / "lake.db", flip(3)), pytest.raises(LakeDamaged, match="not a database"):
        Lake.open(tmp_path / "lake")


def test_a_database_whose_schema_was_hurt_is_told(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", 1)
    path = tmp_path / "lake" / "lake.db"
    at = path.read_bytes().index(b"CREATE INDEX")

    with content(path, flip(at + len("CREATE I"))), pytest.raises(LakeDamaged, match="malformed database schema"):
        Lake.open(tmp_path / "lake")


def test_verifying_beside_ingests_raises_no_false_alarm(tmp_path: Path) -> None:
    home = tmp_path / "lake"
    with Lake.open(home) as lake:
        lake.create_table(STORE, "cloudtrail")
        runs = [
            subprocess.Popen([sys.executable, "-m", "tests.lake.committer", str(home), str(seed)]) for seed in (1, 2)
        ]
        verifications = 0
        while any(run.poll() is None for run in runs) or not verifications:
            result = lake.verify(full=bool(verifications % 2))
            verifications += 1

            assert result.findings == []
        assert [run.wait() for run in runs] == [0, 0]
        assert (lake.verify(full=True).findings, lake.verify().notes) == ([], [])


def test_verifying_beside_maintenance_raises_no_false_alarm(tmp_path: Path) -> None:
    home = tmp_path / "lake"
    with Lake.open(home) as lake, Lake.open(home) as other:
        lake.create_table(STORE, "cloudtrail")
        for number in range(6):
            put(lake, parcel(f"{number}.json", *(event(f"{number}-{at}", days=at % 2) for at in range(4))))
        with ThreadPoolExecutor(1) as pool:
            policy = MaintenancePolicy(cutoff=START + timedelta(days=0.5), snapshot_days=0)
            upkeep = pool.submit(other.maintain, STORE, policy)
            while not upkeep.done():
                assert lake.verify(full=True).findings == []
        result = lake.verify(full=True)

    assert upkeep.result().rows_removed == 12
    assert (result.findings, result.notes) == ([], [])
