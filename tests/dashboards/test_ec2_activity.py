"""EC2 activity: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.data_world import days_in, network
from tests.dashboards.world import ACCOUNT, ALICE, BOB, ON_BEHALF, ROOT, SERVICE, Case, Days, arn, event
from trailmere.dashboards.library.ec2_activity import EC2_ACTIVITY

if TYPE_CHECKING:
    from trailmere.app import App

ACCEPT = "AcceptVpcPeeringConnection"
DENIED, LIMITED, DRY_RUN = "Client.UnauthorizedOperation", "Client.RequestLimitExceeded", "Client.DryRunOperation"
INTERFACE = {"networkInterface": {"networkInterfaceId": "eni-1"}}
PEERING = {"vpcPeeringConnectionId": "pcx-1"}


def launched(*instances: str) -> dict[str, Any]:
    """The answer to RunInstances."""
    return {"instancesSet": {"items": [{"instanceId": one} for one in instances]}}


CASES = (
    Case(
        "EC2 instance management activity overview",
        (
            event("ec2:RunInstances", "10:00", response=launched("i-1")),
            event("ec2:RunInstances", "10:01", error=DENIED),
            event("ec2:StopInstances", "10:02"),
            event("ec2:StopInstances", "10:03", BOB),
            event("ec2:ModifyInstanceAttribute", "10:04"),
            event("ec2:RequestSpotInstances", "10:05"),
            event("ec2:DescribeInstances", "10:06"),
            event("ec2:CreateVolume", "10:07"),
            event("ssm:StopInstances", "10:08"),
            network("ec2:StopInstances", "10:09"),
        ),
        (
            {"eventName": "StopInstances", "outcome": "Success", "calls": 2},
            {"eventName": "ModifyInstanceAttribute", "outcome": "Success", "calls": 1},
            {"eventName": "RequestSpotInstances", "outcome": "Success", "calls": 1},
            {"eventName": "RunInstances", "outcome": "Failure", "calls": 1},
            {"eventName": "RunInstances", "outcome": "Success", "calls": 1},
        ),
    ),
    Case(
        "EC2 API success vs failure trends",
        (
            event("ec2:DescribeInstances", "10:00"),
            event("ec2:DescribeInstances", "10:59", error=LIMITED),
            event("ec2:RunInstances", "11:00"),
            event("ec2:CreateVpc", "11:10", BOB),
            event("s3:ListBuckets", "11:20"),
            event("rds:DescribeDBInstances", "11:21", error="AccessDenied"),
            network("ec2:DescribeInstances", "11:22", error="VpceAccessDenied"),
        ),
        (
            {"time": "10:00:00", "outcome": "Failure", "calls": 1},
            {"time": "10:00:00", "outcome": "Success", "calls": 1},
            {"time": "11:00:00", "outcome": "Success", "calls": 2},
        ),
    ),
    Case(
        "Top EC2 errors",
        (
            event("ec2:DescribeInstances", "10:00", error=LIMITED),
            event("ec2:RunInstances", "10:01", error=LIMITED),
            event("ec2:RunInstances", "10:02", error=DENIED),
            event("ec2:RunInstances", "10:03"),
            event("iam:CreateUser", "10:04", error="EntityAlreadyExists"),
            network("ec2:RunInstances", "10:05", error="VpceAccessDenied"),
        ),
        ({"errorCode": LIMITED, "errors": 2}, {"errorCode": DENIED, "errors": 1}),
    ),
    Case(
        "Top EC2 AccessDenied events",
        (
            event("ec2:DescribeVpcs", "10:00", BOB, error=DENIED),
            event("ec2:DescribeVpcs", "10:01", error=DENIED),
            event("ec2:DescribeVpcs", "10:30", error=DENIED),
            event("ec2:RunInstances", "10:03", error=LIMITED),
            event("ec2:RunInstances", "10:04"),
            event("s3:GetBucketAcl", "10:05", error="AccessDenied"),
            network("ec2:DescribeVpcs", "10:06", error="VpceAccessDenied"),
        ),
        (
            {"eventName": "DescribeVpcs", "caller": arn("alice"), "denials": 2, "latest": "10:30:00"},
            {"eventName": "DescribeVpcs", "caller": arn("bob"), "denials": 1, "latest": "10:00:00"},
        ),
    ),
    Case(
        "Top users launching EC2 instances",
        (
            event("ec2:RunInstances", "10:00", response=launched("i-1")),
            event("ec2:RunInstances", "10:01", response=launched("i-2")),
            event("ec2:RunInstances", "10:02", BOB, response=launched("i-3", "i-4", "i-5")),
            event("ec2:RunInstances", "10:03", SERVICE),  # an event that was cut has no answer: one at least
            event("ec2:RunInstances", "10:04", error=DRY_RUN),
            event("ec2:StartInstances", "10:05", response=launched("i-1")),
            event("gamelift:RunInstances", "10:06", response=launched("i-1")),
            network("ec2:RunInstances", "10:07", response=launched("i-1")),
        ),
        (
            {"caller": arn("bob"), "instances": 3, "launches": 1, "latest": "10:02:00"},
            {"caller": arn("alice"), "instances": 2, "launches": 2, "latest": "10:01:00"},
            {"caller": "autoscaling.amazonaws.com", "instances": 1, "launches": 1, "latest": "10:03:00"},
        ),
    ),
    Case(
        "Recent EC2 SecurityGroup and NetworkInterface changes",
        (
            event("ec2:AuthorizeSecurityGroupIngress", "10:00", request={"groupId": "sg-1"}),
            event("ec2:CreateSecurityGroup", "10:01", request={"groupName": "web"}, response={"groupId": "sg-2"}),
            event(
                "ec2:CreateNetworkInterface", "10:02", response={"networkInterface": {"networkInterfaceId": "eni-1"}}
            ),
            event("ec2:AssignPrivateIpAddresses", "10:03", request={"networkInterfaceId": "eni-2"}),
            event(
                "ec2:ModifySecurityGroupRules",
                "10:04",
                BOB,
                request={"ModifySecurityGroupRulesRequest": {"GroupId": "sg-3"}},
                error=DENIED,
            ),
            event("ec2:DescribeSecurityGroups", "10:05", request={"groupId": "sg-1"}),
            event("ec2:CreateVolume", "10:06"),
            event("rds:AuthorizeDBSecurityGroupIngress", "10:07", request={"groupId": "sg-1"}),
            network("ec2:AuthorizeSecurityGroupIngress", "10:08", request={"groupId": "sg-1"}),
        ),
        (
            {"eventTime": "10:04:00", "caller": arn("bob"), "resource": "sg-3", "outcome": DENIED},
            {"eventTime": "10:03:00", "caller": arn("alice"), "resource": "eni-2", "outcome": "Success"},
            {"eventTime": "10:02:00", "caller": arn("alice"), "resource": "eni-1", "outcome": "Success"},
            {"eventTime": "10:01:00", "caller": arn("alice"), "resource": "sg-2", "outcome": "Success"},
            {"eventTime": "10:00:00", "caller": arn("alice"), "resource": "sg-1", "outcome": "Success"},
        ),
    ),
    Case(
        "Recent VPC management and route table changes",
        (
            event("ec2:CreateVpc", "10:00", response={"vpc": {"vpcId": "vpc-1"}}),
            event("ec2:CreateRoute", "10:01", request={"routeTableId": "rtb-1", "gatewayId": "igw-1"}),
            event("ec2:AttachInternetGateway", "10:02", request={"internetGatewayId": "igw-1", "vpcId": "vpc-1"}),
            event(f"ec2:{ACCEPT}", "10:03", BOB, request=PEERING, error=DENIED),
            event("ec2:DeleteSubnet", "10:04", request={"subnetId": "subnet-1"}),
            event("ec2:DescribeVpcs", "10:05"),
            event("ec2:CreateSecurityGroup", "10:06", request={"vpcId": "vpc-1"}),
            event("apigateway:CreateRoute", "10:07"),
            event("directconnect:CreateTransitGateway", "10:08"),
            network("ec2:CreateVpc", "10:09"),
        ),
        (
            {"eventTime": "10:04:00", "eventName": "DeleteSubnet", "resource": "subnet-1", "outcome": "Success"},
            {
                "eventTime": "10:03:00",
                "eventName": "AcceptVpcPeeringConnection",
                "resource": "pcx-1",
                "outcome": DENIED,
            },
            {"eventTime": "10:02:00", "eventName": "AttachInternetGateway", "resource": "igw-1", "outcome": "Success"},
            {"eventTime": "10:01:00", "eventName": "CreateRoute", "resource": "rtb-1", "outcome": "Success"},
            {"eventTime": "10:00:00", "eventName": "CreateVpc", "resource": "vpc-1", "outcome": "Success"},
        ),
    ),
    Case(
        "Recent EC2 actions by root user",
        (
            event("ec2:DescribeInstances", "10:00", ROOT),
            event("ec2:RunInstances", "10:01", {**ROOT, "invokedBy": "signin.amazonaws.com"}, error=DENIED),
            event("ec2:RunInstances", "10:02", {**ROOT, "invokedBy": "autoscaling.amazonaws.com"}),
            event("ec2:RunInstances", "10:03", ALICE),
            event("ec2:RunInstances", "10:04", ON_BEHALF),
            event("s3:CreateBucket", "10:05", ROOT),
            network("ec2:RunInstances", "10:06", by=ROOT),
        ),
        (
            {"eventTime": "10:01:00", "eventName": "RunInstances", "recipientAccountId": ACCOUNT, "outcome": DENIED},
            {
                "eventTime": "10:00:00",
                "eventName": "DescribeInstances",
                "recipientAccountId": ACCOUNT,
                "outcome": "Success",
            },
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "ec2-activity", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ec2_activity_shows_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(EC2_ACTIVITY, case)

    assert shown == list(case.rows)


def test_each_widget_of_ec2_activity_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in EC2_ACTIVITY.widgets]
