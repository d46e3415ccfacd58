"""What the tags of resources and callers and the condition keys of IAM tell, where a store has its events enriched.

Source: IAM user guide, "AWS global condition context keys", for the groups that the keys belong to. Tags of callers are
shown as tags, not as the condition keys that they are as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from trailmere.dashboards.library.phrases import ACCESS_DENIED, CALLER
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

PRINCIPAL_KEYS = (
    *("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgPaths", "aws:PrincipalOrgID"),
    *("aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalType"),
    *("aws:userid", "aws:username"),
)
SESSION_KEYS = (
    *("aws:AssumedRoot", "aws:FederatedProvider", "aws:TokenIssueTime", "aws:MultiFactorAuthAge"),
    *("aws:MultiFactorAuthPresent", "aws:ChatbotSourceArn", "aws:Ec2InstanceSourceVpc"),
    *("aws:Ec2InstanceSourcePrivateIPv4", "aws:SourceIdentity", "ec2:RoleDelivery", "ec2:SourceInstanceArn"),
    *("glue:RoleAssumedBy", "glue:CredentialIssuingService", "codebuild:BuildArn", "codebuild:ProjectArn"),
    *("lambda:SourceFunctionArn", "ssm:SourceInstanceArn", "identitystore:UserId"),
)
REQUEST_KEYS = (
    *("aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ViaAWSService", "aws:CurrentTime"),
    *("aws:EpochTime", "aws:referer", "aws:RequestedRegion", "aws:TagKeys", "aws:SecureTransport"),
    *("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:UserAgent"),
)


def _most_frequent(title: str, keys: Sequence[str], tells: str, tags: str = "") -> ManagedWidget:
    """The values of these keys of the request's context; of keys that begin with ``tags``, too."""
    named = ", ".join(f"'{key.lower()}'" for key in keys)
    of_tags = f" OR starts_with(lower(property), '{tags.lower()}')" if tags else ""
    sql = """SELECT property, value, count(*) AS events
FROM $EventDataStoreId$
CROSS JOIN UNNEST(eventContext.requestContext) AS context (property, value)
WHERE :window AND (lower(property) IN (@keys)@tags)
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10"""
    return ManagedWidget(title, View.TABLE, sql.replace("@keys", named).replace("@tags", of_tags), tells)


ENRICHED_EVENTS = ManagedDashboard(
    "AWSCloudTrail-EnrichedEvents",
    "Enriched events dashboard",
    "cloudtrail",
    "Events that are enriched with tags or condition keys.",
    (
        ManagedWidget(
            "Enriched events over time",
            View.LINE,
            """SELECT date_trunc('$Period$', eventTime) AS time, count(*) AS events
FROM $EventDataStoreId$
WHERE :window AND (cardinality(eventContext.requestContext) > 0
  OR cardinality(eventContext.tagContext.principalTags) > 0
  OR cardinality(eventContext.tagContext.resourceTags) > 0)
GROUP BY 1
ORDER BY 1""",
            "How many events have tags or condition keys over time.",
            {"XAxisColumn": "time", "YAxisColumn": "events"},
        ),
        ManagedWidget(
            "Most frequent resource tag key value pairs",
            View.TABLE,
            """SELECT tag, value, count(DISTINCT eventID) AS events, count(DISTINCT resource.arn) AS resources
FROM $EventDataStoreId$
CROSS JOIN UNNEST(eventContext.tagContext.resourceTags) AS resource
CROSS JOIN UNNEST(resource.tags) AS pair (tag, value)
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The tags of the resources that are used most.",
        ),
        ManagedWidget(
            "Most frequent resource tag key value pairs with associated resources and users",
            View.TABLE,
            f"""SELECT tag, value, resource.arn AS resource, {CALLER} AS caller,
  count(DISTINCT eventID) AS events
FROM $EventDataStoreId$
CROSS JOIN UNNEST(eventContext.tagContext.resourceTags) AS resource
CROSS JOIN UNNEST(resource.tags) AS pair (tag, value)
WHERE :window
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 1, 2, 3, 4
LIMIT 10""",
            "Which tagged resources are used most, and by whom.",
        ),
        ManagedWidget(
            "Most frequent principal tag key value pairs",
            View.TABLE,
            f"""SELECT tag, value, count(*) AS events, count(DISTINCT {CALLER}) AS callers
FROM $EventDataStoreId$
CROSS JOIN UNNEST(eventContext.tagContext.principalTags) AS pair (tag, value)
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
            "The tags of those who call most.",
        ),
        ManagedWidget(
            "Most frequent access denied actions grouped by principal tag key value pairs",
            View.TABLE,
            f"""SELECT tag, value, eventSource, eventName, count(*) AS denials
FROM $EventDataStoreId$
CROSS JOIN UNNEST(eventContext.tagContext.principalTags) AS pair (tag, value)
WHERE :window AND {ACCESS_DENIED}
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 1, 2, 3, 4
LIMIT 10""",
            "What is denied most often, and with which tags to whom: a policy that looks at tags and is too narrow "
            "shows here.",
        ),
        _most_frequent(
            "Most frequent principal properties in IAM global condition keys",
            PRINCIPAL_KEYS,
            "Who calls, as IAM's policies see it.",
        ),
        _most_frequent(
            "Most frequent request properties in IAM global condition keys",
            REQUEST_KEYS,
            "What is called and through which services, as IAM's policies see it.",
            tags="aws:RequestTag/",
        ),
        _most_frequent(
            "Most frequent role session properties in IAM global condition keys",
            SESSION_KEYS,
            "How sessions of roles came about, as IAM's policies see it.",
        ),
    ),
)
