"""What is done in general: counts, trends, errors."""

from __future__ import annotations

from trailmere.ask.records import Sample

ACTIVITY: tuple[Sample, ...] = (
    Sample(
        "Recent events",
        "The latest events, with who did what, from where.",
        "activity latest last show list everything happened done calls made api actions",
        """SELECT eventTime, eventSource, eventName, userIdentity.arn, sourceIPAddress, awsRegion, errorCode
FROM $EDS_ID
WHERE :window
ORDER BY eventTime DESC
LIMIT :limit""",
    ),
    Sample(
        "Number of events",
        "How many events there are.",
        "count total many activity volume calls called times",
        """SELECT count(*) AS events
FROM $EDS_ID
WHERE :window""",
    ),
    Sample(
        "Events per day",
        "How many events there are on each day: the trend of activity.",
        "count daily trend over time volume history chart",
        """SELECT date_trunc('day', eventTime) AS day, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 1""",
    ),
    Sample(
        "Events per hour",
        "How many events there are in each hour, reads and writes apart.",
        "count hourly trend over time volume spikes read write chart",
        """SELECT date_trunc('hour', eventTime) AS hour, count_if(readOnly) AS reads, count_if(NOT readOnly) AS writes
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 1""",
    ),
    Sample(
        "Most used services",
        "The services that are called most often.",
        "top services used popular source eventSource usage",
        """SELECT eventSource, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Most used services and API calls",
        "The API calls that are made most often, with their services.",
        "top services used popular apis operations event names include name usage",
        """SELECT eventSource, eventName, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "Number of distinct services",
        "How many different services were used, and how many different API calls.",
        "count unique distinct services used many",
        """SELECT count(DISTINCT eventSource) AS services, count(DISTINCT eventName) AS calls
FROM $EDS_ID
WHERE :window""",
    ),
    Sample(
        "Most active Regions",
        "The Regions with the most events.",
        "top regions active activity location where unused region awsRegion",
        """SELECT awsRegion, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Most active accounts",
        "The accounts of the organisation with the most events.",
        "top accounts organization active activity recipientAccountId",
        """SELECT recipientAccountId, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Number of errors",
        "How many calls ended with an error.",
        "count errors failures failed many logged",
        """SELECT count(*) AS errors
FROM $EDS_ID
WHERE :window AND (errorCode IS NOT NULL OR errorMessage IS NOT NULL)""",
    ),
    Sample(
        "Top errors",
        "The errors that come most often.",
        "top errors failures failed most frequent common error code exceptions",
        """SELECT errorCode, count(*) AS errors
FROM $EDS_ID
WHERE :window AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
    Sample(
        "Errors of each service and their causes",
        "How many errors each service gave, and why.",
        "count errors failures cause reason each service why message logged",
        """SELECT eventSource, errorCode, errorMessage, count(*) AS errors
FROM $EDS_ID
WHERE :window AND (errorCode IS NOT NULL OR errorMessage IS NOT NULL)
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
    ),
    Sample(
        "Errors per hour",
        "How the number of errors goes up and down.",
        "errors failures trend over time hourly spikes chart daily",
        """SELECT date_trunc('hour', eventTime) AS hour, count(*) AS errors
FROM $EDS_ID
WHERE :window AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 1""",
    ),
    Sample(
        "Throttled calls",
        "The calls that were refused because there were too many of them, and whose they were.",
        "throttled throttling rate exceeded limit slow down errors",
        """SELECT eventSource, eventName, userIdentity.arn, count(*) AS throttled
FROM $EDS_ID
WHERE :window AND regexp_like(errorCode, '(?i)throttl|limitexceeded|slowdown|toomanyrequests')
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT :limit""",
        frozenset({"error"}),
    ),
    Sample(
        "Changes",
        "The calls that changed something and succeeded, the latest first.",
        "changes writes modified mutating write changed resources configuration latest",
        """SELECT eventTime, eventSource, eventName, userIdentity.arn, awsRegion, requestParameters
FROM $EDS_ID
WHERE :window AND readOnly = false AND errorCode IS NULL
ORDER BY eventTime DESC
LIMIT :limit""",
        frozenset({"error"}),
    ),
    Sample(
        "API calls seen for the first time",
        "The API calls that were made for the first time, with the time: what is new here.",
        "new first unusual never before rare anomaly calls",
        """SELECT eventSource, eventName, min(eventTime) AS first_seen, count(*) AS events
FROM $EDS_ID
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT :limit""",
    ),
    Sample(
        "Old versions of TLS",
        "Calls that were made with a version of TLS older than 1.2, and by whom.",
        "tls outdated old version 1.0 1.1 encryption transport insecure cipher",
        """SELECT tlsDetails.tlsVersion, eventSource, userIdentity.arn, userAgent, count(*) AS calls
FROM $EDS_ID
WHERE :window AND tlsDetails.tlsVersion IN ('TLSv1', 'TLSv1.1')
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC
LIMIT :limit""",
    ),
    Sample(
        "Programs that call",
        "The user agents that make the most calls: consoles, SDKs, tools.",
        "user agent userAgent programs tools sdk cli terraform clients software top",
        """SELECT userAgent, count(*) AS events, count(DISTINCT userIdentity.arn) AS callers
FROM $EDS_ID
WHERE :window
GROUP BY 1
ORDER BY 2 DESC
LIMIT :limit""",
    ),
)
