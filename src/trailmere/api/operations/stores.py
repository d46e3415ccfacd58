"""Event data stores: the eight operations on them. What is allowed is decided in ``trailmere.registry``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.call import tag_context, tags_of
from trailmere.api.paging import page
from trailmere.events.selector_templates import template
from trailmere.events.selectors import AdvancedEventSelector, parse_selectors, to_json
from trailmere.registry.records import BillingMode, Status

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.registry.records import EventDataStore

MOST_LISTED = 1000
PARTITION_KEYS = [{"Name": "calendarday", "Type": "bigint"}]


def _selectors(given: Any) -> tuple[AdvancedEventSelector, ...]:
    """As ``parse_selectors``; and the template ``everything``, which is wider than CloudTrail allows, as we answer it:
    what GetEventDataStore gave can be sent back."""
    everything = template("everything")
    return everything if given == to_json(everything) else parse_selectors(given)


# member of the input -> what the registry calls it, and how it is read
_WISHES: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "AdvancedEventSelectors": ("selectors", _selectors),
    "MultiRegionEnabled": ("multi_region", bool),
    "OrganizationEnabled": ("organization", bool),
    "RetentionPeriod": ("retention_days", int),
    "TerminationProtectionEnabled": ("termination_protection", bool),
    "BillingMode": ("billing_mode", BillingMode),
    "KmsKeyId": ("kms_key", str),
    "TagsList": ("tags", tags_of),
    "StartIngestion": ("start_ingestion", bool),
}


def create(call: Call) -> Mapping[str, Any]:
    """CreateEventDataStore."""
    wishes = _wishes(call.input)
    call.allow(call.arn("eventdatastore/*"), context=tag_context("request", wishes.get("tags", {})))
    _check_organization(call)
    store = call.app.lifecycle.create(call.input["Name"], place=(call.account_id, call.region), **wishes)
    tags = [{"Key": key, "Value": value} for key, value in store.tags.items()]
    # its table is made by now, and AWS still answers so
    return {**_described(store), "Status": Status.CREATED, "TagsList": tags}


def update(call: Call) -> Mapping[str, Any]:
    """UpdateEventDataStore."""
    store = call.store(call.input["EventDataStore"])
    _check_organization(call)
    wishes = _wishes(call.input)
    if "selectors" in wishes:
        call.app.insights.check_change(store, wishes["selectors"])
    after = call.app.stores.update(store.id, name=call.input.get("Name"), **wishes)
    return {**_described(after), **federation(after)}


def get(call: Call) -> Mapping[str, Any]:
    """GetEventDataStore."""
    store = call.store(call.input["EventDataStore"])
    return {**_described(store), **federation(store), "PartitionKeys": PARTITION_KEYS}


def list_all(call: Call) -> Mapping[str, Any]:
    """ListEventDataStores: ARN and name of each; AWS gives the other members no more."""
    call.allow()
    here = call.app.stores_in(call.account_id, call.region).list()
    found, more = page(call, here, lambda store: store.name, MOST_LISTED)
    return {"EventDataStores": [{"EventDataStoreArn": one.arn, "Name": one.name} for one in found], **more}


def delete(call: Call) -> Mapping[str, Any]:
    """DeleteEventDataStore: pending deletion, for seven days."""
    call.app.lifecycle.delete(call.store(call.input["EventDataStore"]).id)
    return {}


def restore(call: Call) -> Mapping[str, Any]:
    """RestoreEventDataStore."""
    return _described(call.app.lifecycle.restore(call.store(call.input["EventDataStore"]).id))


def start_ingestion(call: Call) -> Mapping[str, Any]:
    """StartEventDataStoreIngestion."""
    call.app.stores.start_ingestion(call.store(call.input["EventDataStore"]).id)
    return {}


def stop_ingestion(call: Call) -> Mapping[str, Any]:
    """StopEventDataStoreIngestion."""
    call.app.stores.stop_ingestion(call.store(call.input["EventDataStore"]).id)
    return {}


def federation(store: EventDataStore) -> dict[str, Any]:
    """The members that say whether the store is open to other engines."""
    status = "DISABLED" if store.federation_role is None else "ENABLED"
    return {"FederationStatus": status, "FederationRoleArn": store.federation_role}


def _check_organization(call: Call) -> None:
    if call.input.get("OrganizationEnabled"):
        call.app.organization.check_may_have_resources(call.account_id)


def _wishes(members: Mapping[str, Any]) -> dict[str, Any]:
    return {field: read(members[name]) for name, (field, read) in _WISHES.items() if name in members}


def _described(store: EventDataStore) -> dict[str, Any]:
    return {
        "EventDataStoreArn": store.arn,
        "Name": store.name,
        "Status": store.status,
        "AdvancedEventSelectors": to_json(store.selectors),
        "MultiRegionEnabled": store.multi_region,
        "OrganizationEnabled": store.organization,
        "RetentionPeriod": store.retention_days,
        "TerminationProtectionEnabled": store.termination_protection,
        "CreatedTimestamp": store.created,
        "UpdatedTimestamp": store.updated,
        "KmsKeyId": store.kms_key,
        "BillingMode": store.billing_mode,
    }


OPERATIONS = {
    "CreateEventDataStore": create,
    "UpdateEventDataStore": update,
    "GetEventDataStore": get,
    "ListEventDataStores": list_all,
    "DeleteEventDataStore": delete,
    "RestoreEventDataStore": restore,
    "StartEventDataStoreIngestion": start_ingestion,
    "StopEventDataStoreIngestion": stop_ingestion,
}
