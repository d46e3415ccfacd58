"""Error analysis: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in
from tests.dashboards.world import (
    ALICE,
    BOB,
    CAROL,
    ON_BEHALF,
    SERVICE,
    Case,
    Days,
    arn,
    data,
    event,
    login,
)
from trailmere.dashboards.library.error_analysis import ERROR_ANALYSIS

if TYPE_CHECKING:
    from trailmere.app import App

SUCCESSES = [event("sts:GetCallerIdentity")] * 5

CASES = (
    Case(
        "Error count by service",
        (
            event("s3:GetObject", error="NoSuchKey"),
            *[event("s3:ListBuckets", by=BOB, error="AccessDenied")] * 2,
            event("ec2:RunInstances", error="Server.InsufficientInstanceCapacity"),
            *SUCCESSES,
        ),
        ({"service": "s3", "errors": 3, "callers": 2}, {"service": "ec2", "errors": 1, "callers": 1}),
    ),
    Case(
        "Error count by API",
        (
            event("iam:GetRole", error="NoSuchEntityException"),
            *[event("iam:GetRole", by=BOB, error="AccessDenied")] * 2,
            event("iam:ListTags", error="AccessDenied"),
            event("cloudtrail:ListTags", error="TrailNotFoundException"),
            event("iam:ListTags"),
            *SUCCESSES,
        ),
        (
            {"api": "iam:GetRole", "errors": 3, "callers": 2},
            {"api": "cloudtrail:ListTags", "errors": 1, "callers": 1},
            {"api": "iam:ListTags", "errors": 1, "callers": 1},
        ),
    ),
    Case(
        "Top errors by error code",
        (
            event("iam:GetRole", error="AccessDenied"),
            *[event("s3:GetObject", by=BOB, error="AccessDenied")] * 2,
            event("s3:GetObject", error="NoSuchKey"),
            login("10:00", ALICE, "Failure"),
            *SUCCESSES,
        ),
        (
            {"errorCode": "AccessDenied", "errors": 3, "callers": 2},
            {"errorCode": "NoSuchKey", "errors": 1, "callers": 1},
        ),
    ),
    Case(
        "Top errors by error message",
        (
            event("s3:GetObject", "10:00", error="NoSuchKey", errorMessage="The specified key does not exist."),
            *[event("s3:HeadObject", "10:01", BOB, error="NoSuchKey", errorMessage="The specified key does not exist.")]
            * 2,
            login("10:02", ALICE, "Failure"),
            *[event("s3:GetObject", "11:00", error="AccessDenied")] * 3,
            *SUCCESSES,
        ),
        (
            {
                "errorMessage": "The specified key does not exist.",
                "errorCode": "NoSuchKey",
                "errors": 3,
                "callers": 2,
                "last_error": "10:01:00",
            },
            {
                "errorMessage": "Failed authentication",
                "errorCode": None,
                "errors": 1,
                "callers": 1,
                "last_error": "10:02:00",
            },
        ),
    ),
    Case(
        "Top AccessDenied errors by API",
        (
            event("ec2:RunInstances", error="Client.UnauthorizedOperation"),
            *[event("ec2:RunInstances", by=BOB, error="UnauthorizedOperation")] * 2,
            event("kms:Decrypt", error="AccessDeniedException"),
            event("sns:Publish", error="AuthorizationErrorException"),
            *[event("s3:GetObject", error="NoSuchKey")] * 3,
            *[event("s3:PutObject", error="SlowDown")] * 3,
            *SUCCESSES,
        ),
        (
            {"api": "ec2:RunInstances", "errors": 3, "callers": 2},
            {"api": "kms:Decrypt", "errors": 1, "callers": 1},
            {"api": "sns:Publish", "errors": 1, "callers": 1},
        ),
    ),
    Case(
        "Top throttled errors by API",
        (
            event("ec2:DescribeInstances", error="Client.RequestLimitExceeded"),
            *[event("ec2:DescribeInstances", by=BOB, error="RequestLimitExceeded")] * 2,
            data("dynamodb:GetItem", error="ProvisionedThroughputExceededException"),
            data("lambda:Invoke", error="TooManyRequestsException"),
            data("s3:PutObject", error="SlowDown"),
            event("tagging:GetResources", error="ThrottlingException"),
            *[event("iam:CreateUser", error="LimitExceededException")] * 3,
            *[event("s3:GetObject", error="AccessDenied")] * 3,
            *SUCCESSES,
        ),
        (
            {"api": "ec2:DescribeInstances", "errors": 3, "callers": 2},
            {"api": "dynamodb:GetItem", "errors": 1, "callers": 1},
            {"api": "lambda:Invoke", "errors": 1, "callers": 1},
            {"api": "s3:PutObject", "errors": 1, "callers": 1},
            {"api": "tagging:GetResources", "errors": 1, "callers": 1},
        ),
    ),
    Case(
        "Top users with errors",
        (
            event("s3:GetObject", "10:00", BOB, error="NoSuchKey"),
            event("iam:GetRole", "10:01", BOB, error="AccessDenied"),
            event("s3:GetObject", "10:02", ALICE, error="NoSuchKey"),
            *[event("s3:GetObject", "11:00", CAROL)] * 3,
            *[event("s3:GetObject", "11:00", by, error="NoSuchKey") for by in (SERVICE, ON_BEHALF) for _ in range(3)],
        ),
        (
            {"caller": arn("bob"), "errors": 2, "apis": 2, "last_time": "10:01:00"},
            {"caller": arn("alice"), "errors": 1, "apis": 1, "last_time": "10:02:00"},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "error-analysis", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_error_analysis_shows_what_failed_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(ERROR_ANALYSIS, case)

    assert shown == list(case.rows)


def test_each_widget_of_error_analysis_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in ERROR_ANALYSIS.widgets]
