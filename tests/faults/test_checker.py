"""The judge is judged: whatever is wrong with a lake, the checker says so; and nothing of a sound one."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.checker import Holding, check
from tests.faults.logs import write_logs
from tests.ingest.corpus import make
from trailmere.cli import main


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sources and a lake that took them in."""
    place = tmp_path_factory.mktemp("world")
    first = write_logs(place / "logs", 1)["first"]
    trailmere("store", "create", "main", "--lake", place / "lake")
    trailmere("ingest", first, "--store", "main", "--lake", place / "lake")
    return place


def trailmere(*arguments: object) -> None:
    """A command that succeeds."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == 0


@pytest.fixture
def lake(world: Path) -> Path:
    """The lake, as it was after the ingest; its tables name it by this path."""
    kept = world / "kept"
    if not kept.exists():
        shutil.copytree(world / "lake", kept)
    shutil.rmtree(world / "lake")
    shutil.copytree(kept, world / "lake")
    return world / "lake"


def said(lake: Path, *, sources: tuple[str, ...] = ("first",)) -> set[str]:
    """The rules that the checker finds broken."""
    holding = Holding(tuple(lake.parent / "logs" / name for name in sources))
    return {violation.partition(":")[0] for violation in check(lake, {"main": holding}).violations}


def change(statement: str) -> Callable[[Path], None]:
    """A change of the database."""

    def do(lake: Path) -> None:
        with contextlib.closing(sqlite3.connect(lake / "lake.db", isolation_level=None)) as database:
            assert database.execute(statement).rowcount > 0

    return do


def flip_a_byte(lake: Path) -> None:
    path = sorted(lake.rglob("*.parquet"))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def remove(pattern: str) -> Callable[[Path], None]:
    """Removal of a file."""
    return lambda lake: sorted(lake.rglob(pattern))[0].unlink()


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a data file is gone": (remove("*.parquet"), "unreadable"),
    "a data file has another byte": (flip_a_byte, "unreadable"),
    "a manifest is gone": (remove("*-m0.avro"), "unreadable"),
    "the metadata file is gone": (remove("00001-*.metadata.json"), "unreadable"),
    "the table is not in the catalog": (change("DELETE FROM iceberg_tables"), "unreadable"),
    "the bytes of a dead letter are gone": (remove("deadletters/*/*"), "dead letter without its bytes"),
    "a dead letter is gone": (change("DELETE FROM lake_deadletters WHERE id = 1"), "lost"),
    "a delivery is not in the ledger": (change("DELETE FROM lake_deliveries WHERE number = 1"), "uncounted"),
    "a count of the ledger is wrong": (change("UPDATE lake_deliveries SET kept = kept + 1"), "uncounted"),
    "a batch is not settled": (change("UPDATE lake_batches SET state = 'prepared'"), "unsettled"),
    "a store is gone": (change("DELETE FROM event_data_stores"), "lost"),
    "a store has another status": (change("UPDATE event_data_stores SET status = 'CREATED'"), "status"),
}


def test_a_sound_lake_gives_no_reason_for_complaint(lake: Path) -> None:
    assert said(lake) == set()


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_is_said(lake: Path, damage: str) -> None:
    do, rule = DAMAGES[damage]

    do(lake)

    assert rule in said(lake)


def test_a_file_that_was_not_taken_in_is_lost(lake: Path) -> None:
    make(lake.parent / "logs" / "more", 99, ["good"])

    assert said(lake, sources=("first", "more")) == {"lost", "uncounted"}


def test_an_event_that_no_source_holds_is_one_too_many(lake: Path) -> None:
    make(lake.parent / "logs" / "none", 98, [])

    assert "doubled" in said(lake, sources=("none",))


def test_what_nothing_refers_to_is_left_over(lake: Path) -> None:
    data = sorted(lake.rglob("*.parquet"))[0]
    shutil.copy(data, data.with_name("other.parquet"))

    assert check(lake, {}).leftovers == {"data file": 1}
