"""LookupEvents over HTTP, as boto3 asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.insights.world import event, push

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.serving import Serving

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def trail(server: Serving, client: Callable[..., Any]) -> Any:
    """A client of a store with 120 events, one a minute."""
    trail = client("cloudtrail")
    store = trail.create_event_data_store(Name="source", TerminationProtectionEnabled=False)["EventDataStoreArn"]
    events = [event(NOON + timedelta(minutes=number), ("Get", "Put")[number % 2]) for number in range(120)]
    push(server.app.pusher, server.app.stores.get(store), events)
    return trail


def attribute(key: str, value: str) -> dict[str, str]:
    return {"AttributeKey": key, "AttributeValue": value}


def test_the_paginator_brings_every_event_once_newest_first(trail: Any) -> None:
    pages = list(trail.get_paginator("lookup_events").paginate())

    times = [found["EventTime"] for page in pages for found in page["Events"]]
    assert [NOON + timedelta(minutes=number) for number in reversed(range(120))] == times
    assert [len(page["Events"]) for page in pages] == [50, 50, 20]


def test_an_event_is_found_by_an_attribute_between_two_times_that_are_included(trail: Any) -> None:
    found = trail.lookup_events(
        LookupAttributes=[attribute("EventName", "Put")],
        StartTime=NOON + timedelta(minutes=1),
        EndTime=NOON + timedelta(minutes=5),
        MaxResults=2,
    )

    assert [(one["EventTime"] - NOON) // timedelta(minutes=1) for one in found["Events"]] == [5, 3]


def test_an_event_has_the_members_that_aws_gives(trail: Any) -> None:
    [found] = trail.lookup_events(MaxResults=1)["Events"]

    assert {name: found[name] for name in ("EventName", "ReadOnly", "EventSource", "Username")} == {
        "EventName": "Put",
        "ReadOnly": "false",
        "EventSource": "s3.amazonaws.com",
        "Username": "ana",
    }
    assert f'"eventID": "{found["EventId"]}"' in found["CloudTrailEvent"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"StartTime": NOON, "EndTime": NOON - timedelta(seconds=1)}, "InvalidTimeRangeException"),
        ({"LookupAttributes": [attribute("ReadOnly", "True")]}, "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [attribute("EventName", "a"), attribute("EventId", "b")]},
            "InvalidLookupAttributesException",
        ),
        (
            {"LookupAttributes": [attribute("Username", "ana")], "EventCategory": "insight"},
            "InvalidLookupAttributesException",
        ),
        ({"LookupAttributes": [attribute("EventName", "a" * 2001)]}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [attribute("EventName", "_" * 1001)]}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [attribute("Colour", "red")]}, "InvalidLookupAttributesException"),
        ({"EventCategory": "management"}, "InvalidEventCategoryException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "made-up"}, "InvalidNextTokenException"),
    ],
)
def test_every_declared_error_is_reached(client: Callable[..., Any], asked: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("cloudtrail", parameter_validation=False).lookup_events(**asked)

    assert expected == refused.value.response["Error"]["Code"]


def test_a_token_is_good_for_the_same_question_only(trail: Any) -> None:
    token = trail.lookup_events(MaxResults=1)["NextToken"]

    with pytest.raises(trail.exceptions.InvalidNextTokenException):
        trail.lookup_events(NextToken=token, LookupAttributes=[attribute("EventName", "Put")])


def test_an_account_sees_its_own_stores_only(server: Serving, trail: Any, client: Callable[..., Any]) -> None:
    assert client("cloudtrail", region="eu-west-1").lookup_events()["Events"] == []
