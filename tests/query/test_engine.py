"""The engine: limits, cancelling, reuse of workers, and errors in the user's words."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.query.workshop import MIB, job, table_folder, write_events
from trailmere.errors import EngineError, LakeDamaged, QueryCancelled, QueryLimitExceeded
from trailmere.query import failures
from trailmere.query.engine import Cancellation, QueryLimits
from trailmere.query.engines import DuckDBEngine
from trailmere.query.pool import WorkerPool, WorkerSettings
from trailmere.query.results import rows

if TYPE_CHECKING:
    from trailmere.lake.records import PlannedFile

ENDLESS = "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000)) AS distance"
ROWS = [{"eventid": f"e-{number}", "eventname": "GetObject", "eventjson": "{}"} for number in range(2500)]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="module")
def events(warehouse: Path) -> PlannedFile:
    return write_events(table_folder(warehouse) / "events.parquet", ROWS)


@pytest.fixture(scope="module")
def engine(warehouse: Path) -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(warehouse, QueryLimits(seconds=60, memory_bytes=512 * MIB))
    yield engine
    engine.close()


@pytest.fixture
def hasty(warehouse: Path) -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(warehouse, QueryLimits(seconds=0.5, memory_bytes=512 * MIB))
    engine.prepare()
    yield engine
    engine.close()


def worker_pids(engine: DuckDBEngine) -> set[int]:
    return {worker.pid for worker in engine.pool.idle}


def test_an_answer_has_the_names_that_the_user_wrote(engine: DuckDBEngine, events: PlannedFile) -> None:
    wanted = job("SELECT eventid AS c0, eventid AS c1 FROM t0 LIMIT 1", events, columns=["eventID", "eventID"])

    result = engine.run(wanted)

    assert result.schema.names == ["eventID", "eventID"]
    assert [batch.num_rows for batch in result.batches] == [1]


def test_the_second_query_is_answered_by_the_same_process(engine: DuckDBEngine, events: PlannedFile) -> None:
    list(engine.run(job("SELECT 1", events)).batches)
    first = worker_pids(engine)
    list(engine.run(job("SELECT 2", events)).batches)

    assert len(first) == 1
    assert worker_pids(engine) == first


def test_the_time_that_planning_took_is_not_given_again(engine: DuckDBEngine, events: PlannedFile) -> None:
    with pytest.raises(QueryLimitExceeded) as caught:
        engine.run(job("SELECT 1", events, began=time.monotonic() - engine.limits.seconds - 1))

    assert caught.value.limit == "query_seconds"


def test_the_row_limit_cuts_and_says_so(engine: DuckDBEngine, events: PlannedFile) -> None:
    result = engine.run(job("SELECT eventid FROM t0", events, rows=100))

    assert sum(batch.num_rows for batch in result.batches) == 100
    assert result.cut
    assert result.outcome.rows == 100


def test_an_answer_of_exactly_the_limit_is_not_cut(engine: DuckDBEngine, events: PlannedFile) -> None:
    result = engine.run(job("SELECT eventid FROM t0", events, rows=len(ROWS)))

    assert sum(batch.num_rows for batch in result.batches) == len(ROWS)
    assert not result.cut


def test_a_limit_keeps_the_order_of_the_statement(engine: DuckDBEngine, events: PlannedFile) -> None:
    result = engine.run(job("SELECT eventid FROM t0 ORDER BY eventid DESC", events, rows=2))

    assert [value for batch in result.batches for value in batch.column(0).to_pylist()] == ["e-999", "e-998"]


def test_statistics_are_those_of_the_planned_files(engine: DuckDBEngine, events: PlannedFile) -> None:
    statistics = engine.run(job("SELECT 1 FROM t0", events)).statistics

    assert (statistics.files, statistics.rows_scanned, statistics.bytes_scanned) == (1, len(ROWS), events.size)


def test_a_query_over_its_time_is_killed(hasty: DuckDBEngine, events: PlannedFile) -> None:
    with pytest.raises(QueryLimitExceeded) as caught:
        hasty.run(job(ENDLESS, events))

    assert caught.value.limit == "query_seconds"
    assert worker_pids(hasty) == set()


def test_the_query_after_a_killed_one_gets_a_new_worker(hasty: DuckDBEngine, events: PlannedFile) -> None:
    with pytest.raises(QueryLimitExceeded):
        hasty.run(job(ENDLESS, events))
    patient = replace(hasty.limits, seconds=60)
    hasty.limits = patient

    assert sum(batch.num_rows for batch in hasty.run(job("SELECT 1 FROM t0", events)).batches) == len(ROWS)


def test_a_query_over_its_memory_is_told_so(engine: DuckDBEngine, events: PlannedFile) -> None:
    with pytest.raises(QueryLimitExceeded) as caught:
        list(engine.run(job("SELECT length(repeat('a', 4000000000))", events)).batches)

    assert caught.value.limit == "query_memory_bytes"


def test_a_scan_over_its_bytes_is_refused_before_it_runs(warehouse: Path, events: PlannedFile) -> None:
    engine = DuckDBEngine(warehouse, QueryLimits(scan_bytes=events.size - 1))

    with pytest.raises(QueryLimitExceeded) as caught:
        engine.run(job("SELECT 1 FROM t0", events))

    assert caught.value.limit == "query_scan_bytes"
    assert worker_pids(engine) == set()


def test_another_thread_can_cancel(engine: DuckDBEngine, events: PlannedFile) -> None:
    cancellation = Cancellation()
    threading.Timer(0.3, cancellation.cancel).start()
    started = time.monotonic()

    with pytest.raises(QueryCancelled):
        engine.run(job(ENDLESS, events, cancellation=cancellation))

    assert time.monotonic() - started < 10


def test_a_query_that_was_cancelled_before_it_began_does_not_run(engine: DuckDBEngine, events: PlannedFile) -> None:
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(QueryCancelled):
        engine.run(job("SELECT 1", events, cancellation=cancellation))


def test_an_answer_that_is_closed_early_leaves_no_process_behind(warehouse: Path, events: PlannedFile) -> None:
    engine = DuckDBEngine(warehouse, QueryLimits(memory_bytes=512 * MIB))
    result = engine.run(job("SELECT repeat('x', 1000) FROM range(10000000)", events))

    result.close()

    assert engine.pool.busy == ()
    engine.close()


def test_a_slow_reader_is_not_held_against_the_query(hasty: DuckDBEngine, events: PlannedFile) -> None:
    hasty.limits = replace(hasty.limits, seconds=1.5)
    result = hasty.run(job("SELECT repeat('x', 1000) AS x FROM range(20000)", events))
    threading.Event().wait(1.6)  # longer than the query's time: the reader is at lunch

    assert sum(batch.num_rows for batch in result.batches) == 20_000


def test_workers_of_queries_that_ran_side_by_side_stay_for_the_next(engine: DuckDBEngine, events: PlannedFile) -> None:
    results = [engine.run(job("SELECT eventid FROM t0", events)) for _ in range(3)]
    pids = {worker.pid for worker in engine.pool.busy}

    assert [len(list(rows(result))) for result in results] == [len(ROWS)] * 3

    assert len(pids) == 3
    assert worker_pids(engine) >= pids


def test_no_more_workers_stay_than_the_pool_may_keep(warehouse: Path) -> None:
    pool = WorkerPool(WorkerSettings(warehouse), most=2)
    workers = [pool.take() for _ in range(3)]

    for worker in workers:
        pool.give_back(worker)

    assert [worker.alive for worker in workers] == [True, True, False]
    pool.close()
    assert not any(worker.alive for worker in workers)


def test_a_slow_query_does_not_hold_up_a_quick_one(engine: DuckDBEngine, events: PlannedFile) -> None:
    cancellation = Cancellation()

    def slow() -> None:
        with pytest.raises(QueryCancelled):
            engine.run(job(ENDLESS, events, cancellation=cancellation))

    thread = threading.Thread(target=slow)
    thread.start()

    assert len(list(rows(engine.run(job("SELECT eventid FROM t0", events))))) == len(ROWS)

    assert thread.is_alive()
    cancellation.cancel()
    thread.join()


def test_a_worker_that_is_killed_by_a_stranger_is_an_explained_error(engine: DuckDBEngine, events: PlannedFile) -> None:
    def kill() -> None:
        for worker in engine.pool.busy:
            worker.kill()

    threading.Timer(0.3, kill).start()

    with pytest.raises(EngineError, match="SIGKILL"):
        engine.run(job(ENDLESS, events))


def test_a_value_that_does_not_convert_is_an_error_without_engine_words(
    engine: DuckDBEngine, events: PlannedFile
) -> None:
    with pytest.raises(EngineError) as caught:
        list(engine.run(job("SELECT CAST(eventname AS BIGINT) AS c0 FROM t0", events, columns=["n"])).batches)

    assert caught.value.message == (
        "Could not convert string 'GetObject' to bigint when casting from source column eventname"
    )


def test_an_error_of_the_statement_keeps_the_worker(engine: DuckDBEngine, events: PlannedFile) -> None:
    list(engine.run(job("SELECT 1", events)).batches)
    before = worker_pids(engine)

    with pytest.raises(EngineError):
        engine.run(job("SELECT CAST(eventname AS BIGINT) FROM t0", events))

    assert worker_pids(engine) == before


def test_an_engine_error_speaks_of_the_users_columns(engine: DuckDBEngine, events: PlannedFile) -> None:
    with pytest.raises(EngineError) as caught:
        engine.run(job("SELECT sum(useridentity__username) FROM t0", events))

    assert "__" not in caught.value.message
    assert "LINE" not in caught.value.message


def test_a_data_file_that_is_missing_is_damage_of_the_lake(engine: DuckDBEngine, warehouse: Path) -> None:
    lost = write_events(table_folder(warehouse) / "lost.parquet", ROWS)
    Path(lost.path).unlink()

    with pytest.raises(LakeDamaged, match=r"lost\.parquet"):
        engine.run(job("SELECT eventid FROM t0", lost))


def test_a_data_file_that_is_no_parquet_is_damage_of_the_lake(engine: DuckDBEngine, warehouse: Path) -> None:
    spoilt = write_events(table_folder(warehouse) / "spoilt.parquet", ROWS)
    Path(spoilt.path).write_bytes(b"not at all" * 100)

    with pytest.raises(LakeDamaged, match=r"spoilt\.parquet"):
        list(engine.run(job("SELECT eventid FROM t0", spoilt)).batches)


def test_a_data_file_outside_of_the_warehouse_is_refused(engine: DuckDBEngine, tmp_path: Path) -> None:
    elsewhere = write_events(tmp_path / "elsewhere.parquet", ROWS)

    with pytest.raises(LakeDamaged, match="expected all data files beneath"):
        engine.run(job("SELECT eventid FROM t0", elsewhere))


@pytest.mark.parametrize("folder", ["lake [1]", "l'a\"ke", "l ä ke"])
def test_a_lake_may_lie_in_a_folder_of_an_odd_name(tmp_path: Path, folder: str) -> None:
    engine, file = lake_in(tmp_path / folder)

    assert sum(batch.num_rows for batch in engine.run(job("SELECT eventid FROM t0", file)).batches) == len(ROWS)
    engine.close()


@pytest.mark.parametrize("folder", ["lake*", "lake?"])
def test_a_lake_in_a_folder_that_is_a_wildcard_is_told_so(tmp_path: Path, folder: str) -> None:
    engine, file = lake_in(tmp_path / folder)

    with pytest.raises(EngineError, match="wildcards"):
        engine.run(job("SELECT eventid FROM t0", file))


def lake_in(folder: Path) -> tuple[DuckDBEngine, PlannedFile]:
    folder.mkdir()
    engine = DuckDBEngine(folder, QueryLimits(memory_bytes=512 * MIB))
    return engine, write_events(table_folder(folder) / "events.parquet", ROWS)


def test_a_thousand_files_are_one_relation(engine: DuckDBEngine, warehouse: Path, events: PlannedFile) -> None:
    files = []
    for number in range(1000):
        copy = table_folder(warehouse) / f"copy-{number}.parquet"
        copy.hardlink_to(events.path)
        files.append(replace(events, path=str(copy)))

    (batch,) = engine.run(job("SELECT count(*) AS n, count(DISTINCT eventid) AS ids FROM t0", *files)).batches

    assert batch.to_pylist() == [{"n": 1000 * len(ROWS), "ids": len(ROWS)}]


def test_every_error_of_the_engine_has_a_meaning() -> None:
    raised = {
        name for name, value in vars(duckdb).items() if isinstance(value, type) and issubclass(value, duckdb.Error)
    }

    assert raised <= set(failures.TABLE)


def test_many_queries_at_once_all_get_their_own_rows(engine: DuckDBEngine, events: PlannedFile) -> None:
    answers: dict[int, list[int]] = {}

    def ask(number: int) -> None:
        batches = engine.run(job(f"SELECT {number} AS n FROM t0 LIMIT 3", events)).batches
        answers[number] = [value for batch in batches for value in batch.column(0).to_pylist()]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: [number] * 3 for number in range(6)}
