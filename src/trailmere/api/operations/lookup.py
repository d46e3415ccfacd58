"""LookupEvents. What is found, and how, is ``query.lookup``'s business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trailmere.api.paging import place, token
from trailmere.errors import InvalidLookupAttributes, InvalidTimeRange
from trailmere.query.lookup import INSIGHT, MANAGEMENT, Attribute, FoundEvent, Place, Sought

if TYPE_CHECKING:
    from trailmere.api.call import Call

MOST_LISTED = 50
LONGEST_VALUE = 2000
COUNTED_TWICE = "_ ,\n"  # CloudTrail API reference, LookupAttribute


def lookup(call: Call) -> Mapping[str, Any]:
    """LookupEvents: over the stores of the account and Region, newest first."""
    call.allow()
    sought = Sought(
        category=INSIGHT if call.input.get("EventCategory") == "insight" else MANAGEMENT,
        attribute=_attribute(call),
        start=call.input.get("StartTime"),
        end=call.input.get("EndTime"),
    )
    return page_of_events(call, sought, MOST_LISTED)


def page_of_events(call: Call, sought: Sought, most: int) -> Mapping[str, Any]:
    """``Events`` of the stores of the account and Region, and ``NextToken`` if more follow."""
    if sought.start is not None and sought.end is not None and sought.start > sought.end:
        raise InvalidTimeRange("The start time must be before the end time.")
    given = place(call)
    after = None if given is None else Place(datetime.fromisoformat(given[0]), given[1])
    found, following = call.app.lookup.page(
        call.app.searchable(call.account_id, call.region),
        sought,
        limit=call.input.get("MaxResults", most),
        after=after,
    )
    more = {} if following is None else {"NextToken": token(call, [following.time.isoformat(), following.id])}
    return {"Events": [_described(event) for event in found], **more}


def _attribute(call: Call) -> Attribute | None:
    given = call.input.get("LookupAttributes") or []
    if len(given) > 1:
        raise InvalidLookupAttributes(f"expected one lookup attribute at most, got {len(given)}")
    if not given:
        return None
    value = given[0]["AttributeValue"]
    if (length := len(value) + sum(map(value.count, COUNTED_TWICE))) > LONGEST_VALUE:
        raise InvalidLookupAttributes(
            f"expected at most {LONGEST_VALUE:,} characters of AttributeValue, got {length:,}; "
            "blanks, commas, underscores and line ends count twice"
        )
    return Attribute(given[0]["AttributeKey"], value)


def _described(event: FoundEvent) -> dict[str, Any]:
    return {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": None if event.read_only is None else str(event.read_only).lower(),
        "AccessKeyId": event.access_key_id,
        "EventTime": event.time,
        "EventSource": event.source,
        "Username": event.user,
        "Resources": [{"ResourceType": one.type, "ResourceName": one.name} for one in event.resources],
        "CloudTrailEvent": event.record,
    }


OPERATIONS = {"LookupEvents": lookup}
