"""A worker keeps its DuckDB: footers stay, nothing else does, and it reads one set of tables at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.query.workshop import MIB, Reply, ask, write_events
from trailmere.lake.records import PlannedFile
from trailmere.query.dialect.macros import MACROS, macros_of
from trailmere.query.instance import Instance
from trailmere.query.pool import WorkerProcess, WorkerSettings

ROWS = [{"eventid": f"e-{number}", "eventjson": "{}"} for number in range(3)]
FOOTERS = "SELECT memory_usage_bytes AS bytes FROM duckdb_memory() WHERE tag = 'OBJECT_CACHE'"
# What a session or a database may hold, as far as SQL can see it.
STATE = (
    "SELECT name, value FROM duckdb_settings() ORDER BY ALL",
    "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL",
    "SELECT name FROM duckdb_variables() ORDER BY ALL",
    "SELECT name FROM duckdb_prepared_statements() ORDER BY ALL",
    "SELECT type_name FROM duckdb_types() WHERE NOT internal ORDER BY ALL",
    "SELECT function_name FROM duckdb_functions() WHERE NOT internal ORDER BY ALL",
    "SELECT database_name FROM duckdb_databases() ORDER BY ALL",
)
# SELECTs that do more than read.
LEAVING = (
    "SELECT setseed(0.5)",
    "WITH v AS MATERIALIZED (SELECT * FROM t0) SELECT count(*) FROM v",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM enable_profiling()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM query('SELECT 1')",
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables ``a`` and ``b``, of a file each."""
    folder = tmp_path_factory.mktemp("tables")
    for name in ("a", "b"):
        (folder / name).mkdir()
        write_events(folder / name / "events.parquet", ROWS)
    return folder


@pytest.fixture
def worker(tables: Path) -> Iterator[WorkerProcess]:
    with WorkerProcess(WorkerSettings(tables, memory_bytes=512 * MIB)) as worker:
        yield worker


def file_of(tables: Path, name: str) -> PlannedFile:
    path = tables / name / "events.parquet"
    return PlannedFile(str(path), path.stat().st_size, len(ROWS))


def footer_bytes(worker: WorkerProcess, file: PlannedFile) -> int:
    reply = ask(worker, FOOTERS, [file])
    return sum(row["bytes"] for row in reply.rows)


def test_footers_are_kept_from_one_query_to_the_next_and_count_as_memory(worker: WorkerProcess, tables: Path) -> None:
    file = file_of(tables, "a")
    before = footer_bytes(worker, file)

    ask(worker, "SELECT count(eventid) FROM t0", [file])

    assert before == 0
    assert footer_bytes(worker, file) > 0


def test_nothing_but_footers_is_left_of_a_query(worker: WorkerProcess, tables: Path) -> None:
    file = file_of(tables, "a")
    before = state(worker, file)

    for sql in LEAVING:
        ask(worker, sql, [file])

        assert state(worker, file) == before, sql


def state(worker: WorkerProcess, file: PlannedFile) -> list[Reply]:
    return [ask(worker, sql, [file]) for sql in STATE]


def test_a_statement_gives_the_same_rows_each_time(worker: WorkerProcess, tables: Path) -> None:
    file = file_of(tables, "a")
    sql = "SELECT eventid, count(*) OVER () AS events FROM t0 ORDER BY eventid DESC"

    answers = [ask(worker, sql, [file]).rows for _ in range(3)]

    assert answers == [[{"eventid": f"e-{number}", "events": 3} for number in (2, 1, 0)]] * 3


def test_a_long_answer_is_streamed_however_often_it_is_asked_for(worker: WorkerProcess) -> None:
    """Computed at once it would not fit into the memory that the worker has."""
    sql = "SELECT repeat('x', 10000) AS text FROM range(100000)"

    answers = [[len(row["text"]) for row in ask(worker, sql).rows] for _ in range(2)]

    assert answers == [[10_000] * 100_000] * 2


def test_only_a_statement_with_a_short_answer_is_computed_at_once_the_next_time() -> None:
    instance = Instance(threads=1, memory_bytes=64 * MIB)
    instance.remember_short("SELECT 1")

    told = [instance.at_once(sql, rows) for sql, rows in (("SELECT 1", None), ("SELECT 2", None), ("SELECT 2", 5))]

    assert told == [True, False, True]


def test_a_table_that_was_asked_before_is_shut_to_a_query_about_another(worker: WorkerProcess, tables: Path) -> None:
    first, second = file_of(tables, "a"), file_of(tables, "b")
    ask(worker, "SELECT * FROM t0", [first])

    reply = ask(worker, f"SELECT * FROM read_parquet('{first.path}')", [second])

    assert reply.error == "PermissionException"


def test_a_query_about_no_table_reads_none(worker: WorkerProcess, tables: Path) -> None:
    file = file_of(tables, "a")
    ask(worker, "SELECT * FROM t0", [file])

    assert ask(worker, f"SELECT * FROM read_parquet('{file.path}')").error == "PermissionException"


def test_after_an_error_the_next_query_gets_a_new_engine(worker: WorkerProcess, tables: Path) -> None:
    file = file_of(tables, "a")
    ask(worker, "SELECT * FROM t0", [file])

    assert ask(worker, "SELECT CAST(eventid AS bigint) FROM t0", [file]).error == "ConversionException"

    assert footer_bytes(worker, file) == 0
    assert len(ask(worker, "SELECT * FROM t0", [file]).rows) == len(ROWS)


def test_an_instance_is_locked_once() -> None:
    instance = Instance(threads=1, memory_bytes=128 * MIB)
    instance.lock(["/one"])

    instance.lock(["/other"])

    assert instance.serves(["/one"])
    assert not instance.serves(["/other"])
    instance.close()


@pytest.mark.parametrize("macro", MACROS, ids=[macro.split()[4].partition("(")[0] for macro in MACROS])
def test_the_macros_of_a_statement_are_those_that_it_and_its_macros_use(macro: str) -> None:
    name = macro.split()[4].partition("(")[0]
    instance = Instance(threads=1, memory_bytes=128 * MIB)

    instance.add_macros(macros_of(f"SELECT {name}(x)"))

    with instance.cursor() as cursor:
        made = "SELECT count(*) FROM duckdb_functions() WHERE function_name = ?"
        assert cursor.execute(made, [name]).fetchone() == (1,)
    instance.close()


def test_a_statement_without_macros_needs_none() -> None:
    assert macros_of("SELECT length(eventname) FROM t0") == {}
