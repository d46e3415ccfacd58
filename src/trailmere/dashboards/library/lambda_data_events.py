"""Which functions are invoked, by whom, and with what success. A function is one, by whatever name it is called."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import CALLER, DATA, RESULT, THROTTLED
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

LAMBDA_DATA_EVENTS = ManagedDashboard(
    "AWSCloudTrail-LambdaDataEvents",
    "Lambda data events dashboard",
    "cloudtrail",
    "Data events of Lambda functions.",
    (
        ManagedWidget(
            "Lambda data plane API activity",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, eventName, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'lambda.amazonaws.com' AND {DATA}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How often functions are called over time, and how.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "eventName"},
        ),
        ManagedWidget(
            "Lambda invocations success vs failure trend",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {RESULT} AS outcome,
  count(*) AS invocations
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'lambda.amazonaws.com' AND {DATA} AND starts_with(eventName, 'Invoke')
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How many invocations were accepted and refused over time. What a function itself makes of it is not in "
            "its events.",
            {"XAxisColumn": "time", "YAxisColumn": "invocations", "FilterColumn": "outcome"},
        ),
        ManagedWidget(
            "Top users of Lambda invocations",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, count(*) AS invocations, count(errorCode) AS failed,
  max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'lambda.amazonaws.com' AND {DATA} AND starts_with(eventName, 'Invoke')
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who invokes functions most often: people, roles and services.",
        ),
        ManagedWidget(
            "Top invoked Lambda functions",
            View.BAR,
            rf"""SELECT regexp_extract(named, '^((.*:|)function:|)([^:]+)', 3) AS function, awsRegion,
  coalesce(regexp_extract(named, '(\d{{12}}):function:', 1), recipientAccountId) AS account,
  count(*) AS invocations, count(errorCode) AS failed
FROM (SELECT awsRegion, recipientAccountId, errorCode, coalesce(
      element_at(filter(resources, r -> r.type = 'AWS::Lambda::Function'), 1).arn,
      element_at(requestParameters, 'functionName')) AS named
  FROM $EventDataStoreId$
  WHERE :window AND eventSource = 'lambda.amazonaws.com' AND {DATA} AND starts_with(eventName, 'Invoke'))
WHERE named IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3
LIMIT 10""",
            "The functions that are invoked most often. Versions and aliases count for their function.",
            {"XAxisColumn": "function", "YAxisColumn": "invocations", "FilterColumn": "account"},
        ),
        ManagedWidget(
            "Top 10 Lambda Invoke API errors",
            View.BAR,
            f"""SELECT errorCode, count(*) AS errors, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'lambda.amazonaws.com' AND {DATA} AND starts_with(eventName, 'Invoke')
  AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The errors with which invocations were refused most often.",
            {"XAxisColumn": "errorCode", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Most throttled users of Lambda invocations",
            View.BAR,
            f"""SELECT {CALLER} AS caller, count(*) AS throttled, max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'lambda.amazonaws.com' AND {DATA} AND starts_with(eventName, 'Invoke') AND {THROTTLED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Whose invocations were refused most often because there were too many.",
            {"XAxisColumn": "caller", "YAxisColumn": "throttled"},
        ),
    ),
)
