"""Answers of the database are given again until somebody commits, whoever that is."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from trailmere.registry.database import open_database, reading, sqlite_url, writing
from trailmere.registry.unchanged import Unchanged


def reader(engine: Engine, read: list[str]) -> Callable[[], str]:
    """Reads the format of the lake, and notes what it read."""

    def format() -> str:
        with reading(engine) as connection:
            read.append(connection.execute(text("SELECT value FROM trailmere_meta")).scalar_one())
        return read[-1]

    return format


def set_format(url: str, value: str) -> None:
    engine = open_database(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE trailmere_meta SET value = :value"), {"value": value})
    engine.dispose()


def test_what_nobody_has_changed_is_read_once(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    read: list[str] = []
    unchanged: Unchanged[str] = Unchanged(engine)

    answers = [unchanged.get("format", reader(engine, read)) for _ in range(3)]

    assert (answers, read) == (["1"] * 3, ["1"])


@pytest.mark.parametrize("processes", [0, 1])
def test_what_was_committed_is_in_the_next_answer(database_url: str, processes: int) -> None:
    """By a connection of this process, or of another."""
    engine = open_database(database_url)
    unchanged: Unchanged[str] = Unchanged(engine)
    unchanged.get("format", reader(engine, []))

    if processes:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(set_format, database_url, "0").result()
    else:
        set_format(database_url, "0")

    assert unchanged.get("format", reader(engine, [])) == "0"


def test_what_is_committed_while_an_answer_is_read_makes_it_old(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    unchanged: Unchanged[str] = Unchanged(engine)

    def slow() -> str:
        value = reader(engine, [])()
        set_format(sqlite_url(tmp_path), "0")
        return value

    answers = [unchanged.get("format", slow), unchanged.get("format", reader(engine, []))]

    assert answers == ["1", "0"]


def test_an_engine_that_was_disposed_of_leaves_no_file_open(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    unchanged: Unchanged[str] = Unchanged(engine)
    unchanged.get("format", reader(engine, []))

    engine.dispose()

    assert str(tmp_path / "lake.db") not in {str(path.resolve()) for path in Path("/proc/self/fd").iterdir()}
