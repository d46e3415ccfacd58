"""The record of a store that was changed by hand is found, and nothing is removed by what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.registry.helpers import Clock, a_registry
from trailmere.app import App, build
from trailmere.errors import LakeDamaged
from trailmere.registry.database import open_database, writing
from trailmere.registry.stores import StoreRegistry
from trailmere.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

SHORTER = "UPDATE event_data_stores SET retention_days = 7"


def by_hand(engine: Engine, change: str) -> None:
    """Change the database as somebody with an SQL shell does."""
    with writing(engine) as connection:
        connection.execute(text(change))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A lake with a store, ``audit``, that keeps events for seven years."""
    app = build(load({}, lake=tmp_path / "lake"))
    app.lifecycle.create("audit", retention_days=2557)
    yield app
    app.close()


def test_a_record_is_sound_through_all_that_the_registry_does_with_it(database_url: str) -> None:
    clock = Clock()
    registry = StoreRegistry(open_database(database_url), account_id="1", region="eu-central-1", clock=clock)
    created = registry.create("audit", tags={"team": "ir"})
    registry.activate(created.id)
    clock.now = clock.now.astimezone(timezone(timedelta(hours=2)))
    registry.update("audit", retention_days=100, termination_protection=False)
    registry.stop_ingestion("audit")
    registry.delete("audit")
    registry.restore("audit")
    registry.delete("audit")
    clock.forward(days=8)
    registry.claim_purge()

    assert registry.sound("audit").updated == datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        SHORTER,
        "UPDATE event_data_stores SET selectors = ' ' || selectors",
        "UPDATE event_data_stores SET seal = NULL",
    ],
)
def test_a_record_that_was_changed_by_hand_is_not_sound(tmp_path: Path, change: str) -> None:
    registry = a_registry(tmp_path)
    registry.create("audit")
    engine = open_database(f"sqlite:///{tmp_path}/lake.db")
    by_hand(engine, change)

    with pytest.raises(LakeDamaged, match="the record of audit is not as it was written"):
        registry.sound("audit")


def test_a_later_change_does_not_hide_one_by_hand_but_a_person_can_accept_it(app: App) -> None:
    by_hand(app.lake.engine, SHORTER)
    app.stores.update("audit", retention_days=2557)

    with pytest.raises(LakeDamaged):
        app.stores.sound("audit")
    app.stores.seal("audit")
    assert app.stores.sound("audit").retention_days == 2557


def test_verify_names_a_record_that_was_changed_by_hand_and_says_what_to_do(app: App) -> None:
    assert app.lake.verify().findings == []
    by_hand(app.lake.engine, SHORTER)

    (finding,) = app.lake.verify().findings
    assert finding.path == f"lake.db event_data_stores id {app.stores.get('audit').id}"
    assert "retention_days 7" in finding.found
    assert finding.expected.endswith("trailmere store seal audit")


def test_a_record_from_before_there_were_seals_is_told_and_adopted(app: App) -> None:
    by_hand(app.lake.engine, "UPDATE event_data_stores SET seal = NULL")

    assert [finding.kind for finding in app.lake.verify().findings] == ["unrecorded"]
    assert app.lake.verify(adopt=True).findings == []
    assert app.stores.sound("audit").name == "audit"


@pytest.mark.parametrize("dry_run", [True, False])
def test_maintenance_removes_nothing_by_a_retention_that_was_changed_by_hand(app: App, dry_run: bool) -> None:
    store = app.stores.get("audit")
    by_hand(app.lake.engine, SHORTER)

    with pytest.raises(LakeDamaged) as refused:
        app.maintain(store, dry_run=dry_run, show=lambda _progress: None)

    assert "trailmere store seal audit" in str(refused.value.hint)
    app.stores.update("audit", retention_days=2557)
    app.stores.seal("audit")
    assert app.maintain(store, dry_run=dry_run, show=lambda _progress: None).rows_removed == 0
