"""A day of the demo organisation: EC2, organisation, resources, data events, tags and Insights show what plain Python
finds in the records that the simulator writes."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.data_world import store_of
from tests.dashboards.test_on_the_demo import Counted, call, cells, error, hour, management, member, where
from tests.dashboards.world import Event, Row, ask
from trailmere.dashboards.library.data_events_overview import DATA_EVENTS_OVERVIEW
from trailmere.dashboards.library.dynamodb_data_events import DYNAMODB_DATA_EVENTS
from trailmere.dashboards.library.ec2_activity import EC2_ACTIVITY
from trailmere.dashboards.library.enriched_events import ENRICHED_EVENTS
from trailmere.dashboards.library.insights_events import INSIGHTS_EVENTS
from trailmere.dashboards.library.lambda_data_events import LAMBDA_DATA_EVENTS
from trailmere.dashboards.library.organizations_activity import ORGANIZATIONS_ACTIVITY
from trailmere.dashboards.library.resource_changes import RESOURCE_CHANGES
from trailmere.dashboards.library.s3_data_events import S3_DATA_EVENTS
from trailmere.simulator import Habits, Period, TrailSimulator

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.dashboards.records import ManagedDashboard

DAY = date(2022, 3, 15)
DENIED = {"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"}
# What the simulator knows of creating and deleting; CreateTags and CreateLogStream make no resource.
CREATED = {"RunInstances", "CreateNetworkInterface", "CreateDBSnapshot", "CreateUser", "CreateRole", "CreateAccessKey"}
DELETED = {"TerminateInstances", "DeleteBucket"}


def caller(record: Event) -> Any:
    identity = record["userIdentity"]
    names = ("arn", "userName", "principalId", "invokedBy", "accountId")
    return next((identity[name] for name in names if identity.get(name)), None)


def data_of(service: str = "") -> Callable[[Event], bool]:
    return lambda r: r["eventCategory"] == "Data" and r["eventSource"].startswith(service)


def ec2(record: Event) -> bool:
    return management(record) and record["eventSource"] == "ec2.amazonaws.com"


def did(names: set[str]) -> Callable[[Event], bool]:
    return lambda r: management(r) and r["eventName"] in names and not error(r)


def function(record: Event) -> str:
    return re.sub(r"^.*function:", "", record["resources"][0]["ARN"]).split(":")[0]


def requested(name: str) -> Callable[[Event], Any]:
    return lambda r: (r.get("requestParameters") or {}).get(name)


def activity(record: Event) -> str:
    return "Read" if record["readOnly"] else "Write"


def outcome(record: Event) -> str:
    return "Failure" if error(record) else "Success"


SERVICE, NAME, ACCOUNT = member("eventSource"), member("eventName"), member("recipientAccountId")
S3, DYNAMODB, LAMBDA, ANY = map(data_of, ("s3.", "dynamodb.", "lambda.", ""))

COUNTED = (
    Counted(
        EC2_ACTIVITY,
        "EC2 instance management activity overview",
        ("eventName", "outcome", "calls"),
        where(lambda r: ec2(r) and r["eventName"] in {"RunInstances", "TerminateInstances"}, NAME, outcome),
    ),
    Counted(
        EC2_ACTIVITY,
        "Top users launching EC2 instances",
        ("caller", "launches"),
        where(lambda r: ec2(r) and did({"RunInstances"})(r), caller),
    ),
    Counted(
        ORGANIZATIONS_ACTIVITY,
        "Most used services across organization",
        ("eventSource", "events"),
        where(call, SERVICE),
    ),
    Counted(
        ORGANIZATIONS_ACTIVITY,
        "Most active accounts by service",
        ("recipientAccountId", "eventSource", "events"),
        where(call, ACCOUNT, SERVICE),
    ),
    Counted(
        ORGANIZATIONS_ACTIVITY,
        "Most used APIs across organization",
        ("eventName", "eventSource", "events"),
        where(call, NAME, SERVICE),
    ),
    Counted(
        ORGANIZATIONS_ACTIVITY, "Most active member accounts", ("recipientAccountId", "events"), where(call, ACCOUNT)
    ),
    Counted(
        ORGANIZATIONS_ACTIVITY,
        "Accounts with most access denied errors",
        ("recipientAccountId", "denials"),
        where(lambda r: error(r) in DENIED, ACCOUNT),
    ),
    Counted(
        RESOURCE_CHANGES, "Top users performing resource creation", ("caller", "calls"), where(did(CREATED), caller)
    ),
    Counted(
        RESOURCE_CHANGES,
        "Top APIs used for resource creation",
        ("eventName", "eventSource", "calls"),
        where(did(CREATED), NAME, SERVICE),
    ),
    Counted(
        RESOURCE_CHANGES,
        "Top APIs used for resource deletion",
        ("eventName", "eventSource", "calls"),
        where(did(DELETED), NAME, SERVICE),
    ),
    Counted(
        DATA_EVENTS_OVERVIEW, "Top services generating data events", ("eventSource", "events"), where(ANY, SERVICE)
    ),
    Counted(
        DATA_EVENTS_OVERVIEW,
        "Top APIs generating data events",
        ("eventName", "eventSource", "events"),
        where(ANY, NAME, SERVICE),
    ),
    Counted(
        DATA_EVENTS_OVERVIEW,
        "Top regions generating data events",
        ("awsRegion", "events"),
        where(ANY, member("awsRegion")),
    ),
    Counted(DATA_EVENTS_OVERVIEW, "Top users of data plane APIs", ("caller", "events"), where(ANY, caller)),
    Counted(LAMBDA_DATA_EVENTS, "Top users of Lambda invocations", ("caller", "invocations"), where(LAMBDA, caller)),
    Counted(
        LAMBDA_DATA_EVENTS,
        "Top invoked Lambda functions",
        ("function", "awsRegion", "account", "invocations"),
        where(LAMBDA, function, member("awsRegion"), lambda r: r["resources"][0]["accountId"]),
    ),
    Counted(DYNAMODB_DATA_EVENTS, "Top 10 DynamoDB data plane APIs", ("eventName", "calls"), where(DYNAMODB, NAME)),
    Counted(
        DYNAMODB_DATA_EVENTS, "Top users of DynamoDB data plane APIs", ("caller", "calls"), where(DYNAMODB, caller)
    ),
    Counted(S3_DATA_EVENTS, "S3 top users", ("caller", "calls"), where(S3, caller)),
    Counted(S3_DATA_EVENTS, "Top S3 actions", ("eventName", "calls"), where(S3, NAME)),
    Counted(
        S3_DATA_EVENTS,
        "Most accessed objects",
        ("bucket", "object", "calls"),
        where(
            lambda r: S3(r) and not error(r) and requested("key")(r) is not None,
            requested("bucketName"),
            requested("key"),
        ),
    ),
)
TRENDS: dict[str, tuple[ManagedDashboard, tuple[str, ...], Callable[[Event], Any]]] = {
    "EC2 API success vs failure trends": (
        EC2_ACTIVITY,
        ("time", "outcome", "calls"),
        where(ec2, hour, outcome),
    ),
    "Activity trend in the organization": (
        ORGANIZATIONS_ACTIVITY,
        ("time", "activity", "events"),
        where(call, hour, activity),
    ),
    "Access denied errors trend across the organization": (
        ORGANIZATIONS_ACTIVITY,
        ("time", "denials"),
        where(lambda r: error(r) in DENIED, hour),
    ),
    "Resource creation and deletion trends": (
        RESOURCE_CHANGES,
        ("time", "change", "calls"),
        where(did(CREATED | DELETED), hour, lambda r: "created" if r["eventName"] in CREATED else "deleted"),
    ),
    "Overall data events trend": (DATA_EVENTS_OVERVIEW, ("time", "events"), where(ANY, hour)),
    "Lambda data plane API activity": (
        LAMBDA_DATA_EVENTS,
        ("time", "eventName", "calls"),
        where(LAMBDA, hour, NAME),
    ),
    "DynamoDB account data activity": (
        DYNAMODB_DATA_EVENTS,
        ("time", "activity", "calls"),
        where(DYNAMODB, hour, activity),
    ),
    "S3 account activity": (S3_DATA_EVENTS, ("time", "activity", "calls"), where(S3, hour, activity)),
    "Enriched events over time": (ENRICHED_EVENTS, ("time", "events"), where(member("eventContext"), hour)),
}


@dataclass(frozen=True, slots=True)
class Demo:
    """The records of the day, each once, and the stores that hold them: of calls and of Insights."""

    app: App
    store_id: str
    insights_id: str
    records: Sequence[Event]

    def shown(self, dashboard: ManagedDashboard, title: str) -> list[Row]:
        """What a widget shows of the day."""
        store = self.insights_id if dashboard.family == "insight" else self.store_id
        return ask(self.app, store, dashboard, title, DAY, DAY + timedelta(days=1))


@pytest.fixture(scope="module")
def demo(shared_app: App) -> Demo:
    made = TrailSimulator("data", [Period(DAY, 1, 2500)], habits=Habits(digests=False, config=False))
    contents = [json.loads(gzip.decompress(file.content)) for file in made.files()]
    once = {record["eventID"]: record for content in contents for record in content["Records"]}
    records = [one for one in once.values() if one["eventTime"].startswith(f"{DAY}")]
    calls = [one for one in records if one["eventCategory"] != "Insight"]
    insights = [one for one in records if one["eventCategory"] == "Insight"]
    return Demo(
        shared_app,
        store_of(shared_app, "demo-calls", calls),
        store_of(shared_app, "demo-insights", insights, "insight-events"),
        calls,
    )


@pytest.mark.parametrize("counted", COUNTED, ids=str)
def test_what_is_counted_is_what_the_records_hold(demo: Demo, counted: Counted) -> None:
    expected = counted.rows(demo.records)

    shown = cells(demo.shown(counted.dashboard, counted.title), counted.columns)

    assert expected
    assert shown == expected


@pytest.mark.parametrize("title", TRENDS)
def test_the_trend_of_each_hour_is_that_of_the_records(demo: Demo, title: str) -> None:
    dashboard, columns, key = TRENDS[title]
    counted = Counter(one for one in map(key, demo.records) if one is not None)

    shown = cells(demo.shown(dashboard, title), columns)

    assert counted
    assert shown == [(*one, n) for one, n in sorted(counted.items())]


def test_bytes_that_callers_took_out_are_those_of_the_records(demo: Demo) -> None:
    taken: Counter[str] = Counter()
    for record in filter(S3, demo.records):
        taken[caller(record)] += int(record.get("additionalEventData", {}).get("bytesTransferredOut", 0))

    shown = demo.shown(S3_DATA_EVENTS, "S3 top users")

    assert {row["caller"]: row["bytes_out"] or 0 for row in shown} == {
        row["caller"]: taken[row["caller"]] for row in shown
    }
    assert any(row["bytes_out"] for row in shown)


def test_pairs_of_resource_tags_are_those_of_the_records(demo: Demo) -> None:
    pairs = Counter(
        pair
        for record in demo.records
        for pair in {
            pair
            for one in record.get("eventContext", {}).get("tagContext", {}).get("resourceTags", ())
            for pair in one["tags"].items()
        }
    )

    shown = demo.shown(ENRICHED_EVENTS, "Most frequent resource tag key value pairs")

    expected = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert cells(shown, ("tag", "value", "events")) == [(*pair, n) for pair, n in expected]
    assert shown


def test_the_insight_of_the_day_is_one_that_began_and_ended(demo: Demo) -> None:
    kinds = demo.shown(INSIGHTS_EVENTS, "Insight types")
    events = demo.shown(INSIGHTS_EVENTS, "Insights events")

    assert cells(kinds, ("insightType", "insights")) == [("ApiCallRateInsight", 1)]
    assert cells(events, ("eventTime", "insightState", "insightEventName", "minutes")) == [
        (datetime(2022, 3, 15, 15, 15), "End", "DeleteBucket", 9),
        (datetime(2022, 3, 15, 15, 6), "Start", "DeleteBucket", None),
    ]
