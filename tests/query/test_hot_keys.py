"""A key that is hot is read from its own column, unseen by whoever asks; every other way to the map goes to the map."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as parquet
import pytest

from tests.query.questions import EVENTS, TRAIL, ask_for, write
from trailmere.events.hot import hot_leaves
from trailmere.lake.records import Condition
from trailmere.query.relations import relation_sql

BUCKET = "requestparameters__bucketname"


def reads(sql: str) -> set[str]:
    """The columns that a statement reads from its stores."""
    return {column for use in ask_for(sql).tables for column in use.columns}


@pytest.mark.parametrize(
    "taken",
    [
        "element_at(requestParameters, 'bucketName')",
        "requestParameters['bucketName']",
        "t.requestParameters['bucketName']",
    ],
)
def test_a_hot_key_is_read_from_its_column_and_the_map_is_not_read(taken: str) -> None:
    assert reads(f"SELECT {taken} FROM trail t") == {BUCKET}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT element_at(requestParameters, 'BucketName') FROM trail", {"requestparameters"}),
        ("SELECT element_at(requestParameters, eventName) FROM trail", {"requestparameters", "eventname"}),
        ("SELECT map_keys(requestParameters) FROM trail", {"requestparameters"}),
        ("SELECT s.r['bucketName'] FROM (SELECT requestParameters r FROM trail) s", {"requestparameters"}),
        ("SELECT requestParameters['bucketName'] FROM trail GROUP BY requestParameters", {"requestparameters"}),
        (
            "SELECT requestParameters['bucketName'], requestParameters['n'] FROM trail",
            {"requestparameters", BUCKET},
        ),
        (
            "SELECT requestParameters['n'], requestParameters['bucketName'] FROM trail",
            {"requestparameters", BUCKET},
        ),
        (
            "SELECT requestParameters['bucketName'], count(*) FROM trail GROUP BY requestParameters['bucketName']",
            {BUCKET},
        ),
        (
            "SELECT max(requestParameters['bucketName']) FROM trail GROUP BY requestParameters",
            {"requestparameters", BUCKET},
        ),
    ],
)
def test_a_statement_reads_the_map_where_it_needs_more_than_hot_keys(sql: str, columns: set[str]) -> None:
    assert reads(sql) == columns


def test_a_condition_on_a_hot_key_tells_the_scan_which_files_cannot_match() -> None:
    statement = ask_for("SELECT eventID FROM trail WHERE element_at(requestParameters, 'bucketName') = 'one'")

    assert Condition(BUCKET, "=", "one") in statement.tables[0].conditions


@pytest.mark.parametrize("select", ["*", "eventID, requestParameters"])
def test_hot_columns_are_never_shown(select: str) -> None:
    names = [column.name.lower() for column in ask_for(f"SELECT {select} FROM trail").columns]

    assert [name for name in names if "__" in name] == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT eventID, requestParameters['bucketName'] FROM trail",
        "SELECT eventID FROM trail WHERE requestParameters['bucketName'] = 'one'",
        "SELECT eventID FROM trail WHERE requestParameters['bucketName'] IS NULL",
        "SELECT requestParameters['key'], requestParameters['n'], count(*) FROM trail GROUP BY 1, 2",
        "SELECT requestParameters['bucketName'] FROM trail GROUP BY requestParameters",
        "SELECT a.eventID FROM trail a JOIN trail b ON a.requestParameters['key'] = b.requestParameters['key']",
    ],
)
def test_files_from_before_a_key_was_hot_give_the_same_rows(sql: str, tmp_path: Path) -> None:
    newer, older = write(tmp_path / "newer.parquet", EVENTS[:3]), write(tmp_path / "older.parquet", EVENTS[3:])
    both = write(tmp_path / "all.parquet", EVENTS)
    for path in (older, newer):
        kept = parquet.read_table(path)
        if path == older:
            parquet.write_table(kept.drop_columns([leaf.name for leaf in hot_leaves(TRAIL.family)]), path)
    statement = ask_for(sql)

    def rows(paths: list[str], lacking: set[str]) -> list[tuple[object, ...]]:
        engine = duckdb.connect()
        for use in statement.tables:
            engine.execute(relation_sql(use, paths, use.columns, lacking))
        return sorted(engine.execute(statement.sql).fetchall(), key=repr)

    assert rows([both], set()) == rows([newer, older], {older})
