"""Insights over HTTP: selectors, events and data points, as boto3 asks for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.insights.world import hourly, push, surge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.serving import Serving

CALLS, ERRORS = "ApiCallRateInsight", "ApiErrorRateInsight"
BUSY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
SELECTOR = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}
DELETIONS = {"EventSource": "s3.amazonaws.com", "EventName": "DeleteBucket", "InsightType": CALLS}


@pytest.fixture
def trail(client: Callable[..., Any]) -> Any:
    return client("cloudtrail")


@pytest.fixture
def arns(trail: Any) -> tuple[str, str]:
    """A store of management events and one of Insights events."""
    source = trail.create_event_data_store(Name="source")["EventDataStoreArn"]
    return source, trail.create_event_data_store(Name="found", AdvancedEventSelectors=[SELECTOR])["EventDataStoreArn"]


def enable(trail: Any, arns: tuple[str, str], *types: str) -> Any:
    source, found = arns
    wanted = [{"InsightType": one} for one in types]
    return trail.put_insight_selectors(EventDataStore=source, InsightsDestination=found, InsightSelectors=wanted)


def fill(server: Serving, arns: tuple[str, str]) -> None:
    """Three quiet days, then ten minutes of calls and, five hours later, ten of calls that are refused; analysed."""
    store = server.app.stores.get(arns[0])
    push(server.app.pusher, store, hourly("ListBuckets", 72, since=BUSY - timedelta(days=3), read_only=True))
    push(server.app.pusher, store, surge("DeleteBucket", 10, since=BUSY))
    push(server.app.pusher, store, surge("DeleteBucket", 10, since=BUSY + timedelta(hours=5), error="AccessDenied"))
    server.app.insights.run(store.id)


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def test_selectors_are_given_back_as_they_were_put(trail: Any, arns: tuple[str, str]) -> None:
    put = enable(trail, arns, CALLS, ERRORS)

    got = trail.get_insight_selectors(EventDataStore=arns[0].rpartition("/")[2])

    selectors = [{"InsightType": one, "EventCategories": ["Management"]} for one in (CALLS, ERRORS)]
    members = {"EventDataStoreArn": arns[0], "InsightsDestination": arns[1], "InsightSelectors": selectors}
    assert [members, members] == [{name: answer[name] for name in members} for answer in (put, got)]


def test_an_empty_list_turns_insights_off(trail: Any, arns: tuple[str, str]) -> None:
    enable(trail, arns, CALLS)

    trail.put_insight_selectors(EventDataStore=arns[0], InsightSelectors=[])

    assert code(lambda: trail.get_insight_selectors(EventDataStore=arns[0])) == "InsightNotEnabledException"


def test_insights_events_come_in_pages_newest_first(server: Serving, trail: Any, arns: tuple[str, str]) -> None:
    enable(trail, arns, CALLS, ERRORS)
    fill(server, arns)

    pages = trail.get_paginator("list_insights_data").paginate(
        InsightSource=arns[0], DataType="InsightsEvents", PaginationConfig={"PageSize": 1}
    )
    times = [event["EventTime"] for page in pages for event in page["Events"]]

    late = BUSY + timedelta(hours=5)
    ends = [when + timedelta(minutes=minutes) for when in (late, late, BUSY) for minutes in (10, 0)]
    assert sorted(ends, reverse=True) == times


@pytest.mark.parametrize(
    ("dimension", "value", "events"),
    [("EventName", "DeleteBucket", 6), ("EventSource", "s3.amazonaws.com", 6), ("EventName", "Other", 0)],
)
def test_insights_events_are_found_by_a_dimension(
    server: Serving, trail: Any, arns: tuple[str, str], dimension: str, value: str, events: int
) -> None:
    enable(trail, arns, CALLS, ERRORS)
    fill(server, arns)

    answer = trail.list_insights_data(
        InsightSource=arns[0], DataType="InsightsEvents", Dimensions={dimension: value}, StartTime=BUSY
    )

    assert events == len(answer["Events"])


def test_insights_of_one_source_are_not_those_of_another(server: Serving, trail: Any, arns: tuple[str, str]) -> None:
    enable(trail, arns, CALLS)
    fill(server, arns)

    assert trail.list_insights_data(InsightSource=arns[1], DataType="InsightsEvents")["Events"] == []


def test_insights_are_looked_up_as_insight_events(server: Serving, trail: Any, arns: tuple[str, str]) -> None:
    enable(trail, arns, CALLS)
    fill(server, arns)

    events = trail.lookup_events(EventCategory="insight")["Events"]

    assert {"DeleteBucket"} == {event["EventName"] for event in events}


@pytest.mark.parametrize(
    ("more", "values"),
    [
        ({"Period": 60}, [3.0] * 20),
        ({"Period": 300}, [15.0] * 4),
        ({"Period": 3600}, [30.0, 30.0]),
        ({"Period": 3600, "DataType": "FillWithZeros"}, [30.0, 0.0, 0.0, 0.0, 0.0, 30.0]),
        ({"InsightType": ERRORS, "ErrorCode": "AccessDenied"}, [30.0]),
    ],
)
def test_data_points_count_the_events_of_each_period(
    server: Serving, trail: Any, arns: tuple[str, str], more: dict[str, Any], values: list[float]
) -> None:
    enable(trail, arns, CALLS, ERRORS)
    fill(server, arns)

    asked = {**DELETIONS, "StartTime": BUSY, "EndTime": BUSY + timedelta(hours=6), **more}
    answer = trail.list_insights_metric_data(**asked)

    assert (values, BUSY + timedelta(hours=5) * (len(values) == 1)) == (answer["Values"], answer["Timestamps"][0])


@pytest.mark.parametrize("kind", ["FillWithZeros", "NonZeroData"])
def test_data_points_come_in_pages(server: Serving, trail: Any, arns: tuple[str, str], kind: str) -> None:
    enable(trail, arns, CALLS)
    fill(server, arns)
    asked: dict[str, Any] = {
        **DELETIONS,
        "StartTime": BUSY,
        "EndTime": BUSY + timedelta(hours=6),
        "Period": 300,
        "DataType": kind,
    }
    whole = trail.list_insights_metric_data(**asked)

    times, page = [], trail.list_insights_metric_data(**asked, MaxResults=3)
    times += page["Timestamps"]
    while "NextToken" in page:
        page = trail.list_insights_metric_data(**asked, MaxResults=3, NextToken=page["NextToken"])
        times += page["Timestamps"]

    assert times == whole["Timestamps"]


@pytest.mark.parametrize(
    ("operation", "asked", "expected"),
    [
        ("put_insight_selectors", {"InsightSelectors": []}, "InvalidParameterCombinationException"),
        (
            "put_insight_selectors",
            {"InsightSelectors": [], "TrailName": "trail", "EventDataStore": "abc"},
            "InvalidParameterCombinationException",
        ),
        ("put_insight_selectors", {"InsightSelectors": [], "TrailName": "trail"}, "TrailNotFoundException"),
        ("put_insight_selectors", {"InsightSelectors": [], "TrailName": "a"}, "InvalidTrailNameException"),
        ("put_insight_selectors", {"InsightSelectors": [], "EventDataStore": "abcdef"}, "InvalidParameterException"),
        ("get_insight_selectors", {}, "InvalidParameterCombinationException"),
        ("get_insight_selectors", {"TrailName": "trail"}, "TrailNotFoundException"),
        ("get_insight_selectors", {"TrailName": "-a"}, "InvalidTrailNameException"),
        ("list_insights_metric_data", {**DELETIONS, "Period": 61}, "InvalidParameterException"),
        ("list_insights_metric_data", {**DELETIONS, "InsightType": ERRORS}, "InvalidParameterException"),
        ("list_insights_metric_data", {**DELETIONS, "TrailName": "-a"}, "InvalidTrailNameException"),
        ("list_insights_metric_data", {**DELETIONS, "StartTime": 9, "EndTime": 8}, "InvalidParameterException"),
        (
            "list_insights_data",
            {"InsightSource": "abc", "DataType": "InsightsEvents", "NextToken": "made-up"},
            "InvalidParameterException",
        ),
        (
            "list_insights_data",
            {"InsightSource": "abc", "DataType": "InsightsEvents", "StartTime": 9, "EndTime": 8},
            "InvalidParameterException",
        ),
    ],
)
def test_what_cannot_be_is_refused_as_aws_does(
    trail: Any, operation: str, asked: dict[str, Any], expected: str
) -> None:
    assert expected == code(lambda: getattr(trail, operation)(**asked))


@pytest.mark.parametrize(
    "selectors",
    [
        [{"EventCategories": ["Management"]}],
        [{"InsightType": CALLS, "EventCategories": ["Data"]}],
        [{"InsightType": CALLS}, {"InsightType": CALLS}],
    ],
)
def test_insights_that_a_store_cannot_have_are_refused(
    trail: Any, arns: tuple[str, str], selectors: list[dict[str, Any]]
) -> None:
    source, found = arns

    refused = code(
        lambda: trail.put_insight_selectors(
            EventDataStore=source, InsightsDestination=found, InsightSelectors=selectors
        )
    )

    assert refused == "InvalidInsightSelectorsException"
