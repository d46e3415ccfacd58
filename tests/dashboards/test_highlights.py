"""Highlights: what is worth a look in all stores of an account, each event of them once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.data_world import insight, network, numbered, store_of
from tests.dashboards.world import (
    ACCOUNT,
    ALICE,
    BOB,
    FOREIGNER,
    OTHER_ACCOUNT,
    ROOT,
    SERVICE,
    Event,
    arn,
    data,
    event,
    login,
)
from tests.walks.door import rows
from trailmere.dashboards.highlights import MOST_STORES, HighlightStore, highlights
from trailmere.query.parameters import fill

if TYPE_CHECKING:
    from trailmere.app import App

DAY = date(2026, 5, 2)
IN_OTHER = {"recipientAccountId": OTHER_ACCOUNT}

# Twice at the same time is two events.
FIRST = (
    *(event("s3:GetBucketAcl", "08:00", error="NoSuchBucket") for _ in range(2)),
    *(event("s3:GetBucketAcl", "08:01", BOB, error="AccessDenied") for _ in range(2)),
    event("iam:CreateUser", "08:02", BOB, error="AccessDenied", sourceIPAddress="192.0.2.1"),
    *(login("09:00", outcome="Failure") for _ in range(2)),
    login("09:30", BOB, outcome="Failure", sourceIPAddress="192.0.2.1"),
    login("09:40"),
    *(event("ec2:RunInstances", f"11:{minute:02}") for minute in range(8)),
    *(event("ec2:RunInstances", f"{hour:02}:30") for hour in range(5)),
    *(event("ec2:RunInstances", f"12:{minute:02}", error="Client.DryRunOperation") for minute in range(9)),
    *(event("logs:CreateLogStream", f"12:{minute:02}") for minute in range(9)),
    *(event("sagemaker:CreatePresignedUrl", f"12:{minute:02}", readOnly=True) for minute in range(9)),
    *(event("rds:CreateDBInstance", f"12:{minute:02}") for minute in range(4)),
    *(event("ec2:CreateVolume", f"{hour:02}:{minute:02}") for hour in range(24) for minute in range(6)),
    *(event("sts:AssumeRole", "13:00", FOREIGNER) for _ in range(2)),
    event("s3:ListBuckets", "13:01", {**FOREIGNER, "arn": "arn:aws:iam::444455556666:user/x"}),
    event("s3:ListBuckets", "13:02", {**FOREIGNER, "accountId": "ANONYMOUS_PRINCIPAL"}),
    event("kms:Decrypt", "13:03", SERVICE),
    event("kms:Decrypt", "13:04", {**FOREIGNER, "invokedBy": "ec2.amazonaws.com"}),
    network("s3:ListBuckets", "13:05", by=FOREIGNER),
    *(event("s3:ListBuckets", "14:00", ROOT) for _ in range(2)),
    event("s3:ListBuckets", "14:01", {**ROOT, "invokedBy": "config.amazonaws.com"}),
    network("s3:ListBuckets", "14:02", by=ROOT),
    *(event("s3:DeleteBucket", "15:00", BOB) for _ in range(2)),
    event("s3:DeleteBucket", "15:01", BOB, error="BucketNotEmpty"),
    event("ec2:TerminateInstances", "15:02", SERVICE),
    event("s3:DeletePreview", "15:03", BOB, readOnly=True),
    network("s3:DeleteBucket", "15:04", by=BOB),
    network("s3:GetBucketAcl", "16:00", error="VpceAccessDenied"),
)
SECOND = (
    data("s3:GetObject", "08:03", error="SlowDown"),
    event("sts:AssumeRole", "13:04", ALICE, **IN_OTHER),
    event("cloudtrail:StopLogging", "15:03", {**BOB, "accountId": OTHER_ACCOUNT}, **IN_OTHER),
    data("s3:DeleteObject", "15:04", BOB),
)

# Titles, and rows over both stores: the columns named are compared.
SHOWN: dict[str, list[dict[str, Any]]] = {
    "Top failed API calls": [
        {"eventName": "RunInstances", "eventSource": "ec2.amazonaws.com", "failures": 9, "callers": 1},
        {"eventName": "GetBucketAcl", "eventSource": "s3.amazonaws.com", "failures": 4, "callers": 2},
        {"eventName": "CreateUser", "eventSource": "iam.amazonaws.com", "failures": 1, "callers": 1},
        {"eventName": "DeleteBucket", "eventSource": "s3.amazonaws.com", "failures": 1, "callers": 1},
        {"eventName": "GetObject", "eventSource": "s3.amazonaws.com", "failures": 1, "callers": 1},
    ],
    "Failed console login trend": [{"time": "09:00", "failures": 3, "addresses": 2}],
    "Spikes in resource creation": [
        {"hour": "11:00", "eventName": "RunInstances", "recipientAccountId": ACCOUNT, "calls": 8}
    ],
    "Total cross-account access": [
        {"caller_account": OTHER_ACCOUNT, "recipientAccountId": ACCOUNT, "calls": 3, "callers": 2, "calls_in_all": 4},
        {"caller_account": ACCOUNT, "recipientAccountId": OTHER_ACCOUNT, "calls": 1, "callers": 1, "calls_in_all": 4},
    ],
    "Top access denied callers": [{"caller": arn("bob"), "denials": 3, "apis": 2, "addresses": 2, "latest": "08:02"}],
    "Root user activity": [
        {"eventTime": "14:00", "recipientAccountId": ACCOUNT, "eventName": "ListBuckets", "outcome": "Success"}
        for _ in range(2)
    ],
    "Top destructive actions": [
        {"caller": arn("bob"), "eventName": "DeleteBucket", "recipientAccountId": ACCOUNT, "calls": 2},
        {"caller": arn("bob"), "eventName": "StopLogging", "recipientAccountId": OTHER_ACCOUNT, "calls": 1},
        {"caller": arn("bob"), "eventName": "DeleteObject", "recipientAccountId": ACCOUNT, "calls": 1},
    ],
    "Recent Insights": [
        {"eventTime": "17:00", "insightEventName": "CreateUser", "insightErrorCode": "AccessDenied", "usual_rate": 0.5},
        {"eventTime": "16:00", "insightEventName": "DeleteBucket", "insightErrorCode": None, "usual_rate": 0.5},
    ],
}


@dataclass(frozen=True, slots=True)
class World:
    """Stores, and who answers questions about them: two of calls that have events in common, one of Insights."""

    app: App
    first: HighlightStore
    second: HighlightStore
    insights: HighlightStore

    def shown(self, title: str, *stores: HighlightStore) -> list[dict[str, Any]]:
        """The columns of ``SHOWN`` of a widget's answer."""
        return [
            {column: _clock(row[column]) for column in SHOWN[title][0]} for row in rows(self.app, sql(title, stores))
        ]


