"""Overview: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, network
from tests.dashboards.world import (
    BOB,
    IN_CONSOLE,
    ON_BEHALF,
    PERSON,
    SERVICE,
    Case,
    Days,
    arn,
    data,
    event,
    login,
)
from trailmere.dashboards.library.overview import OVERVIEW

if TYPE_CHECKING:
    from trailmere.app import App

CASES = (
    Case(
        "Account activity",
        (
            event("s3:ListBuckets", "10:00"),
            event("s3:ListBuckets", "10:59", SERVICE),
            event("s3:CreateBucket", "10:30", error="AccessDenied"),
            event("s3:ListBuckets", "11:00"),
            *[network("s3:GetObject", "11:00")] * 3,
        ),
        (
            {"time": "10:00:00", "activity": "Read", "events": 2},
            {"time": "10:00:00", "activity": "Write", "events": 1},
            {"time": "11:00:00", "activity": "Read", "events": 1},
        ),
    ),
    Case(
        "Top errors",
        (
            event("s3:GetObject", error="NoSuchKey"),
            event("iam:GetUser", error="AccessDenied"),
            event("s3:ListBuckets", by=SERVICE, error="AccessDenied"),
            login("10:00", outcome="Failure"),
            *[event("s3:ListBuckets")] * 4,
        ),
        ({"errorCode": "AccessDenied", "errors": 2}, {"errorCode": "NoSuchKey", "errors": 1}),
    ),
    Case(
        "Most active regions",
        (
            event("ec2:RunInstances", awsRegion="us-east-1"),
            event("ec2:RunInstances", awsRegion="eu-west-1"),
            event("ec2:DescribeInstances", awsRegion="us-east-1", by=SERVICE),
            event("ec2:DescribeInstances", awsRegion="ap-south-1", error="Client.UnauthorizedOperation"),
            *[network("s3:GetObject", "11:00")] * 3,
        ),
        (
            {"awsRegion": "us-east-1", "events": 2},
            {"awsRegion": "ap-south-1", "events": 1},
            {"awsRegion": "eu-west-1", "events": 1},
        ),
    ),
    Case(
        "Top services",
        (
            *[event("s3:ListBuckets")] * 3,
            event("s3:DeleteBucket"),
            *[event("kms:Decrypt", by=SERVICE)] * 2,
            *[network("kms:Decrypt", "11:00")] * 3,
            *[event(f"service-{number:02d}:List") for number in range(10)],
        ),
        (
            {"service": "s3", "events": 4},
            {"service": "kms", "events": 2},
            *[{"service": f"service-{number:02d}", "events": 1} for number in range(8)],
        ),
    ),
    Case(
        "Most throttled events",
        (
            event("tagging:GetResources", error="ThrottlingException"),
            event("tagging:GetResources", by=BOB, error="Throttling"),
            event("kms:Decrypt", by=SERVICE, error="ThrottlingException"),
            event("ec2:DescribeInstances", error="Client.RequestLimitExceeded"),
            *[event("iam:CreateUser", error="LimitExceeded")] * 3,
            *[event("s3:GetObject", error="AccessDenied")] * 3,
            *[event("tagging:TagResources")] * 3,
        ),
        (
            {"api": "tagging:GetResources", "throttled": 2},
            {"api": "ec2:DescribeInstances", "throttled": 1},
            {"api": "kms:Decrypt", "throttled": 1},
        ),
    ),
    Case(
        "Top users",
        (
            event("s3:ListBuckets", by=IN_CONSOLE),
            event("s3:GetBucketAcl", error="AccessDenied"),
            data("s3:GetObject"),
            *[event("sso:Federate", by=PERSON)] * 2,
            event("s3:ListBuckets", by=BOB),
            *[network("s3:GetObject", "11:00", userIdentity=BOB)] * 4,
            *[event("kms:Decrypt", by=SERVICE)] * 4,
            *[event("ec2:CreateVolume", by=ON_BEHALF)] * 4,
        ),
        (
            {"caller": arn("alice"), "events": 3},
            {"caller": "dora@example.com", "events": 2},
            {"caller": arn("bob"), "events": 1},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "overview", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_overview_shows_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(OVERVIEW, case)

    assert shown == list(case.rows)


def test_each_widget_of_the_overview_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in OVERVIEW.widgets]
