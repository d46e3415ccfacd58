"""Who may do what (IAM, STS, sign-in), and what watches over it (CloudWatch, Config, CloudTrail ...)."""

from __future__ import annotations

from trailmere.simulator.activities.parts import KMS_KEY, denied, throttled
from trailmere.simulator.templates import Activity, Fault

_CREDENTIALS = {
    "accessKeyId": "{temporary_key}",
    "sessionToken": "{token}",
    "expiration": "{expiration}",
}
_ASSUME_ROLE_REQUEST = {"roleArn": "arn:aws:iam::{account}:role/{role}", "roleSessionName": "{session}"}
_ASSUME_ROLE_ANSWER = {
    "credentials": _CREDENTIALS,
    "assumedRoleUser": {
        "assumedRoleId": "{role_id}:{session}",
        "arn": "arn:aws:sts::{account}:assumed-role/{role}/{session}",
    },
}
_FOREIGN_CALLER = {"type": "AWSAccount", "principalId": "{caller_id}", "accountId": "{account}"}
_PORTAL_USER = {
    "type": "Unknown",
    "principalId": "{account}",
    "arn": "",
    "accountId": "{account}",
    "accessKeyId": "",
    "userName": "{person}",
}
_SUBJECT = "repo:example/{team}:ref:refs/heads/main"
_WEB_IDENTITY = {
    "type": "WebIdentityUser",
    "principalId": f"arn:aws:iam::{{account}}:oidc-provider/ci.example.com:sts.amazonaws.com:{_SUBJECT}",
    "userName": _SUBJECT,
    "identityProvider": "arn:aws:iam::{account}:oidc-provider/ci.example.com",
}
_NOBODY = {
    "type": "IAMUser",
    "accountId": "{account}",
    "accessKeyId": "",
    "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
}
_CONSOLE_URL = "https://console.aws.amazon.com/console/home?region={region}&state=hashArgs%23&isauthcode=true"
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
        faults=(denied("sts:AssumeRole", _TARGET_ROLE, 0.01),),
        counterpart=Activity(
            "sts",
            "AssumeRole",
            _CROSS_REQUEST,
            _CROSS_ANSWER,
            True,
            resources=_CROSS_RESOURCES,
            elsewhere=True,
            identity=_FOREIGN_CALLER,
            host="sts.amazonaws.com",
        ),
    ),
    "sts:AssumeRoleWithWebIdentity": Activity(
        "sts",
        "AssumeRoleWithWebIdentity",
        {"roleArn": "arn:aws:iam::{account}:role/{role}", "roleSessionName": "{session}", "durationSeconds": 3600},
        {
            "subjectFromWebIdentityToken": _SUBJECT,
            "provider": "arn:aws:iam::{account}:oidc-provider/ci.example.com",
            "audience": "sts.amazonaws.com",
            **_ASSUME_ROLE_ANSWER,
        },
        True,
        resources=[{"accountId": "{account}", "type": "AWS::IAM::Role", "ARN": "arn:aws:iam::{account}:role/{role}"}],
        identity=_WEB_IDENTITY,
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
        "iam", "GetAccountSummary", host="iam.amazonaws.com", faults=(denied("iam:GetAccountSummary", "*", 0.02),)
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
            "LoginTo": _CONSOLE_URL,
            "MobileVersion": "No",
            "MFAUsed": "Yes",
        },
        host="signin.aws.amazon.com",
    ),
    "signin:ConsoleLogin failed": Activity(
        "signin",
        "ConsoleLogin",
        None,
        {"ConsoleLogin": "Failure"},
        False,
        event_type="AwsConsoleSignIn",
        extra={"LoginTo": _CONSOLE_URL, "MobileVersion": "No", "MFAUsed": "No"},
        host="signin.aws.amazon.com",
        identity=_NOBODY,
        message="Failed authentication",
    ),
    "sso:Authenticate": Activity(
        "sso",
        "Authenticate",
        None,
        None,
        False,
        event_type="AwsServiceEvent",
        details={"CredentialType": "PASSWORD"},
        host="",
        identity=_PORTAL_USER,
    ),
    "sso:Federate": Activity(
        "sso",
        "Federate",
        None,
        None,
        False,
        event_type="AwsServiceEvent",
        details={"role_name": "PowerUserAccess", "account_id": "{target_account}"},
        host="",
        identity=_PORTAL_USER,
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
    # watching and shipping
    "logs:CreateLogStream": Activity(
        "logs",
        "CreateLogStream",
        {"logGroupName": "/aws/lambda/{function}", "logStreamName": "{log_day}/[$LATEST]{hex32}"},
        None,
        False,
        api_version="20140328",
        faults=(
            Fault(0.01, "ResourceAlreadyExistsException", "The specified log stream already exists"),
            throttled(0.006),
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
        faults=(throttled(0.05),),
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
        faults=(throttled(0.1),),
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
        resources=[KMS_KEY],
        details={"keyId": "{kms_key}"},
        identity={"accountId": "{account}", "invokedBy": "AWS Internal"},
        host="",
    ),
}
