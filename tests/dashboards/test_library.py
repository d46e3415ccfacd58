"""The managed dashboards as a whole: AWS's titles, statements that may be run, drawings of columns that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.session import Session

from trailmere.dashboards.library import MANAGED
from trailmere.dashboards.records import END, PERIOD, START, STORE, View
from trailmere.query.dialect import compile
from trailmere.query.parameters import fill
from trailmere.query.records import StoreEntry

if TYPE_CHECKING:
    from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, Widget

# CloudTrail user guide, "CloudTrail Lake managed dashboards"
TITLES: dict[str, tuple[str, ...]] = {
    "Security monitoring dashboard": (
        "Top access denied events",
        "Failed ConsoleLogin attempts",
        "Failed ConsoleLogin attempts by IP address",
        "Root user ConsoleLogin attempts",
        "Destructive actions",
        "Top cross-account access",
        "Users who disabled MFA",
        "Recent EC2 SecurityGroup and NetworkAcl changes",
        "Recent EC2 SecurityGroup changes that allow public access",
        "Potential CloudTrail disabling actions",
    ),
    "IAM activity dashboard": (
        "Top IAM APIs",
        "Top IAM callers",
        "IAM success vs failure trend",
        "Top IAM API errors",
        "Top AccessDenied IAM APIs",
        "Top IP addresses of IAM calls",
        "Recent IAM policy changes",
        "Recent IAM user changes",
        "Top assumed IAM roles",
    ),
    "User activity dashboard": (
        "User activity trends by user ARN",
        "User activity trends by API",
        "Most recent user activity",
        "Top users with errors",
        "Top users with AccessDenied errors",
        "Top users making destructive actions",
        "Top users changing IAM policies",
        "Top actions performed by potential IAM privileged users",
    ),
    "Enriched events dashboard": (
        "Enriched events over time",
        "Most frequent resource tag key value pairs",
        "Most frequent resource tag key value pairs with associated resources and users",
        "Most frequent principal tag key value pairs",
        "Most frequent access denied actions grouped by principal tag key value pairs",
        "Most frequent principal properties in IAM global condition keys",
        "Most frequent request properties in IAM global condition keys",
        "Most frequent role session properties in IAM global condition keys",
    ),
    "Error analysis dashboard": (
        "Error count by service",
        "Error count by API",
        "Top errors by error code",
        "Top errors by error message",
        "Top AccessDenied errors by API",
        "Top throttled errors by API",
        "Top users with errors",
    ),
    "EC2 activity dashboard": (
        "EC2 instance management activity overview",
        "EC2 API success vs failure trends",
        "Top EC2 errors",
        "Top EC2 AccessDenied events",
        "Top users launching EC2 instances",
        "Recent EC2 SecurityGroup and NetworkInterface changes",
        "Recent VPC management and route table changes",
        "Recent EC2 actions by root user",
    ),
    "Organizations activity dashboard": (
        "Activity trend in the organization",
        "Member account management summary",
        "Most used services across organization",
        "Most active accounts by service",
        "Most used APIs across organization",
        "Most active member accounts",
        "Access denied errors trend across the organization",
        "Accounts with most access denied errors",
        "Recent service control policy changes",
    ),
    "Resource changes dashboard": (
        "Resource creation and deletion trends",
        "Top users performing resource creation",
        "Top APIs used for resource creation",
        "Top APIs used for resource deletion",
        "Most recent resources created outside CloudFormation",
        "Most recent resource changes made using console",
        "Most recent S3 bucket access changes",
        "Most recent KMS key access changes",
    ),
    "Data events overview dashboard": (
        "Overall data events trend",
        "Top services generating data events",
        "Top APIs generating data events",
        "Top regions generating data events",
        "Top throttled data plane APIs",
        "Top users of data plane APIs",
    ),
    "Lambda data events dashboard": (
        "Lambda data plane API activity",
        "Lambda invocations success vs failure trend",
        "Top users of Lambda invocations",
        "Top invoked Lambda functions",
        "Top 10 Lambda Invoke API errors",
        "Most throttled users of Lambda invocations",
    ),
    "DynamoDB data events dashboard": (
        "DynamoDB account data activity",
        "DynamoDB data plane APIs success vs failure trend",
        "Top 10 DynamoDB data plane APIs",
        "Top users of DynamoDB data plane APIs",
        "Top 10 DynamoDB data plane API errors",
        "Most throttled users of DynamoDB data plane APIs",
        "Top throttled DynamoDB data plane APIs",
        "Top throttled DynamoDB tables",
    ),
    "S3 data events dashboard": (
        "S3 account activity",
        "Most accessed objects",
        "S3 top users",
        "Top S3 actions",
    ),
    "Insights events dashboard": (
        "Insight types",
        "Insights by date",
        "API call rate Insights by event source",
        "API error rate Insights by event source",
        "Insights by top users",
        "Insights events",
    ),
    "Management events dashboard": (
        "Top access denied events",
        "Top errors by user",
        "Console sign-in events",
        "Destructive actions",
        "TLS version",
        "Outdated TLS calls by user",
    ),
    "Overview dashboard": (
        "Account activity",
        "Top errors",
        "Most active regions",
        "Top services",
        "Most throttled events",
        "Top users",
    ),
}
NEEDED_COLUMNS: dict[str, set[str]] = {
    View.TABLE: set(),
    View.LINE: {"XAxisColumn", "YAxisColumn"},
    View.BAR: {"XAxisColumn", "YAxisColumn"},
    View.PIE: {"LabelColumn", "ValueColumn"},
}
DRAWN_COLUMNS = {"XAxisColumn", "YAxisColumn", "FilterColumn", "LabelColumn", "ValueColumn"}
STORE_ID = "0a1b2c3d-0000-4000-8000-000000000001"
VALUES = {STORE: STORE_ID, START: "2026-05-01T10:45:24.00Z", END: "2026-05-02T10:45:24.00Z", PERIOD: "hour"}
MODEL = Session().get_service_model("cloudtrail")


class OneStore:
    """A catalog of one store, of the family that a dashboard is for."""

    def __init__(self, family: str) -> None:
        arn = f"arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/{STORE_ID}"
        self._store = StoreEntry(STORE_ID, "audit", arn, family)

    def find(self, name: str) -> StoreEntry | None:
        """By its id."""
        return self._store if name == STORE_ID else None

    def names(self) -> tuple[str, ...]:
        """Its name."""
        return (self._store.name,)


def every() -> Iterator[tuple[ManagedDashboard, ManagedWidget, Widget]]:
    """Each widget with its dashboard, as it is written and as clients see it."""
    for dashboard in MANAGED:
        for written, seen in zip(dashboard.widgets, dashboard.as_widgets(), strict=True):
            yield dashboard, written, seen


EVERY = tuple(every())
each_widget = pytest.mark.parametrize(("dashboard", "written", "seen"), EVERY, ids=[seen.alias for _, _, seen in EVERY])


def fits(shape: str, text: str) -> bool:
    """Whether the text is one that the service model's shape allows."""
    bounds = MODEL.shape_for(shape).metadata
    return bounds["min"] <= len(text) <= bounds["max"] and re.fullmatch(bounds["pattern"], text) is not None


