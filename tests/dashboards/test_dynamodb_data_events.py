"""Data events of DynamoDB: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, invoked, item, network, object_
from tests.dashboards.world import ACCOUNT, BOB, OTHER_ACCOUNT, Case, Days, arn, data, event, session
from trailmere.dashboards.library.dynamodb_data_events import DYNAMODB_DATA_EVENTS

if TYPE_CHECKING:
    from trailmere.app import App

FULL = "ProvisionedThroughputExceededException"
ORDERS, STOCK = (f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{name}" for name in ("orders", "stock"))
THEIR_ORDERS = f"arn:aws:dynamodb:eu-west-1:{OTHER_ACCOUNT}:table/orders"
WORKER = session("worker", "batch-1")
# What is done with tables and not with items; network activity; other services.
ELSEWHERE = (
    *(event("dynamodb:DescribeTable", "10:50", BOB, request={"tableName": "stock"}, error=FULL) for _ in range(4)),
    *(event("dynamodb:CreateTable", "10:51", BOB, request={"tableName": "stock"}) for _ in range(4)),
    *(network("dynamodb:GetItem", "10:52", by=BOB, request={"tableName": "stock"}, error=FULL) for _ in range(4)),
    *(data("cassandra:Select", "10:53", BOB, request={"tableName": "stock"}, error=FULL) for _ in range(4)),
    *(invoked("f", "10:53", BOB, error="TooManyRequestsException") for _ in range(4)),
    *(object_("GetObject", "10:54", "logs", "a", BOB, error="SlowDown") for _ in range(4)),
)
CASES = (
    Case(
        "DynamoDB account data activity",
        (
            item("GetItem", "10:00", "orders", readOnly=True),
            item("Query", "10:01", "orders", readOnly=True),
            item("PutItem", "10:59", "orders"),
            item("DeleteItem", "11:00", "orders", error=FULL),
            *ELSEWHERE,
        ),
        (
            {"time": "10:00:00", "activity": "Read", "calls": 2},
            {"time": "10:00:00", "activity": "Write", "calls": 1},
            {"time": "11:00:00", "activity": "Write", "calls": 1},
        ),
    ),
    Case(
        "DynamoDB data plane APIs success vs failure trend",
        (
            item("GetItem", "10:00", "orders"),
            item("PutItem", "10:01", "orders", error="ConditionalCheckFailedException"),
            item("PutItem", "10:02", "orders", error=FULL),
            item("PutItem", "11:00", "orders"),
            *ELSEWHERE,
        ),
        (
            {"time": "10:00:00", "outcome": "Failure", "calls": 2},
            {"time": "10:00:00", "outcome": "Success", "calls": 1},
            {"time": "11:00:00", "outcome": "Success", "calls": 1},
        ),
    ),
    Case(
        "Top 10 DynamoDB data plane APIs",
        (
            item("PutItem", "10:00", "orders"),
            item("PutItem", "10:01", "orders", error=FULL),
            item("GetItem", "10:02", "orders"),
            *ELSEWHERE,
        ),
        ({"eventName": "PutItem", "calls": 2}, {"eventName": "GetItem", "calls": 1}),
    ),
    Case(
        "Top users of DynamoDB data plane APIs",
        (
            item("PutItem", "10:00", "orders"),
            item("PutItem", "10:01", "orders", WORKER),
            item("GetItem", "10:02", "orders", WORKER, error=FULL),
            *ELSEWHERE,
        ),
        (
            {"caller": WORKER["arn"], "calls": 2, "failed": 1, "latest": "10:02:00"},
            {"caller": arn("alice"), "calls": 1, "failed": 0, "latest": "10:00:00"},
        ),
    ),
    Case(
        "Top 10 DynamoDB data plane API errors",
        (
            item("PutItem", "10:00", "orders", error="ConditionalCheckFailedException"),
            item("PutItem", "10:01", "orders", error="ConditionalCheckFailedException"),
            item("GetItem", "10:02", "orders", error="AccessDeniedException"),
            item("GetItem", "10:03", "orders"),
            *ELSEWHERE,
        ),
        (
            {"errorCode": "ConditionalCheckFailedException", "errors": 2},
            {"errorCode": "AccessDeniedException", "errors": 1},
        ),
    ),
    Case(
        "Most throttled users of DynamoDB data plane APIs",
        (
            item("PutItem", "10:00", "orders", WORKER, error=FULL),
            item("PutItem", "10:01", "orders", WORKER, error="ThrottlingException"),
            item("PutItem", "10:02", "orders", error="RequestLimitExceeded"),
            item("PutItem", "10:03", "orders", BOB, error="ConditionalCheckFailedException"),
            item("PutItem", "10:04", "orders", BOB),
            *ELSEWHERE,
        ),
        ({"caller": WORKER["arn"], "throttled": 2}, {"caller": arn("alice"), "throttled": 1}),
    ),
    Case(
        "Top throttled DynamoDB data plane APIs",
        (
            item("PutItem", "10:00", "orders", error=FULL),
            item("PutItem", "10:01", "orders", error=FULL),
            item("Query", "10:02", "orders", error="ThrottlingException"),
            item("Scan", "10:03", "orders", error="ValidationException"),
            item("Scan", "10:04", "orders"),
            *ELSEWHERE,
        ),
        ({"eventName": "PutItem", "throttled": 2}, {"eventName": "Query", "throttled": 1}),
    ),
    Case(
        "Top throttled DynamoDB tables",
        (
            item("PutItem", "10:00", "orders", tables=[ORDERS], error=FULL),
            item("PutItem", "10:01", ORDERS, error=FULL),
            item("Query", "10:02", "orders", tables=[f"{ORDERS}/index/by-date"], error=FULL),
            item("BatchWriteItem", "10:03", tables=[ORDERS, STOCK], error=FULL),
            item("PutItem", "10:04", THEIR_ORDERS, tables=[THEIR_ORDERS], error=FULL),
            item("PutItem", "10:05", "stock", tables=[STOCK], error="ValidationException"),
            item("PutItem", "10:06", "stock", tables=[STOCK]),
            item("GetRecords", "10:07", error=FULL),
            *ELSEWHERE,
        ),
        (
            {"table": "orders", "awsRegion": "eu-west-1", "account": ACCOUNT, "throttled": 4},
            {"table": "orders", "awsRegion": "eu-west-1", "account": OTHER_ACCOUNT, "throttled": 1},
            {"table": "stock", "awsRegion": "eu-west-1", "account": ACCOUNT, "throttled": 1},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "dynamodb-data-events", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dynamodb_data_events_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(DYNAMODB_DATA_EVENTS, case)

    assert shown == list(case.rows)


def test_each_widget_of_dynamodb_data_events_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in DYNAMODB_DATA_EVENTS.widgets]
