"""IAM activity: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in
from tests.dashboards.world import (
    ACCOUNT,
    ALICE,
    BOB,
    FOREIGNER,
    OTHER_ACCOUNT,
    ROOT,
    ROOT_ARN,
    SERVICE,
    Case,
    Days,
    arn,
    event,
)
from trailmere.dashboards.library.iam_activity import IAM_ACTIVITY

if TYPE_CHECKING:
    from trailmere.app import App

ROLE, OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy", f"arn:aws:iam::{ACCOUNT}:role/backup"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
USER_CHANGES = (
    "CreateLoginProfile",
    "CreateServiceSpecificCredential",
    "DeleteAccessKey",
    "DeleteServiceSpecificCredential",
    "DeleteSigningCertificate",
    "DeleteUser",
    "EnableMFADevice",
    "RemoveUserFromGroup",
    "ResetServiceSpecificCredential",
    "ResyncMFADevice",
    "TagUser",
    "UntagUser",
    "UpdateAccessKey",
    "UpdateLoginProfile",
    "UpdateServiceSpecificCredential",
    "UpdateSSHPublicKey",
    "UploadSSHPublicKey",
)

CASES = (
    Case(
        "Top IAM APIs",
        (
            *[event("iam:ListRoles")] * 3,
            event("iam:CreateUser"),
            event("iam:CreateUser", error="AccessDenied"),
            event("iam:GetRole", by=SERVICE),
            *[event("sts:GetCallerIdentity")] * 4,
            *[event("identitystore:ListUsers")] * 4,
        ),
        (
            {"eventName": "ListRoles", "calls": 3},
            {"eventName": "CreateUser", "calls": 2},
            {"eventName": "GetRole", "calls": 1},
        ),
    ),
    Case(
        "Top IAM callers",
        (
            *[event("iam:ListRoles", by=BOB)] * 3,
            event("iam:GetUser"),
            event("iam:ListRoles"),
            event("iam:GetRole", by={"type": "AWSService", "invokedBy": "config.amazonaws.com"}),
            *[event("s3:ListBuckets", by=ROOT)] * 4,
        ),
        (
            {"caller": arn("bob"), "calls": 3},
            {"caller": arn("alice"), "calls": 2},
            {"caller": "config.amazonaws.com", "calls": 1},
        ),
    ),
    Case(
        "IAM success vs failure trend",
        (
            event("iam:ListRoles", "10:10"),
            event("iam:ListRoles", "10:50"),
            event("iam:CreateUser", "10:59", error="AccessDenied"),
            event("iam:GetRole", "11:00", error="NoSuchEntityException"),
            event("iam:GetRole", "11:59", error="NoSuchEntityException"),
            event("s3:ListBuckets", "10:30"),
            event("s3:ListBuckets", "12:30", error="AccessDenied"),
        ),
        (
            {"time": "10:00:00", "outcome": "Failure", "calls": 1},
            {"time": "10:00:00", "outcome": "Success", "calls": 2},
            {"time": "11:00:00", "outcome": "Failure", "calls": 2},
        ),
    ),
    Case(
        "Top IAM API errors",
        (
            event("iam:GetRole", "10:00", error="NoSuchEntityException"),
            event("iam:GetRole", "10:05", BOB, error="NoSuchEntityException"),
            event("iam:GetRole", "10:04", BOB, error="NoSuchEntityException"),
            event("iam:GetRole", "10:06", error="AccessDenied"),
            event("iam:CreateUser", "10:07", error="EntityAlreadyExistsException"),
            *[event("iam:GetRole", "11:00")] * 4,
            *[event("s3:GetObject", "11:00", error="NoSuchKey")] * 4,
        ),
        (
            {
                "eventName": "GetRole",
                "errorCode": "NoSuchEntityException",
                "errors": 3,
                "callers": 2,
                "last_error": "10:05:00",
            },
            {
                "eventName": "CreateUser",
                "errorCode": "EntityAlreadyExistsException",
                "errors": 1,
                "callers": 1,
                "last_error": "10:07:00",
            },
            {"eventName": "GetRole", "errorCode": "AccessDenied", "errors": 1, "callers": 1, "last_error": "10:06:00"},
        ),
    ),
    Case(
        "Top AccessDenied IAM APIs",
        (
            event("iam:CreateUser", error="AccessDenied"),
            event("iam:CreateUser", error="AccessDeniedException"),
            event("iam:ListRoles", error="AccessDenied"),
            *[event("iam:GetRole", error="NoSuchEntityException")] * 3,
            *[event("iam:ListUsers")] * 3,
            *[event("s3:ListBuckets", error="AccessDenied")] * 3,
        ),
        ({"eventName": "CreateUser", "denials": 2}, {"eventName": "ListRoles", "denials": 1}),
    ),
    Case(
        "Top IP addresses of IAM calls",
        (
            event("iam:ListRoles", sourceIPAddress="203.0.113.9"),
            event("iam:ListRoles", by=BOB, sourceIPAddress="203.0.113.9"),
            event("iam:ListUsers", by=BOB, sourceIPAddress="203.0.113.9"),
            event("iam:ListRoles", sourceIPAddress="2001:db8::1"),
            *[event("iam:CreateRole", sourceIPAddress="cloudformation.amazonaws.com")] * 3,
            *[event("iam:GetRole", sourceIPAddress="AWS Internal")] * 3,
            *[event("s3:ListBuckets", sourceIPAddress="2001:db8::1")] * 3,
        ),
        (
            {"sourceIPAddress": "203.0.113.9", "calls": 3, "callers": 2},
            {"sourceIPAddress": "2001:db8::1", "calls": 1, "callers": 1},
        ),
    ),
    Case(
        "Recent IAM policy changes",
        (
            event("iam:AttachUserPolicy", "10:00", request={"userName": "bob", "policyArn": ADMINISTRATOR}),
            event(
                "iam:PutRolePolicy",
                "10:01",
                BOB,
                error="AccessDenied",
                request={"roleName": "deploy", "policyName": "all"},
            ),
            event("iam:UpdateAssumeRolePolicy", "10:02", request={"roleName": "deploy", "policyDocument": "{}"}),
            event("iam:CreatePolicyVersion", "10:03", ROOT, request={"policyArn": "arn:p", "setAsDefault": True}),
            event("iam:DeleteUserPermissionsBoundary", "10:04", request={"userName": "bob"}),
            event("iam:GetPolicy", "11:00", request={"policyArn": ADMINISTRATOR}),
            event("iam:ListAttachedUserPolicies", "11:01", request={"userName": "bob"}),
            event("iam:UpdateAccountPasswordPolicy", "11:02"),
            event("iam:CreateUser", "11:03", request={"userName": "eve"}),
            event("organizations:AttachPolicy", "11:04"),
            event("iot:CreatePolicyVersion", "11:06"),
            event("s3:PutBucketPolicy", "11:05"),
        ),
        (
            {
                "eventTime": "10:04:00",
                "caller": arn("alice"),
                "changed_identity": "bob",
                "policy": None,
                "outcome": "Success",
            },
            {
                "eventTime": "10:03:00",
                "caller": ROOT_ARN,
                "changed_identity": None,
                "policy": "arn:p",
                "outcome": "Success",
            },
            {
                "eventTime": "10:02:00",
                "caller": arn("alice"),
                "changed_identity": "deploy",
                "policy": None,
                "outcome": "Success",
            },
            {
                "eventTime": "10:01:00",
                "caller": arn("bob"),
                "changed_identity": "deploy",
                "policy": "all",
                "outcome": "AccessDenied",
            },
            {
                "eventTime": "10:00:00",
                "caller": arn("alice"),
                "changed_identity": "bob",
                "policy": ADMINISTRATOR,
                "outcome": "Success",
            },
        ),
    ),
    Case(
        "Recent IAM user changes",
        (
            event("iam:CreateUser", "10:00", request={"userName": "eve"}),
            event("iam:CreateAccessKey", "10:01", BOB, error="AccessDenied", request={"userName": "eve"}),
            event("iam:ChangePassword", "10:02", BOB),
            event("iam:AddUserToGroup", "10:03", request={"userName": "eve", "groupName": "admins"}),
            event("iam:DeactivateMFADevice", "10:04", request={"userName": "bob"}),
            *[event(f"iam:{name}", f"09:{minute:02d}") for minute, name in enumerate(USER_CHANGES)],
            event("iam:CreateRole", "11:00", request={"roleName": "eve"}),
            event("iam:AttachUserPolicy", "11:01", request={"userName": "eve"}),
            event("iam:GetUser", "11:02", request={"userName": "eve"}),
            event("iam:ListAccessKeys", "11:03", request={"userName": "eve"}),
            event("cognito-idp:DeleteUser", "11:04", request={"userName": "eve"}),
        ),
        (
            {"eventTime": "10:04:00", "caller": arn("alice"), "changed_user": "bob", "outcome": "Success"},
            {"eventTime": "10:03:00", "caller": arn("alice"), "changed_user": "eve", "outcome": "Success"},
            {"eventTime": "10:02:00", "caller": arn("bob"), "changed_user": None, "outcome": "Success"},
            {"eventTime": "10:01:00", "caller": arn("bob"), "changed_user": "eve", "outcome": "AccessDenied"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "changed_user": "eve", "outcome": "Success"},
            *[
                {"eventTime": f"09:{minute:02d}:00", "caller": arn("alice"), "changed_user": None, "outcome": "Success"}
                for minute in reversed(range(len(USER_CHANGES)))
            ],
        ),
    ),
    Case(
        "Top assumed IAM roles",
        (
            event("sts:AssumeRole", "10:00", FOREIGNER, request={"roleArn": ROLE}, sharedEventID="shared-1"),
            event(
                "sts:AssumeRole",
                "10:00",
                {**FOREIGNER, "type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/x"},
                request={"roleArn": ROLE},
                sharedEventID="shared-1",
                recipientAccountId=OTHER_ACCOUNT,
            ),
            event("sts:AssumeRoleWithWebIdentity", "10:01", request={"roleArn": ROLE}),
            event("sts:AssumeRoleWithSAML", "10:01", request={"roleArn": ROLE}),
            event("sts:AssumeRole", "10:02", SERVICE, request={"roleArn": OTHER_ROLE}, sharedEventID="shared-2"),
            *[event("sts:AssumeRole", "11:00", BOB, request={"roleArn": OTHER_ROLE}, error="AccessDenied")] * 3,
            *[event("sts:GetSessionToken", "11:01", ALICE)] * 3,
            *[event("logs:PutSubscriptionFilter", "11:02", request={"roleArn": OTHER_ROLE})] * 3,
            event("sts:AssumeRole", "11:03", SERVICE),
        ),
        (
            {"role_arn": ROLE, "times": 3, "last_assumed": "10:01:00"},
            {"role_arn": OTHER_ROLE, "times": 1, "last_assumed": "10:02:00"},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "iam-activity", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_iam_activity_shows_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(IAM_ACTIVITY, case)

    assert shown == list(case.rows)


def test_each_widget_of_iam_activity_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in IAM_ACTIVITY.widgets]
