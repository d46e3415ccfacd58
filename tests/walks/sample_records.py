"""Records that the published sample queries ask about: a small organisation, made for them, an event for each question.

``CLOUDTRAIL``, ``NETWORK`` and ``CONFIGURATION`` are the records of three stores. Names and times are those that the
samples look for (an access key, a user, a window of days); everything else is as plain as may be.
"""

from __future__ import annotations

import uuid
from typing import Any

ACCOUNT = "111122223333"
KEY = "AKIAIOSFODNN7EXAMPLE"
ALICE = "AROAEXAMPLE:alice@example.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
RESPONSE_EVENT_ID = "3270e016-59a1-4448-8dd1-d27a4796502d"  # named by event-response-element-by-event-id.sql
DENIED_AT = "2024-12-01T10:00:00Z"

_numbers = iter(range(1, 1000))


def _id() -> str:
    return str(uuid.UUID(int=next(_numbers)))


def _event(source: str, name: str, time: str, **more: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": ACCOUNT, "userName": "bob"},
        "eventTime": time,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "aws-cli/2.0",
        "requestParameters": None,
        "responseElements": None,
        "requestID": _id(),
        "eventID": _id(),
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return {**record, **more}


def _by_key(**more: Any) -> dict[str, Any]:
    return {"userIdentity": {"type": "IAMUser", "accessKeyId": KEY, "accountId": ACCOUNT}, **more}


def _by_alice(**more: Any) -> dict[str, Any]:
    return {"userIdentity": {"type": "AssumedRole", "principalId": ALICE, "accountId": ACCOUNT}, **more}


def _by_role(target: str, **more: Any) -> dict[str, Any]:
    issuer = {"type": "Role", "arn": ROLE, "userName": "deploy"}
    return {
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROADEPLOY:run",
            "sessionContext": {"sessionIssuer": issuer},
        },
        "resources": [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": target}],
        **more,
    }


_CONFIG_RULE = {"configRuleName": "rule-a", "configRuleArn": "arn:aws:config:us-east-1:111122223333:config-rule/a"}
_PERMISSION = {"items": [{"ipProtocol": "tcp", "fromPort": 22}]}
_MODIFY = {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-2", "SecurityGroupRule": {"tag": 1}}}
_SSE = {"x-amz-server-side-encryption": "AES256"}

CLOUDTRAIL: list[dict[str, Any]] = [
    _event("config", "PutEvaluations", "2022-11-05T01:00:00Z", additionalEventData=_CONFIG_RULE),
    _event("config", "PutEvaluations", "2022-11-05T02:00:00Z", additionalEventData=_CONFIG_RULE),
    _event("config", "PutEvaluations", "2022-12-05T02:00:00Z", additionalEventData=_CONFIG_RULE),
    _event("sts", "AssumeRole", "2023-05-01T00:00:00Z", **_by_role(ROLE, eventID=str(uuid.UUID(int=5001)))),
    _event("sts", "AssumeRole", "2023-05-01T00:01:00Z", **_by_role(f"{ROLE}-other")),
    _event(
        "rds",
        "CreateDBInstance",
        "2022-06-01T00:00:00Z",
        requestParameters={"dBInstanceIdentifier": "db-1", "dBInstanceClass": "db.r6g.large", "engine": "aurora-mysql"},
    ),
    _event(
        "rds",
        "CreateDBInstance",
        "2021-06-01T00:00:00Z",
        requestParameters={
            "dBInstanceIdentifier": "db-2",
            "engine": "aurora-postgresql",
            "engineVersion": "13.4",
            "availabilityZone": "us-east-1a",
        },
    ),
    _event("cloudtrail", "UpdateTrail", "2022-01-01T00:00:00Z", requestParameters={"name": "trail"}),
    _event("rds", "RebootDBInstance", "2022-02-01T00:00:00Z", requestParameters={"dBInstanceIdentifier": "db-1"}),
    _event("rds", "RebootDBInstance", "2022-03-01T00:00:00Z", requestParameters={"dBInstanceIdentifier": "db-3"}),
    _event("ec2", "AssociateAddress", "2023-08-01T00:00:00Z", requestParameters={"publicIp": "198.51.100.7"}),
    _event(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        "2023-07-07T00:00:00Z",
        requestParameters={"groupId": "sg-1", "ipPermissions": _PERMISSION},
    ),
    _event("ec2", "ModifySecurityGroupRules", "2023-07-08T12:00:00Z", requestParameters=_MODIFY),
    _event(
        "iam",
        "CreateUser",
        "2021-08-01T00:00:00Z",
        eventID=RESPONSE_EVENT_ID,
        responseElements={"user": {"userName": "eve"}},
    ),
    _event(
        "ec2",
        "CreateSnapshots",
        "2023-09-01T00:00:00Z",
        requestParameters={"CreateSnapshotsRequest": {"InstanceSpecification": {"InstanceId": "i-0abc"}}},
    ),
    _event("s3", "ListBuckets", "2023-01-02T00:00:00Z", **_by_key()),
    _event("s3", "ListBuckets", "2023-01-03T00:00:00Z", **_by_key()),
    _event("iam", "ListUsers", "2023-01-03T00:00:00Z", **_by_key(errorCode="AccessDenied", errorMessage="no")),
    _event(
        "sts",
        "AssumeRole",
        "2023-01-04T00:00:00Z",
        **_by_key(
            requestParameters={"roleArn": ROLE, "roleSessionName": "x"},
            responseElements={"credentials": {"accessKeyId": "ASIAEXAMPLE"}},
        ),
    ),
    _event(
        "sso",
        "Federate",
        "2023-01-03T09:00:00Z",
        userIdentity={"type": "Unknown", "userName": "alice@example.com", "accountId": ACCOUNT},
        eventID=str(uuid.UUID(int=5002)),
        eventType="AwsServiceEvent",
        serviceEventDetails={"account_id": ACCOUNT, "role_name": "AdministratorAccess"},
    ),
    _event("ec2", "DescribeInstances", "2023-01-03T10:00:00Z", **_by_alice()),
    _event("ec2", "DescribeInstances", "2023-01-03T10:01:00Z", **_by_alice()),
    _event(
        "iam",
        "CreateRole",
        "2023-01-03T10:02:00Z",
        **_by_alice(
            eventID=str(uuid.UUID(int=5003)), readOnly=False, errorCode="AccessDenied", errorMessage="by an SCP"
        ),
    ),
    _event(
        "s3",
        "PutObject",
        "2023-10-01T00:00:00Z",
        eventCategory="Data",
        managementEvent=False,
        resources=[{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::logs/a.txt"}],
        requestParameters={"bucketName": "logs", "key": "a.txt", **_SSE},
        responseElements=_SSE,
        additionalEventData={"aclRequired": "Yes"},
    ),
    _event(
        "ec2",
        "CreateTags",
        "2022-08-01T00:00:00Z",
        requestParameters={
            "resourcesSet": {"items": [{"resourceId": "i-1"}]},
            "tagSet": {"items": [{"key": "team", "value": "red"}]},
        },
    ),
]

NETWORK: list[dict[str, Any]] = [
    _event(
        "secretsmanager",
        "GetSecretValue",
        DENIED_AT,
        userIdentity={"type": "AWSAccount", "accountId": "444455556666", "userName": "mallory"},
        eventCategory="NetworkActivity",
        eventType="AwsVpceEvents",
        managementEvent=False,
        errorCode="VpceAccessDenied",
        errorMessage="denied by the endpoint's policy",
        vpcEndpointId="vpce-0123456789abcdef0",
        vpcEndpointAccountId=ACCOUNT,
    ),
    _event(
        "secretsmanager",
        "ListSecrets",
        DENIED_AT,
        eventCategory="NetworkActivity",
        eventType="AwsVpceEvents",
        managementEvent=False,
        vpcEndpointId="vpce-0123456789abcdef0",
    ),
]


def _patch_compliance(instance: str, captured: str, patches: dict[str, str]) -> dict[str, Any]:
    patch = {f"KB{number}": {"Id": f"KB{number}", "PatchState": state} for number, state in patches.items()}
    return {
        "eventVersion": "1.0",
        "eventCategory": "ConfigurationItem",
        "eventType": "AwsConfigurationItem",
        "eventID": _id(),
        "eventTime": captured,
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "eventData": {
            "accountId": ACCOUNT,
            "awsRegion": "us-east-1",
            "resourceType": "AWS::SSM::PatchCompliance",
            "resourceId": f"AWS::SSM::ManagedInstanceInventory/{instance}",
            "configuration": {"AWS:ComplianceItem": {"Content": {"Patch": patch}}},
        },
    }


CONFIGURATION: list[dict[str, Any]] = [
    _patch_compliance("i-in", "2023-06-24T00:00:00Z", {"1": "Installed", "2": "Missing", "3": "Installed"}),
    _patch_compliance("i-out", "2023-07-24T00:00:00Z", {"4": "Failed", "5": "InstalledOther"}),
]
