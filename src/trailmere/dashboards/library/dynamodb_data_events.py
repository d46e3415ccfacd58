"""What is done with the items of DynamoDB's tables. A table is one, whether calls give its name or its ARN."""

from __future__ import annotations

from trailmere.dashboards.library.phrases import ACTIVITY, CALLER, DATA, RESULT, THROTTLED
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

DYNAMODB_DATA_EVENTS = ManagedDashboard(
    "AWSCloudTrail-DynamoDBDataEvents",
    "DynamoDB data events dashboard",
    "cloudtrail",
    "Data events of DynamoDB tables.",
    (
        ManagedWidget(
            "DynamoDB account data activity",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {ACTIVITY} AS activity, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How much is read from and written to tables over time.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "activity"},
        ),
        ManagedWidget(
            "DynamoDB data plane APIs success vs failure trend",
            View.LINE,
            f"""SELECT date_trunc('$Period$', eventTime) AS time, {RESULT} AS outcome, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA}
GROUP BY 1, 2
ORDER BY 1, 2""",
            "How many calls on items succeeded and failed over time.",
            {"XAxisColumn": "time", "YAxisColumn": "calls", "FilterColumn": "outcome"},
        ),
        ManagedWidget(
            "Top 10 DynamoDB data plane APIs",
            View.BAR,
            f"""SELECT eventName, count(*) AS calls
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The calls on items that are made most often.",
            {"XAxisColumn": "eventName", "YAxisColumn": "calls"},
        ),
        ManagedWidget(
            "Top users of DynamoDB data plane APIs",
            View.TABLE,
            f"""SELECT {CALLER} AS caller, count(*) AS calls, count(errorCode) AS failed,
  max(eventTime) AS latest
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Who reads and writes the most items.",
        ),
        ManagedWidget(
            "Top 10 DynamoDB data plane API errors",
            View.BAR,
            f"""SELECT errorCode, count(*) AS errors
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA} AND errorCode IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The errors that calls on items ended with most often.",
            {"XAxisColumn": "errorCode", "YAxisColumn": "errors"},
        ),
        ManagedWidget(
            "Most throttled users of DynamoDB data plane APIs",
            View.BAR,
            f"""SELECT {CALLER} AS caller, count(*) AS throttled
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA} AND {THROTTLED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "Whose calls were refused most often because there were too many.",
            {"XAxisColumn": "caller", "YAxisColumn": "throttled"},
        ),
        ManagedWidget(
            "Top throttled DynamoDB data plane APIs",
            View.BAR,
            f"""SELECT eventName, count(*) AS throttled
FROM $EventDataStoreId$
WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA} AND {THROTTLED}
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
            "The calls that were refused most often because there were too many.",
            {"XAxisColumn": "eventName", "YAxisColumn": "throttled"},
        ),
        ManagedWidget(
            "Top throttled DynamoDB tables",
            View.BAR,
            f"""SELECT regexp_extract(named, '^(.*:table/|)([^/]+)', 2) AS "table", awsRegion,
  coalesce(regexp_extract(named, '^arn:[^:]*:dynamodb:[^:]*:([0-9]*):', 1), recipientAccountId) AS account,
  count(DISTINCT eventID) AS throttled
FROM (SELECT eventID, awsRegion, recipientAccountId, element_at(requestParameters, 'tableName') AS tableName,
    transform(filter(resources, r -> r.type = 'AWS::DynamoDB::Table'), r -> r.arn) AS arns
  FROM $EventDataStoreId$
  WHERE :window AND eventSource = 'dynamodb.amazonaws.com' AND {DATA} AND {THROTTLED})
CROSS JOIN UNNEST(if(cardinality(arns) > 0, arns, ARRAY[tableName])) AS t (named)
WHERE named IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3
LIMIT 10""",
            "The tables whose calls were refused most often because there were too many. A batch counts for each of "
            "its tables, an index for its table.",
            {"XAxisColumn": "table", "YAxisColumn": "throttled", "FilterColumn": "account"},
        ),
    ),
)
