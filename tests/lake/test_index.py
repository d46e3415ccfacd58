"""The event index: finds what was added, and is made anew from the table whenever it cannot be trusted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lake.world import STORE, event, parcel, put, texts
from trailmere.lake.index import EventIndex

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.lake.vault import Lake

# Few hashes, so that some are added several times and some are asked for in vain.
HASHES = st.integers(0, 12)
FILES = st.lists(st.lists(st.tuples(HASHES, HASHES), max_size=8), max_size=12)


def keys(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint64)


@settings(deadline=None, max_examples=50)
@given(FILES, st.sets(HASHES))
def test_it_finds_every_row_that_was_added_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int]]], wanted: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    for number, rows in enumerate(files):
        index = EventIndex(folder)
        index.add([(f"f{number}", keys([event for event, _ in rows]), keys([content for _, content in rows]))], number)

    events = keys(sorted(wanted))
    index = EventIndex(folder)
    needles, found = index.find(events)

    assert sorted(
        (int(events[needle]), content, index.files[file], row)
        for needle, content, file, row in zip(
            needles, found.contents.tolist(), found.files.tolist(), found.rows.tolist(), strict=True
        )
    ) == sorted(
        (event, content, f"f{number}", row)
        for number, rows in enumerate(files)
        for row, (event, content) in enumerate(rows)
        if event in wanted and event != 0
    )


def test_a_lookup_visits_few_segments_however_many_appends_there_were(tmp_path: Path) -> None:
    index = EventIndex(tmp_path)
    for number in range(100):
        first = 1 + number * 10
        index.add([(f"f{number}", keys(list(range(first, first + 10))), keys([0] * 10))], number)

    assert len(list(tmp_path.glob("*.segment"))) <= 4
    assert len(EventIndex(tmp_path).find(keys(list(range(1, 1001))))[0]) == 1000


def test_it_answers_for_the_snapshot_it_was_told_last(tmp_path: Path) -> None:
    EventIndex(tmp_path).add([], 7)

    assert (EventIndex(tmp_path).snapshot_id, EventIndex(tmp_path).sound) == (7, True)


def folder(lake: Lake) -> Path:
    return lake.home / "index" / STORE


def remove_all(index: Path) -> None:
    shutil.rmtree(index)


def remove_manifest(index: Path) -> None:
    (index / "manifest.json").unlink()


def cut_manifest(index: Path) -> None:
    path = index / "manifest.json"
    path.write_bytes(path.read_bytes()[:-20])


def flip_manifest(index: Path) -> None:
    path = index / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"next": ', b'"next":  '))


def remove_segment(index: Path) -> None:
    next(index.glob("*.segment")).unlink()


def cut_segment(index: Path) -> None:
    path = next(index.glob("*.segment"))
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    "damage", [remove_all, remove_manifest, cut_manifest, flip_manifest, remove_segment, cut_segment]
)
def test_a_damaged_index_is_made_anew(lake: Lake, damage: object) -> None:
    a, b, c = event("a"), event("b"), event("c")
    put(lake, parcel("one", a, b))
    assert callable(damage)
    damage(folder(lake))

    result = put(lake, parcel("two", b, c))

    assert result.deliveries[0].duplicate == 1
    assert texts(lake) == [a.text, b.text, c.text]


def test_one_flipped_bit_of_a_segment_is_noticed(tmp_path: Path) -> None:
    EventIndex(tmp_path).add([("f", keys([1, 2, 3]), keys([4, 5, 6]))], 1)
    moved = tmp_path.with_name("moved")  # this process has not seen the segment there
    shutil.copytree(tmp_path, moved)
    path = next(moved.glob("*.segment"))
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    path.write_bytes(content)

    assert not EventIndex(moved).sound


def test_an_index_that_is_behind_is_completed_from_the_table(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    behind = lake.home / "behind"
    shutil.copytree(folder(lake), behind)
    put(lake, parcel("two", event("b", days=1), event(None, x=1)))
    shutil.rmtree(folder(lake))
    behind.rename(folder(lake))

    result = put(lake, parcel("three", event("a"), event("b", days=1), event("c")))

    assert (result.deliveries[0].duplicate, result.deliveries[0].kept) == (2, 1)
    assert len(EventIndex(folder(lake)).files) == len(lake.scan(STORE).files)
