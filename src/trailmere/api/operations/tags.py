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
    from trailmere.registry.bounds import ChangeTags
    from trailmere.registry.channels import Channel
    from trailmere.registry.records import EventDataStore
    from trailmere.registry.trails import Trail

    Tagged = Trail | EventDataStore | Channel | Board
    Keep = Callable[[ChangeTags], object]  # changes the tags as they are by then, whoever else does so meanwhile

_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:([a-z]+)/[^/]+", re.IGNORECASE)
MOST_LISTED = 20  # resources of one call


def add(call: Call) -> Mapping[str, Any]:
    """AddTags: a key that is there gets the new value."""
    wanted = _wanted(call)
    _found, change = _find(call, call.input["ResourceId"], tag_context("request", wanted))
    change(lambda tags: {**tags, **wanted})
    return {}


def remove(call: Call) -> Mapping[str, Any]:
    """RemoveTags: those with these keys; and values, where they are given."""
    wanted = _wanted(call)
    _found, change = _find(call, call.input["ResourceId"], {"aws:tagkeys": tuple(wanted)})
    change(lambda tags: {key: value for key, value in tags.items() if wanted.get(key) not in (value, "")})
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


def _find(call: Call, arn: str, context: Context | None = None) -> tuple[Tagged, Keep]:
    """What has this ARN, if the caller may do this operation to it, and how its tags are changed."""
    kind = _ARN.fullmatch(arn)
    if kind is None:
        raise InvalidTrailArn(f"expected the ARN of a resource of CloudTrail, got {arn!r}")
    if kind[1].lower() not in _FOUND:
        raise ResourceTypeNotSupported(f"resources of type {kind[1]} have no tags")
    return _FOUND[kind[1].lower()](call, arn, context)


def _trail(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Keep]:
    trail = trails.find(call, arn, context)
    return trail, lambda change: call.app.trails.change_tags(trail, change)


def _store(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Keep]:
    store = call.store(arn, context=context)
    status_after(store, Operation.UPDATE)
    return store, lambda change: call.app.stores.change_tags(store.id, change)


def _channel(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Keep]:
    channel = channels.find(call, arn, context)
    return channel, lambda change: call.app.channels.change_tags(channel.id, change)


def _dashboard(call: Call, arn: str, context: Context | None) -> tuple[Tagged, Keep]:
    board = dashboards.find(call, arn, context)
    return board, lambda change: call.app.dashboards.change_tags(board, change)


_FOUND = {"trail": _trail, "eventdatastore": _store, "channel": _channel, "dashboard": _dashboard}
OPERATIONS = {"AddTags": add, "RemoveTags": remove, "ListTags": list_all}
