"""What the accounts of an organisation do, and what is done with them. Network activity tells of calls that have
events of their own, and does not count."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import ACCESS_DENIED, ACTIVITY, CALL, CALLER, MANAGEMENT, OUTCOME
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

ORGANIZATIONS_ACTIVITY = ManagedDashboard(
    "AWSCloudTrail-OrganizationsActivity",
    "Organizations activity dashboard",
    "cloudtrail",
    "Events of all accounts of an organisation.",
    (
        ManagedWidget(
            "Activity trend in the organization",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {ACTIVITY} AS activity, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How much is going on over time, reads and writes apart.",
            {"XAxisColumn": "time", "YAxisColumn": "events", "FilterColumn": "activity"},
        ),
        ManagedWidget(
            "Member account management summary",
            View.TABLE,
            f"""SELECT eventName, count_if(NOT failed) AS succeeded, count_if(failed) AS failed,
  max(eventTime) AS latest
FROM (SELECT eventName, eventTime, errorCode IS NOT NULL OR coalesce(json_extract_scalar(coalesce(
      element_at(serviceEventDetails, 'createAccountStatus'),
      element_at(serviceEventDetails, 'closeAccountStatus')), '$.state'), '') = 'FAILED' AS failed
  FROM $EventDataStoreId$
  WHERE :window AND eventSource = 'organizations.amazonaws.com' AND {MANAGEMENT} AND eventName IN (
    'CreateAccount', 'CreateGovCloudAccount', 'CreateAccountResult', 'CloseAccount', 'CloseAccountResult',
    'InviteAccountToOrganization', 'AcceptHandshake', 'DeclineHandshake', 'CancelHandshake', 'LeaveOrganization',
    'RemoveAccountFromOrganization', 'MoveAccount', 'AccountJoinedOrganization', 'AccountDepartedOrganization'))
GROUP BY 1
ORDER BY 2 DESC, 3 DESC, 1""",
            "How often accounts were created, invited, moved, removed and closed. An account is created after the call "
            "has returned: CreateAccountResult tells what became of it.",
        ),
        ManagedWidget(
            "Most used services across organization",
            View.PIE,
            f"""SELECT eventSource, count(*) AS events, count(DISTINCT recipientAccountId) AS accounts
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The services with the most events, and in how many accounts each is used.",
            {"LabelColumn": "eventSource", "ValueColumn": "events"},
        ),
        ManagedWidget(
            "Most active accounts by service",
            View.BAR,
            f"""SELECT recipientAccountId, eventSource, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The accounts and services with the most events.",
            {"XAxisColumn": "recipientAccountId", "YAxisColumn": "events", "FilterColumn": "eventSource"},
        ),
        ManagedWidget(
            "Most used APIs across organization",
            View.BAR,
            f"""SELECT eventName, eventSource, count(*) AS events,
  count(DISTINCT recipientAccountId) AS accounts
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The calls that are made most often, and in how many accounts each is made.",
            {"XAxisColumn": "eventName", "YAxisColumn": "events", "FilterColumn": "eventSource"},
        ),
        ManagedWidget(
            "Most active member accounts",
            View.BAR,
            f"""SELECT recipientAccountId, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The accounts with the most events. Events do not tell which account manages the organisation; it is shown "
            "with the others.",
            {"XAxisColumn": "recipientAccountId", "YAxisColumn": "events"},
        ),
        ManagedWidget(
            "Access denied errors trend across the organization",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, count(*) AS denials
FROM $EventDataStoreId$
WHERE :window AND {CALL} AND {ACCESS_DENIED}
GROUP BY 1
ORDER BY 1""",
            "How many calls were denied over time: somebody who tries out what he may shows as a peak.",
            {"XAxisColumn": "time", "YAxisColumn": "denials"},
        ),
        ManagedWidget(
            "Accounts with most access denied errors",
            View.BAR,
            f"""SELECT recipientAccountId, count(*) AS denials, count(DISTINCT {CALLER}) AS callers
FROM $EventDataStoreId$
WHERE :window AND {CALL} AND {ACCESS_DENIED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The accounts in which the most calls were denied.",
            {"XAxisColumn": "recipientAccountId", "YAxisColumn": "denials"},
        ),
        ManagedWidget(
            "Recent service control policy changes",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventName,
  coalesce(element_at(requestParameters, 'policyId'),
  json_extract_scalar(element_at(responseElements, 'policy'), '$.policySummary.id'),
  element_at(requestParameters, 'name')) AS policy,
  coalesce(element_at(requestParameters, 'targetId'), element_at(requestParameters, 'rootId')) AS target,
  sourceIPAddress, recipientAccountId, {OUTCOME} AS outcome,
  requestParameters, eventID
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'organizations.amazonaws.com' AND {MANAGEMENT}
  AND eventName IN ('CreatePolicy', 'UpdatePolicy', 'DeletePolicy', 'AttachPolicy', 'DetachPolicy',
    'EnablePolicyType', 'DisablePolicyType')
  AND coalesce(element_at(requestParameters, 'type'), element_at(requestParameters, 'policyType'),
    json_extract_scalar(element_at(responseElements, 'policy'), '$.policySummary.type'),
    'SERVICE_CONTROL_POLICY') = 'SERVICE_CONTROL_POLICY'
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "Who changed what the accounts may do at most, or tried to. Calls that do not tell the kind of the policy "
            "(DeletePolicy, AttachPolicy, DetachPolicy) are shown whatever it is.",
        ),
    ),
)
