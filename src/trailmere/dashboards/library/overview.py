"""Overview: how much is done, where, by whom, and what fails."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import ACTIVITY, API, CALL, CALLER, NOT_A_SERVICE, SERVICE, THROTTLED
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

OVERVIEW = ManagedDashboard(
    id="AWSCloudTrail-Overview",
    title="Overview dashboard",
    family="cloudtrail",
    needs="management events",
    widgets=(
        ManagedWidget(
            "Account activity",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {ACTIVITY} AS activity,
  count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "Events over time, those that only read apart from those that may change something.",
            {"XAxisColumn": "time", "YAxisColumn": "events", "FilterColumn": "activity"},
        ),
        ManagedWidget(
            "Top errors",
            View.TABLE,
            """SELECT errorCode, count(*) AS errors
FROM $EventDataStoreId$
WHERE :window AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The most frequent error codes.",
        ),
        ManagedWidget(
            "Most active regions",
            View.PIE,
            f"""SELECT awsRegion, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Where most is done. A Region that should be empty and is not is worth a look.",
            {"LabelColumn": "awsRegion", "ValueColumn": "events"},
        ),
        ManagedWidget(
            "Top services",
            View.BAR,
            f"""SELECT {SERVICE} AS service, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {CALL}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The services that are called most often.",
            {"XAxisColumn": "service", "YAxisColumn": "events"},
        ),
        ManagedWidget(
            "Most throttled events",
            View.BAR,
            f"""SELECT {API} AS api, count(*) AS throttled
FROM $EventDataStoreId$
WHERE :window AND {THROTTLED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Which calls are made faster than AWS allows.",
            {"XAxisColumn": "api", "YAxisColumn": "throttled"},
        ),
        ManagedWidget(
            "Top users",
            View.BAR,
            f"""SELECT {CALLER} AS caller, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {NOT_A_SERVICE} AND {CALL}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The users and sessions of roles that do most. AWS services are left out.",
            {"XAxisColumn": "caller", "YAxisColumn": "events"},
        ),
    ),
)
