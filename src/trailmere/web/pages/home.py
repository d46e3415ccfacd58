"""Home: is the lake healthy and current? The verdict first, then what it stands on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trailmere import checkup
from trailmere.app import ACTIVITY_STORE
from trailmere.errors import AccessDenied, TrailmereError
from trailmere.web import health
from trailmere.web.pages import home_highlights
from trailmere.web.pages.settings_noted import SEE
from trailmere.web.visit import Answer, Page, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore
    from trailmere.web.health import Health


SOURCES = 12  # that are shown at first
OLD = timedelta(days=1)


def show(visit: Visit) -> Answer:
    """The page; where there is no store yet, how to begin."""
    if health.is_new(visit.app, visit.account_id, visit.region):
        return Page("home_first.html", {"may_create": visit.may("cloudtrail:CreateEventDataStore")})
    context = {"highlights": home_highlights.state(visit), "health": None, "denied": "", "activity": ACTIVITY_STORE}
    try:
        visit.allow(SEE)
    except AccessDenied as refused:
        return Page("home.html", context | {"denied": refused.message})
    found = health.gather(visit.app, visit.account_id, visit.region, visit.request.arrived)
    sources = [source for heard in found.heard for source in heard.sources]
    told = {
        "health": found,
        "sources": sources if visit.arg("sources") == "all" else sources[:SOURCES],
        "source_count": len(sources),
        "current": _current(found, visit.request.arrived),
        "totals": _totals(found),
        "rate": found.rate(visit.request.arrived),
        "uncounted": [one.store.name for one in found.heard if one.newest is not None and one.since is None],
    }
    return Page("home.html", context | told)


def _current(found: Health, now: datetime) -> str:
    """A sentence about how current the lake is: honest where nothing brings events by itself."""
    if found.newest is None:
        return "No events have been taken in yet."
    followed = [one for one in found.trails if one.logging]
    if followed:
        return f"{checkup.counted(len(followed), 'trail')} followed."
    if now - found.newest.replace(tzinfo=UTC) > OLD:
        return "Nothing is followed: events come when somebody imports or ingests them."
    return ""


def _totals(found: Health) -> dict[str, int]:
    mine = [one for one in found.stores if one.store.name != ACTIVITY_STORE]
    return {
        "stores": len(mine),
        "events": sum(one.rows or 0 for one in mine),
        "bytes": sum(one.bytes for one in found.stores),
        "files": sum(one.files for one in found.stores),
        "letters": sum(one.count for one in found.lately.waiting),
    }


def upkeep(visit: Visit) -> Page:
    """A part: what maintenance would do, store by store. It looks at the files of each, so that it comes later."""
    visit.allow(SEE)
    here = visit.app.stores_in(visit.account_id, visit.region).list()
    return Page("home_upkeep.html", {"findings": [_due(visit, one) for one in here if one.status in health.OPEN]})


def _due(visit: Visit, store: EventDataStore) -> checkup.Finding:
    try:
        return checkup.maintenance_finding(visit.app, store)
    except TrailmereError as error:
        return checkup.Finding(f"store {store.name}", "fault", error.message, error.hint or "")


ROUTES = (("GET", "/", show), ("GET", "/home/upkeep", upkeep), *home_highlights.ROUTES)
