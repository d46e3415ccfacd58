"""Events from outside of AWS: refused one by one with AWS's codes, or durable, wrapped as CloudTrail wraps them."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trailmere.errors import DuplicatedAuditEventId
from trailmere.ingest.activity import FIELDS, Accepted, Presented, Refused, take_audit_events
from trailmere.ingest.push import Pusher
from trailmere.query.service import QueryService
from trailmere.registry.channels import Channel, ChannelRegistry

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

ACCOUNT, REGION = "111122223333", "eu-west-1"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def channel(lake: Lake) -> Channel:
    return ChannelRegistry(lake.engine, clock=lambda: NOW).create(ACCOUNT, REGION, "outside", "Custom", ["store"])


@pytest.fixture
def store(new_store: Callable[..., EventDataStore]) -> EventDataStore:
    return new_store("activity-audit-log")


def data(**members: Any) -> dict[str, Any]:
    return {
        "version": "1",
        "userIdentity": {"type": "custom", "principalId": "p-7", "details": {"team": "blue"}},
        "eventSource": "door.example",
        "eventName": "DoorOpened",
        "eventTime": "2026-03-01T08:00:00",
        "UID": "u-1",
        "requestParameters": {"door": "7"},
        "recipientAccountId": ACCOUNT,
        **members,
    }


def presented(id: str = "1", checksum: str | None = None, **members: Any) -> Presented:
    return Presented(id, json.dumps(data(**members)), checksum)


def take(
    lake: Lake, store: EventDataStore, channel: Channel, *events: Presented, now: datetime = NOW
) -> tuple[list[Accepted], list[Refused]]:
    return take_audit_events(Pusher(lake), channel, [store], events, now)


def rows(lake: Lake, store: EventDataStore, columns: str) -> list[dict[str, Any]]:
    class Names:
        def find(self, name: str) -> Any:
            from trailmere.query.records import StoreEntry

            return StoreEntry(store.id, store.name, store.arn, store.family)

        def names(self) -> tuple[str, ...]:
            return (store.name,)

    service = QueryService(lake, Names())
    try:
        answer = service.run(f'SELECT {columns} FROM "{store.id}"')
        found: list[dict[str, Any]] = pa.Table.from_batches(answer.batches, answer.schema).to_pylist()
        return found
    finally:
        service.close()


def test_an_accepted_event_is_in_the_next_query_with_what_cloudtrail_adds(
    lake: Lake, store: EventDataStore, channel: Channel
) -> None:
    accepted, refused = take(lake, store, channel, presented())

    (row,) = rows(
        lake, store, "eventid, eventcategory, eventtype, metadata.channelarn, metadata.ingestiontime, eventdata.uid"
    )
    assert not refused
    assert {
        "eventid": accepted[0].event_id,
        "eventcategory": "ActivityAuditLog",
        "eventtype": "ActivityLog",
        "channelarn": channel.arn,
        "ingestiontime": "2026-03-02T10:00:00Z",
        "uid": "u-1",
    } == row


def test_a_call_that_is_repeated_is_answered_alike_and_kept_once(
    lake: Lake, store: EventDataStore, channel: Channel
) -> None:
    first = take(lake, store, channel, presented("a"), presented("b", UID="u-2"))

    again = take(lake, store, channel, presented("a"), presented("b", UID="u-2"), now=NOW.replace(hour=11))

    assert again == first
    assert lake.totals(store.id).rows == 2


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("InvalidData", Presented("1", "no json")),
        ("InvalidData", Presented("1", "[]")),
        ("InvalidData", Presented("1", '{"version": NaN}')),
        ("InvalidData", Presented("1", '{"version": "1", "version": "2"}')),
        ("InvalidData", Presented("1", '{"a": "\ud800"}')),
        ("InvalidData", Presented("1", "[" * 100_000)),
        ("InvalidData", presented(userAgent="\ud800")),
        ("InvalidData", presented(requestParameters={"\udfff": 1})),
        ("InvalidData", presented(userAgent=7)),
        ("InvalidData", presented(userIdentity="me")),
        ("InvalidData", presented(eventTime="yesterday")),
        ("InvalidData", presented(eventTime="2026-02-30T00:00:00")),
        ("InvalidData", presented(requestParameters={"deep": json.loads("[" * 120 + "]" * 120)})),
        ("FieldNotFound", presented(UID=None)),
        ("FieldNotFound", presented(eventName="")),
        ("FieldNotFound", presented(userIdentity={"type": "custom"})),
        ("FieldTooLong", presented(version="v" * 257)),
        ("FieldTooLong", presented(requestParameters={"x": "y" * (100 << 10)})),
        ("FieldTooLong", presented(additionalEventData={"x": "y" * (28 << 10)})),
        ("InvalidRecipient", presented(recipientAccountId="999999999999")),
        ("InvalidChecksum", presented(checksum="AAAA")),
    ],
)
def test_an_event_that_is_not_as_documented_is_refused_by_its_code(
    lake: Lake, store: EventDataStore, channel: Channel, code: str, event: Presented
) -> None:
    accepted, refused = take(lake, store, channel, event, presented("good"))

    assert [one.id for one in accepted] == ["good"]
    assert [(one.id, one.code) for one in refused] == [("1", code)]


def test_the_right_checksum_is_accepted(lake: Lake, store: EventDataStore, channel: Channel) -> None:
    event = presented()
    checksum = base64.b64encode(hashlib.sha256(event.data.encode()).digest()).decode()

    accepted, _ = take(lake, store, channel, Presented("1", event.data, checksum))

    assert len(accepted) == 1


def test_two_events_of_one_id_refuse_the_call(lake: Lake, store: EventDataStore, channel: Channel) -> None:
    with pytest.raises(DuplicatedAuditEventId):
        take(lake, store, channel, presented("1"), presented("1", UID="u-2"))

    assert lake.totals(store.id).rows == 0


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = [field.path for field in FIELDS if "." not in field.path] + ["unheard of"]


@given(
    events=st.lists(st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=3), min_size=1, max_size=9),
    indent=st.sampled_from([None, 0, 2]),
)
@settings(max_examples=25, deadline=None)
def test_every_event_is_refused_or_kept_and_never_a_dead_letter(
    lake: Lake,
    new_store: Callable[..., EventDataStore],
    channel: Channel,
    events: list[dict[str, Any]],
    indent: int | None,
) -> None:
    store = new_store("activity-audit-log")
    given = [Presented(str(n), json.dumps(data(**members), indent=indent)) for n, members in enumerate(events)]

    accepted, refused = take(lake, store, channel, *given)

    totals = lake.totals(store.id)
    assert len(accepted) + len(refused) == len(events)
    assert (totals.rows, totals.dead) == (len(accepted), 0)
