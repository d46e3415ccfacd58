"""User activity: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, network
from tests.dashboards.world import (
    ALICE,
    BOB,
    CAROL,
    IN_CONSOLE,
    ON_BEHALF,
    PERSON,
    ROOT,
    ROOT_ARN,
    SERVICE,
    Case,
    Days,
    arn,
    data,
    event,
    session,
    user,
)
from trailmere.dashboards.library.user_activity import USER_ACTIVITY

if TYPE_CHECKING:
    from trailmere.app import App

BUSY = tuple(f"user-{number:02d}" for number in range(10))
NOT_THEIRS = (SERVICE, ON_BEHALF)  # what is not done by users, whoever it is done for
ADMINISTRATOR = session("AWSReservedSSO_AdministratorAccess_0123", "dora@example.com")

CASES = (
    Case(
        "User activity trends by user ARN",
        (
            *[event("s3:ListBuckets", "10:15", user(name)) for name in BUSY],
            *[event("s3:ListBuckets", "10:45", user(name)) for name in BUSY],
            event("s3:ListBuckets", "11:15", user("user-03")),
            event("s3:ListBuckets", "10:15", user("a-rare-one")),
            *[network("s3:ListBuckets", "10:15", userIdentity=user("a-rare-one"))] * 3,
            *[event("kms:Decrypt", "10:15", by) for by in (*NOT_THEIRS, PERSON) for _ in range(4)],
        ),
        (
            *[{"time": "10:00:00", "user_arn": arn(name), "calls": 2} for name in BUSY],
            {"time": "11:00:00", "user_arn": arn("user-03"), "calls": 1},
        ),
    ),
    Case(
        "User activity trends by API",
        (
            *[event(f"s3:GetBucket{name}", "10:15") for name in BUSY for _ in range(2)],
            *[event("s3:GetBucketuser-00", "11:15")] * 3,
            event("s3:ListBuckets", "10:15"),
            *[event("sso:Federate", "12:00", PERSON)] * 3,
            *[network("s3:ListBuckets", "10:15")] * 3,
            *[event("kms:Decrypt", "10:15", by) for by in NOT_THEIRS for _ in range(4)],
        ),
        (
            *[{"time": "10:00:00", "api": f"s3:GetBucket{name}", "calls": 2} for name in BUSY[:9]],
            {"time": "11:00:00", "api": "s3:GetBucketuser-00", "calls": 3},
            {"time": "12:00:00", "api": "sso:Federate", "calls": 3},
        ),
    ),
    Case(
        "Most recent user activity",
        (
            event("s3:ListBuckets", "10:00", IN_CONSOLE),
            event("ec2:RunInstances", "10:01", ROOT, error="Client.UnauthorizedOperation"),
            event("sso:Federate", "10:02", PERSON),
            event("kms:Decrypt", "11:00", SERVICE),
            network("s3:GetObject", "11:02"),
            event("ec2:CreateVolume", "11:01", ON_BEHALF),
        ),
        (
            {"eventTime": "10:02:00", "caller": "dora@example.com", "eventName": "Federate", "outcome": "Success"},
            {
                "eventTime": "10:01:00",
                "caller": ROOT_ARN,
                "eventName": "RunInstances",
                "outcome": "Client.UnauthorizedOperation",
            },
            {"eventTime": "10:00:00", "caller": arn("alice"), "eventName": "ListBuckets", "outcome": "Success"},
        ),
    ),
    Case(
        "Top users with errors",
        (
            event("s3:GetObject", "10:00", error="NoSuchKey"),
            event("s3:GetObject", "10:01", error="AccessDenied"),
            event("iam:GetRole", "10:02", error="NoSuchEntityException"),
            event("s3:GetObject", "10:03", BOB, error="NoSuchKey"),
            *[event("s3:GetObject", "11:00", CAROL)] * 4,
            *[event("s3:GetObject", "11:00", by, error="NoSuchKey") for by in NOT_THEIRS for _ in range(4)],
        ),
        (
            {"caller": arn("alice"), "errors": 3, "apis": 2, "last_time": "10:02:00"},
            {"caller": arn("bob"), "errors": 1, "apis": 1, "last_time": "10:03:00"},
        ),
    ),
    Case(
        "Top users with AccessDenied errors",
        (
            event("s3:GetObject", "10:00", BOB, error="AccessDenied"),
            event("ec2:RunInstances", "10:01", BOB, error="Client.UnauthorizedOperation"),
            event("kms:Decrypt", "10:02", ALICE, error="AccessDeniedException"),
            *[event("s3:GetObject", "11:00", ALICE, error="SlowDown")] * 4,
            *[event("s3:GetObject", "11:00", CAROL)] * 4,
            *[event("s3:GetObject", "11:00", by, error="AccessDenied") for by in NOT_THEIRS for _ in range(4)],
        ),
        (
            {"caller": arn("bob"), "denials": 2, "apis": 2, "last_time": "10:01:00"},
            {"caller": arn("alice"), "denials": 1, "apis": 1, "last_time": "10:02:00"},
        ),
    ),
    Case(
        "Top users making destructive actions",
        (
            data("s3:DeleteObject", "10:00", BOB),
            data("s3:DeleteObject", "10:01", BOB),
            event("ec2:TerminateInstances", "10:02", IN_CONSOLE),
            *[event("s3:DeleteBucket", "11:00", ALICE, error="AccessDenied")] * 4,
            *[network("secretsmanager:DeleteSecret", "11:00")] * 4,
            *[event("ec2:RunInstances", "11:00", CAROL)] * 4,
            *[event("ec2:TerminateInstances", "11:00", by) for by in NOT_THEIRS for _ in range(4)],
        ),
        (
            {"caller": arn("bob"), "actions": 2, "apis": 1, "last_time": "10:01:00"},
            {"caller": arn("alice"), "actions": 1, "apis": 1, "last_time": "10:02:00"},
        ),
    ),
    Case(
        "Top users changing IAM policies",
        (
            event("iam:AttachUserPolicy", "10:00", BOB),
            event("iam:PutRolePolicy", "10:01", BOB),
            event("iam:SetDefaultPolicyVersion", "10:02", ALICE),
            *[event("iam:AttachUserPolicy", "11:00", ALICE, error="AccessDenied")] * 4,
            *[event("iam:CreateUser", "11:00", CAROL)] * 4,
            *[event("iot:CreatePolicyVersion", "11:00", CAROL)] * 4,
            *[event("iam:PutRolePolicy", "11:00", by) for by in NOT_THEIRS for _ in range(4)],
        ),
        (
            {"caller": arn("bob"), "changes": 2, "apis": 2, "last_time": "10:01:00"},
            {"caller": arn("alice"), "changes": 1, "apis": 1, "last_time": "10:02:00"},
        ),
    ),
    Case(
        "Top actions performed by potential IAM privileged users",
        (
            event("iam:AttachUserPolicy", "10:00", session("deploy", "one")),
            event("s3:ListBuckets", "10:01", session("deploy", "two")),
            event("s3:ListBuckets", "10:02", ADMINISTRATOR),
            event("ec2:RunInstances", "10:03", ROOT),
            event("iam:ChangePassword", "11:00", BOB),
            *[event("s3:ListBuckets", "11:01", BOB)] * 3,
            event("iam:AttachUserPolicy", "11:02", CAROL, error="AccessDenied"),
            *[event("s3:ListBuckets", "11:03", CAROL)] * 3,
            event("iam:PutRolePolicy", "11:04", ON_BEHALF),
            *[event("s3:ListBuckets", "11:05", ALICE)] * 3,
            *[event("kms:Decrypt", "11:06", SERVICE)] * 3,
            *[network("s3:ListBuckets", "11:07", userIdentity=ROOT)] * 3,
            event("iot:CreatePolicyVersion", "11:08", BOB),
            *[event("kms:Decrypt", "11:09", session("deploy", "two", invokedBy="s3.amazonaws.com"))] * 3,
        ),
        (
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "ListBuckets",
                "actions": 2,
                "identities": 2,
                "last_time": "10:02:00",
            },
            {
                "eventSource": "ec2.amazonaws.com",
                "eventName": "RunInstances",
                "actions": 1,
                "identities": 1,
                "last_time": "10:03:00",
            },
            {
                "eventSource": "iam.amazonaws.com",
                "eventName": "AttachUserPolicy",
                "actions": 1,
                "identities": 1,
                "last_time": "10:00:00",
            },
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "user-activity", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_user_activity_shows_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(USER_ACTIVITY, case)

    assert shown == list(case.rows)


def test_each_widget_of_user_activity_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in USER_ACTIVITY.widgets]
