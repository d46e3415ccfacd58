"""Data events of S3: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.data_world import days_in, item, network, object_
from tests.dashboards.world import BOB, FOREIGNER, Case, Days, arn, data, event
from trailmere.dashboards.library.s3_data_events import S3_DATA_EVENTS

if TYPE_CHECKING:
    from trailmere.app import App

OBJECT = {"bucketName": "logs", "key": "b"}
# What is done with buckets and not with objects; network activity; other services.
ELSEWHERE = (
    *(event("s3:PutBucketPolicy", "10:50", BOB, request=OBJECT) for _ in range(4)),
    *(network("s3:GetObject", "10:51", by=BOB, request=OBJECT, readOnly=True) for _ in range(4)),
    *(item("GetItem", "10:52", "orders", BOB) for _ in range(4)),
    *(data("s3-outposts:GetObject", "10:53", BOB, request=OBJECT) for _ in range(4)),
)
CASES = (
    Case(
        "S3 account activity",
        (
            object_("GetObject", "10:00", "logs", "a"),
            object_("HeadObject", "10:01", "logs", "a", readOnly=True),
            object_("PutObject", "10:59", "logs", "a"),
            object_("DeleteObject", "11:00", "logs", "a", error="AccessDenied"),
            *ELSEWHERE,
        ),
        (
            {"time": "10:00:00", "activity": "Read", "calls": 2},
            {"time": "10:00:00", "activity": "Write", "calls": 1},
            {"time": "11:00:00", "activity": "Write", "calls": 1},
        ),
    ),
    Case(
        "Most accessed objects",
        (
            object_("GetObject", "10:00", "logs", "a"),
            object_("PutObject", "10:01", "logs", "a", BOB),
            object_("GetObject", "10:02", "logs", "a", FOREIGNER),
            object_("GetObject", "10:03", "data", "a"),
            object_("GetObject", "10:04", "logs", "b", error="AccessDenied"),
            object_("GetObject", "10:05", "logs", "b", error="NoSuchKey"),
            object_("ListObjects", "10:06", "logs", None),
            *ELSEWHERE,
        ),
        (
            {"bucket": "logs", "object": "a", "calls": 3, "callers": 3, "latest": "10:02:00"},
            {"bucket": "data", "object": "a", "calls": 1, "callers": 1, "latest": "10:03:00"},
        ),
    ),
    Case(
        "S3 top users",
        (
            object_("GetObject", "10:00", "logs", "a", additionalEventData={"bytesTransferredOut": 1000}),
            object_("GetObject", "10:01", "logs", "b", additionalEventData={"bytesTransferredOut": 24.0}),
            object_("PutObject", "10:02", "logs", "b", error="AccessDenied"),
            object_("GetObject", "10:03", "logs", "a", FOREIGNER, additionalEventData={"bytesTransferredIn": 9}),
            *ELSEWHERE,
        ),
        (
            {"caller": arn("alice"), "calls": 3, "failed": 1, "bytes_out": 1024, "latest": "10:02:00"},
            {"caller": "AIDAFOREIGN", "calls": 1, "failed": 0, "bytes_out": None, "latest": "10:03:00"},
        ),
    ),
    Case(
        "Top S3 actions",
        (
            object_("PutObject", "10:00", "logs", "a"),
            object_("PutObject", "10:01", "logs", "b", error="AccessDenied"),
            object_("GetObject", "10:02", "logs", "a"),
            *ELSEWHERE,
        ),
        ({"eventName": "PutObject", "calls": 2}, {"eventName": "GetObject", "calls": 1}),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "s3-data-events", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_s3_data_events_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(S3_DATA_EVENTS, case)

    assert shown == list(case.rows)


def test_each_widget_of_s3_data_events_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in S3_DATA_EVENTS.widgets]
