"""Tags of event data stores, channels, trails and dashboards: the three operations on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.call import tag_context, tags_of
from trailmere.api.operations import channels, dashboards, trails
from trailmere.api.paging import page
from trailmere.errors import InvalidTags, InvalidTrailArn, ResourceTypeNotSupported
from trailmere.registry.records import Operation, status_after

if TYPE_CHECKING:
    from trailmere.api.call import Call, Context
    from trailmere.dashboards.board import Board
    from trailmere.registry.channels import Channel
    from trailmere.registry.records import EventDataStore
    from trailmere.registry.trails import Trail

    Tagged = Trail | EventDataStore | Channel | Board

_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:([a-z]+)/[^/]+", re.IGNORECASE)
MOST_LISTED = 20  # resources of one call


def add(call: Call) -> Mapping[str, Any]:
    """AddTags: a key that is there gets the new value."""
    wanted = _wanted(call)
    found, keep = _find(call, call.input["ResourceId"], tag_context("request", wanted))
    keep({**found.tags, **wanted})
    return {}


def remove(call: Call) -> Mapping[str, Any]:
    """RemoveTags: those with these keys; and values, where they are given."""
    wanted = _wanted(call)
    found, keep = _find(call, call.input["ResourceId"], {"aws:tagkeys": tuple(wanted)})
    keep({key: value for key, value in found.tags.items() if wanted.get(key) not in (value, "")})
    return {}


def list_all(call: Call) -> Mapping[str, Any]:
    """ListTags, of up to 20 resources a page."""
    tagged = {arn: _find(call, arn)[0].tags for arn in call.input["ResourceIdList"]}
    found, more = page(call, tagged, str, MOST_LISTED)
    listed = [
        {"ResourceId": arn, "TagsList": [{"Key": key, "Value": value} for key, value in tagged[arn].items()]}
        for arn in found
    ]
    return {"ResourceTagList": listed, **more}


def _wanted(call: Call) -> dict[str, str]:
    tags = tags_of(call.input["TagsList"])
    if len(tags) != len(call.input["TagsList"]):
        raise InvalidTags("expected each key of a tag once")
    return tags


def _find(call: Call, arn: str, context: Context | None = None) -> tuple[Tagged, Callable[[Mapping[str, str]], object]]:
    """What has this ARN, if the caller may do this operation to it, and how it is given other tags."""
    kind = _ARN.fullmatch(arn)
    if kind is None:
        raise InvalidTrailArn(f"expected the ARN of a resource of CloudTrail, got {arn!r}")
    if kind[1].lower() not in _FOUND:
        raise ResourceTypeNotSupported(f"resources of type {kind[1]} have no tags")
    return _FOUND[kind[1].lower()](call, arn, context)


def _trail(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Callable[[Mapping[str, str]], object]]:
    trail = trails.find(call, arn, context)
    return trail, lambda tags: call.app.trails.change(trail, trail.region, tags=dict(tags))


def _store(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Callable[[Mapping[str, str]], object]]:
    store = call.store(arn, context=context)
    status_after(store, Operation.UPDATE)
    return store, lambda tags: call.app.stores.set_tags(store.id, tags)


def _channel(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Callable[[Mapping[str, str]], object]]:
    channel = channels.find(call, arn, context)
    return channel, lambda tags: call.app.channels.set_tags(channel.id, tags)


def _dashboard(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Callable[[Mapping[str, str]], object]]:
    board = dashboards.find(call, arn, context)
    return board, lambda tags: call.app.dashboards.set_tags(board, tags)


_FOUND = {"trail": _trail, "eventdatastore": _store, "channel": _channel, "dashboard": _dashboard}
OPERATIONS = {"AddTags": add, "RemoveTags": remove, "ListTags": list_all}
