"""Data events in general: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import GATEWAY, days_in, invoked, item, network, object_
from tests.dashboards.world import BOB, FOREIGNER, Case, Days, arn, event
from trailmere.dashboards.library.data_events_overview import DATA_EVENTS_OVERVIEW

if TYPE_CHECKING:
    from trailmere.app import App

# Calls that are no data events, each of them throttled.
ELSEWHERE = (
    *(event("s3:ListBuckets", "10:50", error="SlowDown") for _ in range(4)),
    *(network("s3:GetObject", "10:51", error="SlowDown") for _ in range(4)),
)
CASES = (
    Case(
        "Overall data events trend",
        (
            object_("GetObject", "10:00", "logs", "a"),
            object_("PutObject", "10:59", "logs", "a", error="AccessDenied"),
            item("PutItem", "12:00", "orders"),
            *ELSEWHERE,
        ),
        ({"time": "10:00:00", "events": 2}, {"time": "12:00:00", "events": 1}),
    ),
    Case(
        "Top services generating data events",
        (
            object_("GetObject", "10:00", "logs", "a"),
            item("PutItem", "10:01", "orders"),
            item("GetItem", "10:02", "orders"),
            invoked("f", "10:03"),
            *ELSEWHERE,
        ),
        (
            {"eventSource": "dynamodb.amazonaws.com", "events": 2},
            {"eventSource": "lambda.amazonaws.com", "events": 1},
            {"eventSource": "s3.amazonaws.com", "events": 1},
        ),
    ),
    Case(
        "Top APIs generating data events",
        (
            object_("PutObject", "10:00", "logs", "a"),
            object_("PutObject", "10:01", "logs", "b", error="AccessDenied"),
            item("PutItem", "10:02", "orders"),
            *ELSEWHERE,
        ),
        (
            {"eventName": "PutObject", "eventSource": "s3.amazonaws.com", "events": 2},
            {"eventName": "PutItem", "eventSource": "dynamodb.amazonaws.com", "events": 1},
        ),
    ),
    Case(
        "Top regions generating data events",
        (
            object_("PutObject", "10:00", "logs", "a", awsRegion="us-east-1"),
            object_("PutObject", "10:01", "logs", "a", awsRegion="us-east-1"),
            item("PutItem", "10:02", "orders"),
            *ELSEWHERE,
        ),
        ({"awsRegion": "us-east-1", "events": 2}, {"awsRegion": "eu-west-1", "events": 1}),
    ),
    Case(
        "Top throttled data plane APIs",
        (
            item("PutItem", "10:00", "orders", error="ProvisionedThroughputExceededException"),
            item("PutItem", "10:01", "orders", error="ThrottlingException"),
            invoked("f", "10:02", error="TooManyRequestsException"),
            object_("GetObject", "10:03", "logs", "a", error="SlowDown"),
            object_("GetObject", "10:04", "logs", "a", error="AccessDenied"),
            item("PutItem", "10:05", "orders", error="LimitExceededException"),
            item("PutItem", "10:06", "orders"),
            *ELSEWHERE,
        ),
        (
            {"eventName": "PutItem", "eventSource": "dynamodb.amazonaws.com", "throttled": 2},
            {"eventName": "GetObject", "eventSource": "s3.amazonaws.com", "throttled": 1},
            {"eventName": "Invoke", "eventSource": "lambda.amazonaws.com", "throttled": 1},
        ),
    ),
    Case(
        "Top users of data plane APIs",
        (
            object_("GetObject", "10:00", "logs", "a"),
            object_("PutObject", "10:01", "logs", "a"),
            item("GetItem", "10:02", "orders"),
            object_("GetObject", "10:03", "logs", "a", BOB),
            object_("GetObject", "10:04", "logs", "a", BOB),
            object_("GetObject", "10:05", "logs", "a", FOREIGNER),
            invoked("f", "10:06", GATEWAY),
            *ELSEWHERE,
        ),
        (
            {"caller": arn("alice"), "events": 3, "reads": 2, "writes": 1, "latest": "10:02:00"},
            {"caller": arn("bob"), "events": 2, "reads": 2, "writes": 0, "latest": "10:04:00"},
            {"caller": "AIDAFOREIGN", "events": 1, "reads": 1, "writes": 0, "latest": "10:05:00"},
            {"caller": "apigateway.amazonaws.com", "events": 1, "reads": 0, "writes": 1, "latest": "10:06:00"},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "data-events-overview", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_data_events_overview_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(DATA_EVENTS_OVERVIEW, case)

    assert shown == list(case.rows)


def test_each_widget_of_data_events_overview_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in DATA_EVENTS_OVERVIEW.widgets]
