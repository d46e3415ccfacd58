"""AWS's published queries run, and those that AWS published broken get an error that points at the fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.query.questions import CONFIG, SHARED_PLACES, TRAIL, Desk, open_desk
from trailmere.errors import StatementInvalid, StatementNotAllowed

if TYPE_CHECKING:
    from pathlib import Path

# sample -> line and column of its fault, and what the error says
BROKEN = {
    "ConfigTableCreation.sql": (9, 1, "begins with CREATE"),
    "list-all-errors-for-s3-events.sql": (10, 39, "unexpected example"),
    "list-all-events-not-in-authorized-region.sql": (15, 41, "unexpected :"),
    "top-s3-actions.sql": (18, 23, "unexpected BY"),
}
VALID = 25

pytestmark = pytest.mark.shared_data


def filled(sql: str) -> str:
    """The sample with its placeholders replaced."""
    sql = re.sub(SHARED_PLACES, TRAIL.id, sql, flags=re.IGNORECASE)
    return sql.replace("config_event_data_store_ID", CONFIG.id).replace("${date_filter}", "2024-05-01 00:00:00")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def samples(shared_data: Path) -> dict[str, str]:
    return {path.name: filled(path.read_text()) for path in (shared_data / "lake-query-samples").rglob("*.sql")}


def test_every_valid_sample_runs(desk: Desk, samples: dict[str, str]) -> None:
    answers = {name: desk.rows(sql) for name, sql in samples.items() if name not in BROKEN}

    assert len(answers) == VALID


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_sample_gets_an_error_that_points_at_its_fault(samples: dict[str, str], desk: Desk, name: str) -> None:
    with pytest.raises((StatementInvalid, StatementNotAllowed)) as caught:
        desk.rows(samples[name])

    line, column, message = BROKEN[name]
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message
