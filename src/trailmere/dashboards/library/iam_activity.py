"""IAM activity: who changes who may do what, and from where."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import (
    ACCESS_DENIED,
    CALLER,
    IAM,
    IAM_POLICY_CHANGE,
    OUTCOME,
    RESULT,
    SUCCEEDED,
)
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

_TARGET = """coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'roleName'),
    element_at(requestParameters, 'groupName'))"""
_POLICY = "coalesce(element_at(requestParameters, 'policyArn'), element_at(requestParameters, 'policyName'))"
_USER_CHANGE = (
    "regexp_like(eventName, '^((Create|Delete|Update)(User|LoginProfile|AccessKey)|ChangePassword|"
    "(AddUserTo|RemoveUserFrom)Group|(Enable|Deactivate|Resync)MFADevice|"
    "(Upload|Delete|Update)(SSHPublicKey|SigningCertificate)|"
    "(Create|Delete|Update|Reset)ServiceSpecificCredential|(Tag|Untag)User)$')"
)

IAM_ACTIVITY = ManagedDashboard(
    id="AWSCloudTrail-IAMActivity",
    title="IAM activity dashboard",
    family="cloudtrail",
    needs="management events",
    widgets=(
        ManagedWidget(
            "Top IAM APIs",
            View.BAR,
            f"""SELECT eventName, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {IAM}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "What IAM is asked for most often.",
            {"XAxisColumn": "eventName", "YAxisColumn": "calls"},
        ),
        ManagedWidget(
            "Top IAM callers",
            View.BAR,
            f"""SELECT {CALLER} AS caller, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {IAM}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who calls IAM most often; a service under its own name where it calls for itself.",
            {"XAxisColumn": "caller", "YAxisColumn": "calls"},
        ),
        ManagedWidget(
            "IAM success vs failure trend",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {RESULT} AS outcome,
  count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {IAM}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "Calls to IAM over time, those that failed apart. Failures that rise suddenly are somebody who tries.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "outcome"},
        ),
        ManagedWidget(
            "Top IAM API errors",
            View.TABLE,
            f"""SELECT eventName, errorCode, count(*) AS errors, count(DISTINCT {CALLER}) AS callers,
  max(eventTime) AS last_error
FROM $EventDataStoreId$
WHERE :window AND {IAM} AND errorCode IS NOT NULL
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "Which calls to IAM fail most often, and why.",
        ),
        ManagedWidget(
            "Top AccessDenied IAM APIs",
            View.BAR,
            f"""SELECT eventName, count(*) AS denials
FROM $EventDataStoreId$
WHERE :window AND {IAM} AND {ACCESS_DENIED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Which calls to IAM are denied most often. Denied changes are attempts to gain rights.",
            {"XAxisColumn": "eventName", "YAxisColumn": "denials"},
        ),
        ManagedWidget(
            "Top IP addresses of IAM calls",
            View.BAR,
            rf"""SELECT sourceIPAddress, count(*) AS calls, count(DISTINCT {CALLER}) AS callers
FROM $EventDataStoreId$
WHERE :window AND {IAM} AND regexp_like(sourceIPAddress, '^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$|:')
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "From which addresses IAM is called most often. Services, which have names there, are left out.",
            {"XAxisColumn": "sourceIPAddress", "YAxisColumn": "calls"},
        ),
        ManagedWidget(
            "Recent IAM policy changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  {_TARGET} AS changed_identity,
  {_POLICY} AS policy,
  sourceIPAddress, recipientAccountId, {OUTCOME} AS outcome, eventID
FROM $EventDataStoreId$
WHERE :window AND {IAM} AND {IAM_POLICY_CHANGE}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Who gave or took permissions, or tried to: policies of users, roles and groups, boundaries, who may "
            "assume a role.",
        ),
        ManagedWidget(
            "Recent IAM user changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  element_at(requestParameters, 'userName') AS changed_user, sourceIPAddress, recipientAccountId,
  {OUTCOME} AS outcome, eventID
FROM $EventDataStoreId$
WHERE :window AND {IAM} AND {_USER_CHANGE}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Who made, changed or deleted users, their passwords, access keys, MFA devices and groups, or tried to. "
            "Their policies are among the changes of policies.",
        ),
        ManagedWidget(
            "Top assumed IAM roles",
            View.BAR,
            f"""SELECT element_at(requestParameters, 'roleArn') AS role_arn,
  count(DISTINCT coalesce(sharedEventID, eventID)) AS times, max(eventTime) AS last_assumed
FROM $EventDataStoreId$
WHERE :window AND eventName IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
  AND {SUCCEEDED} AND element_at(requestParameters, 'roleArn') IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Which roles are assumed most often, by people, programs and services. What two accounts saw of one call "
            "counts once.",
            {"XAxisColumn": "role_arn", "YAxisColumn": "times"},
        ),
    ),
)
