"""The cage: a worker that is told the worst SQL directly, past dialect and engine, can still only read its files.

``WORST`` is a table: add a line for each new idea. Nothing here goes through the dialect, which would refuse nearly
all of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.query.workshop import MIB, ask, write_events
from trailmere.query.cage import MEASURES, cage_report
from trailmere.query.pool import WorkerDied, WorkerProcess, WorkerSettings, WorkerTimeout

if TYPE_CHECKING:
    from trailmere.lake.records import PlannedFile

CANARY = "the canary sings"
ROWS = [{"eventid": f"e-{number}", "eventjson": "{}"} for number in range(3)]

# {planned}: a file of the query. {neighbour}: a data file of a table that it does not name. {canary}: outside the lake.
# {port}: of a listening socket. {home}: the folder of the lake.
WORST = (
    "SELECT * FROM read_text('{canary}')",
    "SELECT * FROM read_blob('{canary}')",
    "SELECT * FROM read_csv('{canary}')",
    "SELECT * FROM read_json('{canary}')",
    "SELECT * FROM read_parquet('{neighbour}')",
    "SELECT * FROM '{neighbour}'",
    "SELECT * FROM '{canary}'",
    "SELECT * FROM parquet_metadata('{neighbour}')",
    "SELECT * FROM parquet_schema('{neighbour}')",
    "SELECT * FROM parquet_kv_metadata('{neighbour}')",
    "SELECT * FROM sniff_csv('{canary}')",
    "SELECT * FROM glob('{home}/*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_text('{planned}/../../../{canary}')",
    "SELECT * FROM read_text('~/.bashrc')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_text('/proc/self/cgroup')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('/dev/stdin')",
    "SELECT * FROM read_text('file://{canary}')",
    "SELECT * FROM read_text('http://127.0.0.1:{port}/')",
    "SELECT * FROM read_parquet('s3://bucket/key')",
    "SELECT getenv('TRAILMERE_CANARY')",
    "COPY (SELECT 1) TO '{planned}'",
    "COPY (SELECT 1) TO '{home}/new.parquet'",
    "COPY t0 FROM '{canary}'",
    "EXPORT DATABASE '{planned}'",
    "EXPORT DATABASE '{home}/export'",
    "IMPORT DATABASE '{home}'",
    "ATTACH '{planned}' AS lake",
    "ATTACH '{home}/new.db' AS lake",
    "ATTACH 'http://127.0.0.1:{port}/x.db' AS lake",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{canary}'",
    "SET enable_external_access = true",
    "SET allowed_paths = ['{canary}']",
    "SET allowed_directories = ['/']",
    "SET home_directory = '/'",
    "SET temp_directory = '{home}'",
    "SET memory_limit = '100GB'",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "SET profile_output = '{home}/profile'",
    "SET log_query_path = '{home}/log'",
    "PRAGMA database_list",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE TABLE x AS SELECT 1",
    "INSERT INTO t0 SELECT * FROM t0",
    "DELETE FROM t0",
    "DROP VIEW t0",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "SELECT * FROM os.environ",
    "SELECT * FROM sys",
    "EXECUTE x",
    "PREPARE x AS SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{planned}'",
    "",
)

# What takes all memory or all time. Each must end, by itself or killed, and take no worker but its own with it.
HEAVIEST = (
    "SELECT length(repeat('a', 4000000000))",
    "SELECT length(format('{:>2000000000}', 'x'))",
    "SELECT length(printf('%2000000000d', 1))",
    "SELECT length(lpad('x', 2000000000, 'ab'))",
    "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))",
    "SELECT " + "(" * 1_000_000 + "1" + ")" * 1_000_000,
    "SELECT " + "NOT " * 1_000_000 + "true",
    "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c",
    "SELECT list(range) FROM range(1000000000)",
    "SELECT sum(hash(a)) FROM (SELECT string_agg(range::VARCHAR, '') a FROM range(2000000000))",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def planned(lake: Path) -> PlannedFile:
    for table in ("asked", "asked-not"):
        (lake / table).mkdir()
    write_events(lake / "asked-not" / "neighbour.parquet", [{"eventid": CANARY}])
    return write_events(lake / "asked" / "planned.parquet", ROWS)


@pytest.fixture(scope="module")
def worker(lake: Path) -> Iterator[WorkerProcess]:
    os.environ["TRAILMERE_CANARY"] = CANARY
    with WorkerProcess(WorkerSettings(lake, memory_bytes=512 * MIB)) as worker:
        yield worker
    del os.environ["TRAILMERE_CANARY"]


@pytest.fixture(scope="module")
def places(lake: Path, planned: PlannedFile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    canary = tmp_path_factory.mktemp("outside") / "canary.txt"
    canary.write_text(CANARY)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield {
            "planned": planned.path,
            "neighbour": lake / "asked-not" / "neighbour.parquet",
            "canary": canary,
            "home": lake,
            "port": server.getsockname()[1],
            "server": server,
        }


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("sql", WORST)
def test_the_worst_sql_reads_writes_and_reaches_nothing(
    sql: str, worker: WorkerProcess, planned: PlannedFile, lake: Path, places: dict[str, object]
) -> None:
    before = fingerprint(lake)

    reply = ask(worker, sql.format(**places), [planned])

    assert reply.error is not None
    assert CANARY not in str(reply)
    assert fingerprint(lake) == before
    with pytest.raises(BlockingIOError):
        places["server"].accept()  # type: ignore[attr-defined]


@pytest.mark.extended
def test_no_function_of_the_engine_gives_the_canary_away(
    worker: WorkerProcess, lake: Path, places: dict[str, object]
) -> None:
    before = fingerprint(lake)
    told = [ask(worker, sql) for sql in every_function_on((places["canary"], places["neighbour"]))]

    assert len(told) > 500
    assert not [reply for reply in told if CANARY in str(reply)]
    assert fingerprint(lake) == before


def every_function_on(paths: Sequence[object]) -> Iterator[str]:
    """A call of every function and table function of this DuckDB that takes text first, with each of the paths.

    ``system_threads`` and their kind read no files; a name that needs quotes is an operator.
    """
    import duckdb

    found = duckdb.execute(
        "SELECT DISTINCT function_name, function_type, len(parameter_types) FROM duckdb_functions() "
        "WHERE parameter_types[1] IN ('VARCHAR', 'ANY', 'BLOB', 'ANY[]', 'VARCHAR[]') "
        "AND function_type IN ('scalar', 'table', 'pragma', 'table_macro') "
        "AND regexp_full_match(function_name, '[a-z_0-9]+') AND len(parameter_types) <= 3 ORDER BY ALL"
    ).fetchall()
    for name, kind, width in found:
        for path in paths:
            quoted = f"'{path}'"
            call = f"{name}({', '.join([quoted] * width)})"
            first = f"{name}({quoted})"
            yield f"SELECT {call}" if kind == "scalar" else f"SELECT * FROM {first if width > 1 else call}"


def test_the_worker_that_was_told_all_of_it_still_answers(worker: WorkerProcess, planned: PlannedFile) -> None:
    reply = ask(worker, "SELECT eventid FROM t0 ORDER BY 1", [planned])

    assert [row["eventid"] for row in reply.rows] == ["e-0", "e-1", "e-2"]


def test_a_delete_hidden_in_a_select_deletes_nothing(worker: WorkerProcess, planned: PlannedFile, lake: Path) -> None:
    before = fingerprint(lake)

    ask(worker, "WITH x AS (DELETE FROM t0 RETURNING *) SELECT * FROM x", [planned])

    assert fingerprint(lake) == before
    assert len(ask(worker, "SELECT 1 FROM t0", [planned]).rows) == len(ROWS)


def test_nothing_of_one_query_is_left_for_the_next(worker: WorkerProcess, planned: PlannedFile) -> None:
    ask(worker, "SELECT * FROM t0", [planned])

    assert ask(worker, "SELECT * FROM t0").error == "CatalogException"


@pytest.mark.parametrize("sql", HEAVIEST, ids=[sql[:40] for sql in HEAVIEST])
def test_what_takes_everything_ends_and_its_neighbour_keeps_working(
    sql: str, worker: WorkerProcess, planned: PlannedFile, lake: Path
) -> None:
    with WorkerProcess(WorkerSettings(lake, memory_bytes=512 * MIB)) as victim:
        with pytest.raises(Ended):
            run_out(victim, sql)

        assert len(ask(worker, "SELECT 1 FROM t0", [planned]).rows) == len(ROWS)
        assert peak_resident_bytes(victim) < 512 * MIB * 1.1 + 256 * MIB


class Ended(Exception):
    """It failed, died, or was killed at its time."""


def run_out(victim: WorkerProcess, sql: str) -> None:
    try:
        reply = ask(victim, sql, seconds=3)
    except (WorkerTimeout, WorkerDied) as end:
        raise Ended from end
    if reply.error is not None:
        raise Ended(reply.message)


def peak_resident_bytes(worker: WorkerProcess) -> int:
    """The high-water mark of a live process, or 0 if it has died."""
    try:
        status = Path(f"/proc/{worker.pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def test_every_measure_is_reported_with_what_it_does() -> None:
    report = cage_report(memory_bytes=1 << 30, threads=2)

    assert [measure.name for measure in report] == [*MEASURES, "memory"]
    assert all(measure.detail for measure in report)


def test_the_workers_environment_holds_nothing_of_ours(worker: WorkerProcess) -> None:
    worker.measures()

    assert CANARY.encode() not in Path(f"/proc/{worker.pid}/environ").read_bytes()


def test_a_worker_ends_when_its_parent_is_killed(lake: Path) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # a parent of its own, which the test then kills
        orphan = WorkerProcess(WorkerSettings(lake))
        orphan.measures()
        os.write(writing, str(orphan.pid).encode())
        signal.pause()
    worker_pid = int(os.read(reading, 32))
    descriptor = os.pidfd_open(worker_pid)

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    assert ended_within(descriptor, seconds=10)


def ended_within(descriptor: int, *, seconds: float) -> bool:
    import select

    ready, _, _ = select.select([descriptor], [], [], seconds)
    return bool(ready)


def test_a_worker_that_nobody_kills_ends_itself_soon_after_its_time(lake: Path) -> None:
    with WorkerProcess(WorkerSettings(lake)) as worker:
        worker.measures()

        with pytest.raises(WorkerDied):
            ask(worker, HEAVIEST[4], seconds=0.2, patience=15)


# What a worker might do if the engine were no obstacle at all: Python in the cage, and the guard that must stop it.
ATTEMPTS = {
    "read outside": ("file system", "open(canary).read()"),
    "list outside": ("file system", "os.listdir('/etc')"),
    "read a parent's environment": ("file system", "open(f'/proc/{os.getppid()}/environ', 'rb').read()"),
    "overwrite a planned file": ("file system", "open(planned, 'r+b')"),
    "truncate a planned file": ("file system", "os.truncate(planned, 0)"),
    "remove a planned file": ("file system", "os.unlink(planned)"),
    "rename a planned file": ("file system", "os.rename(planned, planned + '.x')"),
    "make a file in the lake": ("file system", "open(lake + '/new', 'w')"),
    "make a file in /tmp": ("file system", "open('/tmp/trailmere-escape', 'w')"),
    "make a folder": ("file system", "os.mkdir(lake + '/new')"),
    "start a program": ("file system", "os.execv('/bin/true', ['true'])"),
    "signal its parent": ("file system", "os.kill(os.getppid(), 0)"),
    "open a connection": ("network", "socket.create_connection(('127.0.0.1', port), 1)"),
    "send a datagram": ("network", "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))"),
    "have its limits back": ("memory", "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
    "take a gigabyte": ("memory", "bytearray(1 << 30)"),
}
IN_THE_CAGE = """
import json, os, resource, socket, sys
from pathlib import Path
from trailmere.query.cage import CagePlan, apply, limit_memory, readable_folders
lake, planned, canary, port, attempts = json.loads(sys.argv[1])
measures = apply(CagePlan(readable_folders(Path(lake), ())))
measures += (limit_memory(100 << 20, 100 << 20),)
print(json.dumps({measure.name: measure.holds for measure in measures}))
for name, (guard, code) in attempts.items():
    try:
        exec(code)
        print(json.dumps([name, guard, "done"]))
    except (OSError, ValueError, MemoryError) as error:
        print(json.dumps([name, guard, type(error).__name__]))
"""


def test_the_cage_alone_stops_what_no_engine_would_do(
    lake: Path, planned: PlannedFile, places: dict[str, object]
) -> None:
    before = fingerprint(lake)
    told = json.dumps([str(lake), planned.path, str(places["canary"]), places["port"], ATTEMPTS])

    done = subprocess.run([sys.executable, "-c", IN_THE_CAGE, told], capture_output=True, text=True, check=True)

    holds, *outcomes = map(json.loads, done.stdout.splitlines())
    assert [name for name, *_rest in outcomes] == list(ATTEMPTS)
    assert [name for name, guard, outcome in outcomes if holds[guard] and outcome == "done"] == []
    assert fingerprint(lake) == before


def test_two_workers_answer_at_once(lake: Path, planned: PlannedFile) -> None:
    counts: list[int] = []

    def count(worker: WorkerProcess) -> None:
        counts.append(len(ask(worker, "SELECT 1 FROM t0", [planned]).rows))

    with WorkerProcess(WorkerSettings(lake)) as first, WorkerProcess(WorkerSettings(lake)) as second:
        threads = [threading.Thread(target=count, args=(worker,)) for worker in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert counts == [len(ROWS), len(ROWS)]
