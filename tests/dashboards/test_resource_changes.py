"""Changes of resources: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, network, resource
from tests.dashboards.world import BOB, ON_BEHALF, SERVICE, Case, Days, arn, data, event, login
from trailmere.dashboards.library.resource_changes import RESOURCE_CHANGES

if TYPE_CHECKING:
    from trailmere.app import App

CLOUDFORMATION = "cloudformation.amazonaws.com"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/99.0"
OLD_CONSOLE = "[S3Console/0.4, aws-internal/3]"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"

# What looks like creating and deleting and is neither.
NO_RESOURCES = (
    event("ec2:RunInstances", "10:40", error="Client.DryRunOperation"),
    event("iam:DeleteUser", "10:41", error="AccessDenied"),
    event("ec2:CreateTags", "10:42"),
    event("ec2:DeleteTags", "10:43"),
    event("logs:CreateLogStream", "10:44", SERVICE),
    event("kms:CreateGrant", "10:45"),
    event("sso-oauth:CreateTokenWithIAM", "10:46"),
    event("sagemaker:CreatePresignedUrl", "10:47", readOnly=True),
    event("ec2:DescribeInstances", "10:48"),
    event("ec2:StopInstances", "10:49"),
    data("s3:CreateMultipartUpload", "10:50"),
    data("s3:DeleteObject", "10:51"),
    data("dynamodb:DeleteItem", "10:52"),
    network("ec2:CreateVolume", "10:53"),
)
CASES = (
    Case(
        "Resource creation and deletion trends",
        (
            event("s3:CreateBucket", "10:00"),
            event("ec2:RunInstances", "10:20", BOB),
            event("ec2:AllocateAddress", "11:00"),
            event("ec2:TerminateInstances", "11:01"),
            event("kms:ScheduleKeyDeletion", "11:02"),
            *NO_RESOURCES,
        ),
        (
            {"time": "10:00:00", "change": "created", "calls": 2},
            {"time": "11:00:00", "change": "created", "calls": 1},
            {"time": "11:00:00", "change": "deleted", "calls": 2},
        ),
    ),
    Case(
        "Top users performing resource creation",
        (
            event("s3:CreateBucket", "10:00"),
            event("ec2:RunInstances", "10:01", BOB),
            event("iam:CreateUser", "10:02", BOB),
            event("ec2:RunInstances", "10:03", SERVICE),
            event("s3:DeleteBucket", "10:04"),
            event("s3:DeleteBucket", "10:05"),
            *NO_RESOURCES,
        ),
        (
            {"caller": arn("bob"), "calls": 2, "services": 2, "latest": "10:02:00"},
            {"caller": arn("alice"), "calls": 1, "services": 1, "latest": "10:00:00"},
            {"caller": "autoscaling.amazonaws.com", "calls": 1, "services": 1, "latest": "10:03:00"},
        ),
    ),
    Case(
        "Top APIs used for resource creation",
        (
            event("ec2:RunInstances", "10:00"),
            event("ec2:RunInstances", "10:01", BOB),
            event("rds:CreateDBInstance", "10:02"),
            event("rds:RestoreDBInstanceFromDBSnapshot", "10:03"),
            event("s3:DeleteBucket", "10:04"),
            *NO_RESOURCES,
        ),
        (
            {"eventName": "RunInstances", "eventSource": "ec2.amazonaws.com", "calls": 2},
            {"eventName": "CreateDBInstance", "eventSource": "rds.amazonaws.com", "calls": 1},
            {"eventName": "RestoreDBInstanceFromDBSnapshot", "eventSource": "rds.amazonaws.com", "calls": 1},
        ),
    ),
    Case(
        "Top APIs used for resource deletion",
        (
            event("s3:DeleteBucket", "10:00"),
            event("s3:DeleteBucket", "10:01"),
            event("ec2:TerminateInstances", "10:02"),
            event("ec2:ReleaseAddress", "10:03"),
            event("s3:CreateBucket", "10:04"),
            *NO_RESOURCES,
        ),
        (
            {"eventName": "DeleteBucket", "eventSource": "s3.amazonaws.com", "calls": 2},
            {"eventName": "ReleaseAddress", "eventSource": "ec2.amazonaws.com", "calls": 1},
            {"eventName": "TerminateInstances", "eventSource": "ec2.amazonaws.com", "calls": 1},
        ),
    ),
    Case(
        "Most recent resources created outside CloudFormation",
        (
            event("s3:CreateBucket", "10:00", resources=[resource("arn:aws:s3:::logs", "AWS::S3::Bucket")]),
            event("iam:CreateUser", "10:01", BOB, request={"userName": "eve"}),
            event(
                "ec2:RunInstances",
                "10:02",
                response={"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}},
            ),
            event("s3:CreateBucket", "10:10", sourceIPAddress=CLOUDFORMATION, userAgent=CLOUDFORMATION),
            event("s3:CreateBucket", "10:11", userAgent=CLOUDFORMATION),
            event("s3:CreateBucket", "10:12", ON_BEHALF),
            event("cloudformation:CreateStack", "10:13"),
            event("s3:DeleteBucket", "10:14"),
            *NO_RESOURCES,
        ),
        (
            {"eventTime": "10:02:00", "caller": arn("alice"), "eventName": "RunInstances", "resource": "i-1, i-2"},
            {"eventTime": "10:01:00", "caller": arn("bob"), "eventName": "CreateUser", "resource": "eve"},
            {
                "eventTime": "10:00:00",
                "caller": arn("alice"),
                "eventName": "CreateBucket",
                "resource": "arn:aws:s3:::logs",
            },
        ),
    ),
    Case(
        "Most recent resource changes made using console",
        (
            event("ec2:RunInstances", "10:00", sessionCredentialFromConsole="true"),
            event("s3:PutBucketPolicy", "10:01", BOB, userAgent=OLD_CONSOLE, error="AccessDenied"),
            event("ec2:StopInstances", "10:02", userAgent="console.ec2.amazonaws.com"),
            event("iam:CreateUser", "10:03", userAgent=BROWSER),
            event("aws-portal:UpdateBilling", "10:04", eventType="AwsConsoleAction", readOnly=False),
            event("ec2:RunInstances", "10:05"),
            event("ec2:DescribeInstances", "10:06", sessionCredentialFromConsole="true"),
            login("10:07", userAgent=BROWSER),
            event("signin:SwitchRole", "10:08", userAgent=BROWSER),
            event("sso:Federate", "10:09", userAgent=BROWSER),
            event("ec2:RunInstances", "10:10", SERVICE, userAgent="autoscaling.amazonaws.com"),
            data("s3:PutObject", "10:11", userAgent=BROWSER),
        ),
        (
            {"eventTime": "10:04:00", "caller": arn("alice"), "eventName": "UpdateBilling", "outcome": "Success"},
            {"eventTime": "10:03:00", "caller": arn("alice"), "eventName": "CreateUser", "outcome": "Success"},
            {"eventTime": "10:02:00", "caller": arn("alice"), "eventName": "StopInstances", "outcome": "Success"},
            {"eventTime": "10:01:00", "caller": arn("bob"), "eventName": "PutBucketPolicy", "outcome": "AccessDenied"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "eventName": "RunInstances", "outcome": "Success"},
        ),
    ),
    Case(
        "Most recent S3 bucket access changes",
        (
            event("s3:PutBucketPolicy", "10:00", request={"bucketName": "logs"}),
            event("s3:PutBucketAcl", "10:01", BOB, request={"bucketName": "data"}, error="AccessDenied"),
            event("s3:DeleteBucketPublicAccessBlock", "10:02", request={"bucketName": "logs"}),
            event("s3:PutAccountPublicAccessBlock", "10:03"),
            event("s3:CreateAccessPoint", "10:04", request={"name": "door"}),
            event("s3:PutBucketReplication", "10:05", request={"bucketName": "logs"}),
            event("s3:GetBucketPolicy", "10:06", request={"bucketName": "logs"}),
            event("s3:PutBucketLifecycle", "10:07", request={"bucketName": "logs"}),
            event("s3:CreateBucket", "10:08", request={"bucketName": "logs"}),
            event("s3-outposts:PutBucketPolicy", "10:09", request={"bucketName": "logs"}),
            data("s3:PutObjectAcl", "10:10", request={"bucketName": "logs"}),
            network("s3:PutBucketPolicy", "10:11", request={"bucketName": "logs"}),
        ),
        (
            {"eventTime": "10:05:00", "caller": arn("alice"), "bucket": "logs", "outcome": "Success"},
            {"eventTime": "10:04:00", "caller": arn("alice"), "bucket": "door", "outcome": "Success"},
            {"eventTime": "10:03:00", "caller": arn("alice"), "bucket": None, "outcome": "Success"},
            {"eventTime": "10:02:00", "caller": arn("alice"), "bucket": "logs", "outcome": "Success"},
            {"eventTime": "10:01:00", "caller": arn("bob"), "bucket": "data", "outcome": "AccessDenied"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "bucket": "logs", "outcome": "Success"},
        ),
    ),
    Case(
        "Most recent KMS key access changes",
        (
            event("kms:PutKeyPolicy", "10:00", request={"keyId": KEY}),
            event("kms:CreateGrant", "10:01", BOB, request={"keyId": KEY, "granteePrincipal": arn("eve")}),
            event("kms:RetireGrant", "10:02", resources=[resource(KEY, "AWS::KMS::Key")]),
            event("kms:ScheduleKeyDeletion", "10:03", request={"keyId": KEY}, error="AccessDenied"),
            event("kms:Decrypt", "10:04", request={"keyId": KEY}),
            event("kms:GetKeyPolicy", "10:05", request={"keyId": KEY}),
            event("kms:CreateKey", "10:06"),
            event("payment-cryptography:DisableKey", "10:07", request={"keyId": KEY}),
            network("kms:CreateGrant", "10:08", request={"keyId": KEY}),
        ),
        (
            {"eventTime": "10:03:00", "caller": arn("alice"), "key": KEY, "grantee": None, "outcome": "AccessDenied"},
            {"eventTime": "10:02:00", "caller": arn("alice"), "key": KEY, "grantee": None, "outcome": "Success"},
            {"eventTime": "10:01:00", "caller": arn("bob"), "key": KEY, "grantee": arn("eve"), "outcome": "Success"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "key": KEY, "grantee": None, "outcome": "Success"},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "resource-changes", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_resource_changes_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(RESOURCE_CHANGES, case)

    assert shown == list(case.rows)


def test_each_widget_of_resource_changes_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in RESOURCE_CHANGES.widgets]
