"""Security monitoring: what a defender looks at first."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import (
    ACCESS_DENIED,
    CALL,
    CALLER,
    CONSOLE_LOGIN,
    DESTROYED,
    LOGIN_OUTCOME,
    MFA_USED,
    NOT_A_SERVICE,
    OUTCOME,
    RESOURCE,
    SUCCEEDED,
)
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

_GROUP_OR_ACL = """coalesce(element_at(requestParameters, 'groupId'), element_at(requestParameters, 'networkAclId'),
    json_extract_scalar(element_at(requestParameters, 'ModifySecurityGroupRulesRequest'), '$.GroupId'),
    element_at(responseElements, 'groupId'),
    json_extract_scalar(element_at(responseElements, 'networkAcl'), '$.networkAclId'),
    element_at(requestParameters, 'groupName'))"""
# A range of addresses that ends in /0 is everybody, whatever stands before it. Older calls give one range beside the
# group; newer ones have lists, and names in another case.
_FOR_EVERYBODY = r"""(element_at(requestParameters, 'cidrIp') LIKE '%/0'
    OR regexp_like(lower(concat(coalesce(element_at(requestParameters, 'ipPermissions'), ''),
      coalesce(element_at(requestParameters, 'ModifySecurityGroupRulesRequest'), ''))),
      '"cidrip(v4|v6|)"\s*:\s*"[^"]*/0"'))"""

SECURITY_MONITORING = ManagedDashboard(
    id="AWSCloudTrail-SecurityMonitoring",
    title="Security monitoring dashboard",
    family="cloudtrail",
    needs="management events",
    widgets=(
        ManagedWidget(
            "Top access denied events",
            View.TABLE,
            f"""SELECT eventSource, eventName, count(*) AS denials, count(DISTINCT {CALLER}) AS callers,
  max(eventTime) AS last_denied
FROM $EventDataStoreId$
WHERE :window AND {ACCESS_DENIED}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The calls that were denied most often, and to how many callers. One caller with many different calls is "
            "somebody who tries what a credential may do.",
        ),
        ManagedWidget(
            "Failed ConsoleLogin attempts",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, userIdentity.type AS caller_type, sourceIPAddress,
  recipientAccountId, errorMessage, {MFA_USED} AS mfa_used, eventID
FROM $EventDataStoreId$
WHERE :window AND {CONSOLE_LOGIN} AND {LOGIN_OUTCOME} = 'Failure'
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Sign-ins to the console that failed, the latest first. The name is hidden where it was none of a user.",
        ),
        ManagedWidget(
            "Failed ConsoleLogin attempts by IP address",
            View.BAR,
            f"""SELECT sourceIPAddress, count(*) AS attempts, count(DISTINCT {CALLER}) AS callers,
  max(eventTime) AS last_attempt
FROM $EventDataStoreId$
WHERE :window AND {CONSOLE_LOGIN} AND {LOGIN_OUTCOME} = 'Failure'
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The addresses from which signing in failed most often. Many failures, or many callers, from one address "
            "are guessed passwords.",
            {"XAxisColumn": "sourceIPAddress", "YAxisColumn": "attempts"},
        ),
        ManagedWidget(
            "Root user ConsoleLogin attempts",
            View.TABLE,
            f"""SELECT eventTime, recipientAccountId, sourceIPAddress, {LOGIN_OUTCOME} AS outcome,
  {MFA_USED} AS mfa_used, userAgent, eventID
FROM $EventDataStoreId$
WHERE :window AND {CONSOLE_LOGIN} AND userIdentity.type = 'Root'
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Sign-ins as the root user of an account, failed ones too. There should be hardly any.",
        ),
        ManagedWidget(
            "Destructive actions",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventSource, eventName, {RESOURCE} AS resource, sourceIPAddress,
  awsRegion, recipientAccountId, eventID
FROM $EventDataStoreId$
WHERE :window AND {DESTROYED}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "What was deleted, terminated, stopped, detached, disabled or revoked, the latest first: what succeeded, "
            "and what AWS services did not do by themselves.",
        ),
        ManagedWidget(
            "Top cross-account access",
            View.TABLE,
            f"""SELECT userIdentity.accountId AS caller_account, recipientAccountId AS accessed_account, eventSource,
  eventName, count(*) AS calls, count_if({ACCESS_DENIED}) AS denied, max(eventTime) AS last_call
FROM $EventDataStoreId$
WHERE :window AND userIdentity.accountId <> recipientAccountId
  AND regexp_like(userIdentity.accountId, '^[0-9]{{12}}$') AND {NOT_A_SERVICE} AND {CALL}
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 1, 2, 3, 4
LIMIT 10""",
            "Which accounts called into which others, and what. AWS services and callers without an account are left "
            "out.",
        ),
        ManagedWidget(
            "Users who disabled MFA",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'userId')) AS mfa_of_user,
  coalesce(element_at(requestParameters, 'serialNumber'), element_at(requestParameters, 'mfaDeviceId')) AS mfa_device,
  sourceIPAddress, recipientAccountId, eventID
FROM $EventDataStoreId$
WHERE :window AND eventName IN ('DeactivateMFADevice', 'DeleteVirtualMFADevice', 'DeleteMfaDeviceForUser')
  AND {SUCCEEDED}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Who took MFA devices away, and from whom. Without a second factor a password is enough.",
        ),
        ManagedWidget(
            "Recent EC2 SecurityGroup and NetworkAcl changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  {_GROUP_OR_ACL} AS resource,
  sourceIPAddress, awsRegion, recipientAccountId, {OUTCOME} AS outcome, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'ec2.amazonaws.com' AND regexp_like(eventName,
  '^(Authorize|Revoke|Create|Delete|Modify|Update|Replace|Associate|Disassociate)(SecurityGroup|NetworkAcl)')
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Who changed, or tried to change, security groups and network ACLs: what may reach what.",
        ),
        ManagedWidget(
            "Recent EC2 SecurityGroup changes that allow public access",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  {_GROUP_OR_ACL} AS security_group,
  coalesce(element_at(requestParameters, 'cidrIp'), element_at(requestParameters, 'ipPermissions'),
    element_at(requestParameters, 'ModifySecurityGroupRulesRequest')) AS rules,
  sourceIPAddress, awsRegion, recipientAccountId, eventID
FROM $EventDataStoreId$
WHERE :window AND eventName IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules') AND {SUCCEEDED}
  AND {_FOR_EVERYBODY}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Rules that let every address in (0.0.0.0/0 or ::/0), the latest first: changes that succeeded.",
        ),
        ManagedWidget(
            "Potential CloudTrail disabling actions",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName, coalesce(element_at(requestParameters, 'name'),
    element_at(requestParameters, 'trailName'), element_at(requestParameters, 'eventDataStore')) AS trail_or_store,
  sourceIPAddress, awsRegion, recipientAccountId, {OUTCOME} AS outcome, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'cloudtrail.amazonaws.com' AND eventName IN ('StopLogging', 'DeleteTrail',
  'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors', 'DeleteEventDataStore', 'UpdateEventDataStore',
  'StopEventDataStoreIngestion', 'DeregisterOrganizationDelegatedAdmin')
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Who stopped, deleted or changed trails and event data stores, or tried to. Who means harm begins with the "
            "logs.",
        ),
    ),
)
