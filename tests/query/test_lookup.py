"""Events looked up by one attribute: newest first, each once, page after page; as a plain reading of them says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from trailmere.errors import InvalidLookupAttributes
from trailmere.events.selector_templates import template
from trailmere.ingest.push import Pusher
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.query.lookup import INSIGHT, Attribute, FoundEvent, Lookup, Place, Sought
from trailmere.query.records import StoreEntry
from trailmere.query.service import QueryService
from trailmere.registry.stores import StoreRegistry
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOW = datetime(2026, 3, 30, tzinfo=UTC)
SESSION_ARN = "arn:aws:sts::111122223333:assumed-role/admin/o'neill"
USERS: tuple[dict[str, Any], ...] = (
    {"type": "IAMUser", "userName": "ana", "principalId": "AIDA1", "accessKeyId": "AKIA1"},
    {"type": "AssumedRole", "principalId": "AROA1:o'neill", "accessKeyId": "ASIA2", "arn": SESSION_ARN},
    {"type": "Root", "principalId": "111122223333"},
    {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
)
RESOURCES: tuple[dict[str, Any], ...] = (
    {"requestParameters": {"bucketName": "logs"}},
    {"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}},
    {"resources": [{"ARN": "arn:aws:s3:::logs/a'b", "type": "AWS::S3::Object"}]},
    {"requestParameters": None},
)


def record(random: Random) -> dict[str, Any]:
    when = NOW - timedelta(minutes=random.choice((1, 50, 3_000, 40_000, 400_000)), seconds=random.randrange(4))
    return {
        "eventVersion": "1.08",
        "userIdentity": random.choice(USERS),
        "eventTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": random.choice(("s3", "ec2")) + ".amazonaws.com",
        "eventName": random.choice(("Get", "Put")),
        "eventID": f"{random.getrandbits(128):032x}",
        "readOnly": random.random() < 0.5,
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": "111122223333",
        "awsRegion": "eu-west-1",
        **random.choice(RESOURCES),
    }


RECORDS = [record(Random(number)) for number in range(400)]
DATA_EVENT = {**record(Random(-1)), "eventCategory": "Data", "managementEvent": False}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lookup, list[StoreEntry]]]:
    """Two stores that have every second event in common, one of insights, and a lookup over them."""
    with Lake.open(tmp_path_factory.mktemp("lake")) as lake:
        registry = StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1")
        lifecycle = StoreLifecycle(registry, lake)
        stores = [lifecycle.create(name, selectors=template("everything")) for name in ("one", "two")]
        stores.append(lifecycle.create("insights", selectors=template("insight-events")))
        pusher = Pusher(lake)
        for store, records in zip(stores, ([*RECORDS[:300], DATA_EVENT], RECORDS[150:], [_insight()]), strict=True):
            for number, some in enumerate((records[::2], records[1::2])):
                lines = "\n".join(map(json.dumps, some)).encode()
                pusher.put(store, [Delivery(f"push:{store.id}/{number}", content=lines)])
        entries = [StoreEntry(one.id, one.name, one.arn, one.family) for one in stores]
        service = QueryService(lake, _Names(entries))
        yield Lookup(lake, service, lambda: NOW), entries
        service.close()


class _Names:
    def __init__(self, stores: Sequence[StoreEntry]) -> None:
        self._stores = {store.id: store for store in stores}

    def find(self, name: str) -> StoreEntry | None:
        return self._stores.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._stores)


def _insight() -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "eventTime": "2026-03-29T10:00:00Z",
        "eventID": "insight-1",
        "eventType": "AwsCloudTrailInsight",
        "eventCategory": "Insight",
        "recipientAccountId": "111122223333",
        "awsRegion": "eu-west-1",
        "sharedEventID": "s-1",
        "insightDetails": {
            "state": "Start",
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateRole",
            "insightType": "ApiCallRateInsight",
        },
    }


def everything(world: tuple[Lookup, list[StoreEntry]], sought: Sought, limit: int = 7) -> list[FoundEvent]:
    lookup, stores = world
    found: list[FoundEvent] = []
    after: Place | None = None
    while True:
        page, after = lookup.page(stores, sought, limit=limit, after=after)
        assert len(page) == limit or after is None
        found += page
        if after is None:
            return found


def expected(is_wanted: Callable[[dict[str, Any]], bool]) -> list[str]:
    wanted = [one for one in RECORDS if is_wanted(one)]
    return [one["eventID"] for one in sorted(wanted, key=lambda one: (one["eventTime"], one["eventID"]), reverse=True)]


def _parameters(one: dict[str, Any]) -> dict[str, Any]:
    return one.get("requestParameters") or {}


CASES: tuple[tuple[str, str, Callable[[dict[str, Any]], bool]], ...] = (
    ("EventId", RECORDS[3]["eventID"], lambda one: one["eventID"] == RECORDS[3]["eventID"]),
    ("EventName", "Put", lambda one: one["eventName"] == "Put"),
    ("EventSource", "s3.amazonaws.com", lambda one: one["eventSource"] == "s3.amazonaws.com"),
    ("ReadOnly", "true", lambda one: one["readOnly"]),
    ("Username", "ana", lambda one: one["userIdentity"].get("userName") == "ana"),
    ("Username", "o'neill", lambda one: one["userIdentity"]["type"] == "AssumedRole"),
    ("Username", "root", lambda one: one["userIdentity"]["type"] == "Root"),
    ("Username", "ec2.amazonaws.com", lambda one: one["userIdentity"]["type"] == "AWSService"),
    ("AccessKeyId", "ASIA2", lambda one: one["userIdentity"].get("accessKeyId") == "ASIA2"),
    ("ResourceName", "logs", lambda one: _parameters(one).get("bucketName") == "logs"),
    ("ResourceName", "i-1", lambda one: "instancesSet" in _parameters(one)),
    ("ResourceName", "arn:aws:s3:::logs/a'b", lambda one: "resources" in one),
    ("ResourceType", "AWS::S3::Bucket", lambda one: "bucketName" in _parameters(one)),
    ("ResourceType", "AWS::S3::Object", lambda one: "resources" in one),
    ("ResourceType", "AWS::EC2::Instance", lambda one: "instancesSet" in _parameters(one)),
    ("EventName", "' OR TRUE --", lambda _one: False),
)


@pytest.mark.parametrize(("key", "value", "is_wanted"), CASES)
def test_all_pages_together_are_the_events_of_the_attribute_newest_first_and_each_once(
    world: tuple[Lookup, list[StoreEntry]], key: str, value: str, is_wanted: Callable[[dict[str, Any]], bool]
) -> None:
    found = everything(world, Sought(attribute=Attribute(key, value)), limit=50)

    assert [event.id for event in found] == expected(is_wanted)


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_without_an_attribute_every_management_event_is_found_whatever_a_page_holds(
    world: tuple[Lookup, list[StoreEntry]], limit: int
) -> None:
    sought = Sought(start=NOW - timedelta(minutes=55)) if limit == 1 else Sought()

    found = everything(world, sought, limit)

    since = "" if sought.start is None else f"{sought.start:%Y-%m-%dT%H:%M:%SZ}"
    assert [event.id for event in found] == expected(lambda one: one["eventTime"] >= since)


def test_both_ends_of_the_time_are_included(world: tuple[Lookup, list[StoreEntry]]) -> None:
    moment = RECORDS[0]["eventTime"]
    exactly = datetime.fromisoformat(moment)

    found = everything(world, Sought(start=exactly, end=exactly))

    assert [event.id for event in found] == expected(lambda one: one["eventTime"] == moment)


def test_an_event_has_what_its_record_says(world: tuple[Lookup, list[StoreEntry]]) -> None:
    wanted = next(one for one in RECORDS if "resources" in one and one["userIdentity"]["type"] == "IAMUser")

    (found,) = everything(world, Sought(attribute=Attribute("EventId", wanted["eventID"])))

    assert json.loads(found.record) == wanted
    assert (found.name, found.source, found.user) == (wanted["eventName"], wanted["eventSource"], "ana")
    assert (found.read_only, found.access_key_id) == (wanted["readOnly"], "AKIA1")
    assert [(one.type, one.name) for one in found.resources] == [("AWS::S3::Object", "arn:aws:s3:::logs/a'b")]


def test_a_session_of_a_role_is_found_by_its_name_and_with_its_role(
    world: tuple[Lookup, list[StoreEntry]],
) -> None:
    lookup, stores = world
    found = [
        [event.id for event in lookup.page(stores, Sought(attribute=Attribute("Username", value)), limit=50)[0]]
        for value in ("o'neill", "admin/o'neill", "other/o'neill")
    ]

    assert found[0] == found[1] != found[2] == []


def test_insights_are_looked_up_among_insights_alone(world: tuple[Lookup, list[StoreEntry]]) -> None:
    (found,) = everything(world, Sought(INSIGHT, Attribute("EventName", "CreateRole")))

    assert (found.id, found.source) == ("insight-1", "iam.amazonaws.com")


@pytest.mark.parametrize(
    "sought",
    [
        Sought(INSIGHT, Attribute("Username", "ana")),
        Sought(attribute=Attribute("eventname", "Put")),
        Sought(attribute=Attribute("ReadOnly", "yes")),
    ],
)
def test_what_events_cannot_be_looked_up_by_is_refused(world: tuple[Lookup, list[StoreEntry]], sought: Sought) -> None:
    with pytest.raises(InvalidLookupAttributes):
        everything(world, sought)
