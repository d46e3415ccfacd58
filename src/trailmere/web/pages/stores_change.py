"""What can be done with a store from its page: ingestion, protection, deletion and back, tags, Insights.

Each is one operation of CloudTrail; what it refuses passes (``stores_show.act`` shows it above the store).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault
from trailmere.errors import AccessDenied, InvalidParameter, TrailmereError
from trailmere.web.pages.stores_read import DENIED, days_of, record_of
from trailmere.web.visit import Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

Change = Callable[[Visit], Redirect]
REFUSED = (Fault, TrailmereError)


def is_denied(error: Exception) -> bool:
    """Whether the person may not do it, which is a page of its own."""
    return isinstance(error, AccessDenied) or (isinstance(error, Fault) and error.code == DENIED)


def said(error: Exception) -> dict[str, str]:
    """An error as a form shows it: message and hint. Of a fault the hint is that of what caused it."""
    cause = error.__cause__ if isinstance(error, Fault) else error
    hint = getattr(cause, "hint", None) or ""
    return {"message": getattr(error, "message", str(error)), "hint": hint}


def ingestion(visit: Visit) -> Redirect:
    """Start or stop it."""
    name = _name(visit)
    if visit.field("do") == "start":
        visit.perform("StartEventDataStoreIngestion", EventDataStore=visit.values["id"])
        return _back(visit, f"{name} takes events in again.")
    visit.perform("StopEventDataStoreIngestion", EventDataStore=visit.values["id"])
    return _back(visit, f"{name} takes no more events in. What it has can be queried.")


def protection(visit: Visit) -> Redirect:
    """Turn termination protection on or off."""
    on = visit.field("do") == "on"
    told = visit.perform("UpdateEventDataStore", EventDataStore=visit.values["id"], TerminationProtectionEnabled=on)
    what = "is protected from being deleted." if on else "can be deleted now."
    place = f"/stores/{visit.values['id']}" if on else f"/stores/{visit.values['id']}/delete"
    return Redirect(visit.link(place), said=f"{told['Name']} {what}")


def ask_delete(visit: Visit) -> Page:
    """What would be deleted, and the name to type."""
    return Page("stores_delete.html", _deletion(visit))


def delete(visit: Visit) -> Page | Redirect:
    """Pending deletion, once the name was typed."""
    context = _deletion(visit)
    store: EventDataStore = context["store"]
    try:
        if visit.field("name") != store.name:
            raise InvalidParameter(f"Type the name of the store, {store.name}, to delete it.")
        visit.perform("DeleteEventDataStore", EventDataStore=store.arn)
    except REFUSED as error:
        if is_denied(error):
            raise
        return Page("stores_delete.html", context | {"wrong": said(error), "typed": visit.field("name")}, 400)
    until = "It can be restored for seven days."
    return Redirect(visit.link("/stores"), said=f"{store.name} is pending deletion. {until}")


def restore(visit: Visit) -> Redirect:
    """Back as it was."""
    told = visit.perform("RestoreEventDataStore", EventDataStore=visit.values["id"])
    return _back(visit, f"{told['Name']} is back with its events.")


def tags(visit: Visit) -> Redirect:
    """Add one, or take one away."""
    arn = record_of(visit, _arn(visit)).arn
    tag = {"Key": visit.field("key"), **({"Value": visit.field("value")} if visit.field("value") else {})}
    if visit.field("do") == "remove":
        visit.perform("RemoveTags", ResourceId=arn, TagsList=[tag])
        return _back(visit, "The tag was removed.", "tags")
    visit.perform("AddTags", ResourceId=arn, TagsList=[tag])
    return _back(visit, "The tag was added.", "tags")


def insights(visit: Visit) -> Redirect:
    """Enable Insights into another store, or turn them off."""
    arn = _arn(visit)
    if visit.field("do") == "off":
        visit.perform("PutInsightSelectors", EventDataStore=arn, InsightSelectors=[])
        return _back(visit, "Insights are off. What was found stays in its store.", "insights")
    types = [{"InsightType": one} for one in visit.fields("type")]
    if not types:
        raise InvalidParameter("Choose at least one type of Insights.")
    visit.perform(
        "PutInsightSelectors", EventDataStore=arn, InsightSelectors=types, InsightsDestination=visit.field("into")
    )
    return _back(visit, "Insights are on: the past of the store is analysed too.", "insights")


def _deletion(visit: Visit) -> dict[str, Any]:
    told = visit.perform("GetEventDataStore", EventDataStore=visit.values["id"])
    store = record_of(visit, told["EventDataStoreArn"])
    days = days_of(visit, store)
    wrong: Mapping[str, str] | None = None
    return {
        "store": store,
        "days": days,
        "events": sum(one.rows for one in days),
        "bytes": sum(one.bytes for one in days),
        "may_delete": visit.may("cloudtrail:DeleteEventDataStore", store.arn),
        "may_update": visit.may("cloudtrail:UpdateEventDataStore", store.arn),
        "wrong": wrong,
        "typed": "",
    }


def _arn(visit: Visit) -> str:
    """The ARN of the store of the address, whose id may be of any case."""
    from trailmere.registry.records import partition

    region, account = visit.region, visit.account_id
    return f"arn:{partition(region)}:cloudtrail:{region}:{account}:eventdatastore/{visit.values['id'].lower()}"


def _name(visit: Visit) -> str:
    store = visit.app.stores.find(_arn(visit))
    return "The store" if store is None else store.name


def _back(visit: Visit, words: str, place: str = "") -> Redirect:
    where = visit.link(f"/stores/{visit.values['id']}")
    return Redirect(f"{where}#{place}" if place else where, said=words)
