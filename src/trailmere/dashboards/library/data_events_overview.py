"""What is done with data: objects, items, functions. Management and network activity events do not count."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import CALLER, DATA, THROTTLED
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

DATA_EVENTS_OVERVIEW = ManagedDashboard(
    "AWSCloudTrail-DataEventsOverview",
    "Data events overview dashboard",
    "cloudtrail",
    "Data events.",
    (
        ManagedWidget(
            "Overall data events trend",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {DATA}
GROUP BY 1
ORDER BY 1""",
            "How many data events there are over time.",
            {"XAxisColumn": "time", "YAxisColumn": "events"},
        ),
        ManagedWidget(
            "Top services generating data events",
            View.PIE,
            f"""SELECT eventSource, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The services whose data is used most.",
            {"LabelColumn": "eventSource", "ValueColumn": "events"},
        ),
        ManagedWidget(
            "Top APIs generating data events",
            View.BAR,
            f"""SELECT eventName, eventSource, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {DATA}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The calls by which data is used most.",
            {"XAxisColumn": "eventName", "YAxisColumn": "events", "FilterColumn": "eventSource"},
        ),
        ManagedWidget(
            "Top regions generating data events",
            View.PIE,
            f"""SELECT awsRegion, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The Regions in which data is used most.",
            {"LabelColumn": "awsRegion", "ValueColumn": "events"},
        ),
        ManagedWidget(
            "Top throttled data plane APIs",
            View.BAR,
            f"""SELECT eventName, eventSource, count(*) AS throttled
FROM $EventDataStoreId$
WHERE :window AND {DATA} AND {THROTTLED}
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The calls that were refused most often because there were too many of them.",
            {"XAxisColumn": "eventName", "YAxisColumn": "throttled", "FilterColumn": "eventSource"},
        ),
        ManagedWidget(
            "Top users of data plane APIs",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, count(*) AS events, count_if(readOnly) AS reads,
  count_if(NOT coalesce(readOnly, false)) AS writes, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who uses the most data, reads and writes apart.",
        ),
    ),
)
