"""Event configuration, of an event data store or a trail: the two operations. It is checked, and kept as stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.operations import trails
from trailmere.errors import InvalidParameter, InvalidParameterCombination
from trailmere.registry.bounds import check_context_keys
from trailmere.registry.records import Operation, status_after

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.registry.records import EventDataStore
    from trailmere.registry.trails import Trail

OF_STORES = ("MaxEventSize", "ContextKeySelectors")
OF_TRAILS = ("AggregationConfigurations",)


def get(call: Call) -> Mapping[str, Any]:
    """GetEventConfiguration."""
    if _is_of_trail(call):
        return _of_trail(trails.find(call, call.input["TrailName"]))
    store = call.store(call.input["EventDataStore"])
    check_context_keys(store)
    status_after(store, Operation.UPDATE)
    return _of_store(store)


def put(call: Call) -> Mapping[str, Any]:
    """PutEventConfiguration."""
    if _is_of_trail(call):
        trail = trails.find(call, call.input["TrailName"])
        _refuse(call, OF_STORES, "a trail")
        wanted = _given(call, OF_TRAILS)["AggregationConfigurations"]
        return _of_trail(call.app.trails.change(trail, call.region, aggregations=tuple(wanted)))
    store = call.store(call.input["EventDataStore"])
    _refuse(call, OF_TRAILS, "an event data store")
    given = _given(call, OF_STORES)
    keys = given.get("ContextKeySelectors")
    selectors = None if keys is None else tuple(sorted((one["Type"], tuple(one["Equals"])) for one in keys))
    return _of_store(call.app.stores.configure_events(store.id, given.get("MaxEventSize"), selectors))


def _is_of_trail(call: Call) -> bool:
    if ("TrailName" in call.input) == ("EventDataStore" in call.input):
        raise InvalidParameterCombination("expected TrailName or EventDataStore, one of both")
    return "TrailName" in call.input


def _refuse(call: Call, members: tuple[str, ...], of: str) -> None:
    for name in members:
        if name in call.input:
            raise InvalidParameterCombination(f"{of} has no {name}")


def _given(call: Call, members: tuple[str, ...]) -> dict[str, Any]:
    given = {name: call.input[name] for name in members if name in call.input}
    if not given:
        raise InvalidParameter(f"expected {' or '.join(members)}, got neither")
    return given


def _of_trail(trail: Trail) -> dict[str, Any]:
    return {"TrailARN": trail.arn, "AggregationConfigurations": list(trail.aggregations)}


def _of_store(store: EventDataStore) -> dict[str, Any]:
    return {
        "EventDataStoreArn": store.arn,
        "MaxEventSize": store.max_event_size or "Standard",
        "ContextKeySelectors": [{"Type": kind, "Equals": list(keys)} for kind, keys in store.context_keys],
    }


OPERATIONS = {"GetEventConfiguration": get, "PutEventConfiguration": put}
