"""Fields that no column declares are told by path; what is declared or free is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.events.texts import compact, record_text
from trailmere.events.decode import EventDecoder
from trailmere.events.drift import unknown_fields
from trailmere.events.event import Event
from trailmere.events.formats import RecordText


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"brandNew": 1}, "brandNew"),
        ({"userIdentity": {"type": "x", "newMember": 1}}, "userIdentity.newMember"),
        ({"userIdentity": {"sessionContext": {"newMember": {}}}}, "userIdentity.sessionContext.newMember"),
        ({"tlsDetails": {"newMember": "x"}}, "tlsDetails.newMember"),
        ({"eventContext": {"newMember": None}}, "eventContext.newMember"),
        ({"EventName": "other spelling"}, "EventName"),
    ],
)
def test_a_field_that_no_column_declares_is_told_by_its_path(changes: dict[str, Any], path: str) -> None:
    text = record_text(**changes)
    event = EventDecoder().decode(RecordText(0, 0, text))

    assert unknown_fields(text) == [path]
    assert isinstance(event, Event)
    assert event.unknown_fields == (path,)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"requestParameters": {"anything": {"at": "all"}}},
        {"resources": [{"ARN": "a", "whatever": 1}]},
        {"eventContext": {"requestContext": {"aws:new": "x"}, "tagContext": {"principalTags": {"new": "x"}}}},
        {"userIdentity": "not even a row"},
        {"userIdentity": None},
    ],
)
def test_what_is_declared_or_free_is_no_drift(changes: dict[str, Any]) -> None:
    assert unknown_fields(record_text(**changes)) == []


def test_several_new_fields_are_told_once_each() -> None:
    text = record_text(one=1, two=2)[:-1] + b',"one":3}'

    assert unknown_fields(text) == ["one", "two"]


def test_aggregated_events_and_insights_have_members_of_their_own() -> None:
    total = compact({"eventVersion": "1.0", "eventId": "x", "accountId": "1", "timeWindow": {}, "summary": {}})
    insight = compact({"eventVersion": "1.08", "insightDetails": {"anything": 1}})

    assert unknown_fields(total) == []
    assert unknown_fields(insight, "insight") == []


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (r"\udc00", "\ufffd"),
        (r"nul\u0000", "nul\ufffd"),
        ("x" * 5000, "x" * 255 + "\u2026"),
        (r"\ud83d\ude00", "\U0001f600"),
    ],
)
def test_a_key_that_no_database_takes_is_told_as_near_as_it_can_be(key: str, shown: str) -> None:
    text = record_text().removesuffix(b"}") + f',"{key}":1}}'.encode()

    assert unknown_fields(text) == [shown]
