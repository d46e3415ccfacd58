"""The lake's database: durable, one writer at a time, readers that never wait, and errors that say what to do."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, select, text, update

from trailmere.errors import LakeBusy, LakeDamaged, LakeVersion, SettingsError
from trailmere.registry.database import (
    META,
    SCHEMA_VERSION,
    UtcTime,
    create_tables,
    open_database,
    read_engine,
    reading,
    sqlite_url,
    writing,
)

METADATA = MetaData()
COUNTERS = Table("counters", METADATA, Column("name", String(8), primary_key=True), Column("count", Integer))

PROCESSES = 8
ROUNDS = 25
THREADS = 100  # more than any pool has connections


def count(connection: Connection) -> int | None:
    return connection.execute(select(COUNTERS.c.count)).scalar()


def count_up(url: str) -> int:
    """What a process of its own does: open, make the tables, then read and write in one transaction, many times."""
    engine = open_database(url)
    create_tables(engine, METADATA)
    for _ in range(ROUNDS):
        with writing(engine) as connection:
            before = count(connection)
            if before is None:
                connection.execute(insert(COUNTERS).values(name="n", count=1))
            else:
                connection.execute(update(COUNTERS).values(count=before + 1))
        with reading(engine) as connection:
            assert count(connection) is not None
    engine.dispose()
    return ROUNDS


def test_eight_processes_that_open_and_write_at_once_see_no_error_and_lose_no_update(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        done = list(pool.map(count_up, [database_url] * PROCESSES))

    with reading(open_database(database_url)) as connection:
        assert count(connection) == sum(done)


def count_up_aloud(url: str, told: Pipe) -> None:
    """What a process of its own does until it is killed: count, and tell each commit when it has returned."""
    engine = open_database(url)
    create_tables(engine, METADATA)
    with writing(engine) as connection:
        connection.execute(insert(COUNTERS).values(name="n", count=0))
    for number in itertools.count(1):
        with writing(engine) as connection:
            connection.execute(update(COUNTERS).values(count=number))
        told.send(number)


def test_a_commit_that_has_returned_survives_a_kill(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=count_up_aloud, args=(url, there))
    process.start()
    there.close()
    heard = [here.recv() for _ in range(20)]

    process.kill()
    process.join()
    with contextlib.suppress(EOFError):
        while True:
            heard.append(here.recv())

    with reading(open_database(url)) as connection:
        assert count(connection) in (heard[-1], heard[-1] + 1)  # the last one may have been killed before it could tell


def test_reading_goes_on_while_another_writes_and_sees_the_last_commit(database_url: str) -> None:
    engine = open_database(database_url, busy_seconds=0.1)
    create_tables(engine, METADATA)
    with writing(engine) as connection:
        connection.execute(insert(COUNTERS).values(name="n", count=1))

    with writing(engine) as writer:
        writer.execute(update(COUNTERS).values(count=2))
        with reading(engine) as reader:
            seen = count(reader)

    assert seen == 1


def test_all_statements_of_one_reading_see_the_same_commit(database_url: str) -> None:
    engine = open_database(database_url)
    create_tables(engine, METADATA)
    with writing(engine) as connection:
        connection.execute(insert(COUNTERS).values(name="n", count=1))

    with reading(engine) as reader:
        first = count(reader)
        with writing(engine) as writer:
            writer.execute(update(COUNTERS).values(count=2))
        second = count(reader)

    assert (first, second) == (1, 1)


def test_a_writer_whose_turn_does_not_come_in_time_is_told_that_the_lake_is_busy(database_url: str) -> None:
    engine = open_database(database_url, busy_seconds=0.1)
    refused: list[Exception] = []

    def write() -> None:
        try:
            with writing(engine):
                pass
        except LakeBusy as error:
            refused.append(error)

    with writing(engine):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()

    assert len(refused) == 1


def test_reading_goes_on_however_many_threads_wait_to_write(database_url: str) -> None:
    engine = open_database(database_url)
    create_tables(engine, METADATA)
    begun = threading.Barrier(THREADS + 1)

    def write() -> None:
        begun.wait()
        with writing(engine) as connection:
            connection.execute(insert(COUNTERS).values(name=threading.current_thread().name, count=1))

    threads = [threading.Thread(target=write, name=f"n{number}") for number in range(THREADS)]
    with writing(engine):
        for thread in threads:
            thread.start()
        begun.wait()
        for _ in range(THREADS):  # whoever has just read must get a connection again
            with reading(engine) as connection:
                seen = count(connection)
    for thread in threads:
        thread.join()

    with reading(engine) as connection:
        assert (seen, len(connection.execute(select(COUNTERS)).all())) == (None, THREADS)


def test_what_is_written_in_a_block_that_fails_is_rolled_back(database_url: str) -> None:
    engine = open_database(database_url)
    create_tables(engine, METADATA)

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(insert(COUNTERS).values(name="n", count=1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with reading(engine) as connection:
        assert count(connection) is None


def test_a_database_of_a_newer_trailmere_is_left_alone(database_url: str) -> None:
    engine = open_database(database_url)
    with writing(engine) as connection:
        connection.execute(update(META).values(value=str(SCHEMA_VERSION + 1)))

    with pytest.raises(LakeVersion, match=f"has format {SCHEMA_VERSION + 1}"):
        open_database(database_url)


def test_a_commit_in_sqlite_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))

    with reading(engine) as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]

    assert found == ["wal", 2]  # 2 is FULL


def test_sqlite_takes_the_write_lock_for_writing_only(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path), busy_seconds=0.1)

    with engine.begin(), read_engine(engine).begin() as reader:
        seen = reader.execute(select(META.c.value)).scalar()

    assert seen == str(SCHEMA_VERSION)


def test_a_path_with_odd_characters_is_the_path_that_is_opened(tmp_path: Path) -> None:
    lake = tmp_path / "lake #1? 100%41 é"

    open_database(sqlite_url(lake))

    assert (lake / "lake.db").is_file()


def test_connections_are_not_carried_over_a_fork(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    with reading(engine):
        pass
    before = engine.pool
    child = os.fork()
    if child == 0:
        os._exit(0 if engine.pool is not before else 1)

    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name", "lake.db", "postgresql+psycopg://u@127.0.0.1:1/x"]
)
def test_an_address_that_cannot_be_used_is_a_setting_to_mend(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_database(url)

    assert caught.value.hint


def test_a_folder_that_cannot_be_written_is_a_setting_to_mend(tmp_path: Path) -> None:
    (tmp_path / "lake.db").mkdir()  # a folder where the file should be: refused to every user, root too

    with pytest.raises(SettingsError, match="unable to open"):
        open_database(sqlite_url(tmp_path))


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "lake.db").write_bytes(b"this is no database, and long enough to be looked at " * 20)

    with pytest.raises(LakeDamaged, match="not a database"):
        open_database(sqlite_url(tmp_path))


@given(st.datetimes(timezones=st.sampled_from((UTC, timezone(timedelta(hours=5, minutes=30))))))
def test_a_moment_survives_the_database_to_the_microsecond(moment: datetime) -> None:
    kind = UtcTime()
    dialect = None

    stored = kind.process_bind_param(moment, dialect)  # type: ignore[arg-type]

    assert kind.process_result_value(stored, dialect) == moment  # type: ignore[arg-type]