def columns(dashboard: ManagedDashboard, seen: Widget) -> list[str]:
    """The columns that the widget answers with."""
    sql = fill(seen.statement, [VALUES[name] for name in seen.parameters])
    statement = compile(sql, OneStore(dashboard.family), now=datetime(2026, 5, 2, tzinfo=UTC))
    return [column.name for column in statement.columns]


def test_dashboards_and_widgets_are_those_of_aws_in_its_order() -> None:
    listed = {dashboard.title: tuple(widget.title for widget in dashboard.widgets) for dashboard in MANAGED}

    assert list(listed.items()) == list(TITLES.items())
    assert sum(map(len, listed.values())) == 109


def test_ids_are_unique_names_of_dashboards() -> None:
    ids = [dashboard.id for dashboard in MANAGED]

    assert len(set(ids)) == len(ids)
    assert all(name.startswith("AWSCloudTrail-") and fits("DashboardName", name) for name in ids)
    assert "AWSCloudTrail-Overview" in ids


def test_aliases_are_unique_and_such_as_aws_takes() -> None:
    aliases = [seen.alias for _, _, seen in EVERY]

    assert len(set(aliases)) == len(aliases)
    assert [alias for alias in aliases if not fits("QueryAlias", alias)] == []


@each_widget
def test_a_statement_may_be_run_and_what_is_drawn_is_in_its_answer(
    dashboard: ManagedDashboard, written: ManagedWidget, seen: Widget
) -> None:
    names = columns(dashboard, seen)

    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if name.startswith("_col")] == []
    assert NEEDED_COLUMNS[written.view] <= set(written.columns) <= DRAWN_COLUMNS
    assert set(written.columns.values()) <= set(names)


@each_widget
def test_a_statement_keeps_to_its_store_and_window_within_the_limits_of_aws(
    dashboard: ManagedDashboard, written: ManagedWidget, seen: Widget
) -> None:
    stores, starts, ends = (seen.parameters.count(name) for name in (STORE, START, END))

    assert stores == starts == ends > 0
    assert PERIOD in seen.parameters or written.view != View.LINE
    assert len(seen.parameters) <= MODEL.shape_for("QueryParameters").metadata["max"]
    assert seen.statement.count("?") == len(seen.parameters)
    assert fits("QueryStatement", seen.statement)


def test_properties_are_such_as_aws_takes() -> None:
    keys = [key for _, _, seen in EVERY for key in seen.properties]
    values = [value for _, _, seen in EVERY for value in seen.properties.values()]

    assert [key for key in keys if not fits("ViewPropertiesKey", key)] == []
    assert [value for value in values if not fits("ViewPropertiesValue", value)] == []


def test_the_order_of_rows_is_said() -> None:
    assert [seen.alias for _, _, seen in EVERY if "\nORDER BY " not in seen.statement] == []


def test_a_person_is_told_what_a_widget_shows_and_which_events_it_needs() -> None:
    assert [seen.alias for _, written, seen in EVERY if not written.tells.endswith(".")] == []
    assert [dashboard.id for dashboard in MANAGED if not dashboard.needs] == []
