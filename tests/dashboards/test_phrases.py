"""What several widgets say in the same words, spelling by spelling: what each of these conditions is true of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import network, numbered, store_of
from tests.dashboards.world import (
    ALICE,
    FOREIGNER,
    IN_CONSOLE,
    ON_BEHALF,
    PERSON,
    ROOT,
    SERVICE,
    Event,
    arn,
    data,
    event,
)
from tests.walks.door import rows
from trailmere.dashboards.library import phrases

if TYPE_CHECKING:
    from trailmere.app import App

DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Client.UnauthorizedOperation",
    "ForbiddenException",
    "NotAuthorized",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "VpceAccessDenied",
)
THROTTLED = (
    "BandwidthLimitExceeded",
    "Client.RequestLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
OTHER_ERRORS = (
    "InvalidClientTokenId",
    "LimitExceeded",
    "LimitExceededException",
    "NoSuchKey",
    "ServiceQuotaExceededException",
    "ServiceUnavailable",
    "ValidationException",
)
DESTROYS = (
    "ecr:BatchDeleteImage",
    "ecs:DeregisterTaskDefinition",
    "ec2:DetachVolume",
    "ec2:DisassociateRouteTable",
    "ec2:ReleaseAddress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "iam:DeactivateMFADevice",
    "iam:RemoveUserFromGroup",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "s3:DeleteBucket",
    "signer:RevokeSignature",
    "sqs:PurgeQueue",
)
DESTROYS_NOT = (
    "ec2:AttachVolume",
    "ec2:StartInstances",
    "iam:CreateUser",
    "iam:EnableMFADevice",
    "iam:UpdateUser",
    "kms:CancelKeyDeletion",
    "s3:PutBucketPolicy",
)
CHANGES_POLICIES = (
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeleteGroupPolicy",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteUserPermissionsBoundary",
    "DeleteUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "PutGroupPolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "PutUserPermissionsBoundary",
    "PutUserPolicy",
    "SetDefaultPolicyVersion",
    "UpdateAssumeRolePolicy",
)
CHANGES_NO_POLICIES = (
    "DeleteAccountPasswordPolicy",
    "GetRolePolicy",
    "ListPolicies",
    "SimulateCustomPolicy",
    "TagPolicy",
    "UpdateAccountPasswordPolicy",
)
SERVICE_WITHOUT_A_NAME = {"type": "AWSService"}
OF_A_CENTER = {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "person-1"}}
WEB = {"type": "WebIdentityUser", "principalId": "web-1"}
SOMEBODY = {"type": "AWSAccount", "accountId": "444455556666"}


def true_of(app: App, name: str, condition: str, shown: str, events: list[Event]) -> list[str]:
    """What is shown of the events for which the condition is true, in order."""
    dated = [{**one, "eventTime": "2026-05-01T12:00:00Z"} for one in events]
    store_id = store_of(app, name, numbered(dated))
    found = rows(app, f'SELECT {shown} AS shown FROM "{store_id}" WHERE {condition} ORDER BY 1')
    return [row["shown"] for row in found]


def test_access_denied_is_each_spelling_of_it(shared_app: App) -> None:
    calls = [event("s3:GetObject", error=code) for code in (*DENIED, *THROTTLED, *OTHER_ERRORS)]

    found = true_of(shared_app, "denied", phrases.ACCESS_DENIED, "errorCode", [*calls, event("s3:GetObject")])

    assert found == sorted(DENIED)


def test_throttled_is_each_spelling_of_it_and_no_quota(shared_app: App) -> None:
    calls = [event("s3:GetObject", error=code) for code in (*DENIED, *THROTTLED, *OTHER_ERRORS)]

    found = true_of(shared_app, "throttled", phrases.THROTTLED, "errorCode", [*calls, event("s3:GetObject")])

    assert found == sorted(THROTTLED)


def test_destroyed_is_what_was_let_go_of_and_not_what_was_made_or_changed(shared_app: App) -> None:
    calls = [event(action) for action in (*DESTROYS, *DESTROYS_NOT)]

    found = true_of(shared_app, "destroyed", phrases.DESTROYED, phrases.API, calls)

    assert found == sorted(DESTROYS)


def test_destroyed_is_what_succeeded_and_was_done_by_somebody_and_changed_something(shared_app: App) -> None:
    calls = [
        event("s3:DeleteBucket"),
        data("s3:DeleteObject", by=IN_CONSOLE),
        event("s3:DeleteBucketPolicy", error="AccessDenied"),
        event("s3:DeleteBucketCors", by=SERVICE),
        event("s3:DeleteBucketTagging", by=SERVICE_WITHOUT_A_NAME),
        event("s3:DeleteBucketWebsite", by=ON_BEHALF),
        event("logs:StopQuery", readOnly=True),
        network("secretsmanager:DeleteSecret", "12:00"),
    ]

    found = true_of(shared_app, "destroyed-by-whom", phrases.DESTROYED, "eventName", calls)

    assert found == ["DeleteBucket", "DeleteObject"]


def test_what_is_done_in_the_console_is_not_done_by_a_service(shared_app: App) -> None:
    callers = [ALICE, IN_CONSOLE, PERSON, ROOT, FOREIGNER, SERVICE, SERVICE_WITHOUT_A_NAME, ON_BEHALF]
    calls = [event(f"s3:List{number}", by=who) for number, who in enumerate(callers)]

    found = true_of(shared_app, "not-a-service", phrases.NOT_A_SERVICE, "eventName", calls)

    assert found == ["List0", "List1", "List2", "List3", "List4"]


def test_changes_of_policies_are_those_that_give_or_take_permissions(shared_app: App) -> None:
    calls = [event(f"iam:{name}") for name in (*CHANGES_POLICIES, *CHANGES_NO_POLICIES)]

    found = true_of(shared_app, "policies", phrases.IAM_POLICY_CHANGE, "eventName", calls)

    assert found == sorted(CHANGES_POLICIES)


@pytest.mark.parametrize(
    ("name", "who", "called"),
    [
        ("a-user-is-called-by-the-arn", ALICE, arn("alice")),
        ("a-person-with-an-empty-arn-by-the-name", PERSON, "dora@example.com"),
        ("a-user-of-identity-center-by-the-id", OF_A_CENTER, "person-1"),
        ("a-web-identity-by-the-principal", WEB, "web-1"),
        ("a-service-by-its-name", SERVICE, "autoscaling.amazonaws.com"),
        ("somebody-from-elsewhere-by-the-account", SOMEBODY, "444455556666"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_calls_has_a_name(shared_app: App, name: str, who: Event, called: str) -> None:
    found = true_of(shared_app, name, "true", phrases.CALLER, [event("s3:ListBuckets", by=who)])

    assert found == [called]
