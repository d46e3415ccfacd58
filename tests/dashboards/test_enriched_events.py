"""Enriched events: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, enriched
from tests.dashboards.world import BOB, Case, Days, arn, event
from trailmere.dashboards.library.enriched_events import ENRICHED_EVENTS

if TYPE_CHECKING:
    from trailmere.app import App

LOGS, DATA = "arn:aws:s3:::logs", "arn:aws:s3:::data"
OPS, WEB = {"team": "ops"}, {"team": "web"}
ORGANISATION = {"aws:PrincipalOrgID": "o-1"}

CASES = (
    Case(
        "Enriched events over time",
        (
            enriched("s3:ListBuckets", "10:00", context=ORGANISATION),
            enriched("s3:ListBuckets", "10:59", of_caller=OPS),
            enriched("s3:ListBuckets", "11:00", of_resources={LOGS: OPS}),
            enriched("s3:ListBuckets", "11:01"),
            event("s3:ListBuckets", "11:02"),
        ),
        ({"time": "10:00:00", "events": 2}, {"time": "11:00:00", "events": 1}),
    ),
    Case(
        "Most frequent resource tag key value pairs",
        (
            enriched("s3:CopyObject", "10:00", of_resources={LOGS: OPS, DATA: OPS}),
            enriched("s3:GetBucketAcl", "10:01", of_resources={LOGS: OPS}),
            enriched("s3:GetBucketAcl", "10:02", of_resources={DATA: {**WEB, "stage": "test"}}),
            *(enriched("s3:GetBucketAcl", "10:03", of_caller=WEB, context={"team": "web"}) for _ in range(4)),
        ),
        (
            {"tag": "team", "value": "ops", "events": 2, "resources": 2},
            {"tag": "stage", "value": "test", "events": 1, "resources": 1},
            {"tag": "team", "value": "web", "events": 1, "resources": 1},
        ),
    ),
    Case(
        "Most frequent resource tag key value pairs with associated resources and users",
        (
            enriched("s3:GetBucketAcl", "10:00", of_resources={LOGS: OPS, DATA: OPS}),
            enriched("s3:GetBucketAcl", "10:01", of_resources={LOGS: OPS}),
            enriched("s3:GetBucketAcl", "10:02", BOB, of_resources={LOGS: OPS}),
            *(enriched("s3:GetBucketAcl", "10:03", of_caller=WEB) for _ in range(4)),
        ),
        (
            {"tag": "team", "value": "ops", "resource": LOGS, "caller": arn("alice"), "events": 2},
            {"tag": "team", "value": "ops", "resource": DATA, "caller": arn("alice"), "events": 1},
            {"tag": "team", "value": "ops", "resource": LOGS, "caller": arn("bob"), "events": 1},
        ),
    ),
    Case(
        "Most frequent principal tag key value pairs",
        (
            enriched("s3:ListBuckets", "10:00", of_caller=OPS),
            enriched("s3:ListBuckets", "10:01", BOB, of_caller=OPS),
            enriched("s3:ListBuckets", "10:02", of_caller={**WEB, "stage": "test"}),
            *(enriched("s3:GetBucketAcl", "10:03", of_resources={LOGS: WEB}) for _ in range(4)),
        ),
        (
            {"tag": "team", "value": "ops", "events": 2, "callers": 2},
            {"tag": "stage", "value": "test", "events": 1, "callers": 1},
            {"tag": "team", "value": "web", "events": 1, "callers": 1},
        ),
    ),
    Case(
        "Most frequent access denied actions grouped by principal tag key value pairs",
        (
            enriched("s3:ListBuckets", "10:00", of_caller=OPS, error="AccessDenied"),
            enriched("s3:ListBuckets", "10:01", BOB, of_caller=OPS, error="AccessDenied"),
            enriched("ec2:RunInstances", "10:02", of_caller=OPS, error="Client.UnauthorizedOperation"),
            enriched("s3:ListBuckets", "10:03", of_caller=OPS, error="SlowDown"),
            enriched("s3:ListBuckets", "10:04", of_caller=OPS),
            *(enriched("s3:ListBuckets", "10:05", of_resources={LOGS: WEB}, error="AccessDenied") for _ in range(4)),
            *(event("s3:ListBuckets", "10:06", error="AccessDenied") for _ in range(4)),
        ),
        (
            {
                "tag": "team",
                "value": "ops",
                "eventSource": "s3.amazonaws.com",
                "eventName": "ListBuckets",
                "denials": 2,
            },
            {
                "tag": "team",
                "value": "ops",
                "eventSource": "ec2.amazonaws.com",
                "eventName": "RunInstances",
                "denials": 1,
            },
        ),
    ),
    Case(
        "Most frequent principal properties in IAM global condition keys",
        (
            enriched("s3:ListBuckets", "10:00", context={**ORGANISATION, "aws:PrincipalArn": arn("alice")}),
            enriched("s3:ListBuckets", "10:01", context={**ORGANISATION, "aws:username": "alice"}),
            enriched("s3:ListBuckets", "10:02", context={"aws:PrincipalTag/team": "ops", "aws:SourceIdentity": "a"}),
            enriched("s3:ListBuckets", "10:03", context={"aws:CalledVia": "athena", "aws:ResourceOrgID": "o-1"}),
            enriched("s3:ListBuckets", "10:04", of_caller={"aws:username": "bob"}),
        ),
        (
            {"property": "aws:PrincipalOrgID", "value": "o-1", "events": 2},
            {"property": "aws:PrincipalArn", "value": arn("alice"), "events": 1},
            {"property": "aws:username", "value": "alice", "events": 1},
        ),
    ),
    Case(
        "Most frequent request properties in IAM global condition keys",
        (
            enriched("s3:ListBuckets", "10:00", context={"aws:ViaAWSService": "false", "aws:RequestTag/team": "ops"}),
            enriched("s3:ListBuckets", "10:01", context={"aws:ViaAWSService": "false", "aws:username": "alice"}),
            enriched("s3:ListBuckets", "10:02", context={"aws:ViaAWSService": "true", "aws:SourceIdentity": "a"}),
            enriched("s3:ListBuckets", "10:03", context={"aws:PrincipalTag/team": "ops", "aws:ResourceTag/team": "o"}),
        ),
        (
            {"property": "aws:ViaAWSService", "value": "false", "events": 2},
            {"property": "aws:RequestTag/team", "value": "ops", "events": 1},
            {"property": "aws:ViaAWSService", "value": "true", "events": 1},
        ),
    ),
    Case(
        "Most frequent role session properties in IAM global condition keys",
        (
            enriched("s3:ListBuckets", "10:00", context={"aws:MultiFactorAuthPresent": "false"}),
            enriched("s3:ListBuckets", "10:01", context={"aws:MultiFactorAuthPresent": "false", **ORGANISATION}),
            enriched("s3:ListBuckets", "10:02", context={"aws:SourceIdentity": "alice", "aws:SourceArn": LOGS}),
            enriched("s3:ListBuckets", "10:03", context={"ec2:RoleDelivery": "2.0", "aws:ViaAWSService": "true"}),
        ),
        (
            {"property": "aws:MultiFactorAuthPresent", "value": "false", "events": 2},
            {"property": "aws:SourceIdentity", "value": "alice", "events": 1},
            {"property": "ec2:RoleDelivery", "value": "2.0", "events": 1},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "enriched-events", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_enriched_events_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(ENRICHED_EVENTS, case)

    assert shown == list(case.rows)


def test_each_widget_of_enriched_events_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in ENRICHED_EVENTS.widgets]
