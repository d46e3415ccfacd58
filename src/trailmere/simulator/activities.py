"""The actions of an ordinary day, as data: what is asked, what is answered, how it fails.

Shapes follow the public API references and the CloudTrail user guide; values are made up. Each entry is found by
``service:Action``, with a suffix where one action has several faces (``sts:AssumeRole service``).
"""

from __future__ import annotations

from typing import Any

from trailmere.simulator.templates import Activity, Fault

DENIED = "User: arn:aws:sts::{account}:assumed-role/{role}/{session} is not authorized to perform: "
NO_POLICY = " because no identity-based policy allows the {action} action"


def _denied(action: str, resource: str, share: float, code: str = "AccessDenied") -> Fault:
    return Fault(share, code, f"{DENIED}{action} on resource: {resource}{NO_POLICY.format(action=action)}")


def _unauthorized(share: float) -> Fault:
    text = "You are not authorized to perform this operation. Encoded authorization failure message: {token_short}"
    return Fault(share, "Client.UnauthorizedOperation", text)


def _throttled(share: float, code: str = "ThrottlingException") -> Fault:
    return Fault(share, code, "Rate exceeded")


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
_KMS_KEY = {"accountId": "{account}", "type": "AWS::KMS::Key", "ARN": "arn:aws:kms:{region}:{account}:key/{kms_key}"}
_TABLE = {
    "accountId": "{account}",
    "type": "AWS::DynamoDB::Table",
    "ARN": "arn:aws:dynamodb:{region}:{account}:table/{table}",
}
_CREDENTIALS = {
    "accessKeyId": "{temporary_key}",
    "sessionToken": "{token}",
    "expiration": "{expiration}",
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
        resources=[_KMS_KEY],
        host="",
        faults=(_throttled(0.001),),
    )


def _describe_ec2(name: str, **asked: Any) -> Activity:
    return Activity(
        "ec2",
        name,
        asked or {},
        version="1.08",
        faults=(_unauthorized(0.002), _throttled(0.002, "Client.RequestLimitExceeded")),
    )


def _filter(name: str, hole: str) -> dict[str, Any]:
    return {"filterSet": {"items": [{"name": name, "valueSet": {"items": [{"value": hole}]}}]}}


_RUN_INSTANCES_ITEM = {
    "instanceId": "{instance}",
    "imageId": "{image}",
    "instanceState": {"code": 0, "name": "pending"},
    "privateDnsName": "ip-{private_dashed}.{region}.compute.internal",
    "amiLaunchIndex": 0,
    "productCodes": {},
    "instanceType": "{instance_type}",
    "launchTime": "{#epoch_ms}",
    "placement": {"availabilityZone": "{region}a", "tenancy": "default"},
    "monitoring": {"state": "disabled"},
    "subnetId": "{subnet}",
    "vpcId": "{vpc}",
    "privateIpAddress": "{private_ip}",
    "stateReason": {"code": "pending", "message": "pending"},
    "architecture": "x86_64",
    "rootDeviceType": "ebs",
    "rootDeviceName": "/dev/xvda",
    "blockDeviceMapping": {},
    "virtualizationType": "hvm",
    "hypervisor": "xen",
    "groupSet": {"items": [{"groupId": "{security_group}", "groupName": "workload"}]},
    "sourceDestCheck": True,
    "iamInstanceProfile": {"arn": "arn:aws:iam::{account}:instance-profile/{role}", "id": "{profile_id}"},
    "networkInterfaceSet": {
        "items": [
            {
                "networkInterfaceId": "{interface}",
                "subnetId": "{subnet}",
                "vpcId": "{vpc}",
                "ownerId": "{account}",
                "status": "in-use",
                "privateIpAddress": "{private_ip}",
                "sourceDestCheck": True,
            }
        ]
    },
    "ebsOptimized": True,
    "enaSupport": True,
    "metadataOptions": {"state": "pending", "httpTokens": "required", "httpPutResponseHopLimit": 2},
}

