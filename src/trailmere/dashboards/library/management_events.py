"""Management events: denials, errors, sign-ins, destruction and old TLS; data events of the same store do not count."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import (
    ACCESS_DENIED,
    API,
    CALLER,
    CONSOLE_LOGIN,
    DESTROYED,
    LOGIN_OUTCOME,
    MANAGEMENT,
    MFA_USED,
)
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

MANAGEMENT_EVENTS = ManagedDashboard(
    id="AWSCloudTrail-ManagementEvents",
    title="Management events dashboard",
    family="cloudtrail",
    needs="management events",
    widgets=(
        ManagedWidget(
            "Top access denied events",
            View.BAR,
            f"""SELECT {API} AS api, count(*) AS denials
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {ACCESS_DENIED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Which calls are denied most often.",
            {"XAxisColumn": "api", "YAxisColumn": "denials"},
        ),
        ManagedWidget(
            "Top errors by user",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, errorCode, count(*) AS errors,
  max(eventTime) AS last_error
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND errorCode IS NOT NULL
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "Who meets which error most often.",
        ),
        ManagedWidget(
            "Console sign-in events",
            View.TABLE,
            f"""SELECT eventTime, {CALLER} AS caller, userIdentity.type AS caller_type, sourceIPAddress,
  recipientAccountId, {LOGIN_OUTCOME} AS outcome, {MFA_USED} AS mfa_used, eventID
FROM $EventDataStoreId$
WHERE :window AND {CONSOLE_LOGIN}
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Who signed in to the console, from where, with or without a second factor, and whether it succeeded.",
        ),
        ManagedWidget(
            "Destructive actions",
            View.BAR,
            f"""SELECT {API} AS api, count(*) AS actions, count(DISTINCT {CALLER}) AS callers,
  max(eventTime) AS last_time
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND {DESTROYED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "What is deleted, terminated, stopped, detached, disabled or revoked most often, with success, and not by "
            "AWS services themselves.",
            {"XAxisColumn": "api", "YAxisColumn": "actions"},
        ),
        ManagedWidget(
            "TLS version",
            View.PIE,
            f"""SELECT tlsDetails.tlsVersion AS tls_version, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND tlsDetails.tlsVersion IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1""",
            "With which versions of TLS AWS is called. What services call inside of AWS has none.",
            {"LabelColumn": "tls_version", "ValueColumn": "calls"},
        ),
        ManagedWidget(
            "Outdated TLS calls by user",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, tlsDetails.tlsVersion AS tls_version, count(*) AS calls,
  count(DISTINCT sourceIPAddress) AS addresses, max_by(userAgent, eventTime) AS last_user_agent,
  max(eventTime) AS last_call
FROM $EventDataStoreId$
WHERE :window AND {MANAGEMENT} AND tlsDetails.tlsVersion IN ('SSLv3', 'TLSv1', 'TLSv1.1')
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 50""",
            "Who still calls with a TLS older than 1.2, and with which program: what has to be renewed.",
        ),
    ),
)
