"""Events of a few quiet days with a surge in them, and the way to push them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.ingest.push import Pusher
    from trailmere.registry.records import EventDataStore

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
SURGE = BEGINNING + timedelta(days=3, hours=2)


def event(when: datetime, name: str, *, read_only: bool = False, error: str | None = None) -> dict[str, Any]:
    """A management event; the same arguments give the same one."""
    made = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "userName": "ana", "arn": "arn:aws:iam::111122223333:user/ana"},
        "eventTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "userAgent": "aws-cli",
        "eventID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{when} {name} {read_only} {error}")),
        "readOnly": read_only,
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": "111122223333",
    }
    return made if error is None else {**made, "errorCode": error}


def hourly(name: str, hours: int, *, since: datetime = BEGINNING, **more: Any) -> list[dict[str, Any]]:
    """One event an hour."""
    return [event(since + timedelta(hours=number), name, **more) for number in range(hours)]


def surge(name: str, minutes: int, *, each: int = 3, since: datetime = SURGE, **more: Any) -> list[dict[str, Any]]:
    """``each`` events a minute."""
    times = [since + timedelta(seconds=number * 60 // each) for number in range(minutes * each)]
    return [event(when, name, **more) for when in times]


def push(pusher: Pusher, store: EventDataStore, events: Iterable[dict[str, Any]]) -> None:
    """Take events in."""
    some: Sequence[dict[str, Any]] = list(events)
    content = "\n".join(map(json.dumps, some)).encode()
    pusher.put(store, [Delivery(f"push:{uuid.uuid4()}", size=len(content), content=content)])
