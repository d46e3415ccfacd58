"""The second incident: the credentials of an Identity Center user are misused, 13 September 2022.

Somebody signs in as the person, takes AdministratorAccess in the production account, launches instances that
mine cryptocurrency, opens a session on one, tries to silence GuardDuty, and tries to stay: a user without access
keys, a role that is refused, and in the end an inline policy with every permission on the role of the instances.

The order and the outcome of what happens follow the published walk-through of the ten queries; ``scenarios`` asks them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from trailmere.simulator.organisation import MANAGEMENT, PRODUCTION
from trailmere.simulator.records import compact
from trailmere.simulator.script import DENIED, Party, ScriptedEvent, Story
from trailmere.simulator.values import hexadecimal

PERSON = "[email protected]"  # as the queries name the person; the published text hides the address
ROLE_ID = "AROASVPO5CIEXAMPLE"
PRINCIPAL = f"{ROLE_ID}:{PERSON}"
ROLE_NAME = "AWSReservedSSO_AdministratorAccess_f53d10b0f8a756ac"
MINER = "i-053a7e6164c0f0473"
INSTANCE_PROFILE = "ec2-role-ssm-core"
NEW_USER = "production-user"
NEW_ROLE = "production-ec2-role"
SCP = "with an explicit deny in a service control policy"
ADMIN_POLICY = compact({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

_DAY = "2022-09-13 "
_ARN = f"arn:aws:sts::{PRODUCTION.id}:assumed-role/{ROLE_NAME}/{PERSON}"
_IMAGE = "ami-0a31be9e9f8d1c9f2"
_SUBNET = "subnet-0b7c1b3d4e5f60718"
_VPC = "vpc-0a1b2c3d4e5f60718"
_GROUP = "sg-0c9d8e7f6a5b43210"
_DETECTOR = "12abc34d567e8fa901bc2d34e56789f0"
_ADDRESS = "198.51.100.141"

INTRUDER = Party(
    {
        "type": "AssumedRole",
        "principalId": PRINCIPAL,
        "arn": _ARN,
        "accountId": PRODUCTION.id,
        "accessKeyId": "ASIASVPO5CIPERSON777",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": ROLE_ID,
                "arn": f"arn:aws:iam::{PRODUCTION.id}:role/aws-reserved/sso.amazonaws.com/{ROLE_NAME}",
                "accountId": PRODUCTION.id,
                "userName": ROLE_NAME,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2022-09-13T12:38:51Z", "mfaAuthenticated": "false"},
        },
    },
    PRODUCTION.id,
    _ADDRESS,
    "aws-cli/2.7.31 Python/3.9.11 Linux/5.18.0-kali5-amd64 exe/x86_64.kali.2022 prompt/off command/{0}",
)
PORTAL = Party(
    {
        "type": "Unknown",
        "principalId": MANAGEMENT.id,
        "arn": "",
        "accountId": MANAGEMENT.id,
        "accessKeyId": "",
        "userName": PERSON,
    },
    MANAGEMENT.id,
    _ADDRESS,
    "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0",
)


@cache
def script() -> tuple[ScriptedEvent, ...]:
    """All events of the incident, in the order of the story."""
    story = Story("compromised person")
    _sign_in(story, "12:37:58", "12:38:51")
    _look_around(story)
    _launch(story)
    _silence(story)
    _stay(story)
    return tuple(story.events)


def _sign_in(story: Story, authenticated: str, federated: str) -> None:
    portal: dict[str, Any] = {
        "eventType": "AwsServiceEvent",
        "requestID": None,
        "tlsDetails": None,
    }
    story.tell(
        PORTAL,
        _DAY + authenticated,
        "sso:Authenticate",
        read_only=False,
        serviceEventDetails={"CredentialType": "PASSWORD"},
        **portal,
    )
    story.tell(
        PORTAL,
        _DAY + federated,
        "sso:Federate",
        read_only=False,
        serviceEventDetails={"role_name": "AdministratorAccess", "account_id": PRODUCTION.id},
        **portal,
    )


def _look_around(story: Story) -> None:
    """Get, Describe and List: what can these credentials see?"""
    none: dict[str, list[str]] = {"items": []}
    for when, action, request in (
        ("12:40:02", "sts:GetCallerIdentity", None),
        ("12:40:31", "iam:GetAccountSummary", None),
        ("12:40:55", "iam:ListUsers", {"maxItems": 1000}),
        ("12:41:12", "iam:ListRoles", {"maxItems": 1000}),
        ("12:41:40", "iam:ListInstanceProfiles", {"maxItems": 1000}),
        ("12:42:18", "ec2:DescribeRegions", {"regionSet": {}}),
        ("12:42:37", "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}}),
        ("12:42:59", "ec2:DescribeVpcs", {"vpcSet": {}, "filterSet": {}}),
        ("12:43:15", "ec2:DescribeSubnets", {"subnetSet": {}, "filterSet": {}}),
        ("12:43:31", "ec2:DescribeSecurityGroups", {"securityGroupSet": {}, "securityGroupIdSet": {}, "filterSet": {}}),
        (
            "12:43:58",
            "ec2:DescribeImages",
            {"ownersSet": {"items": [{"owner": "amazon"}]}, "imagesSet": {}, "filterSet": {}},
        ),
        ("12:44:21", "ec2:DescribeInstanceTypes", {"DescribeInstanceTypesRequest": {"MaxResults": 100}}),
        ("12:44:40", "ec2:DescribeKeyPairs", {"keySet": {}, "filterSet": {}}),
        ("12:47:30", "ec2:DescribeInstances", {"instancesSet": {"items": [{"instanceId": MINER}]}, "filterSet": {}}),
        ("12:49:05", "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": none}),
        ("12:49:52", "ssm:DescribeInstanceInformation", {"maxResults": 50}),
        ("12:55:44", "guardduty:ListDetectors", None),
        ("12:56:01", "guardduty:GetDetector", {"detectorId": _DETECTOR}),
        ("13:20:16", "iam:GetUser", {"userName": NEW_USER}),
        ("13:26:08", "iam:GetRole", {"roleName": INSTANCE_PROFILE}),
        ("13:26:25", "iam:ListAttachedRolePolicies", {"roleName": INSTANCE_PROFILE}),
        ("13:26:42", "iam:ListRolePolicies", {"roleName": INSTANCE_PROFILE}),
        ("13:33:20", "s3:ListBuckets", {"Host": "s3.amazonaws.com"}),
    ):
        story.tell(INTRUDER, _DAY + when, action, request)


def _launch(story: Story) -> None:
    """Two calls of RunInstances: the miner of the finding, then two more; an image; a session."""
    _run_instances(story, "12:46:12", [MINER])
    _run_instances(story, "12:48:27", [f"i-0{hexadecimal(story.random, 16)}" for _ in range(2)])
    story.tell(
        INTRUDER,
        _DAY + "12:51:33",
        "ssm:StartSession",
        {"target": MINER},
        {
            "sessionId": f"{PERSON}-0d2f4a6b8c1e3f507",
            "tokenValue": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "streamUrl": "wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/"
            f"{PERSON}-0d2f4a6b8c1e3f507?role=publish_subscribe",
        },
        read_only=False,
    )
    request = {"instanceId": MINER, "name": "production-backup", "noReboot": True}
    story.tell(
        INTRUDER,
        _DAY + "13:35:09",
        "ec2:CreateImage",
        request,
        {"requestId": story.guid(), "imageId": "ami-0f1e2d3c4b5a69788"},
        read_only=False,
    )


def _run_instances(story: Story, when: str, instances: list[str]) -> None:
    count = len(instances)
    profile = {"arn": f"arn:aws:iam::{PRODUCTION.id}:instance-profile/{INSTANCE_PROFILE}"}
    story.tell(
        INTRUDER,
        _DAY + when,
        "ec2:RunInstances",
        {
            "instancesSet": {"items": [{"imageId": _IMAGE, "minCount": count, "maxCount": count}]},
            "instanceType": "c5.4xlarge",
            "subnetId": _SUBNET,
            "monitoring": {"enabled": False},
            "disableApiTermination": False,
            "iamInstanceProfile": {"name": INSTANCE_PROFILE},
            "clientToken": story.guid(),
        },
        {
            "requestId": story.guid(),
            "reservationId": f"r-0{hexadecimal(story.random, 16)}",
            "ownerId": PRODUCTION.id,
            "groupSet": {},
            "instancesSet": {"items": [_instance(story, place, one, profile) for place, one in enumerate(instances)]},
        },
        read_only=False,
    )


def _instance(story: Story, place: int, instance: str, profile: dict[str, str]) -> dict[str, Any]:
    address = f"10.8.4.{story.random.randrange(10, 240)}"
    return {
        "instanceId": instance,
        "imageId": _IMAGE,
        "instanceState": {"code": 0, "name": "pending"},
        "privateDnsName": f"ip-{address.replace('.', '-')}.ec2.internal",
        "amiLaunchIndex": place,
        "productCodes": {},
        "instanceType": "c5.4xlarge",
        "launchTime": 1663073172000,
        "placement": {"availabilityZone": "us-east-1a", "tenancy": "default"},
        "monitoring": {"state": "pending"},
        "subnetId": _SUBNET,
        "vpcId": _VPC,
        "privateIpAddress": address,
        "stateReason": {"code": "pending", "message": "pending"},
        "architecture": "x86_64",
        "rootDeviceType": "ebs",
        "groupSet": {"items": [{"groupId": _GROUP, "groupName": "default"}]},
        "sourceDestCheck": True,
        "iamInstanceProfile": {**profile, "id": "AIPASVPO5CIPROFILE777"},
    }


def _silence(story: Story) -> None:
    _refused(
        story,
        "12:57:20",
        "guardduty:DeleteDetector",
        {"detectorId": _DETECTOR},
        f"arn:aws:guardduty:us-east-1:{PRODUCTION.id}:detector/{_DETECTOR}",
    )


def _stay(story: Story) -> None:
    """A user (yes), keys for him (no), a role (no), a managed policy (no), an inline policy (yes)."""
    story.tell(
        INTRUDER,
        _DAY + "13:15:37",
        "iam:CreateUser",
        {"userName": NEW_USER},
        {
            "user": {
                "path": "/",
                "arn": f"arn:aws:iam::{PRODUCTION.id}:user/{NEW_USER}",
                "userId": "AIDASVPO5CIUSER777777",
                "createDate": "Sep 13, 2022 1:15:37 PM",
                "userName": NEW_USER,
            }
        },
        read_only=False,
    )
    _refused(story, "13:16:48", "iam:CreateAccessKey", {"userName": NEW_USER}, f"user {NEW_USER}")
    trust = compact(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    )
    role = f"arn:aws:iam::{PRODUCTION.id}:role/"
    _refused(
        story, "13:24:55", "iam:CreateRole", {"roleName": NEW_ROLE, "assumeRolePolicyDocument": trust}, role + NEW_ROLE
    )
    _refused(
        story,
        "13:28:11",
        "iam:AttachRolePolicy",
        {"roleName": INSTANCE_PROFILE, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        role + INSTANCE_PROFILE,
    )
    story.tell(
        INTRUDER,
        _DAY + "13:30:46",
        "iam:PutRolePolicy",
        {"roleName": INSTANCE_PROFILE, "policyName": "maintenance", "policyDocument": ADMIN_POLICY},
        read_only=False,
    )


def _refused(story: Story, when: str, action: str, request: dict[str, str], resource: str) -> None:
    message = f"User: {_ARN} is not authorized to perform: {action} on resource: {resource} {SCP}"
    story.tell(INTRUDER, _DAY + when, action, request, read_only=False, error=(DENIED, message))
