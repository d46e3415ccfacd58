"""Management events: what each widget shows, and what it must not take for it; data events above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, network
from tests.dashboards.world import (
    ALICE,
    BOB,
    CAROL,
    ON_BEHALF,
    ROOT,
    ROOT_ARN,
    SERVICE,
    Case,
    Days,
    Event,
    arn,
    data,
    event,
    login,
)
from trailmere.dashboards.library.management_events import MANAGEMENT_EVENTS

if TYPE_CHECKING:
    from trailmere.app import App


def tls(version: str) -> Event:
    """The member that says with which TLS was called."""
    return {"tlsDetails": {"tlsVersion": version, "cipherSuite": "ECDHE-RSA-AES128-SHA"}}


def before_categories(record: Event) -> Event:
    """The record as it was written before records had categories."""
    return {**{key: value for key, value in record.items() if key != "eventCategory"}, "eventVersion": "1.06"}


CASES = (
    Case(
        "Top access denied events",
        (
            event("iam:CreateUser", error="AccessDenied"),
            before_categories(event("iam:CreateUser", error="AccessDenied")),
            event("ec2:RunInstances", error="Client.UnauthorizedOperation"),
            *[data("s3:GetObject", error="AccessDenied")] * 3,
            *[before_categories(data("s3:GetObject", error="AccessDenied"))] * 3,
            *[network("secretsmanager:GetSecretValue", "11:00", error="VpceAccessDenied")] * 3,
            *[event("iam:GetRole", error="NoSuchEntityException")] * 3,
            *[event("iam:ListRoles")] * 3,
        ),
        ({"api": "iam:CreateUser", "denials": 2}, {"api": "ec2:RunInstances", "denials": 1}),
    ),
    Case(
        "Top errors by user",
        (
            event("iam:GetRole", "10:00", error="NoSuchEntityException"),
            event("iam:GetUser", "10:01", error="NoSuchEntityException"),
            event("iam:GetUser", "10:02", error="AccessDenied"),
            event("ec2:RunInstances", "10:03", SERVICE, error="Server.InsufficientInstanceCapacity"),
            event("iam:GetRole", "10:04", BOB, error="NoSuchEntityException"),
            *[data("s3:GetObject", "11:00", error="NoSuchKey")] * 3,
            *[before_categories(data("s3:GetObject", "11:00", error="NoSuchKey"))] * 3,
            *[event("iam:ListRoles", "11:00", CAROL)] * 3,
        ),
        (
            {"caller": arn("alice"), "errorCode": "NoSuchEntityException", "errors": 2, "last_error": "10:01:00"},
            {"caller": arn("alice"), "errorCode": "AccessDenied", "errors": 1, "last_error": "10:02:00"},
            {"caller": arn("bob"), "errorCode": "NoSuchEntityException", "errors": 1, "last_error": "10:04:00"},
            {
                "caller": "autoscaling.amazonaws.com",
                "errorCode": "Server.InsufficientInstanceCapacity",
                "errors": 1,
                "last_error": "10:03:00",
            },
        ),
    ),
    Case(
        "Console sign-in events",
        (
            login("10:00", ALICE),
            login("10:01", ROOT, "Failure"),
            login("10:02", BOB, "Failure"),
            event("signin:GetSigninToken", "11:00", eventType="AwsConsoleSignIn"),
            event("sts:GetSessionToken", "11:01"),
        ),
        (
            {"eventTime": "10:02:00", "caller": "bob", "outcome": "Failure", "mfa_used": "No"},
            {"eventTime": "10:01:00", "caller": ROOT_ARN, "outcome": "Failure", "mfa_used": "No"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "outcome": "Success", "mfa_used": "Yes"},
        ),
    ),
    Case(
        "Destructive actions",
        (
            event("s3:DeleteBucket", "10:00"),
            event("s3:DeleteBucket", "10:01", BOB),
            event("cloudtrail:StopLogging", "10:02"),
            *[data("s3:DeleteObject", "11:00")] * 3,
            *[before_categories(data("s3:DeleteObject", "11:00"))] * 3,
            *[event("s3:DeleteBucket", "11:00", error="AccessDenied")] * 3,
            *[event("ec2:TerminateInstances", "11:00", by) for by in (SERVICE, ON_BEHALF) for _ in range(3)],
            *[event("ec2:RunInstances", "11:00")] * 3,
        ),
        (
            {"api": "s3:DeleteBucket", "actions": 2, "callers": 2, "last_time": "10:01:00"},
            {"api": "cloudtrail:StopLogging", "actions": 1, "callers": 1, "last_time": "10:02:00"},
        ),
    ),
    Case(
        "TLS version",
        (
            *[event("s3:ListBuckets", **tls("TLSv1.3"))] * 3,
            *[event("s3:ListBuckets", **tls("TLSv1.2"))] * 2,
            event("s3:ListBuckets", **tls("TLSv1")),
            *[event("kms:Decrypt", by=SERVICE)] * 4,
            *[data("s3:GetObject", **tls("TLSv1.2"))] * 4,
            *[before_categories(data("s3:GetObject", **tls("TLSv1.2")))] * 4,
        ),
        (
            {"tls_version": "TLSv1.3", "calls": 3},
            {"tls_version": "TLSv1.2", "calls": 2},
            {"tls_version": "TLSv1", "calls": 1},
        ),
    ),
    Case(
        "Outdated TLS calls by user",
        (
            event("s3:ListBuckets", "10:00", userAgent="old/1", **tls("TLSv1")),
            event("s3:ListBuckets", "10:01", userAgent="old/2", sourceIPAddress="203.0.113.9", **tls("TLSv1")),
            event("s3:GetBucketAcl", "09:59", userAgent="old/1", **tls("TLSv1")),
            event("s3:ListBuckets", "10:02", BOB, userAgent="old/1", **tls("TLSv1.1")),
            event("s3:ListBuckets", "10:03", CAROL, userAgent="old/0", **tls("SSLv3")),
            *[event("s3:ListBuckets", "11:00", CAROL, **tls("TLSv1.2"))] * 3,
            *[event("s3:ListBuckets", "11:00", BOB, **tls("TLSv1.3"))] * 3,
            *[data("s3:GetObject", "11:00", **tls("TLSv1"))] * 3,
            *[before_categories(data("s3:GetObject", "11:00", **tls("TLSv1")))] * 3,
        ),
        (
            {
                "caller": arn("alice"),
                "tls_version": "TLSv1",
                "calls": 3,
                "addresses": 2,
                "last_user_agent": "old/2",
                "last_call": "10:01:00",
            },
            {
                "caller": arn("bob"),
                "tls_version": "TLSv1.1",
                "calls": 1,
                "addresses": 1,
                "last_user_agent": "old/1",
                "last_call": "10:02:00",
            },
            {
                "caller": arn("carol"),
                "tls_version": "SSLv3",
                "calls": 1,
                "addresses": 1,
                "last_user_agent": "old/0",
                "last_call": "10:03:00",
            },
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "management-events", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_management_events_shows_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(MANAGEMENT_EVENTS, case)

    assert shown == list(case.rows)


def test_each_widget_of_management_events_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in MANAGEMENT_EVENTS.widgets]
