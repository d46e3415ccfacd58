"""What is done to instances, networks, functions and containers."""

from __future__ import annotations

from typing import Any

from trailmere.simulator.activities.parts import throttled, unauthorized
from trailmere.simulator.templates import Activity, Fault

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


def _describe_ec2(name: str, **asked: Any) -> Activity:
    return Activity(
        "ec2",
        name,
        asked or {},
        version="1.08",
        faults=(unauthorized(0.002), throttled(0.002, "Client.RequestLimitExceeded")),
    )


def _filter(name: str, hole: str) -> dict[str, Any]:
    return {"filterSet": {"items": [{"name": name, "valueSet": {"items": [{"value": hole}]}}]}}


ACTIVITIES: dict[str, Activity] = {
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
            unauthorized(0.01),
            Fault(
                0.01,
                "Server.InsufficientInstanceCapacity",
                "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested "
                "({region}a).",
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
}
