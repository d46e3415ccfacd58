"""The first incident: an access key that was published by mistake, 15 March 2022.

The key of the build account's automation user is tried on S3, CloudTrail and IAM, in vain; it can read IAM, and it can
assume the role Alice in the production account. Alice may make users: a new user with every permission and a key of his
own stops the trail, takes the objects of two buckets away, deletes them, and the buckets after them.

Order and outcome of what happens follow the published walk-through of the nine queries, which ``scenarios`` asks.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from trailmere.simulator.cast import COMPROMISED_KEY, COMPROMISED_USER, COMPROMISED_USER_ID
from trailmere.simulator.organisation import BUILD, PRODUCTION
from trailmere.simulator.script import DENIED, Party, ScriptedEvent, Story
from trailmere.simulator.values import session_token

ADDRESS = "192.0.2.76"
ROLE = f"arn:aws:iam::{PRODUCTION.id}:role/Alice"
SESSION_KEY = "ASIAZNYXHMZ37EXAMPLE"
NEW_KEY = "AKIAI44QH8DHBEXAMPLE"
NEW_USER = "backup-operator"
CREATE_ACCESS_KEY_ID = "bd29bab7-1153-4510-9e7f-9ff9bba4bd9a"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{PRODUCTION.id}:trail/production-trail"
OBJECTS = {
    "example-production-invoices": ("2022/01/summary.csv", "2022/02/summary.csv", "2022/03/draft.csv"),
    "example-production-customers": (
        "exports/customers-2021.parquet",
        "exports/customers-2022.parquet",
        "exports/contacts.csv",
        "keys/partners.json",
    ),
}

_CLI = "aws-cli/2.4.6 Python/3.8.8 Linux/5.15.0-kali3-amd64 exe/x86_64.kali.2022 prompt/off command/{0}"
_DAY = "2022-03-15 "
_ROLE_ID = "AROAZNYXHMZ37ALICE777"
_USER_ID = "AIDAZNYXHMZ37BACKUP77"
_SESSION = "botocore-session-1647352800"

THIEF = Party(
    {
        "type": "IAMUser",
        "principalId": COMPROMISED_USER_ID,
        "arn": f"arn:aws:iam::{BUILD.id}:user/{COMPROMISED_USER}",
        "accountId": BUILD.id,
        "accessKeyId": COMPROMISED_KEY,
        "userName": COMPROMISED_USER,
    },
    BUILD.id,
    ADDRESS,
    _CLI,
)


def _alice(key: str, session: str, created: str, address: str, agent: str) -> Party:
    return Party(
        {
            "type": "AssumedRole",
            "principalId": f"{_ROLE_ID}:{session}",
            "arn": f"arn:aws:sts::{PRODUCTION.id}:assumed-role/Alice/{session}",
            "accountId": PRODUCTION.id,
            "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": _ROLE_ID,
                    "arn": ROLE,
                    "accountId": PRODUCTION.id,
                    "userName": "Alice",
                },
                "webIdFederationData": {},
                "attributes": {"creationDate": created, "mfaAuthenticated": "false"},
            },
        },
        PRODUCTION.id,
        address,
        agent,
    )


ALICE = _alice(SESSION_KEY, _SESSION, "2022-03-15T14:02:44Z", ADDRESS, _CLI)
REGULAR_ALICE = _alice(
    "ASIAZNYXHMZ37REGULAR",
    "quarterly-review",
    "2022-03-15T13:20:10Z",
    "203.0.113.61",
    "aws-cli/2.4.23 Python/3.8.8 Darwin/21.3.0 exe/x86_64 prompt/off command/{0}",
)
NEW_USER_PARTY = Party(
    {
        "type": "IAMUser",
        "principalId": _USER_ID,
        "arn": f"arn:aws:iam::{PRODUCTION.id}:user/{NEW_USER}",
        "accountId": PRODUCTION.id,
        "accessKeyId": NEW_KEY,
        "userName": NEW_USER,
    },
    PRODUCTION.id,
    ADDRESS,
    _CLI,
)


@cache
def script() -> tuple[ScriptedEvent, ...]:
    """All events of the incident, in the order of the story."""
    story = Story("compromised key")
    _published_key(story)
    _assume_role(story)
    _regular_use_of_the_role(story)
    _role_session(story)
    _new_user(story)
    return tuple(story.events)


def _refused(party: Party, action: str, resource: str) -> tuple[str, str]:
    who = party.identity["arn"]
    return DENIED, (
        f"User: {who} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def _published_key(story: Story) -> None:
    """Tried on buckets, trails and IAM, refused; then what it may read."""
    me = f"arn:aws:iam::{BUILD.id}:user/{COMPROMISED_USER}"

    def at(when: str, action: str, request: Any = None, **more: Any) -> None:
        story.tell(THIEF, _DAY + when, action, request, **more)

    at("13:17:02", "s3:ListBuckets", {"Host": "s3.amazonaws.com"}, error=(DENIED, "Access Denied"))
    at("13:17:40", "cloudtrail:ListTrails", error=_refused(THIEF, "cloudtrail:ListTrails", "*"))
    at(
        "13:18:05",
        "cloudtrail:DescribeTrails",
        {"trailNameList": [], "includeShadowTrails": True},
        error=_refused(THIEF, "cloudtrail:DescribeTrails", "*"),
    )
    for when, name, wish in (
        ("13:21:33", "CreateUser", {"userName": NEW_USER}),
        ("13:22:10", "CreateAccessKey", {"userName": COMPROMISED_USER}),
        (
            "13:22:51",
            "AttachUserPolicy",
            {"userName": COMPROMISED_USER, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        ),
    ):
        at(when, f"iam:{name}", wish, read_only=False, error=_refused(THIEF, f"iam:{name}", me))
    reading: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
        ("13:30:12", "iam:GetUser", None),
        ("13:31:04", "iam:ListUserPolicies", {"userName": COMPROMISED_USER}),
        ("13:31:26", "iam:ListAttachedUserPolicies", {"userName": COMPROMISED_USER}),
        ("13:32:48", "iam:ListGroupsForUser", {"userName": COMPROMISED_USER}),
        ("13:35:19", "iam:ListRoles", {"maxItems": 1000}),
        (
            "13:41:57",
            "iam:GetPolicyVersion",
            {"policyArn": f"arn:aws:iam::{BUILD.id}:policy/release", "versionId": "v3"},
        ),
    )
    for when, action, request in reading:
        at(when, action, request)


def _assume_role(story: Story) -> None:
    """Into the production account: one event in each of the two, with one sharedEventID."""
    request = {"roleArn": ROLE, "roleSessionName": _SESSION, "durationSeconds": 3600}
    response = {
        "credentials": {
            "accessKeyId": SESSION_KEY,
            "sessionToken": session_token(story.random),
            "expiration": "Mar 15, 2022 3:02:44 PM",
        },
        "assumedRoleUser": {
            "assumedRoleId": f"{_ROLE_ID}:{_SESSION}",
            "arn": f"arn:aws:sts::{PRODUCTION.id}:assumed-role/Alice/{_SESSION}",
        },
    }
    resources = [{"accountId": PRODUCTION.id, "type": "AWS::IAM::Role", "ARN": ROLE}]
    event = story.tell(
        THIEF,
        _DAY + "14:02:44",
        "sts:AssumeRole",
        request,
        response,
        resources=resources,
        sharedEventID=story.guid(),
    )
    foreign = {"type": "AWSAccount", "principalId": THIEF.identity["principalId"], "accountId": BUILD.id}
    story.echo(event, PRODUCTION.id, foreign)


def _regular_use_of_the_role(story: Story) -> None:
    """Somebody who may: the reason why query 1.6 asks for one session only."""
    story.tell(REGULAR_ALICE, _DAY + "13:24:31", "iam:ListUsers", {"maxItems": 100})
    story.tell(REGULAR_ALICE, _DAY + "13:25:02", "iam:ListRoles", {"maxItems": 100})


def _role_session(story: Story) -> None:
    """Refused on trails, buckets and roles again; users can be made."""

    def refused(when: str, action: str, resource: str, request: Any = None, read_only: bool = True) -> None:
        story.tell(ALICE, _DAY + when, action, request, read_only=read_only, error=_refused(ALICE, action, resource))

    story.tell(ALICE, _DAY + "14:03:20", "sts:GetCallerIdentity")
    refused("14:05:09", "s3:ListBuckets", "*", {"Host": "s3.amazonaws.com"})
    refused("14:06:31", "cloudtrail:DescribeTrails", "*", {"trailNameList": [], "includeShadowTrails": True})
    refused("14:07:18", "cloudtrail:StopLogging", TRAIL, {"name": TRAIL}, read_only=False)
    story.tell(ALICE, _DAY + "14:08:40", "iam:ListUsers", {"maxItems": 1000})
    story.tell(ALICE, _DAY + "14:09:02", "iam:ListRoles", {"maxItems": 1000})
    role = f"arn:aws:iam::{PRODUCTION.id}:role/maintenance"
    admin = {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    refused("14:10:27", "iam:CreateRole", role, {"roleName": "maintenance"}, read_only=False)
    refused("14:11:15", "iam:AttachRolePolicy", ROLE, {"roleName": "Alice", **admin}, read_only=False)
    story.tell(
        ALICE,
        _DAY + "14:14:58",
        "iam:CreateUser",
        {"userName": NEW_USER},
        {
            "user": {
                "path": "/",
                "userName": NEW_USER,
                "userId": _USER_ID,
                "arn": f"arn:aws:iam::{PRODUCTION.id}:user/{NEW_USER}",
                "createDate": "Mar 15, 2022 2:14:58 PM",
            }
        },
        read_only=False,
    )
    story.tell(ALICE, _DAY + "14:15:40", "iam:AttachUserPolicy", {"userName": NEW_USER, **admin}, read_only=False)
    story.tell(
        ALICE,
        _DAY + "14:16:22",
        "iam:CreateAccessKey",
        {"userName": NEW_USER},
        {
            "accessKey": {
                "userName": NEW_USER,
                "accessKeyId": NEW_KEY,
                "status": "Active",
                "createDate": "Mar 15, 2022 2:16:22 PM",
            }
        },
        read_only=False,
        event_id=CREATE_ACCESS_KEY_ID,
    )


def _new_user(story: Story) -> None:
    """The trail is stopped; objects are taken, then deleted, then the buckets."""
    me = NEW_USER_PARTY
    story.tell(me, _DAY + "14:40:03", "sts:GetCallerIdentity")
    story.tell(me, _DAY + "14:41:20", "cloudtrail:DescribeTrails", {"trailNameList": [], "includeShadowTrails": True})
    story.tell(me, _DAY + "14:42:09", "cloudtrail:StopLogging", {"name": TRAIL}, read_only=False)
    story.tell(me, _DAY + "14:44:31", "s3:ListBuckets", {"Host": "s3.amazonaws.com"})
    minute = 46
    for bucket, keys in OBJECTS.items():
        _bucket_call(story, f"14:{minute}:05", "ListObjects", bucket)
        for i, key in enumerate(keys):
            _object_call(story, f"14:{minute}:{12 + 9 * i}", "GetObject", bucket, key)
        minute += 2
    _bucket_call(
        story,
        "15:05:44",
        "DeleteBucket",
        "example-production-invoices",
        error=("BucketNotEmpty", "The bucket you tried to delete is not empty"),
    )
    minute = 7
    for bucket, keys in OBJECTS.items():
        for i, key in enumerate(keys):
            _object_call(story, f"15:{minute:02d}:{10 + 8 * i}", "DeleteObject", bucket, key)
        _bucket_call(story, f"15:{minute + 1:02d}:30", "DeleteBucket", bucket)
        minute += 3
    _bucket_call(story, "15:16:20", "DeleteBucket", "example-organization-trail", error=(DENIED, "Access Denied"))


def _bucket_call(story: Story, when: str, name: str, bucket: str, error: tuple[str, str] | None = None) -> None:
    host = f"{bucket}.s3.us-east-1.amazonaws.com"
    story.tell(
        NEW_USER_PARTY,
        _DAY + when,
        f"s3:{name}",
        {"bucketName": bucket, "Host": host},
        read_only=name == "ListObjects",
        error=error,
        additionalEventData=_transfer(story, 0),
        resources=[{"accountId": PRODUCTION.id, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
        eventCategory="Data" if name == "ListObjects" else "Management",
        managementEvent=name != "ListObjects",
    )


def _object_call(story: Story, when: str, name: str, bucket: str, key: str) -> None:
    host = f"{bucket}.s3.us-east-1.amazonaws.com"
    out = story.random.randrange(10_000, 9_000_000) if name == "GetObject" else 0
    story.tell(
        NEW_USER_PARTY,
        _DAY + when,
        f"s3:{name}",
        {"bucketName": bucket, "Host": host, "key": key},
        read_only=name == "GetObject",
        eventCategory="Data",
        managementEvent=False,
        additionalEventData=_transfer(story, out),
        resources=[
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
            {"accountId": PRODUCTION.id, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
        ],
    )


def _transfer(story: Story, out: int) -> dict[str, Any]:
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
        "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": session_token(story.random, 56),
        "bytesTransferredOut": out,
    }
