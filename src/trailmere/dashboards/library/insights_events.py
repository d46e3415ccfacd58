"""What was unusual. An Insight has an event for its start and one for its end; here it counts once."""

from __future__ import annotations

from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

INSIGHTS_EVENTS = ManagedDashboard(
    "AWSCloudTrail-InsightsEvents",
    "Insights events dashboard",
    "insight",
    "Insights events.",
    (
        ManagedWidget(
            "Insight types",
            View.PIE,
            """SELECT insightType, count(DISTINCT coalesce(sharedEventID, eventID)) AS insights
FROM $EventDataStoreId$
WHERE :window
GROUP BY 1
ORDER BY 2 DESC, 1""",
            "How many Insights there were of each type: unusually many calls, unusually many errors.",
            {"LabelColumn": "insightType", "ValueColumn": "insights"},
        ),
        ManagedWidget(
            "Insights by date",
            View.BAR,
            """SELECT date(began) AS date, insightType, count(*) AS insights
FROM (SELECT coalesce(sharedEventID, eventID) AS id, insightType, min(eventTime) AS began
  FROM $EventDataStoreId$
  WHERE :window
  GROUP BY 1, 2)
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How many Insights began on each day. One that began before the time that is looked at counts where it "
            "ended.",
            {"XAxisColumn": "date", "YAxisColumn": "insights", "FilterColumn": "insightType"},
        ),
        ManagedWidget(
            "API call rate Insights by event source",
            View.BAR,
            """SELECT insightEventSource, count(DISTINCT coalesce(sharedEventID, eventID)) AS insights
FROM $EventDataStoreId$
WHERE :window AND insightType = 'ApiCallRateInsight'
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The services that were called unusually often.",
            {"XAxisColumn": "insightEventSource", "YAxisColumn": "insights"},
        ),
        ManagedWidget(
            "API error rate Insights by event source",
            View.BAR,
            """SELECT insightEventSource, count(DISTINCT coalesce(sharedEventID, eventID)) AS insights
FROM $EventDataStoreId$
WHERE :window AND insightType = 'ApiErrorRateInsight'
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The services that refused calls unusually often.",
            {"XAxisColumn": "insightEventSource", "YAxisColumn": "insights"},
        ),
        ManagedWidget(
            "Insights by top users",
            View.TABLE,
            """SELECT coalesce(insightContext.attributions.insightValue,
  insightContext.attributions.insight.value) AS caller,
  count(DISTINCT coalesce(sharedEventID, eventID)) AS insights, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND insightContext.attributions.attribute = 'userIdentityArn'
  AND coalesce(insightContext.attributions.insightValue, insightContext.attributions.insight.value) <> 'null'
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who made most of the calls of the most Insights. An Insight names only the one who made most of its own.",
        ),
        ManagedWidget(
            "Insights events",
            View.TABLE,
            """SELECT eventTime, insightState, insightType, insightEventSource, insightEventName, insightErrorCode,
  recipientAccountId, awsRegion, insightContext.baselineAverage AS usual_rate,
  insightContext.insightAverage AS unusual_rate,
  insightContext.insightDuration AS minutes,
  if(insightContext.attributions.attribute = 'userIdentityArn', coalesce(insightContext.attributions.insightValue,
    insightContext.attributions.insight.value)) AS caller, sharedEventID
FROM $EventDataStoreId$
WHERE :window
ORDER BY eventTime DESC, eventID
LIMIT 100""",
            "Starts and ends of Insights, the latest first: which call, how many a minute before and during it.",
        ),
    ),
)
