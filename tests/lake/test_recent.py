"""What came in of late, by the ledger; and that asking for it does not walk through all of the ledger."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event as events

from tests.lake.world import STORE, event, parcel, put
from trailmere.lake import recent

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from trailmere.lake.recent import Lately
    from trailmere.lake.vault import Lake

OTHER = "22222222-2222-4222-8222-222222222222"
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


def lately(lake: Lake, *stores: str) -> Lately:
    return lake.lately(stores or [STORE], datetime.now(UTC) - WEEK, HOUR)


@contextmanager
def plans(lake: Lake) -> Iterator[list[str]]:
    """How SQLite finds the deliveries of each statement that is run."""
    found: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and "lake_deliveries" in statement:
            steps = cursor.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found.extend(step[3] for step in steps if "lake_deliveries" in step[3])

    events.listen(lake.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        events.remove(lake.engine, "before_cursor_execute", explain)


def test_arrivals_are_summed_up_by_steps_of_time(lake: Lake) -> None:
    put(lake, parcel("one", event("a"), event("b")), parcel("bad", content="garbage", status="rejected"))

    steps = lately(lake).arrivals.steps

    assert (
        sum(one.deliveries for one in steps),
        sum(one.rejected for one in steps),
        sum(one.events for one in steps),
    ) == (1, 1, 2)


def test_what_came_before_the_time_that_is_asked_for_is_no_arrival_but_was_the_latest(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))

    found = lake.lately([STORE], datetime.now(UTC) + HOUR, HOUR)

    assert ((), {STORE}) == (found.arrivals.steps, set(found.latest))


def test_other_stores_are_not_told_of(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))

    found = lately(lake, OTHER)

    assert (found.arrivals.steps, found.latest) == ((), {})


def test_a_rejected_delivery_is_not_the_latest_that_was_taken_in(lake: Lake) -> None:
    put(lake, parcel("bad", content="garbage", status="rejected"))

    assert lately(lake).latest == {}


def test_places_are_those_of_what_was_taken_in_newest_first(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    put(lake, parcel("bad", content="garbage", status="rejected"), parcel("two", event("b")))

    assert [uri.rpartition("/")[2] for uri, _ in lake.places(STORE)] == ["two", "one"]


def test_no_more_than_the_latest_deliveries_are_looked_at(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_DELIVERIES", 1)
    put(lake, parcel("one", event("a")), parcel("two", event("b")))

    found = lately(lake).arrivals

    assert (sum(one.deliveries for one in found.steps), found.since is not None) == (1, True)


def test_what_is_told_of_the_latest_deliveries_is_read_where_they_lie_and_not_through_the_whole_ledger(
    lake: Lake,
) -> None:
    put(lake, parcel("one", event("a")))

    with plans(lake) as found:
        lately(lake)
        lake.places(STORE)

    assert found
    assert [step for step in found if "PRIMARY KEY" not in step and step != "SEARCH lake_deliveries"] == []


def test_the_sums_of_a_store_that_has_most_of_the_ledger_are_read_without_looking_each_line_up(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))

    with plans(lake) as found:
        kept = lake.totals(STORE).kept

    assert (kept, "SCAN lake_deliveries" in found) == (1, True)
