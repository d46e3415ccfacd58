"""Insights: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import day_of, days_in, insight
from tests.dashboards.world import ACCOUNT, Case, Days, arn, ask
from trailmere.dashboards.library.insights_events import INSIGHTS_EVENTS

if TYPE_CHECKING:
    from trailmere.app import App

CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"
DENIED = "AccessDenied"

CASES = (
    Case(
        "Insight types",
        (
            insight("a", "Start", "10:00"),
            insight("a", "End", "10:20"),
            insight("b", "Start", "11:00", "ec2:RunInstances"),
            insight("c", "End", "11:10", error=DENIED),
        ),
        ({"insightType": CALLS, "insights": 2}, {"insightType": ERRORS, "insights": 1}),
    ),
    Case(
        "Insights by date",
        (
            insight("d", "Start", "10:00"),
            insight("d", "End", "10:20"),
            insight("e", "Start", "11:00"),
            insight("f", "End", "11:10", error=DENIED),
        ),
        ({"insightType": CALLS, "insights": 2}, {"insightType": ERRORS, "insights": 1}),
    ),
    Case(
        "API call rate Insights by event source",
        (
            insight("g", "Start", "10:00"),
            insight("g", "End", "10:20"),
            insight("h", "Start", "11:00"),
            insight("i", "Start", "11:00", "ec2:RunInstances"),
            insight("j", "Start", "11:00", "iam:CreateUser", error=DENIED),
        ),
        (
            {"insightEventSource": "s3.amazonaws.com", "insights": 2},
            {"insightEventSource": "ec2.amazonaws.com", "insights": 1},
        ),
    ),
    Case(
        "API error rate Insights by event source",
        (
            insight("k", "Start", "10:00", "iam:CreateUser", error=DENIED),
            insight("k", "End", "10:20", "iam:CreateUser", error=DENIED),
            insight("l", "Start", "11:00", "iam:CreateUser", error="EntityAlreadyExists"),
            insight("m", "Start", "11:00", "ec2:RunInstances", error=DENIED),
            insight("n", "Start", "11:00"),
        ),
        (
            {"insightEventSource": "iam.amazonaws.com", "insights": 2},
            {"insightEventSource": "ec2.amazonaws.com", "insights": 1},
        ),
    ),
    Case(
        "Insights by top users",
        (
            insight("o", "Start", "10:00", user=arn("alice")),
            insight("o", "End", "10:20", user=arn("alice")),
            insight("p", "Start", "11:00", user=arn("bob")),
            insight("q", "Start", "12:00", user=arn("bob"), error=DENIED),
            insight("r", "Start", "13:00", user="null"),
            insight("s", "Start", "13:00", user="aws-cli/2.0", attribute="userAgent"),
            insight("t", "Start", "13:00"),
        ),
        (
            {"caller": arn("bob"), "insights": 2, "latest": "12:00:00"},
            {"caller": arn("alice"), "insights": 1, "latest": "10:20:00"},
        ),
    ),
    Case(
        "Insights events",
        (
            insight("u", "Start", "10:00", "iam:CreateUser", error=DENIED, user=arn("alice")),
            insight("u", "End", "10:20", "iam:CreateUser", error=DENIED, user="aws-cli/2.0", attribute="userAgent"),
        ),
        (
            {
                "eventTime": "10:20:00",
                "insightState": "End",
                "insightType": ERRORS,
                "insightEventName": "CreateUser",
                "insightErrorCode": DENIED,
                "recipientAccountId": ACCOUNT,
                "usual_rate": 0.5,
                "unusual_rate": 20.0,
                "minutes": 7,
                "caller": None,
                "sharedEventID": "u",
            },
            {
                "eventTime": "10:00:00",
                "insightState": "Start",
                "insightType": ERRORS,
                "insightEventName": "CreateUser",
                "insightErrorCode": DENIED,
                "recipientAccountId": ACCOUNT,
                "usual_rate": 0.5,
                "unusual_rate": 20.0,
                "minutes": None,
                "caller": arn("alice"),
                "sharedEventID": "u",
            },
        ),
    ),
)


def test_an_insight_that_ends_on_the_next_day_counts_on_the_day_of_its_start(shared_app: App) -> None:
    late = Case("Insights by date", (insight("v", "Start", "23:50"), insight("w", "Start", "10:00")), ())
    days = days_in(shared_app, "insights-by-date", [late], "insight-events")

    answer = ask(shared_app, days.store_id, INSIGHTS_EVENTS, late.title, day_of(0), day_of(0) + timedelta(days=2))

    assert [(row["date"], row["insights"]) for row in answer] == [(day_of(0), 2)]


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "insights-events", CASES, "insight-events")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_insights_events_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(INSIGHTS_EVENTS, case)

    assert shown == list(case.rows)


def test_each_widget_of_insights_events_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in INSIGHTS_EVENTS.widgets]
