"""Whereabouts: a question for events by their ids reads the files in which they lie, and never one too few."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lake.world import STORE, event, parcel, put
from trailmere.lake import whereabouts
from trailmere.lake.records import Condition, MaintenancePolicy
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES, EVENTS = 8, 5


def fill(lake: Lake, first: int = 0) -> None:
    """Files of one day, each with events whose ids lie between those of all others."""
    for file in range(first, first + FILES):
        put(lake, parcel(f"{file}", *(event(f"{number}-of-{file}") for number in range(EVENTS))))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake") as lake:
        lake.create_table(STORE, "cloudtrail")
        fill(lake)
        yield lake


@pytest.fixture(scope="module")
def unchanging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(tmp_path_factory.mktemp("unchanging") / "lake") as lake:
        lake.create_table(STORE, "cloudtrail")
        fill(lake)
        yield lake


def read(lake: Lake, *ids: str) -> list[Path]:
    return [Path(file.path) for file in lake.scan(STORE, [Condition("eventid", "in", ids)]).files]


def ids_of(path: Path) -> set[str]:
    return set(pq.ParquetFile(path).read(["eventid"]).column("eventid").to_pylist())


def index_folder(lake: Lake) -> Path:
    return lake.home / "index" / STORE


def with_bounds_alone(lake: Lake, id: str) -> int:
    """How many files there are between whose least and greatest id this one lies."""
    paths = [Path(file.path) for file in lake.scan(STORE).files]
    return sum(min(ids_of(path)) <= id <= max(ids_of(path)) for path in paths)


IDS = [f"{number}-of-{file}" for number in range(EVENTS) for file in range(FILES)]


@settings(deadline=None, max_examples=40)
@given(st.sets(st.sampled_from([*IDS, "2-of-x", "2-of-", "nothing"]), min_size=1, max_size=4))
def test_a_question_for_events_reads_exactly_the_files_that_hold_them(unchanging: Lake, ids: set[str]) -> None:
    found = read(unchanging, *ids)

    assert {id for path in found for id in ids_of(path) & ids} == ids & set(IDS)
    assert all(ids_of(path) & ids for path in found)


def test_bounds_alone_would_have_left_most_files(unchanging: Lake) -> None:
    assert with_bounds_alone(unchanging, "2-of-3") == FILES
    assert len(read(unchanging, "2-of-3")) == 1


def test_an_id_is_found_where_maintenance_has_put_it(lake: Lake) -> None:
    assert len(read(lake, "2-of-3")) == 1
    lake.maintain(STORE, MaintenancePolicy())
    fill(lake, FILES)

    for file in (0, 3, FILES, 2 * FILES - 1):
        (path,) = read(lake, f"2-of-{file}")
        assert f"2-of-{file}" in ids_of(path)


def test_an_earlier_snapshot_is_read_with_what_is_known_today(lake: Lake) -> None:
    before = lake.scan(STORE).snapshot_id
    fill(lake, FILES)
    condition = Condition("eventid", "=", "2-of-3")

    assert lake.scan(STORE, [condition], at=before).files == lake.scan(STORE, [condition]).files


def test_no_event_is_missed_while_others_write_and_merge(lake: Lake) -> None:
    written = list(IDS)

    def write() -> None:
        with Lake.open(lake.home) as other:
            for file in range(FILES, 4 * FILES):
                put(other, parcel(f"{file}", *(event(f"{number}-of-{file}") for number in range(EVENTS))))
                written.extend(f"{number}-of-{file}" for number in range(EVENTS))
                if file % 5 == 0:
                    other.maintain(STORE, MaintenancePolicy(snapshot_days=0))

    dice = Random(1)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            wanted = dice.choice(written)
            plan = lake.scan(STORE, [Condition("eventid", "=", wanted)])
            lease = lake.lease(STORE, plan.snapshot_id or 0)
            if lease is not None:
                assert any(wanted in ids_of(Path(file.path)) for file in plan.files)
                lease.free()
        writing.result()

    assert all(len(read(lake, id)) == 1 for id in dice.sample(written, 20))


@pytest.mark.parametrize("at", [0, 100, -1])
def test_a_damaged_index_leaves_no_file_out(lake: Lake, at: int) -> None:
    for segment in index_folder(lake).glob("*.segment"):
        content = bytearray(segment.read_bytes())
        content[at] ^= 1
        segment.write_bytes(content)

    assert len(read(lake, "2-of-3")) == FILES


@pytest.mark.parametrize("gone", ["manifest.json", "*.segment"])
def test_without_its_index_a_lake_reads_every_file(lake: Lake, gone: str) -> None:
    for path in index_folder(lake).glob(gone):
        path.unlink()

    assert len(read(lake, "2-of-3")) == FILES


def test_an_index_that_is_cut_short_leaves_no_file_out(lake: Lake) -> None:
    for segment in index_folder(lake).glob("*.segment"):
        segment.write_bytes(segment.read_bytes()[:-1])

    assert len(read(lake, "2-of-3")) == FILES


def test_files_that_an_index_does_not_name_are_read(lake: Lake) -> None:
    old = lake.home / "old"
    shutil.copytree(index_folder(lake), old)
    fill(lake, FILES)
    shutil.rmtree(index_folder(lake))
    old.rename(index_folder(lake))

    found = read(lake, "2-of-3")

    assert len(found) == 1 + FILES
    assert len(read(lake, f"2-of-{FILES}")) == FILES


def test_a_large_index_is_used_when_it_has_been_checked(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, check = Event(), whereabouts._is_what_was_written
    monkeypatch.setattr(whereabouts, "AT_ONCE_BYTES", 1)
    monkeypatch.setattr(whereabouts, "_is_what_was_written", lambda *of: gate.wait() and check(*of))
    asked = whereabouts.Whereabouts(index_folder(lake))

    assert asked.of(["2-of-3"]) is None
    gate.set()
    asked.wait()
    can_hold = asked.of(["2-of-3"])

    assert can_hold is not None
    assert [can_hold(file.path) for file in lake.scan(STORE).files].count(True) == 1


@pytest.mark.parametrize("id", ["", "\ud800"])
def test_ids_that_no_index_has_rule_nothing_out(lake: Lake, id: str) -> None:
    assert whereabouts.Whereabouts(index_folder(lake)).of([id]) is None


def test_more_ids_than_it_pays_to_look_up_rule_nothing_out(lake: Lake) -> None:
    ids = [f"{number}-of-3" for number in range(whereabouts.MOST_IDS + 1)]

    assert whereabouts.Whereabouts(index_folder(lake)).of(ids) is None
    assert whereabouts.Whereabouts(index_folder(lake)).of(ids[:-1]) is not None
