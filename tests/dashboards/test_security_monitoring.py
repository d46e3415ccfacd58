"""Security monitoring: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.data_world import days_in, network
from tests.dashboards.world import (
    ACCOUNT,
    ALICE,
    BOB,
    FOREIGNER,
    IN_CONSOLE,
    ON_BEHALF,
    OTHER_ACCOUNT,
    PERSON,
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
    user,
)
from trailmere.dashboards.library.security_monitoring import SECURITY_MONITORING
from trailmere.simulator.records import compact

if TYPE_CHECKING:
    from trailmere.app import App

NOBODY = user("HIDDEN_DUE_TO_SECURITY_REASONS")


def rule(range_: str, description: str = "web", key: str = "cidrIp") -> Event:
    """The request that lets a range of addresses in."""
    versions: dict[str, Any] = {"ipRanges": {}, "ipv6Ranges": {}}
    ranges = {"items": [{key: range_, "description": description}]}
    versions["ipRanges" if key == "cidrIp" else "ipv6Ranges"] = ranges
    return {"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, **versions}]}}


def modified(range_: str) -> Event:
    """The request that changes a rule."""
    changed = {"SecurityGroupRule": {"IpProtocol": "tcp", "CidrIpv4": range_}, "SecurityGroupRuleId": "sgr-1"}
    return {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-2", "SecurityGroupRule": changed}}


INGRESS = "ec2:AuthorizeSecurityGroupIngress"
OPENED = compact(rule("0.0.0.0/0")["ipPermissions"])
OPENED_IPV6 = compact(rule("::/0", key="cidrIpv6")["ipPermissions"])
CHANGED = compact(modified("0.0.0.0/0")["ModifySecurityGroupRulesRequest"])

DISABLING = (
    "DeleteEventDataStore",
    "DeleteTrail",
    "DeregisterOrganizationDelegatedAdmin",
    "PutEventSelectors",
    "PutInsightSelectors",
    "StopEventDataStoreIngestion",
    "StopLogging",
    "UpdateEventDataStore",
    "UpdateTrail",
)
NETWORK_CHANGES = (
    "AssociateSecurityGroupVpc",
    "AuthorizeSecurityGroupEgress",
    "CreateNetworkAclEntry",
    "DeleteNetworkAcl",
    "DisassociateSecurityGroupVpc",
    "ReplaceNetworkAclAssociation",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
)

CASES = (
    Case(
        "Top access denied events",
        (
            event("s3:GetObject", "10:00", error="AccessDenied"),
            event("s3:GetObject", "10:01", error="AccessDenied"),
            event("s3:GetObject", "10:02", BOB, error="AccessDenied"),
            event("ec2:RunInstances", "10:03", error="Client.UnauthorizedOperation"),
            event("ec2:RunInstances", "10:04", error="UnauthorizedOperation"),
            event("kms:Decrypt", error="AccessDeniedException"),
            event("secretsmanager:GetSecretValue", error="VpceAccessDenied"),
            event("sns:Publish", error="AuthorizationError"),
            *[event("s3:GetObject", error="NoSuchKey")] * 5,
            *[event("tagging:GetResources", error="ThrottlingException")] * 5,
            *[event("s3:PutObject")] * 5,
        ),
        (
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject",
                "denials": 3,
                "callers": 2,
                "last_denied": "10:02:00",
            },
            {
                "eventSource": "ec2.amazonaws.com",
                "eventName": "RunInstances",
                "denials": 2,
                "callers": 1,
                "last_denied": "10:04:00",
            },
            {
                "eventSource": "kms.amazonaws.com",
                "eventName": "Decrypt",
                "denials": 1,
                "callers": 1,
                "last_denied": "12:00:00",
            },
            {
                "eventSource": "secretsmanager.amazonaws.com",
                "eventName": "GetSecretValue",
                "denials": 1,
                "callers": 1,
                "last_denied": "12:00:00",
            },
            {
                "eventSource": "sns.amazonaws.com",
                "eventName": "Publish",
                "denials": 1,
                "callers": 1,
                "last_denied": "12:00:00",
            },
        ),
    ),
    Case(
        "Failed ConsoleLogin attempts",
        (
            login("10:00", ALICE, "Failure"),
            login("11:00", NOBODY, "Failure", sourceIPAddress="203.0.113.9"),
            login("12:00", ROOT, "Failure"),
            login("12:30", ALICE),
            event("signin:CheckMfa", response={"CheckMfa": "Failure"}, errorMessage="Failed authentication"),
            event("iam:GetUser", error="AccessDenied"),
        ),
        (
            {"eventTime": "12:00:00", "caller": ROOT_ARN, "caller_type": "Root", "sourceIPAddress": "198.51.100.1"},
            {
                "eventTime": "11:00:00",
                "caller": "HIDDEN_DUE_TO_SECURITY_REASONS",
                "caller_type": "IAMUser",
                "sourceIPAddress": "203.0.113.9",
            },
            {"eventTime": "10:00:00", "caller": "alice", "caller_type": "IAMUser", "sourceIPAddress": "198.51.100.1"},
        ),
    ),
    Case(
        "Failed ConsoleLogin attempts by IP address",
        (
            login("10:00", ALICE, "Failure", sourceIPAddress="203.0.113.9"),
            login("10:01", BOB, "Failure", sourceIPAddress="203.0.113.9"),
            login("10:02", BOB, "Failure", sourceIPAddress="2001:db8::1"),
            login("10:03", BOB, "Failure", sourceIPAddress="203.0.113.9"),
            *[login("11:00", ALICE, sourceIPAddress="198.51.100.1")] * 3,
            *[event("iam:GetUser", error="AccessDenied", sourceIPAddress="2001:db8::1")] * 3,
        ),
        (
            {"sourceIPAddress": "203.0.113.9", "attempts": 3, "callers": 2, "last_attempt": "10:03:00"},
            {"sourceIPAddress": "2001:db8::1", "attempts": 1, "callers": 1, "last_attempt": "10:02:00"},
        ),
    ),
    Case(
        "Root user ConsoleLogin attempts",
        (
            login("10:00", ROOT, "Failure"),
            login("11:00", ROOT, recipientAccountId=OTHER_ACCOUNT),
            login("11:30", ALICE),
            event("ec2:RunInstances", "11:45", ROOT),
        ),
        (
            {"eventTime": "11:00:00", "recipientAccountId": OTHER_ACCOUNT, "outcome": "Success", "mfa_used": "Yes"},
            {"eventTime": "10:00:00", "recipientAccountId": ACCOUNT, "outcome": "Failure", "mfa_used": "No"},
        ),
    ),
    Case(
        "Destructive actions",
        (
            event(
                "s3:DeleteBucket",
                "10:00",
                request={"bucketName": "invoices"},
                resources=[{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::invoices"}],
            ),
            event("ec2:TerminateInstances", "10:01", IN_CONSOLE, request={"instancesSet": {"items": ["i-1"]}}),
            event("kms:ScheduleKeyDeletion", "10:02", BOB, request={"keyId": "k-1"}),
            event("ecr:BatchDeleteImage", "10:03", request={"repositoryName": "web"}),
            data("s3:DeleteObject", "10:04", PERSON, request={"key": "a"}),
            event("s3:DeleteBucket", "11:00", error="BucketNotEmpty"),
            event("ec2:TerminateInstances", "11:01", SERVICE),
            event("ec2:DeleteVolume", "11:02", ON_BEHALF),
            event("logs:StopQuery", "11:03", readOnly=True),
            network("secretsmanager:DeleteSecret", "11:06"),
            event("ec2:StartInstances", "11:04"),
            event("iam:CreateUser", "11:05"),
        ),
        (
            {"eventTime": "10:04:00", "caller": "dora@example.com", "eventName": "DeleteObject", "resource": "{key=a}"},
            {
                "eventTime": "10:03:00",
                "caller": arn("alice"),
                "eventName": "BatchDeleteImage",
                "resource": "{repositoryName=web}",
            },
            {
                "eventTime": "10:02:00",
                "caller": arn("bob"),
                "eventName": "ScheduleKeyDeletion",
                "resource": "{keyId=k-1}",
            },
            {
                "eventTime": "10:01:00",
                "caller": arn("alice"),
                "eventName": "TerminateInstances",
                "resource": '{instancesSet={"items":["i-1"]}}',
            },
            {
                "eventTime": "10:00:00",
                "caller": arn("alice"),
                "eventName": "DeleteBucket",
                "resource": "arn:aws:s3:::invoices",
            },
        ),
    ),
    Case(
        "Top cross-account access",
        (
            event("sts:AssumeRole", "10:00", FOREIGNER),
            event("sts:AssumeRole", "10:01", FOREIGNER, error="AccessDenied"),
            event("s3:GetObject", "10:02", ALICE, recipientAccountId=OTHER_ACCOUNT),
            *[event("s3:ListBuckets", by=ALICE)] * 3,
            *[event("kms:Decrypt", by={**SERVICE, "accountId": OTHER_ACCOUNT})] * 3,
            *[event("s3:PutObject", by={**FOREIGNER, "invokedBy": "delivery.logs.amazonaws.com"})] * 3,
            *[event("s3:GetObject", by={"type": "AWSAccount", "accountId": "anonymous"})] * 3,
            *[network("s3:GetObject", "11:00", recipientAccountId=OTHER_ACCOUNT)] * 3,
        ),
        (
            {
                "caller_account": OTHER_ACCOUNT,
                "accessed_account": ACCOUNT,
                "eventSource": "sts.amazonaws.com",
                "eventName": "AssumeRole",
                "calls": 2,
                "denied": 1,
                "last_call": "10:01:00",
            },
            {
                "caller_account": ACCOUNT,
                "accessed_account": OTHER_ACCOUNT,
                "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject",
                "calls": 1,
                "denied": 0,
                "last_call": "10:02:00",
            },
        ),
    ),
    Case(
        "Users who disabled MFA",
        (
            event("iam:DeactivateMFADevice", "10:00", request={"userName": "bob", "serialNumber": "mfa/bob"}),
            event("iam:DeleteVirtualMFADevice", "10:01", ROOT, request={"serialNumber": "mfa/root"}),
            event("sso-directory:DeleteMfaDeviceForUser", "10:02", request={"userId": "u-1", "mfaDeviceId": "d-1"}),
            event("iam:DeactivateMFADevice", "11:00", BOB, error="AccessDenied", request={"userName": "carol"}),
            event("iam:EnableMFADevice", "11:01", request={"userName": "bob"}),
            event("iam:ListMFADevices", "11:02", request={"userName": "bob"}),
        ),
        (
            {"eventTime": "10:02:00", "caller": arn("alice"), "mfa_of_user": "u-1", "mfa_device": "d-1"},
            {"eventTime": "10:01:00", "caller": ROOT_ARN, "mfa_of_user": None, "mfa_device": "mfa/root"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "mfa_of_user": "bob", "mfa_device": "mfa/bob"},
        ),
    ),
    Case(
        "Recent EC2 SecurityGroup and NetworkAcl changes",
        (
            event("ec2:CreateSecurityGroup", "10:00", request={"groupName": "web"}, response={"groupId": "sg-9"}),
            event(INGRESS, "10:01", request=rule("10.0.0.0/8")),
            event("ec2:ModifySecurityGroupRules", "10:02", request=modified("10.0.0.0/8")),
            event("ec2:ReplaceNetworkAclEntry", "10:03", BOB, request={"networkAclId": "acl-1"}),
            event("ec2:CreateNetworkAcl", "10:04", response={"networkAcl": {"networkAclId": "acl-2"}}),
            event("ec2:DeleteSecurityGroup", "10:05", error="Client.DependencyViolation", request={"groupId": "sg-1"}),
            *[event(f"ec2:{name}", f"09:0{minute}") for minute, name in enumerate(NETWORK_CHANGES)],
            event("ec2:DescribeSecurityGroups", "11:00"),
            event("ec2:GetSecurityGroupsForVpc", "11:01"),
            event("ec2:CreateSubnet", "11:02"),
            event("rds:AuthorizeDBSecurityGroupIngress", "11:03"),
            event("redshift:CreateSecurityGroup", "11:04"),
        ),
        (
            {
                "eventTime": "10:05:00",
                "caller": arn("alice"),
                "resource": "sg-1",
                "outcome": "Client.DependencyViolation",
            },
            {"eventTime": "10:04:00", "caller": arn("alice"), "resource": "acl-2", "outcome": "Success"},
            {"eventTime": "10:03:00", "caller": arn("bob"), "resource": "acl-1", "outcome": "Success"},
            {"eventTime": "10:02:00", "caller": arn("alice"), "resource": "sg-2", "outcome": "Success"},
            {"eventTime": "10:01:00", "caller": arn("alice"), "resource": "sg-1", "outcome": "Success"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "resource": "sg-9", "outcome": "Success"},
            *[
                {"eventTime": f"09:0{minute}:00", "caller": arn("alice"), "resource": None, "outcome": "Success"}
                for minute in reversed(range(len(NETWORK_CHANGES)))
            ],
        ),
    ),
    Case(
        "Recent EC2 SecurityGroup changes that allow public access",
        (
            event(INGRESS, "10:00", request=rule("0.0.0.0/0")),
            event(INGRESS, "10:01", BOB, request=rule("::/0", key="cidrIpv6")),
            event(INGRESS, "10:02", request={"groupId": "sg-3", "cidrIp": "0.0.0.0/0", "ipPermissions": {}}),
            event("ec2:ModifySecurityGroupRules", "10:03", request=modified("0.0.0.0/0")),
            event(INGRESS, "11:00", request=rule("10.0.0.0/8", description="not 0.0.0.0/0")),
            event(INGRESS, "11:01", request={"groupId": "sg-3", "cidrIp": "203.0.113.0/30", "ipPermissions": {}}),
            event(INGRESS, "11:02", error="Client.UnauthorizedOperation", request=rule("0.0.0.0/0")),
            event("ec2:AuthorizeSecurityGroupEgress", "11:03", request=rule("0.0.0.0/0")),
            event("ec2:RevokeSecurityGroupIngress", "11:04", request=rule("0.0.0.0/0")),
            event("ec2:ModifySecurityGroupRules", "11:05", request=modified("203.0.113.0/24")),
        ),
        (
            {"eventTime": "10:03:00", "caller": arn("alice"), "security_group": "sg-2", "rules": CHANGED},
            {"eventTime": "10:02:00", "caller": arn("alice"), "security_group": "sg-3", "rules": "0.0.0.0/0"},
            {"eventTime": "10:01:00", "caller": arn("bob"), "security_group": "sg-1", "rules": OPENED_IPV6},
            {"eventTime": "10:00:00", "caller": arn("alice"), "security_group": "sg-1", "rules": OPENED},
        ),
    ),
    Case(
        "Potential CloudTrail disabling actions",
        (
            event("cloudtrail:StopLogging", "10:00", request={"name": "main"}),
            event("cloudtrail:PutEventSelectors", "10:01", BOB, request={"trailName": "main"}),
            event(
                "cloudtrail:DeleteEventDataStore", "10:02", error="AccessDenied", request={"eventDataStore": "store-1"}
            ),
            *[event(f"cloudtrail:{name}", f"09:0{minute}") for minute, name in enumerate(DISABLING)],
            event("cloudtrail:DescribeTrails", "11:00"),
            event("cloudtrail:StartLogging", "11:01", request={"name": "main"}),
            event("cloudtrail:CreateTrail", "11:02", request={"name": "other"}),
            event("kinesisanalytics:StopLogging", "11:03", request={"name": "main"}),
        ),
        (
            {
                "eventTime": "10:02:00",
                "eventName": "DeleteEventDataStore",
                "trail_or_store": "store-1",
                "outcome": "AccessDenied",
            },
            {"eventTime": "10:01:00", "eventName": "PutEventSelectors", "trail_or_store": "main", "outcome": "Success"},
            {"eventTime": "10:00:00", "eventName": "StopLogging", "trail_or_store": "main", "outcome": "Success"},
            *[
                {"eventTime": f"09:0{minute}:00", "eventName": name, "trail_or_store": None, "outcome": "Success"}
                for minute, name in reversed([*enumerate(DISABLING)])
            ],
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "security-monitoring", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_security_monitoring_shows_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(SECURITY_MONITORING, case)

    assert shown == list(case.rows)


def test_each_widget_of_security_monitoring_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in SECURITY_MONITORING.widgets]
