"""Calls that end with an error that their operation declares.

``BASE`` has an input for each operation that would do in the settled world. Most refusals are derived from it: another
store, trail or channel is named, another member is wrong, somebody else asks. The others are listed in ``SINGLE``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.inputs import broken, least
from tests.api.outcomes.scenario import ADMINISTRATOR, ALL, REGION, SERVED, Refused
from tests.api.outcomes.valid import CALLS, OBJECTIVE, OVERVIEW, POLICY, ROLE, TAGS
from trailmere.api.checks import MEMBER_ERRORS

Members = Mapping[str, Any]

NO_ID = "abcdef01-2345-6789-abcd-ef0123456789"
OURS = f"arn:aws:cloudtrail:{REGION}:<account>"
ABROAD = "eu-west-1"  # a Region that is nobody's home
FULL = "eu-west-2"  # a Region that has as much as it may
SWAPPED = {"StartTime": 2_000_000_000, "EndTime": 1_000_000_000}

# who a thing of a kind is, what is none of that kind, what is not there
STORE, NO_STORE, ABSENT_STORE = "<store>", f"{OURS}:eventdatastore/no.id", f"{OURS}:eventdatastore/{NO_ID}"
TRAIL, NO_TRAIL, ABSENT_TRAIL = "<trail>", f"arn:aws:cloudtrail:{REGION}:1:trail/x", f"{OURS}:trail/absent"
CHANNEL, NO_CHANNEL, ABSENT_CHANNEL = "<channel>", f"{OURS}:channel/no.id", f"{OURS}:channel/{NO_ID}"
ABSENT_DASHBOARD = f"{OURS}:dashboard/absent"
WRONG_TAGS = [{"Key": "aws:mine", "Value": "1"}] * 2  # reserved where tags are made, and twice where some are changed


def _source(location: str) -> dict[str, Any]:
    return {"S3": {"S3LocationUri": location, "S3BucketRegion": REGION, "S3BucketAccessRoleArn": ROLE}}


def _into(store: str) -> list[dict[str, str]]:
    return [{"Type": "EVENT_DATA_STORE", "Location": store}]


def _widgets(*statements: str) -> dict[str, Any]:
    return {"Widgets": [{"QueryStatement": one, "ViewProperties": {"Title": "it"}} for one in statements]}


def _tags(count: int) -> list[dict[str, str]]:
    return [{"Key": f"key-{number}", "Value": "1"} for number in range(count)]


BASE: Mapping[str, Members] = {
    "AddTags": {"ResourceId": TRAIL, "TagsList": TAGS},
    "CancelQuery": {"QueryId": "<query>"},
    "CreateChannel": {"Name": "another", "Source": "Clumio", "Destinations": _into("<activity>")},
    "CreateDashboard": {"Name": "another"},
    "CreateEventDataStore": {"Name": "another"},
    "CreateTrail": {"Name": "another", "S3BucketName": "logs"},
    "DescribeQuery": {"QueryId": "<query>"},
    "EnableFederation": {"EventDataStore": STORE, "FederationRoleArn": ROLE},
    "GenerateQuery": {"EventDataStores": [STORE], "Prompt": "top errors of the past month"},
    "GetInsightSelectors": {"EventDataStore": STORE},
    "GetEventConfiguration": {"EventDataStore": STORE},
    "GetQueryResults": {"QueryId": "<query>"},
    "ListImportFailures": {"ImportId": "<import>"},
    "ListInsightsData": {"InsightSource": STORE, "DataType": "InsightsEvents"},
    "ListInsightsMetricData": {**OBJECTIVE, "InsightType": CALLS},
    "ListQueries": {"EventDataStore": STORE},
    "ListTags": {"ResourceIdList": [STORE]},
    "PutAuditEvents": {"channelArn": CHANNEL, "auditEvents": [{"id": "1", "eventData": "{}"}]},
    "PutEventConfiguration": {"EventDataStore": STORE, "MaxEventSize": "Large"},
    "PutEventSelectors": {"TrailName": TRAIL, "EventSelectors": [{"ReadWriteType": "All"}]},
    "PutInsightSelectors": {
        "EventDataStore": STORE,
        "InsightsDestination": "<insights>",
        "InsightSelectors": [{"InsightType": CALLS}],
    },
    "PutResourcePolicy": {"ResourceArn": STORE, "ResourcePolicy": POLICY},
    "RemoveTags": {"ResourceId": TRAIL, "TagsList": TAGS},
    "StartImport": {"Destinations": [STORE], "ImportSource": _source("s3://logs/")},
    "StartQuery": {"QueryStatement": "SELECT 1"},
    "UpdateChannel": {"Channel": CHANNEL, "Destinations": _into("<activity>")},
    "UpdateDashboard": {"DashboardId": "mine"},
    "UpdateEventDataStore": {"EventDataStore": STORE, "MultiRegionEnabled": False},
    "UpdateTrail": {"Name": TRAIL},
}

Naming = Callable[[str], dict[str, Any]]  # from what a resource is called to the members that name it

# how an operation names an event data store, where that is not in a member ``EventDataStore``
STORES: Mapping[str, Naming] = {
    "AddTags": lambda arn: {"ResourceId": arn},
    "CreateChannel": lambda arn: {"Destinations": _into(arn)},
    "CreateDashboard": lambda arn: _widgets(f'SELECT 1 FROM "{arn}"'),
    "GenerateQuery": lambda arn: {"EventDataStores": [arn]},
    "ListImports": lambda arn: {"Destination": arn},
    "ListTags": lambda arn: {"ResourceIdList": [arn]},
    "RemoveTags": lambda arn: {"ResourceId": arn},
    "StartDashboardRefresh": lambda arn: {
        "DashboardId": OVERVIEW,
        "QueryParameterValues": {"$EventDataStoreId$": arn},
    },
    "StartImport": lambda arn: {"Destinations": [arn]},
    "StartQuery": lambda arn: {"QueryStatement": f'SELECT 1 FROM "{arn}"'},
    "UpdateDashboard": lambda arn: _widgets(f'SELECT 1 FROM "{arn}"'),
    "UpdateChannel": lambda arn: {"Destinations": _into(arn)},
}
# and a trail, beside those that have a member ``TrailName`` and the operations of trails, which have ``Name``
TRAILS: Mapping[str, Naming] = {
    "AddTags": lambda arn: {"ResourceId": arn},
    "DescribeTrails": lambda name: {"trailNameList": [name]},
    "ListTags": lambda arn: {"ResourceIdList": [arn]},
    "RemoveTags": lambda arn: {"ResourceId": arn},
}
CHANNELS: Mapping[str, Naming] = {
    "AddTags": lambda arn: {"ResourceId": arn},
    "ListTags": lambda arn: {"ResourceIdList": [arn]},
    "RemoveTags": lambda arn: {"ResourceId": arn},
    "PutAuditEvents": lambda arn: {"channelArn": arn},
}


def naming_store(operation: str, arn: str) -> dict[str, Any] | None:
    """The input of an operation, with that store in it; None where it names none."""
    named = STORES.get(operation) or _by_member(operation, "EventDataStore")
    return None if named is None else {**BASE.get(operation, {}), **named(arn)}


def naming_trail(operation: str, name: str) -> dict[str, Any] | None:
    """As ``naming_store``, and no store beside it."""
    of_trails = operation.endswith(("Trail", "TrailStatus", "Logging"))
    named = TRAILS.get(operation) or _by_member(operation, "Name" if of_trails else "TrailName")
    if named is None:
        return None
    beside = ("EventDataStore", "InsightsDestination", "MaxEventSize")
    rest = {key: value for key, value in BASE.get(operation, {}).items() if key not in beside}
    extra = {"AggregationConfigurations": [{"Templates": ["API_ACTIVITY"], "EventCategory": "Data"}]}
    return {**rest, **(extra if operation == "PutEventConfiguration" else {}), **named(name)}


def naming_channel(operation: str, arn: str) -> dict[str, Any] | None:
    """As ``naming_store``."""
    named = CHANNELS.get(operation) or _by_member(operation, "Channel")
    return None if named is None else {**BASE.get(operation, {}), **named(arn)}


def _by_member(operation: str, member: str) -> Naming | None:
    shape = ALL[operation].input
    return (lambda name: {member: name}) if shape is not None and member in shape.members else None


def _parameter(operation: str) -> Members | None:
    """An input with a broken bound that has no error of its own."""
    own = {name for name, codes in MEMBER_ERRORS.items() if any(map(ALL[operation].declares, codes))}
    return next((one.members for one in broken(ALL[operation]) if one.member not in own), None)


def _having(member: str, value: Any) -> Callable[[str], Members | None]:
    def members(operation: str) -> Members | None:
        shape = ALL[operation].input
        assert shape is not None
        if member not in shape.members:
            return None
        return {**least(shape), **BASE.get(operation, {}), member: value}

    return members


@dataclass(frozen=True, slots=True)
class Rule:
    """A refusal of every operation that declares ``code``, with the input that ``members`` makes for it, if any."""

    code: str
    members: Callable[[str], Members | None]
    who: str = ADMINISTRATOR
    region: str = REGION
    world: str = "settled"
    but: tuple[str, ...] = ()  # operations where it is otherwise


RULES = (
    Rule("EventDataStoreARNInvalidException", lambda name: naming_store(name, NO_STORE)),
    Rule("EventDataStoreNotFoundException", lambda name: naming_store(name, ABSENT_STORE)),
    Rule("InactiveEventDataStoreException", lambda name: naming_store(name, "<inactive>")),
    Rule("CloudTrailARNInvalidException", lambda name: naming_trail(name, NO_TRAIL)),
    Rule(
        "InvalidTrailNameException",
        lambda name: naming_trail(name, f"{OURS}:trail/-x" if name in ("AddTags", "ListTags", "RemoveTags") else "-x"),
    ),
    Rule("TrailNotFoundException", lambda name: naming_trail(name, "absent")),
    Rule(
        "InvalidHomeRegionException",
        lambda name: naming_trail(name, TRAIL),
        region=ABROAD,
    ),
    Rule(
        "NotOrganizationMasterAccountException",
        lambda name: naming_store(name, "<former_store>"),
        who="former",
        but=("CreateEventDataStore",),
    ),
    Rule(
        "NotOrganizationMasterAccountException",
        lambda name: naming_trail(name, "<former_trail>"),
        who="former",
        but=("CreateTrail",),
    ),
    Rule("ChannelARNInvalidException", lambda name: naming_channel(name, NO_CHANNEL)),
    Rule("ChannelNotFoundException", lambda name: naming_channel(name, ABSENT_CHANNEL)),
    Rule("InvalidNextTokenException", _having("NextToken", "made-up")),
    Rule("InvalidTokenException", _having("NextToken", "made-up")),
    Rule("InvalidMaxResultsException", _having("MaxResults", 1_000_000)),
    Rule("InvalidMaxResultsException", _having("MaxQueryResults", 1_000_000)),
    Rule("InvalidTimeRangeException", lambda _name: SWAPPED),
    Rule("InvalidParameterException", _parameter),
    Rule("InvalidTagParameterException", _having("TagsList", WRONG_TAGS)),
    Rule("InvalidTagParameterException", _having("Tags", WRONG_TAGS)),
    Rule("InvalidKmsKeyIdException", _having("KmsKeyId", "no key")),
    Rule("InvalidS3BucketNameException", _having("S3BucketName", "no bucket")),
    Rule("InvalidS3PrefixException", _having("S3KeyPrefix", "x" * 201)),
    Rule("InvalidSnsTopicNameException", _having("SnsTopicName", "no topic")),
    Rule("InvalidCloudWatchLogsLogGroupArnException", _having("CloudWatchLogsLogGroupArn", "no group")),
    Rule("InvalidCloudWatchLogsRoleArnException", _having("CloudWatchLogsRoleArn", "no role")),
    Rule("S3BucketDoesNotExistException", _having("S3BucketName", "absent")),
    Rule("ResourceARNNotValidException", _having("ResourceArn", "arn:aws:cloudtrail:no:resource")),
    Rule("ResourceTypeNotSupportedException", _having("ResourceArn", f"{OURS}:trail/whole")),
    Rule("ResourceTypeNotSupportedException", _having("ResourceId", f"{OURS}:import/x")),
    Rule("ResourceTypeNotSupportedException", _having("ResourceIdList", [f"{OURS}:import/x"])),
    Rule("ResourceNotFoundException", _having("ResourceArn", ABSENT_DASHBOARD)),
    Rule("ResourceNotFoundException", _having("ResourceId", ABSENT_DASHBOARD)),
    Rule("ResourceNotFoundException", _having("ResourceIdList", [ABSENT_DASHBOARD])),
    Rule("ResourceNotFoundException", _having("DashboardId", "absent")),
    Rule("ThrottlingException", lambda name: least(ALL[name].input) if ALL[name].input else {}, world="full"),
    Rule("AccessDeniedException", lambda name: naming_store(name, STORE), who="nobody"),
    Rule("AccountNotFoundException", _having("MemberAccountId", "000000000000")),
    Rule("AccountNotFoundException", _having("DelegatedAdminAccountId", "000000000000")),
    Rule("NotOrganizationManagementAccountException", _having("MemberAccountId", "<member>"), who="former"),
    Rule("NotOrganizationManagementAccountException", _having("DelegatedAdminAccountId", "<member>"), who="former"),
    Rule("OrganizationsNotInUseException", _having("OrganizationEnabled", True), world="dissolved"),
    Rule("OrganizationsNotInUseException", _having("IsOrganizationTrail", True), world="dissolved"),
    Rule("OrganizationsNotInUseException", _having("MemberAccountId", "<member>"), world="dissolved"),
    Rule("OrganizationsNotInUseException", _having("DelegatedAdminAccountId", "<member>"), world="dissolved"),
    Rule(
        "OrganizationsNotInUseException",
        lambda name: naming_store(name, "<of_all>"),
        world="dissolved",
        but=("CreateEventDataStore",),
    ),
    Rule("QueryIdNotFoundException", _having("QueryId", NO_ID)),
    Rule("ImportNotFoundException", lambda _name: {"ImportId": NO_ID}),
)

SELECTORS_OF_NOTHING = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Nothing"]}]}]
READING_ONLY = [
    {
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "readOnly", "Equals": ["true"]},
        ]
    }
]
TWICE = [{"id": "1", "eventData": "{}"}, {"id": "1", "eventData": "{}"}]
DENIAL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]})


def _one(operation: str, code: str, members: Members | None = None, **more: str) -> Refused:
    return Refused(operation, code, {**BASE.get(operation, {}), **(members or {})}, **more)


SINGLE = (
    _one("CreateEventDataStore", "EventDataStoreAlreadyExistsException", {"Name": "audit"}),
    _one("CreateEventDataStore", "EventDataStoreMaxLimitExceededException", region=FULL),
    _one("CreateEventDataStore", "InvalidEventSelectorsException", {"AdvancedEventSelectors": SELECTORS_OF_NOTHING}),
    _one("CreateEventDataStore", "NotOrganizationMasterAccountException", {"OrganizationEnabled": True}, who="former"),
    _one("UpdateEventDataStore", "EventDataStoreAlreadyExistsException", {"Name": "outside"}),
    _one("UpdateEventDataStore", "InvalidEventSelectorsException", {"AdvancedEventSelectors": SELECTORS_OF_NOTHING}),
    _one(
        "UpdateEventDataStore",
        "InvalidInsightSelectorsException",
        {"EventDataStore": "<watched>", "AdvancedEventSelectors": READING_ONLY},
    ),
    _one("DeleteEventDataStore", "EventDataStoreTerminationProtectedException", {"EventDataStore": STORE}),
    _one("DeleteEventDataStore", "ChannelExistsForEDSException", {"EventDataStore": "<activity>"}),
    _one("DeleteEventDataStore", "EventDataStoreFederationEnabledException", {"EventDataStore": "<federated>"}),
    _one("DeleteEventDataStore", "EventDataStoreHasOngoingImportException", {"EventDataStore": "<importing>"}),
    _one("RestoreEventDataStore", "InvalidEventDataStoreStatusException", {"EventDataStore": STORE}),
    _one("StartEventDataStoreIngestion", "InvalidEventDataStoreStatusException", {"EventDataStore": STORE}),
    _one("StartEventDataStoreIngestion", "InvalidEventDataStoreCategoryException", {"EventDataStore": "<activity>"}),
    _one("StopEventDataStoreIngestion", "InvalidEventDataStoreStatusException", {"EventDataStore": "<inactive>"}),
    _one("StopEventDataStoreIngestion", "InvalidEventDataStoreCategoryException", {"EventDataStore": "<activity>"}),
    _one("EnableFederation", "EventDataStoreFederationEnabledException", {"EventDataStore": "<federated>"}),
    _one("EnableFederation", "InvalidParameterException", {"FederationRoleArn": "arn:aws:iam::000000000000:role/x"}),
    _one("GetEventConfiguration", "InvalidEventDataStoreStatusException", {"EventDataStore": "<inactive>"}),
    _one("GetEventConfiguration", "InvalidEventDataStoreCategoryException", {"EventDataStore": "<activity>"}),
    _one("GetEventConfiguration", "InvalidParameterCombinationException", {"TrailName": TRAIL}),
    _one("PutEventConfiguration", "InvalidEventDataStoreCategoryException", {"EventDataStore": "<activity>"}),
    _one("PutEventConfiguration", "InvalidParameterCombinationException", {"TrailName": TRAIL}),
    _one(
        "CreateTrail",
        "InvalidParameterCombinationException",
        {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False},
    ),
    _one("CreateTrail", "MaximumNumberOfTrailsExceededException", region=FULL),
    _one("CreateTrail", "NotOrganizationMasterAccountException", {"IsOrganizationTrail": True}, who="former"),
    _one("CreateTrail", "TagsLimitExceededException", {"TagsList": _tags(51)}),
    _one("CreateTrail", "TrailAlreadyExistsException", {"Name": "whole"}),
    _one("UpdateTrail", "InvalidParameterCombinationException", {"IncludeGlobalServiceEvents": False}),
    _one("PutEventSelectors", "InvalidEventSelectorsException", {"EventSelectors": []}),
    _one("CreateChannel", "ChannelAlreadyExistsException", {"Source": "Custom"}),
    _one("CreateChannel", "InvalidEventDataStoreCategoryException", {"Destinations": _into(STORE)}),
    _one("CreateChannel", "InvalidSourceException", {"Source": "Nobody"}),
    _one("CreateChannel", "TagsLimitExceededException", {"Tags": _tags(51)}),
    _one("UpdateChannel", "ChannelAlreadyExistsException", {"Name": "taken"}),
    _one("UpdateChannel", "InvalidEventDataStoreCategoryException", {"Destinations": _into(STORE)}),
    _one("CreateDashboard", "ConflictException", {"Name": "mine"}),
    _one("CreateDashboard", "InvalidQueryStatementException", _widgets("DELETE FROM audit")),
    _one("CreateDashboard", "ServiceQuotaExceededException", _widgets(*["SELECT 1"] * 11)),
    _one("UpdateDashboard", "InvalidQueryStatementException", _widgets("DELETE FROM audit")),
    _one("UpdateDashboard", "ServiceQuotaExceededException", _widgets(*["SELECT 1"] * 11)),
    _one("UpdateDashboard", "UnsupportedOperationException", {"DashboardId": OVERVIEW}),
    Refused("DeleteDashboard", "ConflictException", {"DashboardId": "mine"}),
    Refused("DeleteDashboard", "UnsupportedOperationException", {"DashboardId": OVERVIEW}),
    Refused("StartDashboardRefresh", "ServiceQuotaExceededException", {"DashboardId": "endless"}, world="crowded"),
    _one("AddTags", "TagsLimitExceededException", {"ResourceId": STORE}),
    _one("PutAuditEvents", "ChannelInsufficientPermission", who="former"),
    _one("PutAuditEvents", "ChannelNotFound", {"channelArn": ABSENT_CHANNEL}),
    _one("PutAuditEvents", "DuplicatedAuditEventId", {"auditEvents": TWICE}),
    _one("PutAuditEvents", "InvalidChannelARN", {"channelArn": NO_CHANNEL}),
    _one("StartImport", "AccountHasOngoingImportException"),
    _one("StartImport", "InvalidEventDataStoreCategoryException", {"Destinations": ["<activity>"]}),
    _one("StartImport", "InvalidImportSourceException", {"ImportSource": _source("nowhere")}),
    _one("StartQuery", "InvalidQueryStatementException", {"QueryStatement": "DELETE FROM audit"}),
    _one("StartQuery", "InvalidS3BucketNameException", {"DeliveryS3Uri": "s3://No"}),
    _one("StartQuery", "InvalidS3PrefixException", {"DeliveryS3Uri": "s3://logs/a/../b"}),
    _one("StartQuery", "S3BucketDoesNotExistException", {"DeliveryS3Uri": "s3://absent"}),
    _one("StartQuery", "InsufficientS3BucketPolicyException", {"DeliveryS3Uri": "s3://not-ours"}),
    _one("StartQuery", "MaxConcurrentQueriesException", world="crowded"),
    _one("CancelQuery", "InactiveQueryException"),
    _one("GenerateQuery", "GenerateResponseException", {"Prompt": "What is the weather in Vienna?"}),
    Refused("ListQueries", "InvalidDateRangeException", {"EventDataStore": STORE, **SWAPPED}),
    Refused("ListQueries", "InvalidQueryStatusException", {"EventDataStore": STORE, "QueryStatus": "LOST"}),
    Refused("LookupEvents", "InvalidEventCategoryException", {"EventCategory": "rumour"}),
    Refused("LookupEvents", "InvalidLookupAttributesException", {"LookupAttributes": [{"AttributeKey": "Mood"}]}),
    _one("PutResourcePolicy", "ResourcePolicyNotValidException", {"ResourcePolicy": DENIAL}),
    Refused("GetResourcePolicy", "ResourcePolicyNotFoundException", {"ResourceArn": STORE}),
    Refused("DeleteResourcePolicy", "ResourcePolicyNotFoundException", {"ResourceArn": STORE}),
    Refused(
        "RegisterOrganizationDelegatedAdmin",
        "CannotDelegateManagementAccountException",
        {"MemberAccountId": "<account>"},
    ),
    Refused("RegisterOrganizationDelegatedAdmin", "AccountRegisteredException", {"MemberAccountId": "<delegated>"}),
    Refused(
        "RegisterOrganizationDelegatedAdmin",
        "DelegatedAdminAccountLimitExceededException",
        {"MemberAccountId": "<member>"},
    ),
    Refused(
        "DeregisterOrganizationDelegatedAdmin", "AccountNotRegisteredException", {"DelegatedAdminAccountId": "<member>"}
    ),
    Refused("GetInsightSelectors", "InsightNotEnabledException", {"EventDataStore": STORE}),
    Refused("GetInsightSelectors", "InvalidParameterCombinationException"),
    Refused("PutInsightSelectors", "InvalidParameterCombinationException", {"InsightSelectors": []}),
    _one("PutInsightSelectors", "InvalidInsightSelectorsException", {"InsightsDestination": "<activity>"}),
    Refused(
        "PutInsightSelectors", "InvalidParameterException", {"EventDataStore": ABSENT_STORE, "InsightSelectors": []}
    ),
    Refused("PutInsightSelectors", "UnsupportedOperationException", {"TrailName": TRAIL, "InsightSelectors": []}),
)


def refusals() -> Iterator[Refused]:
    """All of them, of the operations that are served."""
    for name, operation in SERVED.items():
        for rule in RULES:
            if rule.code in operation.declared and name not in rule.but:
                members = rule.members(name) if operation.input is not None else None
                if members is not None:
                    yield Refused(name, rule.code, members, rule.who, rule.region, rule.world)
    yield from (one for one in SINGLE if one.operation in SERVED)
