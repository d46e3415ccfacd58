"""Those who answer questions, warm: ``python -m benchmarks.answerers NAME WORK TIMES`` asks each question TIMES times.

Each opens what ``benchmarks.takers`` left in WORK (Trailmere's lake, chDB's MergeTree, the raw corpus), asks every
question once to warm up (unless TIMES is 1), then measures, and prints a JSON object: question -> milliseconds, rows,
and the sum of the counts in the answer, so that answers can be compared.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import questions
from benchmarks.takers import THREADS, duckdb_events

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]


@contextmanager
def trailmere(work: Path) -> Iterator[Ask]:
    """The query service in this process, with its caged worker beside it."""
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
    """DuckDB over the corpus as it was delivered; it decodes only what the questions use, types declared."""
    import duckdb

    connection = duckdb.connect()
    connection.sql(f"SET threads = {THREADS}")
    connection.sql(f"CREATE VIEW events AS {duckdb_events(work / 'corpus-a', questions.KEYS)}")
    yield lambda sql: connection.sql(questions.duckdb(sql)).fetchall()


@contextmanager
def chdb_mergetree(work: Path) -> Iterator[Ask]:
    """chDB over the MergeTree table with bloom-filter indexes."""
    from chdb.session import Session

    session = Session(str(work / "chdb-mergetree" / "chdb"))
    yield lambda sql: _clickhouse_rows(
        session.query(f"{questions.clickhouse(sql)} SETTINGS max_threads = {THREADS} FORMAT JSONCompact")
    )
    session.close()


@contextmanager
def chdb_parquet(work: Path) -> Iterator[Ask]:
    """chDB over Trailmere's Parquet files."""
    from chdb.session import Session

    session = Session(str(work / "chdb-over-parquet"))
    source = f"file('{_lake_glob(work)}', 'Parquet')"
    yield lambda sql: _clickhouse_rows(
        session.query(
            f"{questions.clickhouse_over_leaves(sql, source)} SETTINGS max_threads = {THREADS} FORMAT JSONCompact"
        )
    )
    session.close()


def _clickhouse_rows(answer: object) -> Rows:
    return [
        tuple(int(cell) if isinstance(cell, str) and cell.isdigit() else cell for cell in row)
        for row in json.loads(str(answer))["data"]
    ]


@contextmanager
def polars_parquet(work: Path) -> Iterator[Ask]:
    """Polars over Trailmere's Parquet files."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(THREADS))
    import polars as pl

    def ask(sql: str) -> Rows:
        if "element_at" in sql:
            return _polars_bucket(work, sql)
        context = pl.SQLContext(events=pl.scan_parquet(_lake_glob(work), hive_partitioning=False))
        rows: Rows = context.execute(questions.polars(sql), eager=True).rows()
        return rows

    yield ask


def _polars_bucket(work: Path, sql: str) -> Rows:
    import polars as pl

    bucket = sql.split(" = '")[1].split("'")[0]
    entry = (pl.element().struct.field("key") == "bucketName") & (pl.element().struct.field("value") == bucket)
    frame = pl.scan_parquet(_lake_glob(work), hive_partitioning=False)
    frame = frame.filter(pl.col("requestparameters").list.eval(entry).list.any())
    rows: Rows = frame.group_by("eventname").agg(pl.len()).collect().rows()
    return rows


def _lake_glob(work: Path) -> str:
    return f"{work}/trailmere/warehouse/**/*.parquet"


ANSWERERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "trailmere": ("Trailmere, warm", trailmere),
    "chdb-mergetree": ("chDB, MergeTree with bloom indexes", chdb_mergetree),
    "chdb-parquet": ("chDB over Trailmere's Parquet", chdb_parquet),
    "polars-parquet": ("Polars over Trailmere's Parquet", polars_parquet),
    "duckdb-raw": ("DuckDB over the raw .json.gz", duckdb_raw),
}


def answer_all(name: str, work: Path, times: int) -> dict[str, Any]:
    """Ask every question ``times`` times, and once more before that, unmeasured, if it is more than one time."""
    answers: dict[str, Any] = {}
    with ANSWERERS[name][1](work) as ask:
        for question in questions.questions(questions.load(work / "needles.json")):
            answers[question.name] = _answer(ask, question.sql, times)
    return answers


def _answer(ask: Ask, sql: str, times: int) -> dict[str, Any]:
    milliseconds = []
    try:
        if times > 1:
            ask(sql)
        for _ in range(times):
            started = time.perf_counter()
            rows = ask(sql)
            milliseconds.append((time.perf_counter() - started) * 1000)
    except Exception as error:  # a peer that cannot answer is reported, and the others are measured
        return {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:160]}
    events = sum(row[-1] for row in rows if isinstance(row[-1], int))
    return {"milliseconds": milliseconds, "rows": len(rows), "events": events}


if __name__ == "__main__":
    print(json.dumps(answer_all(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
