"""Insights of a store, from events that are pushed to Insights events that can be asked for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.insights.world import BEGINNING, SURGE, event, hourly, push, surge
from trailmere.app import App, build
from trailmere.errors import InsightNotEnabled, InvalidInsightSelectors
from trailmere.events.selector_templates import template
from trailmere.ingest.push import Pusher
from trailmere.insights.run import Insights
from trailmere.query.results import rows
from trailmere.settings import load

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(load({}, lake=tmp_path, account_id="123456789012", region="us-east-1"))
    yield app
    app.close()


@pytest.fixture
def stores(app: App) -> tuple[EventDataStore, EventDataStore]:
    """A store that has Insights, with three quiet days in it, and the one that they go into."""
    source = app.lifecycle.create("source", selectors=template("management-events"))
    found = app.lifecycle.create("found", selectors=template("insight-events"))
    push(app.pusher, source, hourly("ListBuckets", 96, read_only=True))
    app.insights.enable(source, found, (CALLS, ERRORS))
    return source, found


def records(app: App) -> list[dict[str, Any]]:
    """The Insights events that were written, in order."""
    answer = app.queries.run("SELECT eventJson FROM found ORDER BY eventTime, insightState DESC")
    try:
        return [json.loads(str(text)) for (text,) in rows(answer)]
    finally:
        answer.close()


def told(app: App) -> list[tuple[str, str, str, str | None]]:
    details = [(record["eventTime"], record["insightDetails"]) for record in records(app)]
    return [(when, one["state"], one["insightType"], one.get("errorCode")) for when, one in details]


def test_a_surge_of_calls_that_write_gives_a_start_and_an_end(
    app: App, stores: tuple[EventDataStore, EventDataStore]
) -> None:
    push(app.pusher, stores[0], surge("DeleteBucket", 10))

    app.insights.run(stores[0].id)

    assert told(app) == [
        ("2026-03-04T02:00:00Z", "Start", CALLS, None),
        ("2026-03-04T02:10:00Z", "End", CALLS, None),
    ]


def test_the_end_has_statistics_and_attributions_of_the_surge(
    app: App, stores: tuple[EventDataStore, EventDataStore]
) -> None:
    push(app.pusher, stores[0], surge("DeleteBucket", 10))

    app.insights.run(stores[0].id)

    context = records(app)[1]["insightDetails"]["insightContext"]
    assert {**context["statistics"]} == {
        "baseline": {"average": 0.0},
        "insight": {"average": 3.0},
        "baselineDuration": (3 * 24 + 2) * 60 - 13,
        "insightDuration": 10,
    }
    assert {one["attribute"]: one["insight"][0]["value"] for one in context["attributions"]} == {
        "userIdentityArn": "arn:aws:iam::111122223333:user/ana",
        "userAgent": "aws-cli",
        "errorCode": "null",
    }


def test_calls_that_read_are_no_surge_and_their_errors_are(
    app: App, stores: tuple[EventDataStore, EventDataStore]
) -> None:
    push(app.pusher, stores[0], surge("GetObject", 10, read_only=True))
    push(app.pusher, stores[0], surge("ListKeys", 10, read_only=True, error="AccessDenied"))

    app.insights.run(stores[0].id)

    assert {(ERRORS, "AccessDenied")} == {(kind, error) for _, _, kind, error in told(app)}


def test_what_was_analysed_is_not_analysed_again(app: App, stores: tuple[EventDataStore, EventDataStore]) -> None:
    app.insights.run(stores[0].id)

    assert app.insights.run(stores[0].id) is None


def test_analysing_once_more_writes_nothing_twice(app: App, stores: tuple[EventDataStore, EventDataStore]) -> None:
    push(app.pusher, stores[0], surge("DeleteBucket", 10))
    app.insights.run(stores[0].id)
    once = records(app)

    app.insights.run(stores[0].id, since=BEGINNING)

    assert once == records(app)


def test_a_surge_that_goes_on_ends_when_later_events_show_it(
    app: App, stores: tuple[EventDataStore, EventDataStore]
) -> None:
    source, _ = stores
    clock = [SURGE + timedelta(minutes=40)]
    live = Insights(app.lake, app.insights.records, app.lifecycle.use, app.queries, app.pusher, clock=lambda: clock[0])
    push(app.pusher, source, surge("DeleteBucket", 40))
    live.run(source.id)
    started = told(app)
    push(app.pusher, source, [event(SURGE + timedelta(hours=2), "ListBuckets", read_only=True)])
    clock[0] = SURGE + timedelta(hours=2, minutes=5)

    live.run(source.id)

    assert started == [("2026-03-04T02:00:00Z", "Start", CALLS, None)]
    assert [*started, ("2026-03-04T02:40:00Z", "End", CALLS, None)] == told(app)


def test_a_server_analyses_by_itself(app: App, stores: tuple[EventDataStore, EventDataStore]) -> None:
    push(app.pusher, stores[0], surge("DeleteBucket", 10))
    pushed = threading.Event()
    pusher = Pusher(app.lake, committed=lambda _store: pushed.set())
    server = Insights(app.lake, app.insights.records, app.lifecycle.use, app.queries, pusher)

    server.resume()
    pushed.wait(60)
    server.close()

    assert records(app)[0]["insightDetails"]["eventName"] == "DeleteBucket"


def test_a_store_without_insights_is_not_analysed(app: App) -> None:
    store = app.lifecycle.create("source", selectors=template("management-events"))

    with pytest.raises(InsightNotEnabled):
        app.insights.run(store.id)


@pytest.mark.parametrize(
    ("source", "destination", "types"),
    [
        ("management-events", "insight-events", ()),
        ("management-events", "insight-events", (CALLS, CALLS)),
        ("management-events", "insight-events", ("Other",)),
        ("management-events", "management-events", (CALLS,)),
        ("management-read-only", "insight-events", (CALLS,)),
        ("insight-events", "insight-events", (ERRORS,)),
    ],
)
def test_insights_that_cannot_be_computed_are_refused(
    app: App, source: str, destination: str, types: tuple[str, ...]
) -> None:
    one, other = (
        app.lifecycle.create(f"store-{number}", selectors=template(name))
        for number, name in enumerate((source, destination))
    )

    with pytest.raises(InvalidInsightSelectors):
        app.insights.enable(one, other, types)
