"""A database whose tables, indexes or triggers are not those that Trailmere makes is told, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.registry.conftest import database_url, postgresql_server  # noqa: F401  fixtures
from trailmere.lake.vault import Lake
from trailmere.registry.database import writing
from trailmere.registry.stores import StoreRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trailmere.lake.findings import Finding

# by hand, in each database
A_TRIGGER = {
    "sqlite": ["CREATE TRIGGER quiet AFTER INSERT ON lake_batches BEGIN DELETE FROM lake_deadletters; END"],
    "postgresql": [
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER quiet BEFORE INSERT ON lake_batches FOR EACH ROW EXECUTE FUNCTION nothing()",
    ],
}
ANOTHER_TYPE = {
    "sqlite": [
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'batch_id VARCHAR(40)', 'batch_id TEXT') "
        "WHERE name = 'lake_files'",
    ],
    "postgresql": ["ALTER TABLE lake_files ALTER COLUMN batch_id TYPE TEXT"],
}
STORE = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def lake(tmp_path: Path, database_url: str) -> Iterator[Lake]:  # noqa: F811
    """A lake with a store, in SQLite or PostgreSQL."""
    with Lake.open(tmp_path / "lake", database_url) as lake:
        StoreRegistry(lake.engine, account_id="1", region="eu-central-1").create("audit", store_id=STORE)
        lake.create_table(STORE, "cloudtrail")
        yield lake


def findings_after(lake: Lake, *changes: str) -> list[Finding]:
    """What is found when the database was changed by hand."""
    with writing(lake.engine) as connection:
        for change in changes:
            connection.execute(text(change))
    return lake.verify().findings


def test_the_schema_that_is_made_is_the_one_that_is_expected(lake: Lake) -> None:
    assert lake.verify().findings == []


def test_a_dropped_index_is_told_with_the_statement_that_brings_it_back(lake: Lake) -> None:
    (finding,) = findings_after(lake, "DROP INDEX lake_deliveries_id")

    assert (finding.path, finding.found) == ("lake.db index lake_deliveries_id", "nothing")
    assert findings_after(lake, finding.expected) == []


def test_an_index_that_is_unique_no_more_is_told(lake: Lake) -> None:
    (finding,) = findings_after(
        lake, "DROP INDEX lake_deliveries_id", "CREATE INDEX lake_deliveries_id ON lake_deliveries (store_id, id)"
    )

    assert "UNIQUE" in finding.expected
    assert "UNIQUE" not in finding.found


def test_an_index_that_nobody_makes_is_told(lake: Lake) -> None:
    (finding,) = findings_after(lake, "CREATE UNIQUE INDEX once ON lake_files (sha256)")

    assert (finding.path, finding.expected) == ("lake.db index once", "nothing more")


def test_a_column_that_nobody_declares_is_told(lake: Lake) -> None:
    (finding,) = findings_after(lake, "ALTER TABLE event_data_stores ADD COLUMN owner TEXT")

    assert (finding.path, finding.found.lower()) == ("lake.db table event_data_stores", "owner text")


def test_a_table_of_somebody_else_is_not_judged(lake: Lake) -> None:
    assert findings_after(lake, "CREATE TABLE notes (line TEXT)", "CREATE INDEX of_notes ON notes (line)") == []


def test_a_trigger_is_told(lake: Lake) -> None:
    (finding,) = findings_after(lake, *A_TRIGGER[lake.engine.dialect.name])

    assert (finding.path, finding.expected) == ("lake.db trigger quiet", "nothing more")


def test_a_column_of_another_type_is_told(lake: Lake) -> None:
    (finding,) = findings_after(lake, *ANOTHER_TYPE[lake.engine.dialect.name])

    assert finding.path == "lake.db table lake_files"
    assert finding.expected in ("batch_id VARCHAR(40)", "batch_id character varying(40)")
    assert finding.found.lower() == "batch_id text"
