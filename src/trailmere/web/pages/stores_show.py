"""A store: everything that is known of it, and what can be done with it (``stores_change``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trailmere.errors import TrailmereError
from trailmere.events.selector_wording import sentences
from trailmere.registry.bounds import CAN_STOP
from trailmere.registry.records import Status
from trailmere.web.pages import stores_change as change
from trailmere.web.pages.stores_read import (
    STATUS_WORDS,
    asked,
    days_of,
    is_open,
    kind_of,
    record_of,
    retention_words,
    running_imports,
)
from trailmere.web.pages.stores_sharing import policy_of
from trailmere.web.visit import Answer, Page, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

IMPORTS = 5  # the latest ones
DAYS = 400  # of the chart
NO_INSIGHTS = ("InsightNotEnabledException",)
CATEGORIES_OF = {"cloudtrail": ("Management",), "configurationitem": ("ConfigurationItem",)}
ACTIONS = (
    "UpdateEventDataStore",
    "DeleteEventDataStore",
    "RestoreEventDataStore",
    "StartEventDataStoreIngestion",
    "StopEventDataStoreIngestion",
    "AddTags",
    "RemoveTags",
    "PutInsightSelectors",
    "PutResourcePolicy",
    "StartImport",
)


def show(visit: Visit) -> Page:
    """The page."""
    return Page("stores_one.html", context_of(visit))


def context_of(visit: Visit, wrong: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the template needs. ``wrong``: the message and hint of what was tried and refused. Raises Fault."""
    told = visit.perform("GetEventDataStore", EventDataStore=visit.values["id"])
    store = record_of(visit, told["EventDataStoreArn"])
    days = days_of(visit, store)
    return {
        "told": told,
        "store": store,
        "wrong": wrong,
        "kind": kind_of(store),
        "status": STATUS_WORDS[store.status],
        "is_open": is_open(store),
        "may": {name: visit.may(f"cloudtrail:{name}", store.arn) for name in ACTIONS},
        "may_query": is_open(store) and visit.may("cloudtrail:StartQuery", store.arn),
        "sees_upkeep": visit.may("trailmere:GetHealth"),
        "can_stop": any(one in CAN_STOP for one in categories(store)),
        "retention": retention_words(store.retention_days),
        "sentences": sentences(store.selectors),
        "totals": _totals(visit, store),
        "days": days,
        "charted": [(f"{one.day}", one.rows) for one in days[-DAYS:]],
        **_around(visit, store),
    }


def categories(store: EventDataStore) -> tuple[str, ...]:
    """The categories that it can hold."""
    from trailmere.events.selectors import categories_of

    return categories_of(store.selectors)


def upkeep(visit: Visit) -> Page:
    """The part that says what maintenance would do."""
    visit.allow("trailmere:GetHealth")
    told = visit.perform("GetEventDataStore", EventDataStore=visit.values["id"])
    store = record_of(visit, told["EventDataStoreArn"])
    context: dict[str, Any] = {"store": store, "foreseen": None, "wrong": "", "last": None, "removals": ()}
    try:
        context["foreseen"] = visit.app.maintain(store, dry_run=True, show=lambda _progress: None)
        context["last"] = visit.app.lake.last_maintained(store.id)
        context["removals"] = visit.app.lake.removals(store.id)[-3:]
    except TrailmereError as error:
        context["wrong"] = error.message
    return Page("stores_upkeep.html" if visit.is_part else "stores_upkeep_page.html", context)


def _totals(visit: Visit, store: EventDataStore) -> object:
    try:
        return visit.app.lake.totals(store.id)
    except TrailmereError:
        return None


def _around(visit: Visit, store: EventDataStore) -> dict[str, Any]:
    """What belongs to a store and is told by other operations, each where it is allowed."""
    if store.status is Status.PENDING_DELETION:
        return {
            "tags": None,
            "imports": None,
            "running": (),
            "channels": (),
            "insights": None,
            "policy": None,
            "into": (),
        }
    tags = asked(visit, "ListTags", ResourceIdList=[store.arn])
    return {
        "tags": tags,
        "imports": asked(visit, "ListImports", Destination=store.arn, MaxResults=IMPORTS)
        if store.family == "cloudtrail"
        else None,
        "running": [one for one in running_imports(visit) if store.arn in one["Destinations"]],
        "channels": _channels(visit, store),
        "insights": asked(visit, "GetInsightSelectors", NO_INSIGHTS, EventDataStore=store.arn)
        if store.family == "cloudtrail"
        else None,
        "into": _destinations(visit, store),
        "policy": policy_of(visit, store.arn),
    }


def _channels(visit: Visit, store: EventDataStore) -> list[Any]:
    """The channels into it that whoever looks may see."""
    here = visit.app.channels.list(visit.account_id, visit.region) if store.family == "activityauditlog" else []
    return [one for one in here if store.id in one.destinations and visit.may("cloudtrail:GetChannel", one.arn)]


def _destinations(visit: Visit, store: EventDataStore) -> list[EventDataStore]:
    """The stores that Insights of this one can go into; any that takes Insights events."""
    here = visit.app.stores_in(visit.account_id, visit.region).list()
    return [one for one in here if one.family == "insight" and is_open(one) and _may_see(visit, one)]


def _may_see(visit: Visit, store: EventDataStore) -> bool:
    return visit.may("cloudtrail:GetEventDataStore", store.arn)


def act(function: change.Change) -> Any:
    """The page of a change: it is done and its store is shown; or what was refused is said above the store."""

    def page(visit: Visit) -> Answer:
        try:
            return function(visit)
        except change.REFUSED as error:
            if change.is_denied(error):
                raise
            return Page("stores_one.html", context_of(visit, change.said(error)), 400)

    return page


ROUTES = (
    ("GET", "/stores/{id}", show),
    ("GET", "/stores/{id}/upkeep", upkeep),
    ("GET", "/stores/{id}/delete", change.ask_delete),
    ("POST", "/stores/{id}/delete", change.delete),
    ("POST", "/stores/{id}/restore", act(change.restore)),
    ("POST", "/stores/{id}/ingestion", act(change.ingestion)),
    ("POST", "/stores/{id}/protection", act(change.protection)),
    ("POST", "/stores/{id}/tags", act(change.tags)),
    ("POST", "/stores/{id}/insights", act(change.insights)),
)
