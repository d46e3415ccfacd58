"""The relations: every column is there, conditions reach the files, rows look like the record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.query.workshop import use, write_events
from trailmere.events.columns import COLUMNS, leaves
from trailmere.events.hot import stored_leaves
from trailmere.query.quoting import identifier, literal
from trailmere.query.relations import relation_sql, scan_sql

CONNECTION = duckdb.connect(config={"threads": 1})

EVENT = {
    "eventid": "e-1",
    "eventtime": datetime(2024, 5, 1, 12),
    "useridentity__type": "IAMUser",
    "useridentity__sessioncontext__attributes__mfaauthenticated": "false",
    "requestparameters": [("bucketName", "b")],
    "resources": [{"accountid": "1", "type": None, "arn": "arn:x", "arnprefix": None}],
    "eventjson": '{"eventID":"e-1"}',
}


def query(sql: str, *paths: str) -> list[dict[str, Any]]:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(relation_sql(use(), paths))
    rows: list[dict[str, Any]] = connection.sql(sql).to_arrow_table().to_pylist()
    return rows


def plan_of(sql: str, path: str) -> str:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(relation_sql(use(), [path]))
    text: str = connection.execute(f"EXPLAIN ANALYZE {sql}").fetchall()[0][1]
    return text


@pytest.mark.parametrize("family", COLUMNS)
def test_a_store_without_files_is_a_relation_without_rows_that_has_every_column(family: str) -> None:
    columns = duckdb.connect().execute(f"SELECT * FROM ({scan_sql(family, [])})")

    names = {column[0] for column in columns.description or ()}
    assert {leaf.name for leaf in stored_leaves(family)} | {column.name for column in COLUMNS[family]} == names
    assert columns.fetchall() == []


@pytest.mark.parametrize("file", ["there", "absent"])
@pytest.mark.parametrize("column", [*(column.name for column in COLUMNS["cloudtrail"]), "useridentity__accesskeyid"])
def test_a_relation_narrowed_to_a_column_shows_it_as_the_whole_relation_does(
    column: str, file: str, tmp_path: Path
) -> None:
    paths = [write_events(tmp_path / "a.parquet", [EVENT, {}]).path] if file == "there" else []
    needed = [leaf.name for leaf in leaves("cloudtrail") if column in (leaf.path[0], leaf.name)] or [column]
    whole, narrow = (scan_sql("cloudtrail", paths, columns) for columns in (None, needed))

    expected, found = (duckdb.connect().execute(f"SELECT {column} FROM ({sql})").fetchall() for sql in (whole, narrow))

    assert found == expected


def test_a_relation_narrowed_to_no_column_still_counts_its_rows(tmp_path: Path) -> None:
    file = write_events(tmp_path / "a.parquet", [EVENT, EVENT])

    found = duckdb.connect().execute(f"SELECT count(*) FROM ({scan_sql('cloudtrail', [file.path], ())})").fetchone()

    assert found == (2,)


def test_a_row_column_is_a_struct_of_its_leaves(tmp_path: Path) -> None:
    file = write_events(tmp_path / "a.parquet", [EVENT])

    (row,) = query("SELECT useridentity FROM t0", file.path)

    assert row["useridentity"]["type"] == "IAMUser"
    assert row["useridentity"]["sessioncontext"]["attributes"] == {"creationdate": None, "mfaauthenticated": "false"}


def test_a_row_column_all_of_whose_leaves_are_null_is_null_at_every_level(tmp_path: Path) -> None:
    file = write_events(tmp_path / "a.parquet", [EVENT])

    (row,) = query("SELECT tlsdetails, useridentity.sessioncontext.sessionissuer AS issuer FROM t0", file.path)

    assert row == {"tlsdetails": None, "issuer": None}


def test_a_column_younger_than_a_file_is_null_in_its_rows(tmp_path: Path) -> None:
    old = write_events(tmp_path / "old.parquet", [EVENT], without=["useridentity__credentialid", "resources"])
    new = write_events(tmp_path / "new.parquet", [{**EVENT, "useridentity__credentialid": "c"}])

    rows = query("SELECT useridentity__credentialid AS id, resources FROM t0", old.path, new.path)

    assert [(row["id"], row["resources"]) for row in rows] == [(None, None), ("c", EVENT["resources"])]


def test_the_checksum_is_that_of_the_exact_record_text(tmp_path: Path) -> None:
    import hashlib

    file = write_events(tmp_path / "a.parquet", [EVENT])

    (row,) = query("SELECT eventjsonchecksum AS sum FROM t0", file.path)

    assert row["sum"] == hashlib.sha256(str(EVENT["eventjson"]).encode()).hexdigest()


def test_the_folder_of_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "eventtime_day=2024-05-01"
    folder.mkdir()
    file = write_events(folder / "a.parquet", [EVENT])

    (row,) = query("SELECT * FROM t0", file.path)

    assert "eventtime_day" not in row


@pytest.mark.parametrize("name", ["a'; --\"b", "a[2]b", "a[", "é \\ b"])
def test_a_path_may_hold_quotes_and_brackets_and_is_itself(tmp_path: Path, name: str) -> None:
    write_events(tmp_path / "a1b.parquet", [{**EVENT, "eventid": "decoy"}])
    file = write_events(tmp_path / f"{name}.parquet", [EVENT])

    assert query("SELECT eventid FROM t0", file.path) == [{"eventid": "e-1"}]


@pytest.mark.parametrize(
    "condition",
    ["eventtime >= TIMESTAMP '2024-05-03 00:00:00'", "eventid = 'no such event'", "calendarday = 20240601"],
)
def test_a_condition_on_a_leaf_column_leaves_row_groups_out(tmp_path: Path, condition: str) -> None:
    rows = [{**EVENT, "eventid": f"e-{number % 997}", "calendarday": 20240501} for number in range(5000)]
    file = write_events(tmp_path / "a.parquet", rows)

    assert "Row Groups Scanned: 0 / 5" in plan_of(f"SELECT eventname FROM t0 WHERE {condition}", file.path)


def test_columns_that_are_not_named_are_not_read(tmp_path: Path) -> None:
    file = write_events(tmp_path / "a.parquet", [EVENT])

    plan = plan_of("SELECT eventname FROM t0 WHERE useridentity__type = 'Root'", file.path)

    assert "Projections: eventname" in plan
    assert "eventjson" not in plan


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_is_itself_as_a_literal_and_as_a_name(text: str) -> None:
    cursor = CONNECTION.execute(f"SELECT {literal(text)} AS {identifier('x' + text)}")

    assert cursor.fetchall() == [(text,)]
    assert [column[0] for column in cursor.description or ()] == ["x" + text]


def test_a_row_is_there_when_all_its_leaves_are_named() -> None:
    named = [leaf.name for leaf in leaves("cloudtrail") if leaf.path[0] == "tlsdetails"]

    columns = duckdb.connect().execute(f"SELECT * FROM ({scan_sql('cloudtrail', [], named)})").description or ()

    assert [column[0] for column in columns] == [*named, "tlsdetails"]
