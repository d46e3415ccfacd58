"""Those who answer questions, warm: ``python -m benchmarks.answerers NAME WORK TIMES [QUESTION ...]``.

Each opens what ``benchmarks.takers`` left in WORK (Trailmere's lake, chDB's MergeTree, the raw corpus), asks every
question once to warm up (but who reads the raw files), then TIMES times, and prints a JSON object: question ->
milliseconds of each time and a summary of the answer, so that answers can be compared. Without QUESTIONs all are asked.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import peers_polars, questions, words
from benchmarks.answers import summary
from benchmarks.ours import LIVE_FILES
from benchmarks.takers import CHDB_JSON, THREADS, chdb_records, duckdb_events

Rows = Iterable[Sequence[Any]]
Ask = Callable[[str], Rows]


class NotRun(Exception):
    """A contestant that this machine has not what it takes to run."""


@contextmanager
def trailmere(work: Path) -> Iterator[Ask]:
    """The query service in this process, with its caged workers beside it, as a server keeps them."""
    from trailmere.app import build
    from trailmere.settings import load

    app = build(load(lake=work / "trailmere", query_threads=THREADS))

    def ask(sql: str) -> Rows:
        result = app.queries.run(sql, rows=None)
        return [row for batch in result.batches for row in zip(*(column.to_pylist() for column in batch), strict=True)]

    yield ask
    app.close()


@contextmanager
def duckdb_raw(work: Path) -> Iterator[Ask]:
    """DuckDB over the corpus as it was delivered; of each record it decodes only what the question uses."""
    import duckdb

    connection = duckdb.connect()
    connection.sql(f"SET threads = {THREADS}")

    def ask(sql: str) -> Rows:
        source = f"({duckdb_events(work / 'corpus-a', keys_of(sql))}) AS events_source"
        return connection.sql(_from(words.translate(sql, words.DUCKDB_RECORDS), source)).fetchall()

    yield ask


@contextmanager
def chdb_mergetree(work: Path) -> Iterator[Ask]:
    """chDB over the MergeTree table with bloom-filter indexes."""
    with _chdb(work / "chdb-mergetree" / "chdb") as query:
        yield lambda sql: query(words.translate(sql, words.CLICKHOUSE_MERGE_TREE, "lake.events"))


@contextmanager
def chdb_parquet(work: Path) -> Iterator[Ask]:
    """chDB over Trailmere's Parquet files."""
    source = f"file('{work / LIVE_FILES}/*.parquet', 'Parquet')"
    with _chdb(work / "chdb-over-parquet") as query:
        yield lambda sql: query(words.translate(sql, words.CLICKHOUSE_LEAVES, source))


@contextmanager
def chdb_raw(work: Path) -> Iterator[Ask]:
    """chDB over the corpus as it was delivered; of each record it decodes only what the question uses."""
    with _chdb(work / "chdb-over-raw") as query:

        def ask(sql: str) -> Rows:
            source = f"({chdb_records(work / 'corpus-a', keys_of(sql))})"
            return query(words.translate(sql, words.CLICKHOUSE_RECORDS, source), CHDB_JSON)

        yield ask


@contextmanager
def _chdb(folder: Path) -> Iterator[Callable[..., Rows]]:
    from chdb.session import Session

    session = Session(str(folder))

    def query(sql: str, settings: str = "") -> Rows:
        every = ", ".join(part for part in (settings, f"max_threads = {THREADS}") if part)
        rows: Rows = json.loads(str(session.query(f"{sql} SETTINGS {every} FORMAT JSONCompact")))["data"]
        return rows

    yield query
    session.close()


@contextmanager
def polars_parquet(work: Path) -> Iterator[Ask]:
    """Polars over Trailmere's Parquet files, through its SQL; it has no maps there, so their members are computed."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(THREADS))
    files = live_files(work)
    yield lambda sql: peers_polars.ask(sql, files)


@contextmanager
def pyspark_parquet(work: Path) -> Iterator[Ask]:
    """PySpark over Trailmere's Parquet files, local mode."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise NotRun("no java")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master(f"local[{THREADS}]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", str(THREADS))
        .config("spark.driver.memory", "4g")
        .config("spark.log.level", "OFF")
        .config("spark.local.dir", str(work / "spark"))
        .getOrCreate()
    )
    session.read.parquet(*live_files(work)).createOrReplaceTempView(words.SOURCE)
    yield lambda sql: session.sql(words.translate(sql, words.SPARK_LEAVES)).collect()
    session.stop()


def live_files(work: Path) -> list[str]:
    """The data files of Trailmere's present snapshot, for the peers that read them."""
    return sorted(str(path) for path in (work / LIVE_FILES).iterdir())


def keys_of(sql: str) -> frozenset[str]:
    """The members of a record that a question uses."""
    return frozenset(leaf.keys[0] for leaf in words.leaves_of(sql))


def _from(sql: str, source: str) -> str:
    """The statement with the source as a named subquery in front of it, which may be mentioned more than once."""
    return f"WITH {words.SOURCE} AS (SELECT * FROM {source}) {sql}"


ANSWERERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "trailmere": ("Trailmere, warm", trailmere),
    "chdb-mergetree": ("chDB, MergeTree with bloom indexes", chdb_mergetree),
    "chdb-parquet": ("chDB over Trailmere's Parquet", chdb_parquet),
    "polars-parquet": ("Polars over Trailmere's Parquet", polars_parquet),
    "pyspark-parquet": ("PySpark over Trailmere's Parquet", pyspark_parquet),
    "chdb-raw": ("chDB over the raw .json.gz", chdb_raw),
    "duckdb-raw": ("DuckDB over the raw .json.gz", duckdb_raw),
}


RAW = ("chdb-raw", "duckdb-raw")  # read the whole corpus for each question: nothing of it stays warm


def answer_all(name: str, work: Path, times: int, names: Sequence[str]) -> dict[str, Any]:
    """Ask each question ``times`` times, and once more before that, unmeasured, those who can be warm."""
    asked = [
        question
        for question in questions.all_questions(questions.load(work / "needles.json"))
        if not names or question.name in names
    ]
    try:
        with ANSWERERS[name][1](work) as ask:
            return {question.name: _answer(ask, question.sql, times, warm_up=name not in RAW) for question in asked}
    except (NotRun, ImportError) as reason:
        return {question.name: {"not_run": str(reason)} for question in asked}


def _answer(ask: Ask, sql: str, times: int, *, warm_up: bool) -> dict[str, Any]:
    milliseconds = []
    try:
        if warm_up:
            list(ask(sql))
        for _ in range(times):
            started = time.perf_counter()
            rows = list(ask(sql))
            milliseconds.append((time.perf_counter() - started) * 1000)
    except Exception as error:  # a peer that cannot answer is reported, and the others are measured
        return {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:160]}
    return {"milliseconds": milliseconds, **summary(rows)}


if __name__ == "__main__":
    print(json.dumps(answer_all(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])))
