"""Channels: the five operations on them, and how a call names one. What is allowed is decided in ``trailmere.registry``
and here where it needs to know channel and store together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trailmere.api.call import tag_context, tags_of
from trailmere.api.paging import page
from trailmere.errors import ChannelError, ChannelNotFound, InvalidChannelArn, InvalidParameter
from trailmere.registry.channels import check_destination
from trailmere.registry.records import Operation

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.registry.channels import Channel
    from trailmere.registry.records import EventDataStore

MOST_LISTED = 1000
EVENT_DATA_STORE = "EVENT_DATA_STORE"

_ID = re.compile(r"[0-9A-Fa-f-]{3,64}")
_ARN = re.compile(r"arn:(aws[a-z-]*):cloudtrail:([a-z0-9-]+):(\d{12}):channel/([0-9A-Za-z-]{3,64})")


def create(call: Call) -> Mapping[str, Any]:
    """CreateChannel."""
    tags = tags_of(call.input.get("Tags", ()))
    call.allow(call.arn("channel/*"), context=tag_context("request", tags))
    channel = call.app.channels.create(
        call.account_id,
        call.region,
        call.input["Name"],
        call.input["Source"],
        _destinations(call, call.input["Destinations"]),
        tags,
    )
    return {**_described(call, channel), "Tags": call.input.get("Tags", [])}


def update(call: Call) -> Mapping[str, Any]:
    """UpdateChannel."""
    channel = find(call, call.input["Channel"])
    wanted = call.input.get("Destinations")
    destinations = None if wanted is None else _destinations(call, wanted)
    return _described(
        call, call.app.channels.update(channel.id, new_name=call.input.get("Name"), destinations=destinations)
    )


def get(call: Call) -> Mapping[str, Any]:
    """GetChannel."""
    channel = find(call, call.input["Channel"])
    status = {
        "LatestIngestionSuccessTime": channel.success_time,
        "LatestIngestionSuccessEventID": channel.success_event,
        "LatestIngestionErrorCode": channel.error_code,
        "LatestIngestionAttemptTime": channel.attempt_time,
        "LatestIngestionAttemptEventID": channel.attempt_event,
    }
    told = None if channel.attempt_time is None else status
    return {**_described(call, channel), "IngestionStatus": told}


def list_all(call: Call) -> Mapping[str, Any]:
    """ListChannels."""
    call.allow()
    here = call.app.channels.list(call.account_id, call.region)
    found, more = page(call, here, lambda channel: channel.name, MOST_LISTED)
    return {"Channels": [{"ChannelArn": one.arn, "Name": one.name} for one in found], **more}


def delete(call: Call) -> Mapping[str, Any]:
    """DeleteChannel."""
    channel = find(call, call.input["Channel"])
    call.app.channels.delete(channel.id)
    call.app.resource_policies.forget(channel.arn)
    return {}


def find(
    call: Call,
    text: str,
    context: Mapping[str, tuple[str, ...]] | None = None,
    *,
    hidden: Callable[[str], ChannelError] | None = None,
) -> Channel:
    """The channel of this ARN or id, if the caller may do this operation to it.

    Raises InvalidChannelArn; AccessDenied, whether there is such a channel or not; ChannelNotFound. For one of another
    account that does not let us, or is not there, ``hidden`` makes the error, else it is ChannelNotFound too.
    """
    if not _ARN.fullmatch(text) and not _ID.fullmatch(text):
        raise InvalidChannelArn(f"expected the ARN or the id of a channel, got {text!r}")
    arn = text.lower() if text.startswith("arn:") else call.arn(f"channel/{text.lower()}")
    is_ours = _ARN.fullmatch(arn)[3] == call.account_id  # type: ignore[index]
    missing = ChannelNotFound(f"there is no channel {text!r} in {call.region}")
    try:
        found: Channel | None = call.app.channels.get(arn)
    except ChannelNotFound:
        found = None
    keys = {**(tag_context("resource", found.tags) if found else {}), **(context or {})}
    if is_ours:
        call.allow(arn, context=keys)
    elif found is None or not call.may(arn, context=keys):
        raise missing if hidden is None else hidden(text)
    if found is None or found.region != call.region:
        raise missing
    return found


def stores_of(call: Call, channel: Channel) -> list[EventDataStore]:
    """The stores that a channel brings events into, ready to take them."""
    return [call.app.lifecycle.use(id, Operation.INGEST) for id in channel.destinations]


def _destinations(call: Call, given: Sequence[Mapping[str, str]]) -> list[str]:
    """The ids of the stores that are named. Raises InvalidParameter, InvalidStoreCategory, and those of ``Call.store``.

    Source: CloudTrail user guide, "Create an integration with an event source outside of AWS".
    """
    found = []
    for destination in given:
        if destination["Type"] != EVENT_DATA_STORE:
            raise InvalidParameter(
                f"expected destinations of type {EVENT_DATA_STORE}, got {destination['Type']}: channels of AWS "
                "services are made by them"
            )
        store = call.app.lifecycle.use(call.store(destination["Location"]).id, Operation.INGEST)
        found.append(check_destination(store).id)
    return found


def _described(call: Call, channel: Channel) -> dict[str, Any]:
    return {
        "ChannelArn": channel.arn,
        "Name": channel.name,
        "Source": channel.source,
        "Destinations": [
            {"Type": EVENT_DATA_STORE, "Location": call.arn(f"eventdatastore/{id}", account_id=channel.account_id)}
            for id in channel.destinations
        ],
    }


OPERATIONS = {
    "CreateChannel": create,
    "UpdateChannel": update,
    "GetChannel": get,
    "ListChannels": list_all,
    "DeleteChannel": delete,
}
