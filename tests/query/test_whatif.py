"""What selectors would keep of a store: the same as asking each record with the test that ingest selects with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.walks.door import trailmere
from trailmere.app import App, build
from trailmere.events.decode import EventDecoder
from trailmere.events.event import Event
from trailmere.events.formats import RecordText
from trailmere.events.selection import compile_selectors
from trailmere.events.selector_templates import template
from trailmere.events.selectors import AdvancedEventSelector, parse_selectors
from trailmere.lake.days import StoredDay
from trailmere.query.whatif import Window, foresee, window
from trailmere.settings import load

ODD: list[dict[str, Any]] = [
    {"eventTime": "2026-05-01T10:00:00Z", "eventName": "Old", "eventSource": "s3.amazonaws.com", "eventID": "1"},
    {"eventTime": "2026-05-01T11:00:00Z", "eventName": "OldData", "managementEvent": False, "eventID": "2"},
    {
        "eventTime": "2026-05-02T10:00:00Z",
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "eventCategory": "Data",
        "readOnly": True,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::logs/a"}, {"type": "AWS::S3::Bucket"}],
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana"},
        "eventID": "3",
    },
    {
        "eventTime": "2026-05-02T12:00:00Z",
        "eventName": "PutObject",
        "eventSource": "s3.amazonaws.com",
        "eventCategory": "Data",
        "readOnly": False,
        "resources": [{"type": "AWS::S3::Object", "arn": "arn:aws:s3:::other/b"}],
        "eventID": "4",
    },
    {
        "eventTime": "2026-05-03T10:00:00Z",
        "eventName": "Decrypt",
        "eventSource": "kms.amazonaws.com",
        "eventType": "AwsVpceEvents",
        "errorCode": "VpceAccessDenied",
        "vpcEndpointId": "vpce-1",
        "eventID": "5",
    },
    {
        "eventTime": "2026-05-03T11:00:00Z",
        "eventName": "ConsoleLogin",
        "eventSource": "signin.amazonaws.com",
        "eventCategory": "Management",
        "eventType": "AwsServiceEvent",
        "sessionCredentialFromConsole": "true",
        "eventID": "6",
    },
]
DATA = {"Field": "eventCategory", "Equals": ["Data"]}
OBJECTS = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}
SELECTORS = {
    **{
        name: template(name)
        for name in (
            "everything",
            "management-events",
            "management-write-only",
            "management-exclude-service-events",
            "management-console",
            "data-events",
            "data-read-only",
            "network-events",
            "network-access-denied",
        )
    },
    "objects of one bucket": parse_selectors(
        [{"FieldSelectors": [DATA, OBJECTS, {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::logs/"]}]}]
    ),
    "all but one user": parse_selectors(
        [{"FieldSelectors": [DATA, OBJECTS, {"Field": "userIdentity.arn", "NotEndsWith": ["/ana"]}]}]
    ),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("whatif")
    logs = folder / "logs.json"
    logs.write_text(json.dumps({"Records": ODD}))
    trailmere("store", "create", "odd", "--selectors", "everything", "--lake", folder / "lake")
    trailmere("ingest", logs, "--store", "odd", "--lake", folder / "lake")
    opened = build(load({}, lake=folder / "lake"))
    yield opened
    opened.close()


def counted(selectors: tuple[AdvancedEventSelector, ...]) -> dict[date, tuple[int, int]]:
    """Kept and dropped by day, asked record by record of the decoder of ingest."""
    wanted, decoder = compile_selectors(selectors), EventDecoder()
    found: Counter[tuple[date, bool]] = Counter()
    for number, record in enumerate(ODD):
        event = decoder.decode(RecordText(number, 0, json.dumps(record).encode()))
        assert isinstance(event, Event)
        found[datetime.fromisoformat(str(record["eventTime"])).date(), wanted(event)] += 1
    return {day: (found[day, True], found[day, False]) for day, _ in found}


@pytest.mark.parametrize("selectors", SELECTORS.values(), ids=SELECTORS)
def test_each_day_is_what_asking_each_record_gives(app: App, selectors: tuple[AdvancedEventSelector, ...]) -> None:
    store = app.stores.get("odd")
    looked = window(app.lake.days(store.id), 30)
    assert looked is not None

    found = foresee(app.queries.run, store.id, store.family, selectors, looked)

    assert {one.day: (one.kept, one.dropped) for one in found.days} == counted(selectors)


def test_the_names_that_are_dropped_most_come_first(app: App) -> None:
    store = app.stores.get("odd")
    looked = window(app.lake.days(store.id), 30)
    assert looked is not None

    found = foresee(app.queries.run, store.id, store.family, template("data-events"), looked)

    assert sorted((one.source, one.name, one.count) for one in found.dropped_names) == [
        ("", "OldData", 1),
        ("kms.amazonaws.com", "Decrypt", 1),
        ("s3.amazonaws.com", "Old", 1),
        ("signin.amazonaws.com", "ConsoleLogin", 1),
    ]


def test_a_day_with_more_than_may_be_looked_at_is_looked_at_in_part(app: App) -> None:
    store = app.stores.get("odd")
    looked = window(app.lake.days(store.id), 1, most=1)
    assert looked is not None

    found = foresee(app.queries.run, store.id, store.family, template("everything"), looked)

    assert (looked.events, looked.most, found.kept) == (2, 1, 1)


def days(*rows: int) -> list[StoredDay]:
    first = date(2026, 5, 1)
    moments = [(date(2026, 5, number + 1), count) for number, count in enumerate(rows)]
    noon = datetime(first.year, first.month, 1, 12)
    return [StoredDay(day, count, 1, 1, noon, noon) for day, count in moments]


def test_as_many_of_the_latest_days_are_looked_at_as_may_be() -> None:
    found = window(days(5, 5, 5, 5), 3, most=11)

    assert found is not None
    assert (found.since.day, found.until.day, found.events, found.leaves_out, found.most) == (3, 5, 10, 5, None)


def test_of_a_store_without_events_nothing_is_looked_at() -> None:
    found: Window | None = window([], 30)

    assert found is None
