"""Those who take logs in, one function each: ``python -m benchmarks.takers NAME CORPUS OUT``.

Each reads the ``.json.gz`` files of a corpus and leaves what it makes of them in OUT. Trailmere does all that it
promises: hashes, exact record texts, de-duplication, ledger, fsync, commit, bloom filters. The others do what their
users would write first. ``limit`` makes nothing: to inflate and parse, and forget, is as fast as it can be.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import shapes
from trailmere.events.types import TIMESTAMP

THREADS = 2
CHDB_JSON = ", ".join(
    f"{name}=1"
    for name in (
        "input_format_json_read_objects_as_strings",
        "input_format_json_read_arrays_as_strings",
        "input_format_json_read_numbers_as_strings",
        "input_format_json_read_bools_as_strings",
        "input_format_json_ignore_unknown_keys_in_named_tuple",
        "input_format_json_defaults_for_missing_elements_in_named_tuple",
        "input_format_null_as_default",
    )
)
MERGE_TREE = """
CREATE TABLE lake.events ({columns},
  INDEX by_id eventID TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_request requestID TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_key accessKeyId TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_address sourceIPAddress TYPE bloom_filter(0.01) GRANULARITY 1)
ENGINE = MergeTree PARTITION BY toYYYYMMDD(eventTime) ORDER BY eventTime SETTINGS allow_nullable_key = 1
"""


def deliveries(corpus: Path) -> list[str]:
    """The files of a corpus, in the order of their names."""
    return sorted(str(path) for path in corpus.rglob("*.json.gz"))


def limit(corpus: Path, out: Path) -> None:
    """Inflate with libdeflate and parse with simdjson, in one process; keep nothing."""
    import deflate
    import simdjson

    parser = simdjson.Parser()
    for path in deliveries(corpus):
        content = deflate.gzip_decompress(Path(path).read_bytes())
        document = parser.parse(content)
        del document  # the parser refuses the next document while this one is in use


def trailmere(corpus: Path, out: Path) -> None:
    """``trailmere ingest``, in this process's place."""
    command = [sys.executable, "-m", "trailmere", "ingest", str(corpus), "--store", "events", "--lake", str(out)]
    os.execv(sys.executable, [*command, "--workers", str(THREADS)])


def duckdb_parquet(corpus: Path, out: Path) -> None:
    """DuckDB reads the files itself, types declared, and writes one Parquet file."""
    import duckdb

    connection = duckdb.connect()
    connection.sql(f"SET threads = {THREADS}")
    connection.sql(f"COPY ({duckdb_events(corpus)}) TO '{out}/events.parquet' (FORMAT parquet, COMPRESSION zstd)")


def duckdb_events(corpus: Path, keys: frozenset[str] | None = None) -> str:
    """A query that gives the records of a corpus, one a row, with all members or only these.

    Of the ways to say this the fastest: ``read_json`` with the same types takes from a third more CPU time (told
    ``records=true``) to ten times as much (left to find out).
    """
    objects = f"read_json_objects('{corpus}/**/*.json.gz', format='unstructured')"
    shape = json.dumps({"Records": [shapes.duckdb_record(keys).replace('"', "")]})
    return f"SELECT record.* FROM (SELECT unnest(from_json(json, '{shape}').Records) AS record FROM {objects})"


def chdb_mergetree(corpus: Path, out: Path) -> None:
    """chDB fills a MergeTree table with bloom-filter indexes; sorted by time, a partition a day."""
    from chdb.session import Session

    session = Session(str(out / "chdb"))
    session.query("CREATE DATABASE lake ENGINE = Atomic")
    session.query(MERGE_TREE.format(columns=_merge_tree_columns()))
    session.query(f"INSERT INTO lake.events {_chdb_events(corpus)}")
    session.close()


def chdb_parquet(corpus: Path, out: Path) -> None:
    """chDB writes one Parquet file."""
    from chdb.session import Session

    session = Session(str(out / "chdb"))
    session.query(f"INSERT INTO FUNCTION file('{out}/events.parquet', 'Parquet') {_chdb_events(corpus)}")
    session.close()
    shutil.rmtree(out / "chdb")


def _chdb_events(corpus: Path) -> str:
    flat = ["record.userIdentity.accessKeyId AS accessKeyId", "record.userIdentity.arn AS userArn"]
    settings = f"SETTINGS {CHDB_JSON}, max_threads = {THREADS}, max_insert_threads = {THREADS}"
    return f"{chdb_records(corpus, None, flat)} {settings}"


def chdb_records(corpus: Path, keys: frozenset[str] | None = None, first: Sequence[str] = ()) -> str:
    """A query that gives the records of a corpus, one a row, with all members or only these; needs ``CHDB_JSON``."""
    picked = list(first)
    for column in shapes.delivered_columns(keys):
        time = f"parseDateTime64BestEffort(assumeNotNull(record.{column.key}), 3, 'UTC')"
        value = time if column.type == TIMESTAMP else f"record.{column.key}"
        picked.append(f"{value} AS {column.key}")
    source = f"file('{corpus}/**/*.json.gz', 'JSONEachRow', 'Records Array({shapes.clickhouse_record(keys)})')"
    return f"SELECT {', '.join(picked)} FROM (SELECT arrayJoin(Records) AS record FROM {source})"


def _merge_tree_columns() -> str:
    columns = ["accessKeyId Nullable(String)", "userArn Nullable(String)"]
    for column in shapes.delivered_columns():
        declared = "DateTime64(3, 'UTC')" if column.key in shapes.times() else shapes.clickhouse_type(column.type)
        columns.append(f"`{column.key}` {declared}")
    return ", ".join(columns)


def polars_parquet(corpus: Path, out: Path) -> None:
    """Polars reads file by file in two threads, types declared, and writes a Parquet file for every hundred."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(THREADS))
    import polars as pl

    for number, chunk in enumerate(_chunks(deliveries(corpus), 100)):
        with ThreadPoolExecutor(THREADS) as pool:
            frames = list(pool.map(_polars_file, chunk))
        pl.concat(frames).write_parquet(out / f"events-{number:05d}.parquet", compression="zstd", compression_level=3)


def _polars_file(path: str) -> object:
    import deflate
    import polars as pl

    content = bytes(deflate.gzip_decompress(Path(path).read_bytes()))
    frame = pl.read_ndjson(content, schema={"Records": pl.List(shapes.polars_record())})
    frame = frame.explode("Records", empty_as_null=False).unnest("Records")
    return frame.with_columns(pl.col(key).str.to_datetime(time_unit="us", time_zone="UTC") for key in shapes.times())


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


TAKERS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "limit": ("inflate and parse, keep nothing (1 process)", limit),
    "trailmere": ("Trailmere, all it promises", trailmere),
    "duckdb": ("DuckDB to Parquet", duckdb_parquet),
    "chdb-mergetree": ("chDB to MergeTree with bloom indexes", chdb_mergetree),
    "chdb-parquet": ("chDB to Parquet", chdb_parquet),
    "polars": ("Polars to Parquet", polars_parquet),
}

if __name__ == "__main__":
    TAKERS[sys.argv[1]][1](Path(sys.argv[2]), Path(sys.argv[3]))
