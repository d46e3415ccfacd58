"""PutAuditEvents: events from outside of AWS, durable when it answers. They are checked in ``ingest.activity``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.operations.channels import find, stores_of
from trailmere.errors import ChannelNotPermitted, InvalidParameter
from trailmere.ingest.activity import Presented, take_audit_events

if TYPE_CHECKING:
    from trailmere.api.call import Call

MOST_BYTES = 1 << 20  # of the events of one call
LONGEST_MESSAGE = 1024  # characters, of one event's error


def put(call: Call) -> Mapping[str, Any]:
    """PutAuditEvents."""
    external_id = call.input.get("externalId")
    context = {} if external_id is None else {"cloudtrail:externalid": (external_id,)}
    channel = find(call, call.input["channelArn"], context, hidden=_not_permitted)
    events = [Presented(one["id"], one["eventData"], one.get("eventDataChecksum")) for one in call.input["auditEvents"]]
    size = sum(len(event.data.encode(errors="surrogatepass")) for event in events)
    if size > MOST_BYTES:
        raise InvalidParameter(f"expected events of at most {MOST_BYTES:,} bytes in one call, got {size:,}")
    accepted, refused = take_audit_events(call.app.pusher, channel, stores_of(call, channel), events, call.when)
    event_ids = {one.id: one.event_id for one in accepted} | {one.id: one.event_id for one in refused}
    call.app.channels.note_ingestion(
        channel,
        attempt=event_ids[events[-1].id],
        success=accepted[-1].event_id if accepted else None,
        error_code=refused[-1].code if refused else None,
    )
    return {
        "successful": [{"id": one.id, "eventID": one.event_id} for one in accepted],
        "failed": [
            {"id": one.id, "errorCode": one.code, "errorMessage": one.message[:LONGEST_MESSAGE]} for one in refused
        ],
    }


def _not_permitted(channel: str) -> ChannelNotPermitted:
    return ChannelNotPermitted(
        f"Either there is no channel {channel}, or its resource-based policy, the policies of the caller, or the "
        "external id do not allow cloudtrail-data:PutAuditEvents."
    )


OPERATIONS = {"PutAuditEvents": put}
