"""What is done to objects, tables, keys, secrets and parameters."""

from __future__ import annotations

from typing import Any

from trailmere.simulator.activities.parts import KMS_KEY, denied, throttled
from trailmere.simulator.templates import Activity, Fault

_S3_TRANSFER = {
    "SignatureVersion": "SigV4",
    "CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
    "bytesTransferredIn": "{#bytes_in}",
    "AuthenticationMethod": "AuthHeader",
    "x-amz-id-2": "{host_id}",
    "bytesTransferredOut": "{#bytes_out}",
}
_S3_HOST = "{bucket}.s3.{region}.amazonaws.com"
_BUCKET = {"accountId": "{account}", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::{bucket}"}
_OBJECT = {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::{bucket}/{key}"}
_TABLE = {
    "accountId": "{account}",
    "type": "AWS::DynamoDB::Table",
    "ARN": "arn:aws:dynamodb:{region}:{account}:table/{table}",
}
_SECRET = "arn:aws:secretsmanager:{region}:{account}:secret:{secret}"


def _s3_object(name: str, read_only: bool, answer: Any = None, **asked: Any) -> Activity:
    return Activity(
        "s3",
        name,
        {"bucketName": "{bucket}", "Host": _S3_HOST, "key": "{key}", **asked},
        answer,
        read_only,
        category="Data",
        version="1.09",
        extra=_S3_TRANSFER,
        resources=[_OBJECT, _BUCKET],
        host=_S3_HOST,
        faults=(
            Fault(0.004, "NoSuchKey", "The specified key does not exist."),
            Fault(0.003, "AccessDenied", "Access Denied"),
        ),
    )


def _s3_bucket(name: str, parameter: str, *faults: Fault) -> Activity:
    return Activity(
        "s3",
        name,
        {"bucketName": "{bucket}", "Host": _S3_HOST, parameter: ""},
        version="1.09",
        extra=_S3_TRANSFER,
        resources=[_BUCKET],
        host=_S3_HOST,
        faults=faults,
    )


def _kms(name: str, context: dict[str, str], **asked: Any) -> Activity:
    return Activity(
        "kms",
        name,
        {"encryptionContext": context, **asked},
        version="1.08",
        resources=[KMS_KEY],
        host="",
        faults=(throttled(0.001),),
    )


ACTIVITIES: dict[str, Activity] = {
    # S3
    "s3:GetObject": _s3_object("GetObject", True),
    "s3:PutObject": _s3_object(
        "PutObject",
        False,
        {"x-amz-server-side-encryption": "aws:kms", "x-amz-version-id": "{version_id}"},
        **{"x-amz-server-side-encryption": "aws:kms", "x-amz-storage-class": "STANDARD"},
    ),
    "s3:HeadObject": _s3_object("HeadObject", True),
    "s3:DeleteObject": _s3_object("DeleteObject", False),
    "s3:ListObjects": _s3_bucket("ListObjects", "prefix", Fault(0.004, "AccessDenied", "Access Denied")),
    "s3:ListBuckets": Activity(
        "s3",
        "ListBuckets",
        {"Host": "s3.{region}.amazonaws.com"},
        version="1.09",
        extra=_S3_TRANSFER,
        host="s3.{region}.amazonaws.com",
    ),
    "s3:GetBucketAcl": _s3_bucket("GetBucketAcl", "acl"),
    "s3:GetBucketPolicy": _s3_bucket(
        "GetBucketPolicy", "policy", Fault(0.05, "NoSuchBucketPolicy", "The bucket policy does not exist")
    ),
    "s3:GetBucketEncryption": _s3_bucket("GetBucketEncryption", "encryption"),
    "s3:GetBucketPublicAccessBlock": _s3_bucket("GetBucketPublicAccessBlock", "publicAccessBlock"),
    # KMS, Secrets Manager, Systems Manager
    "kms:Decrypt": _kms(
        "Decrypt", {"aws:s3:arn": "arn:aws:s3:::{bucket}/{key}"}, encryptionAlgorithm="SYMMETRIC_DEFAULT"
    ),
    "kms:GenerateDataKey": _kms(
        "GenerateDataKey",
        {"aws:s3:arn": "arn:aws:s3:::{bucket}/{key}"},
        keyId="arn:aws:kms:{region}:{account}:key/{kms_key}",
        keySpec="AES_256",
    ),
    "kms:DescribeKey": Activity(
        "kms",
        "DescribeKey",
        {"keyId": "{kms_key}"},
        resources=[KMS_KEY],
        version="1.11",
        faults=(
            denied("kms:DescribeKey", "arn:aws:kms:{region}:{account}:key/{kms_key}", 0.01, "AccessDeniedException"),
        ),
    ),
    "secretsmanager:GetSecretValue": Activity(
        "secretsmanager",
        "GetSecretValue",
        {"secretId": _SECRET},
        version="1.11",
        context={
            "requestContext": {"aws:PrincipalOrgID": "o-exampleorg"},
            "tagContext": {
                "principalTags": {"team": "{team}"},
                "resourceTags": [{"arn": _SECRET, "tags": {"team": "{team}", "stage": "production"}}],
            },
        },
        faults=(denied("secretsmanager:GetSecretValue", _SECRET, 0.004),),
    ),
    "ssm:GetParameter": Activity(
        "ssm",
        "GetParameter",
        {"name": "{parameter}", "withDecryption": True},
        faults=(Fault(0.01, "ParameterNotFound", "Parameter {parameter} not found."), throttled(0.004)),
    ),
    "ssm:GetParametersByPath": Activity(
        "ssm", "GetParametersByPath", {"path": "{parameter}", "recursive": True, "withDecryption": True}
    ),
    "ssm:UpdateInstanceInformation": Activity(
        "ssm",
        "UpdateInstanceInformation",
        {
            "instanceId": "{instance}",
            "agentVersion": "3.1.1080.0",
            "agentStatus": "Active",
            "platformType": "Linux",
            "platformName": "Amazon Linux",
            "platformVersion": "2",
            "iPAddress": "{private_ip}",
            "computerName": "ip-{private_dashed}.{region}.compute.internal",
            "agentName": "amazon-ssm-agent",
            "availabilityZone": "{region}a",
            "sSMConnectionChannel": "ssmmessages",
        },
        read_only=False,
    ),
    "ssm:StartSession": Activity(
        "ssm",
        "StartSession",
        {"target": "{instance}", "documentName": "SSM-SessionManagerRunShell"},
        {
            "sessionId": "{session}-{hex17}",
            "tokenValue": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "streamUrl": "wss://ssmmessages.{region}.amazonaws.com/v1/data-channel/{session}-{hex17}?role=publish_subscribe",
        },
        False,
    ),
    # data
    "dynamodb:GetItem": Activity(
        "dynamodb",
        "GetItem",
        {"tableName": "{table}", "key": {"pk": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "consistentRead": False},
        category="Data",
        resources=[_TABLE],
        api_version="2012-08-10",
        faults=(
            Fault(
                0.003,
                "ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded.",
            ),
        ),
    ),
    "dynamodb:PutItem": Activity(
        "dynamodb",
        "PutItem",
        {"tableName": "{table}", "key": {"pk": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "items": ["pk", "state", "updated"]},
        None,
        False,
        category="Data",
        resources=[_TABLE],
        api_version="2012-08-10",
    ),
    "dynamodb:DescribeTable": Activity(
        "dynamodb", "DescribeTable", {"tableName": "{table}"}, resources=[_TABLE], api_version="2012-08-10"
    ),
    "rds:DescribeDBInstances": Activity(
        "rds",
        "DescribeDBInstances",
        {"dBInstanceIdentifier": "{database}"},
        faults=(Fault(0.01, "DBInstanceNotFound", "DBInstance {database} not found."),),
    ),
    "rds:CreateDBSnapshot": Activity(
        "rds",
        "CreateDBSnapshot",
        {"dBSnapshotIdentifier": "{database}-nightly", "dBInstanceIdentifier": "{database}"},
        {
            "dBSnapshotArn": "arn:aws:rds:{region}:{account}:snapshot:{database}-nightly",
            "dBSnapshotIdentifier": "{database}-nightly",
            "dBInstanceIdentifier": "{database}",
            "status": "creating",
            "encrypted": True,
            "engine": "postgres",
            "engineVersion": "13.4",
            "allocatedStorage": 200,
            "snapshotType": "manual",
            "kmsKeyId": "arn:aws:kms:{region}:{account}:key/{kms_key}",
            "vpcId": "{vpc}",
            "port": 5432,
            "masterUsername": "dbadmin",
            "licenseModel": "postgresql-license",
        },
        False,
    ),
    "sqs:GetQueueAttributes": Activity(
        "sqs",
        "GetQueueAttributes",
        {
            "queueUrl": "https://sqs.{region}.amazonaws.com/{account}/{queue}",
            "attributeNames": ["ApproximateNumberOfMessages"],
        },
    ),
    # calls that met a VPC endpoint
    "s3:GetObject endpoint": Activity(
        "s3",
        "GetObject",
        category="NetworkActivity",
        event_type="AwsVpceEvents",
        version="1.09",
        endpoint=True,
        host="",
        faults=(Fault(0.2, "VpceAccessDenied", "The request was denied due to a VPC endpoint policy"),),
    ),
    "secretsmanager:GetSecretValue endpoint": Activity(
        "secretsmanager",
        "GetSecretValue",
        category="NetworkActivity",
        event_type="AwsVpceEvents",
        version="1.09",
        endpoint=True,
        host="",
        faults=(Fault(0.1, "VpceAccessDenied", "The request was denied due to a VPC endpoint policy"),),
    ),
}
