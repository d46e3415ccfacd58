"""What is done with the objects of S3's buckets. What is done with buckets themselves are management events."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import ACTIVITY, CALLER, DATA
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

S3_DATA_EVENTS = ManagedDashboard(
    "AWSCloudTrail-S3DataEvents",
    "S3 data events dashboard",
    "cloudtrail",
    "Data events of S3 objects.",
    (
        ManagedWidget(
            "S3 account activity",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {ACTIVITY} AS activity, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 's3.amazonaws.com' AND {DATA}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How many objects are read and written over time.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "activity"},
        ),
        ManagedWidget(
            "Most accessed objects",
            View.TABLE,
            f"""SELECT element_at(requestParameters, 'bucketName') AS bucket,
  element_at(requestParameters, 'key') AS object,
  count(*) AS calls, count(DISTINCT {CALLER}) AS callers, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 's3.amazonaws.com' AND {DATA} AND errorCode IS NULL
  AND element_at(requestParameters, 'key') IS NOT NULL
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The objects that were read and written most often. Calls that failed reached none.",
        ),
        ManagedWidget(
            "S3 top users",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, count(*) AS calls, count(errorCode) AS failed,
  CAST(sum(try_cast(
  element_at(additionalEventData, 'bytesTransferredOut') AS double)) AS bigint) AS bytes_out, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 's3.amazonaws.com' AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who reads and writes the most objects, and how many bytes each took out.",
        ),
        ManagedWidget(
            "Top S3 actions",
            View.BAR,
            f"""SELECT eventName, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 's3.amazonaws.com' AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The calls on objects that are made most often.",
            {"XAxisColumn": "eventName", "YAxisColumn": "calls"},
        ),
    ),
)
