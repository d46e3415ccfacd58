"""Maintenance: the table holds the same rows in fewer files, rows past their time are gone, and nothing else is."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from tests.lake.tampering import LARGE, with_letters
from tests.lake.world import START, STORE, data_files, event, live_files, outsider, parcel, put, stored, texts, written
from trailmere.errors import LakeBusy, LakeDamaged, LakeError
from trailmere.lake.deadletters import content_path
from trailmere.lake.locks import held
from trailmere.lake.maintenance import turn_lock
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trailmere.lake.records import Batch, Maintained

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


def test_a_damaged_file_is_told_and_stays_as_it_is(lake: Lake) -> None:
    fill(lake, 3, days=1)
    hurt = Path(lake.scan(STORE).files[0].path)
    content = bytearray(hurt.read_bytes())
    content[len(content) // 2] ^= 1
    hurt.write_bytes(content)

    done = maintain(lake)

    assert [damage.path for damage in done.damaged] == [str(hurt)]
    assert done.files_after == 2
    assert hurt.read_bytes() == bytes(content)


def test_a_dry_run_reads_a_manifest_once_and_sees_what_was_committed_since(lake: Lake) -> None:
    fill(lake, 2)
    lake.maintain(STORE, NOW, dry_run=True)
    for manifest in lake.home.rglob("*-m0.avro"):
        manifest.write_bytes(manifest.read_bytes()[:-16] + bytes(16))  # the mark that ends a block
    fill(lake, 1, first=2)

    foreseen = lake.maintain(STORE, NOW, dry_run=True)

    assert foreseen.files_before == 6
    with Lake.open(lake.home) as another, pytest.raises(LakeDamaged, match="is not what was written"):
        another.maintain(STORE, NOW, dry_run=True)


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(lake: Lake) -> None:
    fill(lake, 4)
    policy = MaintenancePolicy(cutoff=START + timedelta(hours=1), snapshot_days=0)
    shutil.rmtree(lake.home / "plans")
    before = tree(lake.home)

    foreseen = lake.maintain(STORE, policy, dry_run=True)
    assert tree(lake.home) == before

    done = lake.maintain(STORE, policy)
    assert (foreseen.rows_removed, foreseen.files_after) == (done.rows_removed, done.files_after) == (8, 1)


def tree(home: Path) -> dict[str, bytes]:
    """Every file of the lake with its content; of the database what it says, for a reader may touch its journal."""
    files = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and "lake.db" not in path.name}
    with closing(sqlite3.connect(home / "lake.db")) as connection:
        return files | {"lake.db": "\n".join(connection.iterdump()).encode()}


def test_who_comes_second_is_told_who_is_at_it(lake: Lake) -> None:
    fill(lake, 2)
    with Lake.open(lake.home) as other, held(other._locks, turn_lock(STORE)), pytest.raises(LakeBusy):
        maintain(lake)


def test_what_others_left_in_the_folders_is_removed_and_what_is_being_written_is_not(lake: Lake) -> None:
    fill(lake, 2)
    location = lake.home / "warehouse" / "stores" / STORE
    strays = [
        location / "metadata" / "00000000-0000-4000-8000-000000000000-m0.avro",
        location / "metadata" / "00009-00000000-0000-4000-8000-000000000000.metadata.json",
        location / "data" / "eventtime_day=2026-03-01" / "000000000000000000000000-p0.parquet",
        lake.home / "index" / STORE / "00000099.segment.draft",
        lake.home / "plans" / STORE / "1.plan",
    ]
    for stray in strays:
        stray.write_bytes(b"left by a process that died")
    with Lake.open(lake.home) as other:
        mine = written(other.begin(STORE), [parcel("open", event("o"))])
        maintain(lake)

        assert [stray for stray in strays if stray.exists()] == []
        assert all(Path(file.path).exists() for file in mine)


@pytest.fixture
def broken_off(lake: Lake) -> Iterator[tuple[Lake, Batch, list[Path]]]:
    """A batch of another process whose commit broke off between its dead letters: one is written, one half."""
    contents = sorted((bytes([at]) * LARGE for at in range(2)), key=lambda text: hashlib.sha256(text).hexdigest())
    paths = [content_path(lake.home, hashlib.sha256(text).hexdigest()) for text in contents]
    paths[1].parent.parent.mkdir(parents=True)
    paths[1].parent.write_bytes(b"in the way")
    one = with_letters(parcel("cut", event("cut")), *contents)
    with Lake.open(lake.home) as other:
        batch = other.begin(STORE)
        with pytest.raises(LakeError):
            other.commit(batch, written(batch, [one]), [one.entry()], one.letters)
        paths[1].parent.unlink()
        paths[1].parent.mkdir()
        draft = paths[1].with_name(f"{paths[1].name}.01234567.draft")
        draft.write_bytes(b"half")
        yield other, batch, [paths[0], draft]


def test_the_bytes_of_dead_letters_stay_while_an_unsettled_batch_owns_them(
    lake: Lake, broken_off: tuple[Lake, Batch, list[Path]]
) -> None:
    maintain(lake)

    assert [path.exists() for path in broken_off[2]] == [True, True]


def test_the_bytes_of_dead_letters_whose_batch_was_abandoned_are_removed(
    lake: Lake, broken_off: tuple[Lake, Batch, list[Path]]
) -> None:
    other, batch, paths = broken_off
    other.abandon(batch)
    maintain(lake)

    assert [path.exists() for path in paths] == [False, False]
    assert lake.verify(full=True).findings == []


def test_the_bytes_of_an_abandoned_dead_letter_stay_where_another_letter_has_them(
    lake: Lake, broken_off: tuple[Lake, Batch, list[Path]]
) -> None:
    other, batch, paths = broken_off
    put(lake, with_letters(parcel("whole", event("whole")), paths[0].read_bytes()))
    other.abandon(batch)
    maintain(lake)

    assert [path.exists() for path in paths] == [True, False]
    assert lake.verify(full=True).findings == []


def test_nothing_is_removed_where_a_file_that_must_be_there_is_not(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    Path(lake.scan(STORE).files[0].path).unlink()
    stray = lake.home / "warehouse" / "stores" / STORE / "data" / "stray.parquet"
    stray.write_bytes(b"")

    done = maintain(lake)

    assert len(done.damaged) == 1
    assert stray.exists()


def test_rows_of_two_deliveries_at_one_time_lie_in_the_order_of_delivery(lake: Lake) -> None:
    for number in range(3):
        put(lake, parcel(f"{number}", *(event(f"e{number}-{at}") for at in range(3))))
    maintain(lake)

    (path,) = [planned.path for planned in lake.scan(STORE).files]
    rows = pq.read_table(path, columns=["deliveryid", "deliveryordinal"], partitioning=None).to_pylist()
    assert [row["deliveryordinal"] for row in rows] == [0, 1, 2] * 3
    assert len({row["deliveryid"] for row in rows[:3]}) == 1


@pytest.mark.parametrize("memory_bytes", [1, 20_000])
def test_rows_are_the_same_however_little_memory_there_is(lake: Lake, memory_bytes: int) -> None:
    for number in range(3):
        put(lake, parcel(f"{number}", *(event(f"e{number}-{at}", days=at / 100) for at in range(number, 40, 3))))
    before = stored(lake, "eventid", "eventjson", "deliveryordinal")

    maintain(lake, MaintenancePolicy(snapshot_days=0, memory_bytes=memory_bytes))

    assert stored(lake, "eventid", "eventjson", "deliveryordinal") == before
    (path,) = [planned.path for planned in lake.scan(STORE).files]
    times = pq.read_table(path, partitioning=None).column("eventtime").to_pylist()
    assert times == sorted(times)


def test_a_snapshot_that_leaves_the_rows_as_they_are_says_so(lake: Lake) -> None:
    fill(lake, 2)
    maintain(lake)

    (snapshot,) = outsider(lake.home).load_table(("stores", STORE)).snapshots()
    assert snapshot.summary is not None
    assert snapshot.summary.operation.value == "replace"


def test_every_file_and_row_is_still_what_was_written(lake: Lake) -> None:
    fill(lake, 6)
    maintain(lake, MaintenancePolicy(cutoff=START + timedelta(hours=1), snapshot_days=7))
    between = lake.verify(full=True).findings
    fill(lake, 3, first=6)
    maintain(lake)

    assert (between, lake.verify(full=True).findings) == ([], [])


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:-200] + bytes(200)])
def test_a_manifest_that_cannot_be_read_is_damage_of_the_lake(lake: Lake, damage: Callable[[bytes], bytes]) -> None:
    fill(lake, 2)
    for manifest in lake.home.rglob("*-m0.avro"):
        manifest.write_bytes(damage(manifest.read_bytes()))

    with pytest.raises(LakeDamaged, match="is not what was written"):
        lake.maintain(STORE, NOW, dry_run=True)
    with lake.engine.begin() as connection:  # as in a lake from before there were hashes
        connection.exec_driver_sql("DELETE FROM lake_files")
    with pytest.raises(LakeDamaged, match="cannot be read"):
        lake.maintain(STORE, NOW, dry_run=True)