def sql(title: str, stores: Sequence[HighlightStore]) -> str:
    """A widget's statement over a day, as a refresh starts it."""
    widget = next(one for one in highlights(stores) if one.properties["Title"] == title)
    values = {
        "$StartTime$": f"{DAY}T00:00:00.000Z",
        "$EndTime$": f"{DAY + timedelta(days=1)}T00:00:00.000Z",
        "$Period$": "hour",
    }
    return fill(widget.statement, [values[name] for name in widget.parameters])


def titles(*stores: HighlightStore) -> list[str]:
    return [widget.properties["Title"] for widget in highlights(stores)]


def _clock(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, datetime) and value.date() == DAY else value


def _on_three_days(events: Sequence[Event]) -> list[Event]:
    """The events on the day, and others like them on the days before and after."""
    days = (DAY, DAY - timedelta(days=1), DAY + timedelta(days=1))
    return [{**one, "eventTime": f"{day}T{one['eventTime']}:00Z"} for day in days for one in events]


@pytest.fixture(scope="module")
def world(shared_app: App) -> World:
    everything = numbered(_on_three_days((*FIRST, *SECOND)))
    first = [one for one in everything if one["recipientAccountId"] == ACCOUNT]
    found = numbered(
        _on_three_days(
            (
                insight("a", "Start", "16:00"),
                insight("a", "End", "16:20"),
                insight("b", "Start", "17:00", "iam:CreateUser", error="AccessDenied"),
            )
        )
    )
    return World(
        shared_app,
        HighlightStore(store_of(shared_app, "highlights-first", first), "cloudtrail"),
        HighlightStore(store_of(shared_app, "highlights-second", everything), "cloudtrail"),
        HighlightStore(store_of(shared_app, "highlights-insights", found, "insight-events"), "insight"),
    )


@pytest.mark.parametrize("title", SHOWN)
def test_a_highlight_shows_the_day_of_all_stores_each_event_once(world: World, title: str) -> None:
    assert world.shown(title, world.first, world.second, world.insights) == SHOWN[title]


@pytest.mark.parametrize("title", [title for title in SHOWN if title != "Recent Insights"])
def test_a_highlight_over_one_store_shows_what_is_in_it(world: World, title: str) -> None:
    assert world.shown(title, world.second) == SHOWN[title]


def test_what_only_another_store_holds_is_not_shown_without_it(world: World) -> None:
    access = world.shown("Total cross-account access", world.first)

    assert [row["caller_account"] for row in access] == [OTHER_ACCOUNT]


def test_highlights_are_those_of_the_families_that_there_are(world: World) -> None:
    calls = [title for title in SHOWN if title != "Recent Insights"]

    assert titles() == []
    assert titles(world.insights) == ["Recent Insights"]
    assert titles(world.second, world.first) == calls
    assert titles(HighlightStore("x", "configurationitem")) == []
    assert titles(world.insights, world.first) == list(SHOWN)


def test_the_files_of_other_days_are_left_out_of_every_store(world: World) -> None:
    explained = [world.app.queries.explain(sql(title, [world.first, world.second, world.insights])) for title in SHOWN]

    assert all((scan.files, scan.total_files) == (1, 3) for one in explained for scan in one.scans)


def test_the_statements_over_as_many_stores_as_there_may_be_are_short_enough() -> None:
    many = [HighlightStore(f"1994bee2-d4a0-460e-8c07-1b5ee047{number:04}", "cloudtrail") for number in range(100)]

    widgets = highlights(many)

    assert all(len(one.statement) <= 10_000 for one in widgets)
    assert all(one.statement.count("?") == len(one.parameters) <= 10 for one in widgets)
    assert all(one.statement.count("1994bee2") == MOST_STORES for one in widgets)


def test_each_highlight_draws_columns_that_its_answer_has(world: World) -> None:
    missing = [
        (one.properties["Title"], drawn)
        for one in highlights([world.first, world.insights])
        for name, drawn in one.properties.items()
        if name.endswith("Column")
        and drawn not in world.app.queries.explain(sql(one.properties["Title"], [world.first, world.insights])).columns
    ]

    assert missing == []