_ASSUME_ROLE_REQUEST = {"roleArn": "arn:aws:iam::{account}:role/{role}", "roleSessionName": "{session}"}
_ASSUME_ROLE_ANSWER = {
    "credentials": _CREDENTIALS,
    "assumedRoleUser": {
        "assumedRoleId": "{role_id}:{session}",
        "arn": "arn:aws:sts::{account}:assumed-role/{role}/{session}",
    },
}
_TARGET_ROLE = "arn:aws:iam::{target_account}:role/organization-audit"
_CROSS_REQUEST = {"roleArn": _TARGET_ROLE, "roleSessionName": "{session}", "durationSeconds": 3600}
_CROSS_ANSWER = {
    "credentials": _CREDENTIALS,
    "assumedRoleUser": {
        "assumedRoleId": "{role_id}:{session}",
        "arn": "arn:aws:sts::{target_account}:assumed-role/organization-audit/{session}",
    },
}
_CROSS_RESOURCES = [{"accountId": "{target_account}", "type": "AWS::IAM::Role", "ARN": _TARGET_ROLE}]

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
        resources=[_KMS_KEY],
        version="1.11",
        faults=(
            _denied("kms:DescribeKey", "arn:aws:kms:{region}:{account}:key/{kms_key}", 0.01, "AccessDeniedException"),
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
        faults=(_denied("secretsmanager:GetSecretValue", _SECRET, 0.004),),
    ),
    "ssm:GetParameter": Activity(
        "ssm",
        "GetParameter",
        {"name": "{parameter}", "withDecryption": True},
        faults=(Fault(0.01, "ParameterNotFound", "Parameter {parameter} not found."), _throttled(0.004)),
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
    # EC2
    "ec2:DescribeInstances": _describe_ec2(
        "DescribeInstances", instancesSet={"items": [{"instanceId": "{instance}"}]}, filterSet={}
    ),
    "ec2:DescribeInstances all": _describe_ec2(
        "DescribeInstances",
        maxResults=1000,
        instancesSet={},
        filterSet=_filter("instance-state-name", "running")["filterSet"],
    ),
    "ec2:DescribeSecurityGroups": _describe_ec2(
        "DescribeSecurityGroups",
        securityGroupSet={},
        securityGroupIdSet={"items": [{"groupId": "{security_group}"}]},
        filterSet={},
    ),
    "ec2:DescribeVpcs": _describe_ec2("DescribeVpcs", vpcSet={"items": [{"vpcId": "{vpc}"}]}, filterSet={}),
    "ec2:DescribeSubnets": _describe_ec2("DescribeSubnets", subnetSet={}, **_filter("vpc-id", "{vpc}")),
    "ec2:DescribeVolumes": _describe_ec2(
        "DescribeVolumes", volumeSet={"items": [{"volumeId": "{volume}"}]}, filterSet={}
    ),
    "ec2:DescribeSnapshots": _describe_ec2(
        "DescribeSnapshots",
        maxResults=500,
        sharedUsersSet={},
        snapshotSet={},
        ownersSet={"items": [{"owner": "self"}]},
        filterSet={},
    ),
    "ec2:DescribeNetworkInterfaces": _describe_ec2(
        "DescribeNetworkInterfaces", networkInterfaceIdSet={}, **_filter("network-interface-id", "{interface}")
    ),
    "ec2:DescribeRegions": _describe_ec2("DescribeRegions", regionSet={}, allRegions=True),
    "ec2:RunInstances": Activity(
        "ec2",
        "RunInstances",
        {
            "instancesSet": {"items": [{"imageId": "{image}", "minCount": 1, "maxCount": 1}]},
            "instanceType": "{instance_type}",
            "subnetId": "{subnet}",
            "monitoring": {"enabled": False},
            "disableApiTermination": False,
            "iamInstanceProfile": {"name": "{role}"},
            "clientToken": "{hex32}",
        },
        {
            "requestId": "{request_id}",
            "reservationId": "r-{hex17}",
            "ownerId": "{account}",
            "groupSet": {},
            "instancesSet": {"items": [_RUN_INSTANCES_ITEM]},
        },
        False,
        faults=(
            _unauthorized(0.01),
            Fault(
                0.01,
                "Server.InsufficientInstanceCapacity",
                "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({region}a).",
            ),
        ),
    ),
    "ec2:TerminateInstances": Activity(
        "ec2",
        "TerminateInstances",
        {"instancesSet": {"items": [{"instanceId": "{instance}"}]}},
        {
            "requestId": "{request_id}",
            "instancesSet": {
                "items": [
                    {
                        "instanceId": "{instance}",
                        "currentState": {"code": 32, "name": "shutting-down"},
                        "previousState": {"code": 16, "name": "running"},
                    }
                ]
            },
        },
        False,
    ),
    "ec2:CreateTags": Activity(
        "ec2",
        "CreateTags",
        {
            "resourcesSet": {"items": [{"resourceId": "{instance}"}]},
            "tagSet": {"items": [{"key": "team", "value": "{team}"}, {"key": "managed-by", "value": "terraform"}]},
        },
        {"requestId": "{request_id}", "_return": True},
        False,
    ),
    "ec2:AuthorizeSecurityGroupIngress": Activity(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {
            "groupId": "{security_group}",
            "ipPermissions": {
                "items": [
                    {
                        "ipProtocol": "tcp",
                        "fromPort": 443,
                        "toPort": 443,
                        "groups": {},
                        "ipRanges": {"items": [{"cidrIp": "10.0.0.0/8", "description": "internal"}]},
                        "ipv6Ranges": {},
                        "prefixListIds": {},
                    }
                ]
            },
        },
        {
            "requestId": "{request_id}",
            "_return": True,
            "securityGroupRuleSet": {
                "items": [
                    {
                        "groupOwnerId": "{account}",
                        "groupId": "{security_group}",
                        "securityGroupRuleId": "sgr-{hex17}",
                        "isEgress": False,
                        "ipProtocol": "tcp",
                        "fromPort": 443,
                        "toPort": 443,
                        "cidrIpv4": "10.0.0.0/8",
                    }
                ]
            },
        },
        False,
    ),
    "ec2:CreateNetworkInterface": Activity(
        "ec2",
        "CreateNetworkInterface",
        {
            "subnetId": "{subnet}",
            "description": "AWS Lambda VPC ENI-{function}",
            "groupSet": {"items": [{"groupId": "{security_group}"}]},
            "privateIpAddressesSet": {},
        },
        {
            "requestId": "{request_id}",
            "networkInterface": {
                "networkInterfaceId": "{interface}",
                "subnetId": "{subnet}",
                "vpcId": "{vpc}",
                "ownerId": "{account}",
                "status": "pending",
                "privateIpAddress": "{private_ip}",
                "sourceDestCheck": True,
                "interfaceType": "interface",
            },
        },
        False,
        host="",
    ),
    # identity
    "sts:GetCallerIdentity": Activity("sts", "GetCallerIdentity", host="sts.amazonaws.com"),
    "sts:AssumeRole service": Activity(
        "sts",
        "AssumeRole",
        _ASSUME_ROLE_REQUEST,
        _ASSUME_ROLE_ANSWER,
        True,
        resources=[{"accountId": "{account}", "type": "AWS::IAM::Role", "ARN": "arn:aws:iam::{account}:role/{role}"}],
        shared=True,
        host="",
    ),
    "sts:AssumeRole across": Activity(
        "sts",
        "AssumeRole",
        _CROSS_REQUEST,
        _CROSS_ANSWER,
        True,
        resources=_CROSS_RESOURCES,
        shared=True,
        host="sts.amazonaws.com",
        faults=(_denied("sts:AssumeRole", _TARGET_ROLE, 0.01),),
        counterpart=Activity(
            "sts",
            "AssumeRole",
            _CROSS_REQUEST,
            _CROSS_ANSWER,
            True,
            resources=_CROSS_RESOURCES,
            elsewhere=True,
            host="sts.amazonaws.com",
        ),
    ),
    "sts:AssumeRoleWithWebIdentity": Activity(
        "sts",
        "AssumeRoleWithWebIdentity",
        {"roleArn": "arn:aws:iam::{account}:role/{role}", "roleSessionName": "{session}", "durationSeconds": 3600},
        {
            "subjectFromWebIdentityToken": "repo:example/{team}:ref:refs/heads/main",
            "provider": "arn:aws:iam::{account}:oidc-provider/ci.example.com",
            "audience": "sts.amazonaws.com",
            **_ASSUME_ROLE_ANSWER,
        },
        True,
        resources=[{"accountId": "{account}", "type": "AWS::IAM::Role", "ARN": "arn:aws:iam::{account}:role/{role}"}],
        host="sts.amazonaws.com",
    ),
    "iam:GetRole": Activity(
        "iam",
        "GetRole",
        {"roleName": "{role}"},
        host="iam.amazonaws.com",
        faults=(Fault(0.02, "NoSuchEntityException", "The role with name {role} cannot be found."),),
    ),
    "iam:ListRoles": Activity("iam", "ListRoles", {"maxItems": 1000}, host="iam.amazonaws.com"),
    "iam:ListUsers": Activity("iam", "ListUsers", {"maxItems": 100}, host="iam.amazonaws.com"),
    "iam:ListAttachedRolePolicies": Activity(
        "iam", "ListAttachedRolePolicies", {"roleName": "{role}"}, host="iam.amazonaws.com"
    ),
    "iam:GetAccountSummary": Activity(
        "iam", "GetAccountSummary", host="iam.amazonaws.com", faults=(_denied("iam:GetAccountSummary", "*", 0.02),)
    ),
    "iam:GenerateCredentialReport": Activity(
        "iam",
        "GenerateCredentialReport",
        None,
        {"state": "STARTED", "description": "No report exists. Starting a new report generation task"},
        True,
        host="iam.amazonaws.com",
    ),
    "iam:PassRole check": Activity(
        "iam",
        "GetInstanceProfile",
        {"instanceProfileName": "{role}"},
        host="iam.amazonaws.com",
        faults=(Fault(0.05, "NoSuchEntityException", "Instance Profile {role} cannot be found."),),
    ),
    "signin:ConsoleLogin": Activity(
        "signin",
        "ConsoleLogin",
        None,
        {"ConsoleLogin": "Success"},
        False,
        event_type="AwsConsoleSignIn",
        extra={
            "LoginTo": "https://console.aws.amazon.com/console/home?region={region}&state=hashArgs%23&isauthcode=true",
            "MobileVersion": "No",
            "MFAUsed": "Yes",
        },
        host="signin.aws.amazon.com",
    ),
    "sso:ListApplications": Activity(
        "sso",
        "ListApplications",
        None,
        {"accountId": "{account}"},
        True,
        event_type="AwsServiceEvent",
        details={"instanceId": "ssoins-{hex16}"},
        host="",
    ),
    "organizations:DescribeOrganization": Activity(
        "organizations", "DescribeOrganization", host="organizations.us-east-1.amazonaws.com"
    ),
    "organizations:ListAccounts": Activity(
        "organizations", "ListAccounts", {"maxResults": 20}, host="organizations.us-east-1.amazonaws.com"
    ),
    # compute
    "lambda:Invoke": Activity(
        "lambda",
        "Invoke",
        {
            "functionName": "arn:aws:lambda:{region}:{account}:function:{function}",
            "invocationType": "RequestResponse",
            "sourceArn": "arn:aws:execute-api:{region}:{account}:{hex10}/prod/POST/orders",
        },
        None,
        False,
        category="Data",
        extra={
            "customerEniId": "{interface}",
            "functionVersion": "arn:aws:lambda:{region}:{account}:function:{function}:$LATEST",
        },
        resources=[
            {
                "accountId": "{account}",
                "type": "AWS::Lambda::Function",
                "ARN": "arn:aws:lambda:{region}:{account}:function:{function}",
            }
        ],
        host="",
        faults=(Fault(0.004, "TooManyRequestsException", "Rate Exceeded."),),
    ),
    "lambda:GetFunction20150331v2": Activity("lambda", "GetFunction20150331v2", {"functionName": "{function}"}),
    "lambda:UpdateFunctionCode20150331v2": Activity(
        "lambda",
        "UpdateFunctionCode20150331v2",
        {"functionName": "{function}", "s3Bucket": "{bucket}", "s3Key": "{key}", "publish": True, "dryRun": False},
        {
            "functionName": "{function}",
            "functionArn": "arn:aws:lambda:{region}:{account}:function:{function}",
            "runtime": "python3.9",
            "role": "arn:aws:iam::{account}:role/{role}",
            "handler": "app.handler",
            "codeSize": "{#bytes_out}",
            "timeout": 30,
            "memorySize": 512,
            "version": "$LATEST",
            "state": "Active",
            "packageType": "Zip",
            "architectures": ["x86_64"],
        },
        False,
    ),
    "ecs:DescribeServices": Activity(
        "ecs", "DescribeServices", {"cluster": "{cluster}", "services": ["{function}"]}, version="1.10"
    ),
    "ecs:UpdateService": Activity(
        "ecs",
        "UpdateService",
        {
            "cluster": "{cluster}",
            "service": "{function}",
            "taskDefinition": "{function}:42",
            "forceNewDeployment": False,
        },
        {
            "service": {
                "serviceArn": "arn:aws:ecs:{region}:{account}:service/{cluster}/{function}",
                "serviceName": "{function}",
                "clusterArn": "arn:aws:ecs:{region}:{account}:cluster/{cluster}",
                "status": "ACTIVE",
                "desiredCount": 4,
                "runningCount": 4,
                "pendingCount": 0,
                "launchType": "FARGATE",
                "taskDefinition": "arn:aws:ecs:{region}:{account}:task-definition/{function}:42",
                "roleArn": "arn:aws:iam::{account}:role/{role}",
                "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
            }
        },
        False,
        version="1.10",
    ),
    "ecs:SubmitTaskStateChange": Activity(
        "ecs",
        "SubmitTaskStateChange",
        {
            "cluster": "{cluster}",
            "task": "arn:aws:ecs:{region}:{account}:task/{cluster}/{hex32}",
            "status": "RUNNING",
            "containers": [{"containerName": "{function}", "runtimeId": "{hex32}-{bytes_in}", "status": "RUNNING"}],
        },
        {"acknowledgment": "{request_id}"},
        False,
    ),
    "ecr:BatchGetImage": Activity(
        "ecr",
        "BatchGetImage",
        {
            "registryId": "{account}",
            "repositoryName": "{function}",
            "imageIds": [{"imageTag": "release"}],
            "acceptedMediaTypes": ["application/vnd.docker.distribution.manifest.v2+json"],
        },
        resources=[{"accountId": "{account}", "ARN": "arn:aws:ecr:{region}:{account}:repository/{function}"}],
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
    # watching and shipping
    "logs:CreateLogStream": Activity(
        "logs",
        "CreateLogStream",
        {"logGroupName": "/aws/lambda/{function}", "logStreamName": "2022/03/15/[$LATEST]{hex32}"},
        None,
        False,
        api_version="20140328",
        faults=(
            Fault(0.01, "ResourceAlreadyExistsException", "The specified log stream already exists"),
            _throttled(0.006),
        ),
    ),
    "logs:DescribeLogGroups": Activity("logs", "DescribeLogGroups", {"limit": 50}, api_version="20140328"),
    "monitoring:DescribeAlarms": Activity("monitoring", "DescribeAlarms", {"maxRecords": 100}),
    "monitoring:PutMetricAlarm": Activity(
        "monitoring",
        "PutMetricAlarm",
        {
            "alarmName": "{function}-errors",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 3,
            "metricName": "Errors",
            "namespace": "AWS/Lambda",
            "period": 60,
            "statistic": "Sum",
            "threshold": 5.0,
            "dimensions": [{"name": "FunctionName", "value": "{function}"}],
            "alarmActions": ["arn:aws:sns:{region}:{account}:on-call"],
        },
        None,
        False,
    ),
    "tagging:GetResources": Activity(
        "tagging",
        "GetResources",
        {"resourcesPerPage": 100, "paginationToken": "{token_short}"},
        faults=(_throttled(0.05),),
    ),
    "cloudformation:DescribeStacks": Activity(
        "cloudformation",
        "DescribeStacks",
        {"stackName": "{stack}"},
        faults=(Fault(0.03, "ValidationException", "Stack with id {stack} does not exist"),),
    ),
    "cloudformation:ListStackResources": Activity("cloudformation", "ListStackResources", {"stackName": "{stack}"}),
    "cloudtrail:DescribeTrails": Activity(
        "cloudtrail", "DescribeTrails", {"trailNameList": [], "includeShadowTrails": True}
    ),
    "cloudtrail:LookupEvents": Activity(
        "cloudtrail",
        "LookupEvents",
        {"maxResults": 50, "lookupAttributes": [{"attributeKey": "EventName", "attributeValue": "ConsoleLogin"}]},
        faults=(_throttled(0.1),),
    ),
    "config:PutEvaluations": Activity(
        "config",
        "PutEvaluations",
        {
            "resultToken": "{token_short}",
            "evaluations": [
                {
                    "complianceResourceType": "AWS::S3::Bucket",
                    "complianceResourceId": "{bucket}",
                    "complianceType": "COMPLIANT",
                }
            ],
            "testMode": False,
        },
        {"failedEvaluations": []},
        False,
    ),
    "config:DescribeConfigRules": Activity("config", "DescribeConfigRules"),
    "guardduty:ListFindings": Activity(
        "guardduty",
        "ListFindings",
        {
            "detectorId": "{hex32}",
            "maxResults": 50,
            "findingCriteria": {"criterion": {"service.archived": {"eq": ["false"]}}},
        },
    ),
    "securityhub:GetFindings": Activity(
        "securityhub",
        "GetFindings",
        {"MaxResults": 100, "Filters": {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}},
    ),
    "kms:RotateKey": Activity(
        "kms",
        "RotateKey",
        None,
        None,
        False,
        event_type="AwsServiceEvent",
        resources=[_KMS_KEY],
        details={"keyId": "{kms_key}"},
        host="",
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

# How often each kind of actor does what.
PROFILES: dict[str, dict[str, float]] = {
    "web": {
        "s3:GetObject": 24,
        "s3:PutObject": 5,
        "s3:HeadObject": 4,
        "kms:Decrypt": 12,
        "dynamodb:GetItem": 14,
        "dynamodb:PutItem": 6,
        "secretsmanager:GetSecretValue": 4,
        "ssm:GetParameter": 6,
        "s3:GetObject endpoint": 1,
        "secretsmanager:GetSecretValue endpoint": 1,
    },
    "worker": {
        "s3:GetObject": 10,
        "s3:PutObject": 14,
        "kms:GenerateDataKey": 10,
        "kms:Decrypt": 6,
        "logs:CreateLogStream": 8,
        "dynamodb:PutItem": 5,
        "sqs:GetQueueAttributes": 4,
        "ssm:GetParametersByPath": 3,
        "s3:ListObjects": 3,
    },
    "instance": {
        "ssm:UpdateInstanceInformation": 20,
        "ec2:DescribeInstances": 5,
        "ecs:SubmitTaskStateChange": 8,
        "ecr:BatchGetImage": 4,
        "logs:CreateLogStream": 3,
        "ssm:GetParameter": 2,
    },
    "monitoring": {
        "ec2:DescribeInstances all": 6,
        "ec2:DescribeVolumes": 5,
        "rds:DescribeDBInstances": 4,
        "monitoring:DescribeAlarms": 4,
        "tagging:GetResources": 8,
        "sqs:GetQueueAttributes": 6,
        "dynamodb:DescribeTable": 5,
        "lambda:GetFunction20150331v2": 4,
        "ecs:DescribeServices": 5,
    },
    "deploy": {
        "ec2:DescribeVpcs": 4,
        "ec2:DescribeSubnets": 4,
        "ec2:DescribeSecurityGroups": 5,
        "iam:GetRole": 6,
        "iam:ListAttachedRolePolicies": 4,
        "iam:PassRole check": 2,
        "s3:GetBucketPolicy": 4,
        "s3:GetBucketEncryption": 4,
        "s3:GetBucketAcl": 4,
        "cloudformation:DescribeStacks": 5,
        "lambda:GetFunction20150331v2": 4,
        "lambda:UpdateFunctionCode20150331v2": 2,
        "ecs:UpdateService": 2,
        "ec2:CreateTags": 2,
        "ec2:AuthorizeSecurityGroupIngress": 1,
        "ec2:RunInstances": 1,
        "sts:GetCallerIdentity": 3,
        "kms:DescribeKey": 4,
        "monitoring:PutMetricAlarm": 1,
    },
    "audit": {
        "s3:GetBucketAcl": 4,
        "s3:GetBucketPolicy": 4,
        "s3:GetBucketEncryption": 4,
        "s3:GetBucketPublicAccessBlock": 4,
        "iam:ListRoles": 3,
        "iam:ListUsers": 2,
        "iam:GenerateCredentialReport": 1,
        "ec2:DescribeSecurityGroups": 4,
        "ec2:DescribeSnapshots": 2,
        "ec2:DescribeRegions": 2,
        "cloudtrail:DescribeTrails": 2,
        "config:DescribeConfigRules": 2,
        "kms:DescribeKey": 3,
        "config:PutEvaluations": 4,
    },
    "auditor": {
        "sts:AssumeRole across": 8,
        "sts:GetCallerIdentity": 2,
        "organizations:ListAccounts": 2,
        "guardduty:ListFindings": 4,
        "securityhub:GetFindings": 6,
    },
    "person": {
        "ec2:DescribeInstances all": 6,
        "ec2:DescribeSecurityGroups": 3,
        "ec2:DescribeVolumes": 3,
        "s3:ListBuckets": 3,
        "s3:ListObjects": 3,
        "s3:GetObject": 2,
        "monitoring:DescribeAlarms": 4,
        "logs:DescribeLogGroups": 4,
        "cloudformation:DescribeStacks": 3,
        "cloudformation:ListStackResources": 2,
        "iam:GetAccountSummary": 1,
        "iam:ListUsers": 1,
        "lambda:GetFunction20150331v2": 3,
        "rds:DescribeDBInstances": 2,
        "ssm:StartSession": 0.4,
        "signin:ConsoleLogin": 0.5,
        "cloudtrail:LookupEvents": 1,
        "sts:GetCallerIdentity": 1,
    },
    "management": {
        "organizations:DescribeOrganization": 4,
        "organizations:ListAccounts": 3,
        "sso:ListApplications": 2,
        "iam:GetAccountSummary": 1,
        "sts:GetCallerIdentity": 1,
    },
    "build": {
        "sts:AssumeRoleWithWebIdentity": 3,
        "ecr:BatchGetImage": 4,
        "s3:PutObject": 4,
        "s3:GetObject": 4,
        "cloudformation:DescribeStacks": 2,
        "sts:GetCallerIdentity": 1,
    },
    "sts service": {"sts:AssumeRole service": 1},
    "autoscaling": {"ec2:RunInstances": 1, "ec2:TerminateInstances": 1, "ec2:DescribeInstances": 4},
    "lambda service": {
        "ec2:CreateNetworkInterface": 1,
        "ec2:DescribeNetworkInterfaces": 2,
        "lambda:Invoke": 12,
        "kms:Decrypt": 3,
    },
    "backup": {
        "rds:CreateDBSnapshot": 1,
        "ec2:DescribeSnapshots": 3,
        "kms:RotateKey": 0.2,
        "s3:PutObject": 6,
        "kms:GenerateDataKey": 4,
    },
}
