"""Data events of Lambda: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import GATEWAY, days_in, invoked, item, network
from tests.dashboards.world import ACCOUNT, BOB, OTHER_ACCOUNT, Case, Days, arn, data, event
from trailmere.dashboards.library.lambda_data_events import LAMBDA_DATA_EVENTS

if TYPE_CHECKING:
    from trailmere.app import App

HERE = "eu-west-1"
BUSY = "TooManyRequestsException"
MAIL = "arn:aws:lambda:eu-west-1:111122223333:function:send-mail"
THEIRS = f"arn:aws:lambda:eu-west-1:{OTHER_ACCOUNT}:function:send-mail"
NAMED = {"functionName": "not-invoked"}
# What is not invoking a function: management of functions, network activity, other services.
ELSEWHERE = (
    *(event("lambda:GetFunction", "10:50", BOB, request=NAMED, error=BUSY) for _ in range(4)),
    *(network("lambda:Invoke", "10:51", by=BOB, request=NAMED, error=BUSY) for _ in range(4)),
    *(data("bedrock:InvokeModel", "10:52", BOB, request=NAMED, error=BUSY) for _ in range(4)),
    *(item("PutItem", "10:53", "orders", BOB, error=BUSY) for _ in range(4)),
)
CASES = (
    Case(
        "Lambda data plane API activity",
        (
            invoked("f", "10:00"),
            invoked("f", "10:59", error=BUSY),
            data("lambda:InvokeWithResponseStream", "10:30"),
            invoked("f", "11:00"),
            *ELSEWHERE,
        ),
        (
            {"time": "10:00:00", "eventName": "Invoke", "calls": 2},
            {"time": "10:00:00", "eventName": "InvokeWithResponseStream", "calls": 1},
            {"time": "11:00:00", "eventName": "Invoke", "calls": 1},
        ),
    ),
    Case(
        "Lambda invocations success vs failure trend",
        (
            invoked("f", "10:00"),
            invoked("f", "10:01"),
            invoked("f", "10:02", error=BUSY),
            invoked("f", "11:00", error="AccessDeniedException"),
            data("lambda:GetDurableExecution", "11:01"),
            *ELSEWHERE,
        ),
        (
            {"time": "10:00:00", "outcome": "Failure", "invocations": 1},
            {"time": "10:00:00", "outcome": "Success", "invocations": 2},
            {"time": "11:00:00", "outcome": "Failure", "invocations": 1},
        ),
    ),
    Case(
        "Top users of Lambda invocations",
        (
            invoked("f", "10:00"),
            invoked("f", "10:01", GATEWAY),
            invoked("g", "10:02", GATEWAY, error=BUSY),
            data("lambda:GetDurableExecution", "11:01", BOB),
            *ELSEWHERE,
        ),
        (
            {"caller": "apigateway.amazonaws.com", "invocations": 2, "failed": 1, "latest": "10:02:00"},
            {"caller": arn("alice"), "invocations": 1, "failed": 0, "latest": "10:00:00"},
        ),
    ),
    Case(
        "Top invoked Lambda functions",
        (
            invoked("send-mail", "10:00", arn=MAIL),
            invoked("send-mail:live", "10:01"),
            invoked(f"{MAIL}:7", "10:02", error=BUSY),
            invoked(None, "10:03", arn=MAIL),
            invoked(f"{ACCOUNT}:function:send-mail", "10:04"),
            invoked(THEIRS, "10:05", arn=THEIRS),
            invoked("send-mail", "10:06", awsRegion="us-east-1"),
            invoked("send-mail", "10:07", awsRegion="us-east-1"),
            data("lambda:GetDurableExecution", "10:08", request={"functionName": "send-mail"}),
            event("lambda:DeleteFunction", "10:09", request={"functionName": "send-mail"}),
            *ELSEWHERE,
        ),
        (
            {"function": "send-mail", "awsRegion": HERE, "account": ACCOUNT, "invocations": 5, "failed": 1},
            {"function": "send-mail", "awsRegion": "us-east-1", "account": ACCOUNT, "invocations": 2, "failed": 0},
            {
                "function": "send-mail",
                "awsRegion": "eu-west-1",
                "account": OTHER_ACCOUNT,
                "invocations": 1,
                "failed": 0,
            },
        ),
    ),
    Case(
        "Top 10 Lambda Invoke API errors",
        (
            invoked("f", "10:00", error="AccessDeniedException"),
            invoked("f", "10:01", error="AccessDeniedException"),
            invoked("g", "10:02", error="ResourceNotFoundException"),
            invoked("f", "10:03"),
            data("lambda:GetDurableExecution", "10:04", error="ValidationException"),
            *ELSEWHERE,
        ),
        (
            {"errorCode": "AccessDeniedException", "errors": 2, "latest": "10:01:00"},
            {"errorCode": "ResourceNotFoundException", "errors": 1, "latest": "10:02:00"},
        ),
    ),
    Case(
        "Most throttled users of Lambda invocations",
        (
            invoked("f", "10:00", GATEWAY, error=BUSY),
            invoked("f", "10:01", GATEWAY, error="ThrottlingException"),
            invoked("f", "10:02", error="EC2ThrottledException"),
            invoked("f", "10:03", BOB, error="AccessDeniedException"),
            invoked("f", "10:04", BOB),
            data("lambda:GetDurableExecution", "10:05", BOB, error=BUSY),
            *ELSEWHERE,
        ),
        (
            {"caller": "apigateway.amazonaws.com", "throttled": 2, "latest": "10:01:00"},
            {"caller": arn("alice"), "throttled": 1, "latest": "10:02:00"},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "lambda-data-events", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lambda_data_events_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(LAMBDA_DATA_EVENTS, case)

    assert shown == list(case.rows)


def test_each_widget_of_lambda_data_events_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in LAMBDA_DATA_EVENTS.widgets]
