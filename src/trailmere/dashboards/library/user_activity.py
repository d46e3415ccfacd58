"""User activity: what users and roles do, and what AWS services do not do for them."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import (
    ACCESS_DENIED,
    API,
    CALL,
    CALLER,
    DESTROYED,
    IAM,
    IAM_POLICY_CHANGE,
    NOT_A_SERVICE,
    OUTCOME,
    SUCCEEDED,
)
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

_IDENTITY = "coalesce(userIdentity.sessionContext.sessionIssuer.arn, userIdentity.arn)"  # a role, whatever the session


def _trend(what: str, name: str) -> str:
    """Calls over time for the ten that are most often named, in one pass over the events."""
    return f"""SELECT time, {name}, calls
FROM (
  SELECT time, {name}, calls, dense_rank() OVER (ORDER BY calls_in_all DESC, {name}) AS place
  FROM (
    SELECT time, {name}, calls, sum(calls) OVER (PARTITION BY {name}) AS calls_in_all
    FROM (
      SELECT date_trunc('$Period$', eventTime) AS time, {what} AS {name}, count(*) AS calls
      FROM $EventDataStoreId$
      WHERE :window AND {what} <> '' AND {NOT_A_SERVICE} AND {CALL}
      GROUP BY 1, 2)))
WHERE place <= 10
ORDER BY 1, 2"""


def _top(condition: str, count: str) -> str:
    """The callers of whom most events meet a condition."""
    return f"""SELECT {CALLER} AS caller, count(*) AS {count}, count(DISTINCT {API}) AS apis,
  max(eventTime) AS last_time
FROM $EventDataStoreId$
WHERE :window AND {condition}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10"""


TOP_USERS_WITH_ERRORS = ManagedWidget(
    "Top users with errors",
    View.BAR,
    _top(f"errorCode IS NOT NULL AND {NOT_A_SERVICE}", "errors"),
    "Whose calls fail most often, and in how many different calls.",
    {"XAxisColumn": "caller", "YAxisColumn": "errors"},
)

USER_ACTIVITY = ManagedDashboard(
    id="AWSCloudTrail-UserActivity",
    title="User activity dashboard",
    family="cloudtrail",
    needs="management events",
    widgets=(
        ManagedWidget(
            "User activity trends by user ARN",
            View.LINE,
            _trend("userIdentity.arn", "user_arn"),
            "Calls over time of the ten most active users and sessions of roles.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "user_arn"},
        ),
        ManagedWidget(
            "User activity trends by API",
            View.LINE,
            _trend(API, "api"),
            "The ten calls that users and roles make most often, over time.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "api"},
        ),
        ManagedWidget(
            "Most recent user activity",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, eventSource, eventName, sourceIPAddress, awsRegion,
  recipientAccountId, {OUTCOME} AS outcome, eventID
FROM $EventDataStoreId$
WHERE :window AND {NOT_A_SERVICE} AND {CALL}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "What users and roles did last.",
        ),
        TOP_USERS_WITH_ERRORS,
        ManagedWidget(
            "Top users with AccessDenied errors",
            View.BAR,
            _top(f"{ACCESS_DENIED} AND {NOT_A_SERVICE}", "denials"),
            "Who is denied access most often, and in how many different calls: many are somebody who tries what a "
            "credential may do.",
            {"XAxisColumn": "caller", "YAxisColumn": "denials"},
        ),
        ManagedWidget(
            "Top users making destructive actions",
            View.BAR,
            _top(DESTROYED, "actions"),
            "Who deleted, terminated, stopped, detached, disabled or revoked most, with success.",
            {"XAxisColumn": "caller", "YAxisColumn": "actions"},
        ),
        ManagedWidget(
            "Top users changing IAM policies",
            View.BAR,
            _top(f"{IAM} AND {IAM_POLICY_CHANGE} AND {SUCCEEDED} AND {NOT_A_SERVICE}", "changes"),
            "Who gave or took permissions most often, with success.",
            {"XAxisColumn": "caller", "YAxisColumn": "changes"},
        ),
        ManagedWidget(
            "Top actions performed by potential IAM privileged users",
            View.TABLE,
            f"""SELECT eventSource, eventName, count(*) AS actions, count(DISTINCT {_IDENTITY}) AS identities,
  max(eventTime) AS last_time
FROM $EventDataStoreId$
WHERE :window AND {NOT_A_SERVICE} AND {CALL} AND (userIdentity.type = 'Root'
  OR lower(coalesce(userIdentity.sessionContext.sessionIssuer.userName, userIdentity.userName)) LIKE '%admin%'
  OR {_IDENTITY} IN (
    SELECT {_IDENTITY}
    FROM $EventDataStoreId$
    WHERE :window AND {IAM} AND {SUCCEEDED} AND {NOT_A_SERVICE} AND ({IAM_POLICY_CHANGE} OR eventName IN (
      'CreateUser', 'CreateRole', 'CreateLoginProfile', 'UpdateLoginProfile', 'AddUserToGroup'))))
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "What is done most often by those who may have rights over IAM: root users, users and roles with admin in "
            "their names, and whoever changed policies, users, passwords, groups or roles in this time.",
        ),
    ),
)
