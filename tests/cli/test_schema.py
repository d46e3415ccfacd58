"""``trailmere schema``: the columns as declared, and the fields that no column is declared for."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_ingest import home, run
from tests.ingest.corpus import envelope, event
from trailmere.events.columns import COLUMNS, FAMILIES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["home"]


@pytest.mark.parametrize("category", ["Management", "insight", "ActivityAuditLog"])
def test_the_columns_of_a_category_are_those_that_are_declared(tmp_path: Path, category: str) -> None:
    families = {name.lower(): family for name, family in FAMILIES.items()}

    shown = json.loads(run(tmp_path, "schema", "show", "--category", category, "--output", "json").stdout)

    assert [column["name"] for column in shown] == [column.name for column in COLUMNS[families[category.lower()]]]


def test_the_members_of_rows_are_named_as_a_query_names_them(tmp_path: Path) -> None:
    shown = run(tmp_path, "schema", "show").stdout.decode()

    assert "useridentity.sessioncontext.sessionissuer.arn" in shown


def test_an_unknown_category_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    done = run(tmp_path, "schema", "show", "--category", "Nothing", expected=1)

    assert b"NetworkActivity" in done.stderr


def test_drift_names_a_new_field_where_it_was_first_seen_and_how_often(home: Path) -> None:
    content = envelope([event(Random(1)), event(Random(2), newField={"a": 1}), event(Random(3), newField=2)])
    run(home, "ingest", "-", "--store", "events", stdin=content)

    (field,) = json.loads(run(home, "schema", "drift", "--output", "json").stdout)

    assert (field["path"], field["ordinal"], field["count"], field["uri"]) == ("newField", 1, 2, "stdin:")
