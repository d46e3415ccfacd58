"""Calls that succeed, in the order of one story that begins with an empty lake: the least that an operation takes, and
all that it takes. What an answer names is used by later calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.api.outcomes.scenario import Deed, Valid
from trailmere.registry.channels import SOURCES

KEY = "arn:aws:kms:us-east-1:<account>:key/abcdef01-2345-6789-abcd-ef0123456789"
ROLE = "arn:aws:iam::<account>:role/lake"
LOG_GROUP = "arn:aws:logs:us-east-1:<account>:log-group:trails:*"
BUSY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
BEFORE, AFTER = BUSY - timedelta(days=30), BUSY + timedelta(days=30)
MANY_ROWS = "SELECT n FROM UNNEST(sequence(1, 3)) AS t(n)"
CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"


def selectors_of(category: str) -> list[dict[str, object]]:
    """Those of a store that takes in one category."""
    return [{"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}]}]


EVERY_OPERATOR = [
    {
        "Name": "objects",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {
                "Field": "resources.ARN",
                "StartsWith": ["arn:aws:s3:::logs/"],
                "EndsWith": [".json"],
                "NotEquals": ["arn:aws:s3:::logs/own.json"],
                "NotStartsWith": ["arn:aws:s3:::logs/draft"],
                "NotEndsWith": ["draft.json"],
            },
        ],
    }
]
BASIC_SELECTORS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::logs/"]}],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }
]
TAGS = [{"Key": "team", "Value": "ir"}]
ACTIVITY = [{"Type": "EVENT_DATA_STORE", "Location": "<activity>"}]
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "<member>"},
                "Action": "cloudtrail:GetEventDataStore",
                "Resource": "<store>",
            }
        ],
    }
)
SOURCE = {"S3LocationUri": "<logs>", "S3BucketRegion": "us-east-1", "S3BucketAccessRoleArn": ROLE}
OBJECTIVE = {"EventSource": "s3.amazonaws.com", "EventName": "DeleteBucket"}

STORES = (
    Valid(
        "CreateEventDataStore",
        {"Name": "audit", "TerminationProtectionEnabled": False},
        keeps={"store": "EventDataStoreArn"},
    ),
    Valid(
        "CreateEventDataStore",
        {
            "Name": "objects",
            "AdvancedEventSelectors": EVERY_OPERATOR,
            "MultiRegionEnabled": True,
            "OrganizationEnabled": True,
            "RetentionPeriod": 90,
            "TerminationProtectionEnabled": True,
            "TagsList": TAGS,
            "KmsKeyId": KEY,
            "StartIngestion": False,
            "BillingMode": "EXTENDABLE_RETENTION_PRICING",
        },
        keeps={"objects": "EventDataStoreArn"},
    ),
    Valid(
        "CreateEventDataStore",
        {
            "Name": "outside",
            "AdvancedEventSelectors": selectors_of("ActivityAuditLog"),
            "MultiRegionEnabled": False,
        },
        keeps={"activity": "EventDataStoreArn"},
    ),
    Valid(
        "CreateEventDataStore",
        {"Name": "unusual", "AdvancedEventSelectors": selectors_of("Insight")},
        keeps={"insights": "EventDataStoreArn"},
    ),
    Valid("GetEventDataStore", {"EventDataStore": "<store>"}),
    Valid("ListEventDataStores"),
    Valid("ListEventDataStores", {"MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("ListEventDataStores", {"NextToken": "<token>"}),
    Valid("UpdateEventDataStore", {"EventDataStore": "<store>", "RetentionPeriod": 30}),
    Valid(
        "UpdateEventDataStore",
        {
            "EventDataStore": "<objects>",
            "Name": "objects-of-all",
            "AdvancedEventSelectors": EVERY_OPERATOR,
            "MultiRegionEnabled": False,
            "OrganizationEnabled": True,
            "RetentionPeriod": 60,
            "TerminationProtectionEnabled": False,
            "KmsKeyId": KEY,
            "BillingMode": "EXTENDABLE_RETENTION_PRICING",
        },
    ),
    Valid("StartEventDataStoreIngestion", {"EventDataStore": "<objects>"}),
    Valid("StopEventDataStoreIngestion", {"EventDataStore": "<objects>"}),
    Valid("DeleteEventDataStore", {"EventDataStore": "<objects>"}),
    Valid("RestoreEventDataStore", {"EventDataStore": "<objects>"}),
    Valid("EnableFederation", {"EventDataStore": "<store>", "FederationRoleArn": ROLE}),
    Valid("DisableFederation", {"EventDataStore": "<store>"}),
    Valid("PutResourcePolicy", {"ResourceArn": "<store>", "ResourcePolicy": POLICY}),
    Valid("GetResourcePolicy", {"ResourceArn": "<store>"}),
    Valid("DeleteResourcePolicy", {"ResourceArn": "<store>"}),
)

TRAILS = (
    Valid("CreateTrail", {"Name": "plain", "S3BucketName": "logs"}, keeps={"plain": "TrailARN"}),
    Valid(
        "CreateTrail",
        {
            "Name": "whole",
            "S3BucketName": "logs",
            "S3KeyPrefix": "of-all",
            "SnsTopicName": "deliveries",
            "IncludeGlobalServiceEvents": True,
            "IsMultiRegionTrail": True,
            "EnableLogFileValidation": True,
            "CloudWatchLogsLogGroupArn": LOG_GROUP,
            "CloudWatchLogsRoleArn": ROLE,
            "KmsKeyId": KEY,
            "IsOrganizationTrail": True,
            "TagsList": TAGS,
            "RecursiveLogging": False,
        },
        keeps={"trail": "TrailARN"},
    ),
    Valid("UpdateTrail", {"Name": "plain"}),
    Valid(
        "UpdateTrail",
        {
            "Name": "<trail>",
            "S3BucketName": "logs",
            "S3KeyPrefix": "of-everybody",
            "SnsTopicName": "deliveries",
            "IncludeGlobalServiceEvents": True,
            "IsMultiRegionTrail": True,
            "EnableLogFileValidation": False,
            "CloudWatchLogsLogGroupArn": LOG_GROUP,
            "CloudWatchLogsRoleArn": ROLE,
            "KmsKeyId": KEY,
            "IsOrganizationTrail": True,
            "RecursiveLogging": True,
        },
    ),
    Valid("GetTrail", {"Name": "plain"}),
    Valid("DescribeTrails"),
    Valid("DescribeTrails", {"trailNameList": ["plain", "<trail>"], "includeShadowTrails": False}),
    Valid("ListTrails"),
    Valid("StartLogging", {"Name": "plain"}),
    Valid("GetTrailStatus", {"Name": "<plain>"}),
    Valid("StopLogging", {"Name": "<plain>"}),
    Valid("PutEventSelectors", {"TrailName": "plain", "EventSelectors": BASIC_SELECTORS}),
    Valid("PutEventSelectors", {"TrailName": "<plain>", "AdvancedEventSelectors": EVERY_OPERATOR}),
    Valid("GetEventSelectors", {"TrailName": "plain"}),
    Valid(
        "PutEventConfiguration",
        {
            "TrailName": "<trail>",
            "AggregationConfigurations": [{"Templates": ["API_ACTIVITY"], "EventCategory": "Data"}],
        },
    ),
    Valid(
        "PutEventConfiguration",
        {
            "EventDataStore": "<store>",
            "MaxEventSize": "Large",
            "ContextKeySelectors": [{"Type": "RequestContext", "Equals": ["aws:SourceIp"]}],
        },
    ),
    Valid("GetEventConfiguration", {"TrailName": "whole"}),
    Valid("GetEventConfiguration", {"EventDataStore": "<store>"}),
)

CHANNELS = (
    Valid(
        "CreateChannel",
        {"Name": "from-doors", "Source": "Custom", "Destinations": ACTIVITY, "Tags": TAGS},
        keeps={"channel": "ChannelArn"},
    ),
    *(
        Valid(
            "CreateChannel",
            {"Name": f"from-{source}", "Source": source, "Destinations": ACTIVITY},
            keeps={f"of{source}": "ChannelArn"},
        )
        for source in SOURCES
        if source != "Custom"
    ),
    Valid("GetChannel", {"Channel": "<channel>"}),
    Valid("UpdateChannel", {"Channel": "<channel>", "Name": "from-the-doors", "Destinations": ACTIVITY}),
    Valid("ListChannels"),
    Valid("ListChannels", {"MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("ListChannels", {"NextToken": "<token>"}),
    Valid("PutAuditEvents", {"channelArn": "<channel>", "auditEvents": [{"id": "1", "eventData": "<event>"}]}),
    Valid(
        "PutAuditEvents",
        {
            "channelArn": "<channel>",
            "auditEvents": [{"id": "1", "eventData": "<event>", "eventDataChecksum": "<checksum>"}],
            "externalId": "doors",
        },
    ),
)

CALLS_BY_NAME = {
    "QueryStatement": 'SELECT eventName, count(*) AS calls FROM "<store>" WHERE eventTime > ? GROUP BY 1',
    "QueryParameters": ["$StartTime$"],
    "ViewProperties": {"Title": "Calls", "View": "Table", "Height": "2"},
}
OVERVIEW = "AWSCloudTrail-Overview"
DASHBOARDS = (
    Valid("CreateDashboard", {"Name": "empty"}),
    Valid(
        "CreateDashboard",
        {
            "Name": "calls",
            "RefreshSchedule": {
                "Frequency": {"Unit": "HOURS", "Value": 6},
                "Status": "ENABLED",
                "TimeOfDay": "06:00",
            },
            "TagsList": TAGS,
            "TerminationProtectionEnabled": True,
            "Widgets": [CALLS_BY_NAME],
        },
        keeps={"dashboard": "DashboardArn"},
    ),
    Valid("UpdateDashboard", {"DashboardId": "empty", "Widgets": [CALLS_BY_NAME]}),
    Valid(
        "UpdateDashboard",
        {
            "DashboardId": "<dashboard>",
            "RefreshSchedule": {
                "Frequency": {"Unit": "DAYS", "Value": 1},
                "Status": "DISABLED",
                "TimeOfDay": "07:00",
            },
            "TerminationProtectionEnabled": False,
            "Widgets": [CALLS_BY_NAME, CALLS_BY_NAME],
        },
    ),
    Valid("GetDashboard", {"DashboardId": "<dashboard>"}),
    Valid("ListDashboards"),
    Valid("ListDashboards", {"Type": "CUSTOM", "NamePrefix": "cal"}),
    Valid("ListDashboards", {"Type": "MANAGED", "MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("ListDashboards", {"Type": "MANAGED", "NextToken": "<token>"}),
    Valid("GetDashboard", {"DashboardId": OVERVIEW}, keeps={"widget": "Widgets.0.QueryAlias"}),
    Valid(
        "StartDashboardRefresh",
        {"DashboardId": OVERVIEW, "QueryParameterValues": {"$EventDataStoreId$": "<store>"}},
        keeps={"refresh": "RefreshId"},
    ),
    Valid("DescribeQuery", {"QueryAlias": "<widget>", "RefreshId": "<refresh>"}, until={"QueryStatus": "FINISHED"}),
    Valid("DeleteDashboard", {"DashboardId": "empty"}),
)

TAGGED = ("store", "objects", "activity", "insights", "plain", "trail", "channel")
EVERYTHING = [f"<{one}>" for one in (*TAGGED, *(f"of{source}" for source in SOURCES if source != "Custom"))]
OF_EACH_KIND = ("store", "trail", "channel", "dashboard")
TAGS_OF_ALL = (
    *(Valid("AddTags", {"ResourceId": f"<{one}>", "TagsList": TAGS}) for one in OF_EACH_KIND),
    Valid("ListTags", {"ResourceIdList": [f"<{one}>" for one in OF_EACH_KIND]}),
    Valid("ListTags", {"ResourceIdList": EVERYTHING}, keeps={"token": "NextToken"}),
    Valid("ListTags", {"ResourceIdList": EVERYTHING, "NextToken": "<token>"}),
    *(Valid("RemoveTags", {"ResourceId": f"<{one}>", "TagsList": TAGS}) for one in OF_EACH_KIND),
)

ORGANISATION = (
    Valid("RegisterOrganizationDelegatedAdmin", {"MemberAccountId": "<member>"}),
    Valid("DeregisterOrganizationDelegatedAdmin", {"DelegatedAdminAccountId": "<member>"}),
)

IMPORTS = (
    Valid(
        "StartImport",
        {
            "Destinations": ["<store>"],
            "ImportSource": {"S3": SOURCE},
            "StartEventTime": datetime(2026, 1, 1, tzinfo=UTC),
            "EndEventTime": datetime(2026, 12, 31, tzinfo=UTC),
        },
        keeps={"import": "ImportId"},
    ),
    Valid("GetImport", {"ImportId": "<import>"}, until={"ImportStatus": "FAILED"}),
    Valid("ListImportFailures", {"ImportId": "<import>"}),
    Valid("ListImportFailures", {"ImportId": "<import>", "MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("ListImportFailures", {"ImportId": "<import>", "NextToken": "<token>"}),
    Valid("StartImport", {"ImportId": "<import>"}),
    Valid("GetImport", {"ImportId": "<import>"}, until={"ImportStatus": "FAILED"}),
    Deed("an import waits"),
    Valid("StopImport", {"ImportId": "<waiting>"}),
    Valid("ListImports"),
    Valid("ListImports", {"Destination": "<store>", "MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("ListImports", {"Destination": "<store>", "NextToken": "<token>"}),
    Valid("ListImports", {"ImportStatus": "STOPPED"}),
)

QUERIES = (
    Valid(
        "GenerateQuery",
        {"EventDataStores": ["<store>"], "Prompt": "What are my top errors in the past month?"},
        keeps={"alias": "QueryAlias"},
    ),
    Valid("StartQuery", {"QueryAlias": "<alias>", "EventDataStoreOwnerAccountId": "<account>"}),
    Valid(
        "DescribeQuery",
        {"QueryAlias": "<alias>", "EventDataStoreOwnerAccountId": "<account>"},
        until={"QueryStatus": "FINISHED"},
    ),
    Valid(
        "StartQuery",
        {
            "QueryStatement": 'SELECT eventName FROM "<store>" WHERE eventName <> ?',
            "QueryParameters": ["nothing"],
            "DeliveryS3Uri": "s3://answers/of/this",
        },
        keeps={"query": "QueryId"},
    ),
    Valid(
        "DescribeQuery",
        {"EventDataStore": "<store>", "QueryId": "<query>"},
        until={"QueryStatus": "FINISHED", "DeliveryStatus": "SUCCESS"},
    ),
    Valid("StartQuery", {"QueryStatement": MANY_ROWS}, keeps={"rows": "QueryId"}),
    Valid("DescribeQuery", {"QueryId": "<rows>"}, until={"QueryStatus": "FINISHED"}),
    Valid("GetQueryResults", {"QueryId": "<rows>", "MaxQueryResults": 1}, keeps={"token": "NextToken"}),
    Valid("GetQueryResults", {"QueryId": "<rows>", "NextToken": "<token>"}),
    Valid(
        "GetQueryResults",
        {"EventDataStore": "<store>", "QueryId": "<query>", "EventDataStoreOwnerAccountId": "<account>"},
    ),
    Valid("ListQueries", {"EventDataStore": "<store>"}),
    Valid("ListQueries", {"EventDataStore": "<store>", "MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("ListQueries", {"EventDataStore": "<store>", "NextToken": "<token>"}),
    Valid(
        "ListQueries",
        {"EventDataStore": "<store>", "QueryStatus": "FINISHED", "StartTime": BEFORE, "EndTime": AFTER},
    ),
    Deed("a query goes on"),
    Valid("CancelQuery", {"QueryId": "<endless>"}),
    Deed("a query goes on"),
    Valid(
        "CancelQuery",
        {"EventDataStore": "<store>", "QueryId": "<endless>", "EventDataStoreOwnerAccountId": "<account>"},
    ),
    Valid("ListPublicKeys"),
    Valid("ListPublicKeys", {"StartTime": BEFORE, "EndTime": AFTER}),
    Valid("SearchSampleQueries", {"SearchPhrase": "deleted buckets"}),
    Valid("SearchSampleQueries", {"SearchPhrase": "errors", "MaxResults": 1}, keeps={"token": "NextToken"}),
    Valid("SearchSampleQueries", {"SearchPhrase": "errors", "NextToken": "<token>"}),
)

INSIGHTS = (
    Valid("PutInsightSelectors", {"EventDataStore": "<store>", "InsightSelectors": []}),
    Valid(
        "PutInsightSelectors",
        {
            "EventDataStore": "<store>",
            "InsightsDestination": "<insights>",
            "InsightSelectors": [{"InsightType": one, "EventCategories": ["Management"]} for one in (CALLS, ERRORS)],
        },
    ),
    Valid("GetInsightSelectors", {"EventDataStore": "<store>"}),
    Deed("a surge is analysed"),
    Valid("ListInsightsData", {"InsightSource": "<store>", "DataType": "InsightsEvents"}),
    Valid(
        "ListInsightsData",
        {
            "InsightSource": "<store>",
            "DataType": "InsightsEvents",
            "Dimensions": {"EventName": "DeleteBucket"},
            "StartTime": BEFORE,
            "EndTime": AFTER,
            "MaxResults": 1,
        },
        keeps={"token": "NextToken"},
    ),
    Valid(
        "ListInsightsData",
        {
            "InsightSource": "<store>",
            "DataType": "InsightsEvents",
            "Dimensions": {"EventName": "DeleteBucket"},
            "StartTime": BEFORE,
            "EndTime": AFTER,
            "NextToken": "<token>",
        },
    ),
    Valid("ListInsightsMetricData", {**OBJECTIVE, "InsightType": CALLS}),
    Valid(
        "ListInsightsMetricData",
        {
            **OBJECTIVE,
            "InsightType": ERRORS,
            "ErrorCode": "AccessDenied",
            "StartTime": BUSY,
            "EndTime": BUSY + timedelta(hours=6),
            "Period": 3600,
            "DataType": "FillWithZeros",
            "MaxResults": 1,
        },
        keeps={"token": "NextToken"},
    ),
    Valid(
        "ListInsightsMetricData",
        {
            **OBJECTIVE,
            "InsightType": ERRORS,
            "ErrorCode": "AccessDenied",
            "StartTime": BUSY,
            "EndTime": BUSY + timedelta(hours=6),
            "Period": 3600,
            "DataType": "FillWithZeros",
            "NextToken": "<token>",
        },
    ),
    Valid("LookupEvents"),
    Valid("LookupEvents", {"EventCategory": "insight"}),
    Valid(
        "LookupEvents",
        {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "DeleteBucket"}],
            "StartTime": BEFORE,
            "EndTime": AFTER,
            "MaxResults": 1,
        },
        keeps={"token": "NextToken"},
    ),
    Valid(
        "LookupEvents",
        {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "DeleteBucket"}],
            "StartTime": BEFORE,
            "EndTime": AFTER,
            "NextToken": "<token>",
        },
    ),
)

END = (
    Valid("DeleteChannel", {"Channel": "<channel>"}),
    Valid("DeleteTrail", {"Name": "plain"}),
)

STORY: tuple[Valid | Deed, ...] = (
    *STORES,
    *TRAILS,
    *CHANNELS,
    *DASHBOARDS,
    *TAGS_OF_ALL,
    *ORGANISATION,
    *IMPORTS,
    *QUERIES,
    *INSIGHTS,
    *END,
)
